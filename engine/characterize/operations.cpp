// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "engine/backend/cpu/kernels.h"
#include "engine/characterize/characterize.h"

namespace axfire {

namespace {

constexpr u64 kBatch = u64{1} << 15;   // pairs handed to a kernel at once
constexpr u32 kAllAdditionsBits = 16;  // of both significands: all pairs in each of the 2 (M + 3) rows
constexpr u32 kOneField = 127;         // exponent field of [1, 2)
constexpr u32 kSign = 0x80000000u;

/// The format without the ends of its exponent range, which are not what is measured here.
Format wide_range(Format f) {
    f.exponent_bits = 8;
    f.finite = false;
    return f;
}

/// The spec of the correctly rounded operation.
template <class Spec>
Spec exact_of(const Spec& spec) {
    Spec s;
    s.format = spec.format;
    s.rounding = spec.rounding;
    return s;
}

/// Operands and results of a batch, as binary32 bits.
struct Batch {
    std::vector<u32> a, b, got, right;
    void resize(std::size_t n) {
        for (std::vector<u32>* v : {&a, &b, &got, &right}) {
            v->resize(n);
        }
    }
};

/// A result against the exact one, both multiplied by `scale`. Returns what a grid shows.
double add_result(u32 got, u32 right, double scale, double exact, bool relative, ErrorSums<double>& sums) {
    const double value = std::bit_cast<float>(got);
    const bool wrong = value != std::bit_cast<float>(right);
    if (!std::isfinite(value)) {
        sums.add_not_finite();
        return 0;
    }
    return sums.add(value * scale, exact, wrong, relative);
}

void multiply_pairs(const CpuKernels& kernels, const MultiplierSpec& spec, const PairSource& pairs, u64 begin, u64 end,
                    Tally<double>& tally) {
    const u32 m = spec.format.fraction_bits;
    const u32 shift = m > 6 ? m - 6 : 0;
    const double unit = std::ldexp(1.0, static_cast<int>(m));  // 1 / 2^-M
    Batch batch;
    for (u64 at = begin; at < end; at += kBatch) {
        const std::size_t n = std::min(kBatch, end - at);
        batch.resize(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto [x, y] = pairs[at + i];
            batch.a[i] = kOneField << 23 | x << (23 - m);
            batch.b[i] = kOneField << 23 | y << (23 - m);
        }
        kernels.general.mul(spec, batch.a.data(), batch.b.data(), batch.got.data(), n);
        kernels.general.mul(exact_of(spec), batch.a.data(), batch.b.data(), batch.right.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
            const double exact = static_cast<double>(std::bit_cast<float>(batch.a[i])) *
                                 static_cast<double>(std::bit_cast<float>(batch.b[i])) * unit;  // at most 48 bits
            const double error = add_result(batch.got[i], batch.right[i], unit, exact, true, tally.sums);
            if (tally.grid.columns != 0) {
                const auto [x, y] = pairs[at + i];
                tally.grid.add(x >> shift, y >> shift, error);
            }
        }
    }
}

/// One exponent difference and one relation of signs: each pair with a positive and with a negative accumulator.
void add_pairs(const CpuKernels& kernels, const AdderSpec& spec, const PairSource& pairs, const AdditionRow& row,
               Tally<double>& tally) {
    const u32 m = spec.format.fraction_bits;
    const u32 shift = m > 6 ? m - 6 : 0;
    const double unit = std::ldexp(1.0, static_cast<int>(m));
    Batch batch;
    for (u64 at = 0; at < pairs.count; at += kBatch) {
        const std::size_t n = std::min(kBatch, pairs.count - at);
        batch.resize(2 * n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto [x, y] = pairs[at + i];
            batch.a[2 * i] = kOneField << 23 | x << (23 - m);
            batch.b[2 * i] = (kOneField - row.difference) << 23 | y << (23 - m) | (row.opposite ? kSign : 0u);
            batch.a[2 * i + 1] = batch.a[2 * i] ^ kSign;
            batch.b[2 * i + 1] = batch.b[2 * i] ^ kSign;
        }
        kernels.general.add(spec, batch.a.data(), batch.b.data(), batch.got.data(), 2 * n);
        kernels.general.add(exact_of(spec), batch.a.data(), batch.b.data(), batch.right.data(), 2 * n);
        for (std::size_t i = 0; i < 2 * n; ++i) {
            const double toward = i % 2 == 0 ? unit : -unit;  // errors count in the direction of the accumulator
            const double exact = (static_cast<double>(std::bit_cast<float>(batch.a[i])) +
                                  static_cast<double>(std::bit_cast<float>(batch.b[i]))) *
                                 toward;  // at most 50 bits
            const double error = add_result(batch.got[i], batch.right[i], toward, exact, false, tally.sums);
            if (tally.grid.columns != 0) {
                const u32 x = (batch.a[i] >> (23 - m)) & ((1u << m) - 1);
                tally.grid.add(x >> shift, operation_row(row.difference, row.opposite, m), error);
            }
        }
    }
}

}  // namespace

Measurement measure_multiplication(const MultiplierSpec& given, const Sampling& sampling, bool grid) {
    MultiplierSpec spec = given;
    spec.format = wide_range(given.format);
    const CpuKernels& kernels = cpu_kernels();
    const u32 m = spec.format.fraction_bits;
    const PairSource pairs = PairSource::choose(m, kAllPairsBits, sampling);
    const u32 cells = grid ? 1u << std::min(m, 6u) : 0;
    std::vector<Tally<double>> pieces(kPieces, {{}, ErrorGrid(cells, cells)});
#pragma omp parallel for schedule(dynamic)
    for (u32 i = 0; i < kPieces; ++i) {
        multiply_pairs(kernels, spec, pairs, pairs.count * i / kPieces, pairs.count * (i + 1) / kPieces, pieces[i]);
    }
    const Tally<double> all = merged(pieces);
    const double largest = 2 - std::ldexp(1.0, -static_cast<int>(m));
    return {pairs.sampled, all.sums.figures(std::ldexp(largest * largest, static_cast<int>(m))), all.grid};
}

AdditionMeasurement measure_addition(const AdderSpec& given, const Sampling& sampling, bool grid) {
    AdderSpec spec = given;
    spec.format = wide_range(given.format);
    const CpuKernels& kernels = cpu_kernels();
    const u32 m = spec.format.fraction_bits;
    AdditionMeasurement result;
    for (u32 difference = 0; difference <= m + 2; ++difference) {
        result.rows.push_back({difference, false, {}});
        result.rows.push_back({difference, true, {}});
    }
    const u64 rows = result.rows.size();
    const Sampling each{std::max<u64>(sampling.pairs / (2 * rows), 1), sampling.seed};
    std::vector<Tally<double>> pieces(rows, {{}, ErrorGrid(grid ? 1u << std::min(m, 6u) : 0, 2 * (m + 3))});
    const double largest = std::ldexp(2 * (2 - std::ldexp(1.0, -static_cast<int>(m))), static_cast<int>(m));
#pragma omp parallel for schedule(dynamic)
    for (u64 i = 0; i < rows; ++i) {
        const PairSource pairs = PairSource::choose(m, kAllAdditionsBits, each, i);
        add_pairs(kernels, spec, pairs, result.rows[i], pieces[i]);
        result.rows[i].figures = pieces[i].sums.figures(largest);
    }
    const Tally<double> all = merged(pieces);
    result.all = {2 * m > kAllAdditionsBits, all.sums.figures(largest), all.grid};
    return result;
}

}  // namespace axfire
