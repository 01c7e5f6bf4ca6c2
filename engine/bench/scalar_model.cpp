// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/scalar_model.h"

#include <algorithm>
#include <string_view>

#include "arith/catalogue.h"
#include "arith/fp_add.h"
#include "arith/fp_mul.h"

namespace axfire::bench {

namespace {

bool is_plain(const Format& f) {
    return f == Format{f.exponent_bits, f.fraction_bits};
}

bool has_model(const AdderSpec& s) {
    AdderSpec plain;
    plain.unit = s.unit;
    plain.parameters = s.parameters;
    plain.format = s.format;
    return s == plain && is_plain(s.format) &&
           (s.unit == AdderId::exact ? s.format == kFp32 || adds_in_binary32(s) : s.format.exponent_bits == 8);
}

/// The products of a table are the unit's own; a table from a file is no model.
bool has_model(const MultiplierSpec& s) {
    MultiplierSpec plain;
    plain.unit = s.unit;
    plain.parameters = s.parameters;
    plain.format = s.format;
    plain.tabulated = s.tabulated;
    plain.model_use = s.model_use;
    plain.model = s.model;
    if (s != plain || !is_plain(s.format)) {
        return false;
    }
    switch (s.unit) {
        case MultiplierId::exact:
            return s.format == kFp32 || multiplies_in_binary32(s);
        case MultiplierId::model:
            return s.model_use.kind == ModelKind::operation ||
                   (s.model_use.kind == ModelKind::circuit && s.format.exponent_bits == 8);
        default:
            return s.format.exponent_bits == 8;
    }
}

const char* model_name(const MultiplierSpec& s) {
    return s.unit != MultiplierId::model              ? info(s.unit).name
           : s.model_use.kind == ModelKind::operation ? "user operation"
                                                      : "user circuit";
}

scalar::Operation find(const scalar::NamedOperation* all, int count, std::string_view name) {
    const auto* const it = std::find_if(all, all + count, [&](const auto& o) { return name == o.name; });
    return it == all + count ? nullptr : it->operation;
}

scalar::Unit unit_of(const Format& format, const Parameters& parameters) {
    scalar::Unit unit{static_cast<int>(format.exponent_bits), static_cast<int>(format.fraction_bits), {}, nullptr, 0};
    std::copy_n(parameters.value, kMaxParameters, unit.parameter);
    return unit;
}

}  // namespace

std::optional<scalar::Arithmetic> scalar_arithmetic(const scalar::Library& models, const MultiplierSpec& mul,
                                                    const AdderSpec& add) {
    if (add.unit == AdderId::model || !has_model(mul) || !has_model(add)) {
        return std::nullopt;
    }
    const scalar::Operation multiply = find(models.multipliers, models.multiplier_count, model_name(mul));
    const scalar::Operation sum = find(models.adders, models.adder_count, info(add.unit).name);
    if (multiply == nullptr || sum == nullptr) {
        return std::nullopt;
    }
    scalar::Unit multiplier = unit_of(mul.format, mul.parameters);
    if (mul.unit == MultiplierId::model) {
        multiplier.function = mul.model->single;
        multiplier.function_bits = static_cast<int>(mul.model_use.bits);
    }
    const bool differ = mul.format != add.format;
    return scalar::Arithmetic{multiply,
                              multiplier,
                              sum,
                              unit_of(add.format, add.parameters),
                              differ && add.format != kFp32,
                              differ && mul.format != kFp32};
}

}  // namespace axfire::bench
