// SPDX-License-Identifier: Apache-2.0
// Multiply-accumulates and additions the way that simulators of approximate hardware usually have them: one call for
// each operation, on one number at a time. The models (engine/bench/scalar) know nothing of the engine's units, and so
// are a baseline for the time and a check of the result at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arith/spec.h"
#include "engine/bench/cases.h"
#include "engine/bench/scalar/layer.h"

namespace axfire::bench {

/// The parts of a layer that the arithmetic decides, from a copy of the models. None where there is no model: a user's
/// own unit, an option of the pipeline, another rounding, an approximate unit of fewer than 8 exponent bits.
std::optional<scalar::Layer> scalar_layer(const scalar::Library& models, const MultiplierSpec& mul,
                                          const AdderSpec& add);

/// A case of one linear layer, as far as its first outputs: the scalar models are slow.
class ScalarCase {
public:
    ScalarCase(const scalar::Library& models, const scalar::Layer& arithmetic, const Case& c);
    /// All steps of the sample. Returns the sum of each output over the steps, as a simulation's readout.
    const std::vector<float>& run();
    std::uint64_t operations() const;

private:
    const scalar::Library& models_;
    scalar::Layer layer_;
    const EncodedSample& sample_;
    bool events_;
    std::vector<float> weights_;  ///< [inputs][outputs], in the format of the first operation
    std::vector<float> values_;
    std::vector<float> sums_, totals_;
};

}  // namespace axfire::bench
