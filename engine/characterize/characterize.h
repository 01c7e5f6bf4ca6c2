// SPDX-License-Identifier: Apache-2.0
// Measurements of how wrong a unit is: of its circuit, and of the whole floating-point operation around it.
#pragma once

#include "engine/characterize/circuit.h"
#include "engine/characterize/errors.h"
#include "engine/characterize/pairs.h"

namespace axfire {

/// Cells of a heat map along an operand, at most.
inline constexpr u32 kGridCells = 64;

/// One set of operand pairs, measured.
struct Measurement {
    bool sampled = false;
    ErrorFigures figures;
    ErrorGrid grid;  ///< mean |e|, of multipliers mean |e / exact|; of an FP addition: rows as in `operation_row`
};

/// Additions of one exponent difference and one relation of the signs.
struct AdditionRow {
    u32 difference = 0;  ///< of the exponents, 0..M+2
    bool opposite = false;
    ErrorFigures figures;
};

struct AdditionMeasurement {
    Measurement all;                ///< over all rows, each with the same weight
    std::vector<AdditionRow> rows;  ///< ascending differences, same signs before opposite ones
};

/// A circuit over all pairs of its n-bit operands for n <= 12, over a sample of them above.
Measurement measure_circuit(const Circuit& circuit, const Sampling& sampling, bool grid);

/// A multiplier's circuit over normalised significands, the hidden bit set: on the whole product P, before `P >> p`.
/// All pairs for M <= 12, sampled above. Errors count in units of P's last bit.
Measurement measure_significands(const MultiplierSpec& spec, const Sampling& sampling, bool grid);

/// The FP multiplication of operands in [1, 2), against the exact real product; error_rate against the correctly
/// rounded one. All pairs for M <= 12. Errors count in 2^-M, the last place of an operand. Exponents have 8 bits here
/// whatever the format's, so that no result leaves their range.
Measurement measure_multiplication(const MultiplierSpec& spec, const Sampling& sampling, bool grid);

/// The FP addition of operands with the given exponent differences and signs; the accumulator, in [1, 2) or its
/// negative, has the larger exponent. Against the exact real sum; error_rate against the correctly rounded one. All
/// significands for M <= 8, else sampling.pairs are shared out among the rows. Errors count in units in the last place
/// of the larger operand and are positive in its direction. Exponents have 8 bits, as above.
AdditionMeasurement measure_addition(const AdderSpec& spec, const Sampling& sampling, bool grid);

/// Row of an addition's grid: from opposite signs and difference M+2 over equal exponents to same signs and M+2.
constexpr u32 operation_row(u32 difference, bool opposite, u32 fraction_bits) {
    const u32 differences = fraction_bits + 3;
    return opposite ? differences - 1 - difference : differences + difference;
}

}  // namespace axfire
