// SPDX-License-Identifier: Apache-2.0
// Layers and neurons the way that simulators of approximate hardware usually have them: one call for each operation, on
// one number at a time. The models (engine/bench/scalar) know nothing of the engine's units, and so are a baseline for
// the time and a check of the result at once.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "arith/spec.h"
#include "engine/bench/cases.h"
#include "engine/bench/scalar/library.h"

namespace axfire::bench {

/// The operations of a layer, from a copy of the models. A user's multiplier is its own model. None where there
/// is no model: a user's adder, a table from a file, an option of the pipeline, another rounding, an approximate unit
/// of fewer than 8 exponent bits.
std::optional<scalar::Arithmetic> scalar_arithmetic(const scalar::Library& models, const MultiplierSpec& mul,
                                                    const AdderSpec& add);

/// A case of one linear layer or one population, as far as its first outputs: the models are slow.
class ScalarCase {
public:
    virtual ~ScalarCase() = default;
    /// All steps of the sample. Returns the readout of each output; behind them, of neurons, the membranes.
    virtual const std::vector<float>& run() = 0;
    virtual std::uint64_t operations() const = 0;
};

/// `c` stays as long as what is returned.
std::unique_ptr<ScalarCase> scalar_case(const scalar::Library& models, const scalar::Arithmetic& arithmetic,
                                        const Case& c);

}  // namespace axfire::bench
