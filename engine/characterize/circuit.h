// SPDX-License-Identifier: Apache-2.0
// A unit without its floating-point pipeline: a function of two unsigned n-bit integers.
#pragma once

#include <string>
#include <string_view>

#include "arith/spec_text.h"

namespace axfire {

enum class Operation : unsigned char { add, mul };

inline constexpr u32 kWidestAdder = 28;
inline constexpr u32 kWidestMultiplier = 24;
inline constexpr u32 kDefaultBits = 8;

struct Circuit {
    Operation op = Operation::add;
    AdderSpec adder;            ///< of an addition: unit, parameters and model count
    MultiplierSpec multiplier;  ///< of a multiplication
    u32 bits = kDefaultBits;    ///< n

    /// The circuit's result: n+1 bits of a sum, 2n bits of a product (2n+1 where the unit carries so far). A multiplier
    /// of narrower blocks, or a user's narrower one, is tiled as in the pipeline.
    u64 operator()(u32 a, u32 b) const;
    u64 exact(u32 a, u32 b) const { return op == Operation::add ? u64{a} + b : u64{a} * b; }
    /// The largest exact result.
    u64 largest() const;
};

/// Reads `<unit>[(param=value,...)]` or `<file>:<function>`, as parse_adder and parse_multiplier do, with the ranges of
/// an n-bit circuit; a @format and the pipeline's options are read and mean nothing. bits = 0: those of a user's model,
/// else 8. Throws InputError: n out of range, not a width of this unit, a model that is a whole operation.
Circuit parse_circuit(std::string_view text, Operation op, u32 bits, ModelLoader load);

/// The circuit inside of a multiplier's pipeline: over significands of the format, hidden bit included.
Circuit significand_circuit(const MultiplierSpec& spec);

/// The unit with its parameters, as it is written.
std::string to_string(const Circuit& circuit);

/// The operation that a unit's name means, or InputError where it says nothing (exact, a file's function whose name
/// does not begin with add or mul and a number) or is unknown.
Operation operation_of(std::string_view text);

/// `add` or `mul` as a user chose it; empty: what the unit's name means.
Operation chosen_operation(std::string_view text, std::string_view chosen);

}  // namespace axfire
