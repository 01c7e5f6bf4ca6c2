// SPDX-License-Identifier: Apache-2.0
// The units that there are, by id and by name.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "arith/spec.h"

namespace axfire {

const UnitInfo& info(AdderId id);
const UnitInfo& info(MultiplierId id);

/// All units, sorted by name; the index is the id.
std::span<const UnitInfo* const> all_adders();
std::span<const UnitInfo* const> all_multipliers();

/// What is wrong with a unit's parameters at circuit width n, or nullptr. Ranges of single parameters are in its info.
const char* invalid(AdderId id, const Parameters& parameters, u32 n);
const char* invalid(MultiplierId id, const Parameters& parameters, u32 n);

/// The parameter that gives the width of the blocks in which a multiplier is used, or -1.
int block_parameter(MultiplierId id);

/// The n-bit circuit by itself: the (n+1)-bit sum, the 2n-bit product.
u32 circuit_sum(AdderId id, const Parameters& parameters, u32 a, u32 b, u32 n);
u64 circuit_product(MultiplierId id, const Parameters& parameters, u32 a, u32 b, u32 n);

/// The product P of two significands of the format, as the FP multiplier sees it: tiled where the circuit is narrower.
/// Not of a whole operation.
u64 significand_product(const MultiplierSpec& spec, u32 ma, u32 mb);

/// True for the units of which no product bit is dropped (`P >> p` is not applied).
bool is_logarithmic(MultiplierId id);

std::optional<AdderId> find_adder(std::string_view name);
std::optional<MultiplierId> find_multiplier(std::string_view name);

}  // namespace axfire
