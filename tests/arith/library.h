// SPDX-License-Identifier: Apache-2.0
// The library's arithmetic over arrays, at a lane type chosen by its width: 1 (u32), 4, 8 or 16.
#pragma once

#include <vector>

#include "arith/spec.h"
#include "tests/support/operands.h"

namespace axfire::testing {

inline constexpr unsigned kWidths[] = {1, 4, 8, 16};

/// `words`: the random word of each operation, for stochastic rounding; none: 0 everywhere.
std::vector<u32> library_add(const AdderSpec& spec, const std::vector<Pair>& pairs, unsigned width = 1,
                             const std::vector<u32>& words = {});
std::vector<u32> library_mul(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width = 1,
                             const std::vector<u32>& words = {});
/// By the short forms that kernels use, for specs that have one: `nearest_sum` and its like or, where not strange,
/// `ordinary_sum` and its like. Every NaN is made the canonical one, as a network's are.
std::vector<u32> library_short_add(const AdderSpec& spec, const std::vector<Pair>& pairs, unsigned width = 1);
std::vector<u32> library_short_mul(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width = 1);
/// True where `ordinary_sum` leaves a sum to the full pipeline.
std::vector<bool> library_strange(const AdderSpec& spec, const std::vector<Pair>& pairs);
/// True where `ordinary_product` leaves a product, or one beside it in a vector, to it.
std::vector<bool> library_strange(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width = 1);
std::vector<u32> library_convert(const Format& f, Rounding r, const std::vector<u32>& values, unsigned width = 1,
                                 const std::vector<u32>& words = {});

/// The integer circuits: n-bit operands, (n+1)-bit sums and 2n-bit products.
std::vector<u64> library_sums(AdderId unit, const Parameters& p, u32 n, const std::vector<Pair>& pairs,
                              unsigned width = 1);
std::vector<u64> library_products(MultiplierId unit, const Parameters& p, u32 n, const std::vector<Pair>& pairs,
                                  unsigned width = 1);

enum class Elementary { exp, log, pow, sigmoid, tanh };

/// An elementary function of each pair; only pow has a second operand.
std::vector<u32> library_elementary(Elementary f, const std::vector<Pair>& pairs, unsigned width = 1);

/// A unit's name as the command line has it, which is also its oracle's.
const char* name_of(AdderId unit);
const char* name_of(MultiplierId unit);

}  // namespace axfire::testing
