// SPDX-License-Identifier: Apache-2.0
#include "arith/catalogue.h"

namespace axfire {

namespace {

#define AXFIRE_INFO(name) &adders::name::kInfo,
constexpr const UnitInfo* kAdders[] = {AXFIRE_ADDERS(AXFIRE_INFO)};
#undef AXFIRE_INFO
#define AXFIRE_INFO(name) &multipliers::name::kInfo,
constexpr const UnitInfo* kMultipliers[] = {AXFIRE_MULTIPLIERS(AXFIRE_INFO)};
#undef AXFIRE_INFO

template <class Id>
std::optional<Id> find(std::span<const UnitInfo* const> units, std::string_view name) {
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (name == units[i]->name) {
            return static_cast<Id>(i);
        }
    }
    return std::nullopt;
}

}  // namespace

const UnitInfo& info(AdderId id) {
    return *kAdders[static_cast<std::size_t>(id)];
}
const UnitInfo& info(MultiplierId id) {
    return *kMultipliers[static_cast<std::size_t>(id)];
}
std::span<const UnitInfo* const> all_adders() {
    return kAdders;
}
std::span<const UnitInfo* const> all_multipliers() {
    return kMultipliers;
}
std::optional<AdderId> find_adder(std::string_view name) {
    return find<AdderId>(kAdders, name);
}
std::optional<MultiplierId> find_multiplier(std::string_view name) {
    return find<MultiplierId>(kMultipliers, name);
}

}  // namespace axfire
