// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/contenders.h"

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/spec_text.h"
#include "engine/characterize/example.h"
#include "engine/models/tabulate.h"

namespace axfire::bench {

namespace {

template <class Id>
std::string in_fp32(Id id) {
    return to_string(example_circuit(id)) + "@fp32";
}

}  // namespace

Contender contender(const MultiplierSpec& mul, const AdderSpec& add) {
    return {fmt::format("{}{} + {}", to_string(mul), mul.tabulated ? " (table)" : "", to_string(add)), mul, add};
}

std::vector<Contender> default_contenders(bool every_unit) {
    const auto parsed = [](const std::string& mul, const std::string& add) {
        return contender(parse_multiplier(mul), parse_adder(add));
    };
    const std::string loa = "loa(k=12)@fp32";
    std::vector<Contender> all = {
        parsed("exact@bf16", "exact@fp32"),
        parsed("exact@bf16", "exact@bf16"),
        parsed("exact@fp16", "exact@fp16"),
        parsed("exact@fp32", loa),
        parsed("mitchell@fp32", loa),
        contender(with_table(parse_multiplier("mitchell@bf16"), TablePolicy::on), parse_adder(loa))};
    for (std::size_t i = 0; every_unit && i < all_adders().size(); ++i) {
        const AdderId id = static_cast<AdderId>(i);
        if (id != AdderId::exact && id != AdderId::loa) {
            all.push_back(parsed("exact@fp32", in_fp32(id)));
        }
    }
    for (std::size_t i = 0; every_unit && i < all_multipliers().size(); ++i) {
        const MultiplierId id = static_cast<MultiplierId>(i);
        if (id != MultiplierId::exact && id != MultiplierId::mitchell) {
            all.push_back(parsed(in_fp32(id), loa));
        }
    }
    return all;
}

}  // namespace axfire::bench
