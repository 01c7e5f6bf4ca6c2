// SPDX-License-Identifier: Apache-2.0
// Settings of a unit's parameters that are valid at a circuit width, found from what the unit tells about itself.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "arith/catalogue.h"

namespace axfire::testing {

/// Values to try of one parameter: all of a short range, the ends and some between of a long one.
inline std::vector<u32> values_of(const ParameterInfo& p, u32 n) {
    const u32 max = upper_bound(p, n);
    std::set<u32> values;
    for (u32 v = p.min; v <= max && v <= p.min + 8; ++v) {
        values.insert(v);
    }
    if (max > p.min + 8) {
        for (const u32 v : {n / 2, n - 2, n - 1, n, 16u, max}) {
            if (v >= p.min && v <= max) {
                values.insert(v);
            }
        }
    }
    return {values.begin(), values.end()};
}

/// Combinations of them, evenly thinned to `most`.
template <class Id>
std::vector<Parameters> settings(Id unit, u32 n, std::size_t most = 100000) {
    std::vector<Parameters> all{{}};
    const UnitInfo& unit_info = info(unit);
    for (unsigned i = 0; i < unit_info.parameter_count; ++i) {
        std::vector<Parameters> longer;
        for (const Parameters& begun : all) {
            for (const u32 value : values_of(unit_info.parameters[i], n)) {
                Parameters p = begun;
                p.value[i] = value;
                longer.push_back(p);
            }
        }
        all = std::move(longer);
    }
    std::erase_if(all, [&](const Parameters& p) { return invalid(unit, p, n) != nullptr; });
    std::vector<Parameters> thinned;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all.size() <= most || i * most / all.size() != (i + 1) * most / all.size()) {
            thinned.push_back(all[i]);
        }
    }
    return thinned;
}

/// "loa 4 0 0 0": for messages.
template <class Id>
std::string setting_name(Id unit, const Parameters& p) {
    std::string text = info(unit).name;
    for (unsigned i = 0; i < info(unit).parameter_count; ++i) {
        text += " " + std::to_string(p.value[i]);
    }
    return text;
}

/// Every unit of a kind.
inline std::vector<AdderId> every_adder() {
    std::vector<AdderId> ids;
    for (std::size_t i = 0; i < all_adders().size(); ++i) {
        ids.push_back(static_cast<AdderId>(i));
    }
    return ids;
}
inline std::vector<MultiplierId> every_multiplier() {
    std::vector<MultiplierId> ids;
    for (std::size_t i = 0; i < all_multipliers().size(); ++i) {
        ids.push_back(static_cast<MultiplierId>(i));
    }
    return ids;
}

}  // namespace axfire::testing
