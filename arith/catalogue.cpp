// SPDX-License-Identifier: Apache-2.0
#include "arith/catalogue.h"

#include "arith/fp_mul.h"

namespace axfire {

namespace {

#define AXFIRE_INFO(name) &adders::name::kInfo,
constexpr const UnitInfo* kAdders[] = {AXFIRE_ADDERS(AXFIRE_INFO)};
#undef AXFIRE_INFO
#define AXFIRE_INFO(name) &multipliers::name::kInfo,
constexpr const UnitInfo* kMultipliers[] = {AXFIRE_MULTIPLIERS(AXFIRE_INFO)};
#undef AXFIRE_INFO

// A unit, its struct and its file are one word.
#define AXFIRE_SAME(unit) \
    static_assert(std::string_view(adders::unit::kInfo.name) == #unit, "kInfo.name differs from the struct's name");
AXFIRE_ADDERS(AXFIRE_SAME)
#undef AXFIRE_SAME
#define AXFIRE_SAME(unit)                                                   \
    static_assert(std::string_view(multipliers::unit::kInfo.name) == #unit, \
                  "kInfo.name differs from the struct's name");
AXFIRE_MULTIPLIERS(AXFIRE_SAME)
#undef AXFIRE_SAME

template <class Id>
std::optional<Id> find(std::span<const UnitInfo* const> units, std::string_view name) {
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (name == units[i]->name) {
            return static_cast<Id>(i);
        }
    }
    return std::nullopt;
}

template <class Unit>
const char* invalid_parameters(const Parameters& p, u32 n) {
    if constexpr (requires { Unit::invalid(p, n); }) {
        return Unit::invalid(p, n);
    } else {
        return nullptr;
    }
}

template <class Unit>
int block_parameter_of() {
    if constexpr (requires { Unit::kBlockParameter; }) {
        return static_cast<int>(Unit::kBlockParameter);
    } else {
        return -1;
    }
}

}  // namespace

const char* invalid(AdderId id, const Parameters& parameters, u32 n) {
    switch (id) {
#define AXFIRE_CASE(name) \
    case AdderId::name:   \
        return invalid_parameters<adders::name>(parameters, n);
        AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case AdderId::model:
            break;
    }
    return nullptr;
}

const char* invalid(MultiplierId id, const Parameters& parameters, u32 n) {
    switch (id) {
#define AXFIRE_CASE(name)    \
    case MultiplierId::name: \
        return invalid_parameters<multipliers::name>(parameters, n);
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case MultiplierId::model:
            break;
    }
    return nullptr;
}

int block_parameter(MultiplierId id) {
    switch (id) {
#define AXFIRE_CASE(name)    \
    case MultiplierId::name: \
        return block_parameter_of<multipliers::name>();
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case MultiplierId::model:
            break;
    }
    return -1;
}

u32 circuit_sum(AdderId id, const Parameters& parameters, u32 a, u32 b, u32 n) {
    switch (id) {
#define AXFIRE_CASE(name) \
    case AdderId::name:   \
        return adders::name::add(a, b, n, parameters);
        AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case AdderId::model:
            break;
    }
    return a + b;
}

u64 circuit_product(MultiplierId id, const Parameters& parameters, u32 a, u32 b, u32 n) {
    Wide<u32> p = wide_mul(a, b);
    switch (id) {
#define AXFIRE_CASE(name)                                \
    case MultiplierId::name:                             \
        p = multipliers::name::mul(a, b, n, parameters); \
        break;
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case MultiplierId::model:
            break;
    }
    return (u64{p.hi} << 32) | p.lo;
}

u64 significand_product(const MultiplierSpec& s, u32 ma, u32 mb) {
    const u32 p = s.format.precision();
    Wide<u32> product = wide_mul(ma, mb);
    if (s.unit == MultiplierId::model) {
        if (s.model_use.by_fraction) {
            return table_entry(*s.model, s.model_use, ma, mb, s.format.fraction_bits);
        }
        product = tiled_product(ModelCircuit{*s.model, s.model_use}, ma, mb, p, s.model_use.bits);
    } else {
        const int block = block_parameter(s.unit);
        const u32 n = block < 0 || s.parameters.value[block] == 0 ? p : s.parameters.value[block];
#define AXFIRE_CASE(name)                                                                    \
    if (s.unit == MultiplierId::name) {                                                      \
        product = tiled_product(UnitCircuit<multipliers::name>{s.parameters}, ma, mb, p, n); \
    }
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    }
    return (u64{product.hi} << 32) | product.lo;
}

bool is_logarithmic(MultiplierId id) {
#define AXFIRE_CASE(name)                         \
    if (id == MultiplierId::name) {               \
        return kIsLogarithmic<multipliers::name>; \
    }
    AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    return false;
}

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
