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

std::optional<AdderId> find_adder(std::string_view name);
std::optional<MultiplierId> find_multiplier(std::string_view name);

}  // namespace axfire
