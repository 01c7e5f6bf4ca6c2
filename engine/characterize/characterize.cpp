// SPDX-License-Identifier: Apache-2.0
#include "engine/characterize/characterize.h"

#include <algorithm>

namespace axfire {

namespace {

/// Pairs [begin, end), each operand with `hidden` set.
void add_pairs(const Circuit& circuit, const PairSource& pairs, u32 hidden, u64 begin, u64 end,
               Tally<std::int64_t>& tally) {
    const bool relative = circuit.op == Operation::mul;
    const u32 shift = pairs.bits > 6 ? pairs.bits - 6 : 0;
    for (u64 i = begin; i < end; ++i) {
        const auto [x, y] = pairs[i];
        const u32 a = x | hidden, b = y | hidden;
        const u64 exact = circuit.exact(a, b);
        const u64 got = circuit(a, b);
        const double error =
            tally.sums.add(static_cast<std::int64_t>(got), static_cast<std::int64_t>(exact), got != exact, relative);
        if (tally.grid.columns != 0) {
            tally.grid.add(x >> shift, y >> shift, error);
        }
    }
}

Measurement measure(const Circuit& circuit, const PairSource& pairs, u32 hidden, bool grid) {
    const u32 cells = grid ? std::min(kGridCells, 1u << std::min(pairs.bits, 6u)) : 0;
    std::vector<Tally<std::int64_t>> pieces(kPieces, {{}, ErrorGrid(cells, cells)});
#pragma omp parallel for schedule(dynamic)
    for (u32 i = 0; i < kPieces; ++i) {
        add_pairs(circuit, pairs, hidden, pairs.count * i / kPieces, pairs.count * (i + 1) / kPieces, pieces[i]);
    }
    const Tally<std::int64_t> all = merged(pieces);
    return {pairs.sampled, all.sums.figures(static_cast<double>(circuit.largest())), all.grid};
}

}  // namespace

Measurement measure_circuit(const Circuit& circuit, const Sampling& sampling, bool grid) {
    return measure(circuit, PairSource::choose(circuit.bits, kAllPairsBits, sampling), 0, grid);
}

Measurement measure_significands(const MultiplierSpec& spec, const Sampling& sampling, bool grid) {
    const u32 m = spec.format.fraction_bits;
    return measure(significand_circuit(spec), PairSource::choose(m, kAllPairsBits, sampling), 1u << m, grid);
}

}  // namespace axfire
