// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/scalar_model.h"

#include <algorithm>
#include <string_view>

#include "arith/catalogue.h"
#include "arith/fp_add.h"
#include "arith/fp_mul.h"

namespace axfire::bench {

namespace {

constexpr std::size_t kOutputs = 64;

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

/// The products of a table are the unit's own.
bool has_model(const MultiplierSpec& s) {
    MultiplierSpec plain;
    plain.unit = s.unit;
    plain.parameters = s.parameters;
    plain.format = s.format;
    plain.tabulated = s.tabulated;
    plain.model = s.model;
    return s == plain && is_plain(s.format) &&
           (s.unit == MultiplierId::exact ? s.format == kFp32 || multiplies_in_binary32(s)
                                          : s.format.exponent_bits == 8);
}

scalar::Operation find(const scalar::NamedOperation* all, int count, std::string_view name) {
    const auto* const it = std::find_if(all, all + count, [&](const auto& o) { return name == o.name; });
    return it == all + count ? nullptr : it->operation;
}

scalar::Unit unit_of(const Format& format, const Parameters& parameters) {
    scalar::Unit unit{static_cast<int>(format.exponent_bits), static_cast<int>(format.fraction_bits), {}};
    std::copy_n(parameters.value, kMaxParameters, unit.parameter);
    return unit;
}

}  // namespace

std::optional<scalar::Layer> scalar_layer(const scalar::Library& models, const MultiplierSpec& mul,
                                          const AdderSpec& add) {
    if (mul.unit == MultiplierId::model || add.unit == AdderId::model || !has_model(mul) || !has_model(add)) {
        return std::nullopt;
    }
    scalar::Layer layer{};
    layer.multiply = find(models.multipliers, models.multiplier_count, info(mul.unit).name);
    layer.add = find(models.adders, models.adder_count, info(add.unit).name);
    if (layer.multiply == nullptr || layer.add == nullptr) {
        return std::nullopt;
    }
    layer.multiplier = unit_of(mul.format, mul.parameters);
    layer.adder = unit_of(add.format, add.parameters);
    layer.converts = mul.format != add.format && add.format != kFp32;
    return layer;
}

ScalarCase::ScalarCase(const scalar::Library& models, const scalar::Layer& arithmetic, const Case& c)
    : models_(models), layer_(arithmetic), sample_(c.sample), events_(c.events), values_(c.sample.values) {
    const auto& weight = std::get<nodes::Linear>(c.network.nodes[1].kind).weight;
    const std::size_t inputs = weight.shape[1];
    const std::size_t outputs = std::min(weight.shape[0], kOutputs);
    const scalar::Unit& first = events_ ? layer_.adder : layer_.multiplier;
    const auto convert = [&](float x) { return models.round_to(x, first.exponent_bits, first.fraction_bits); };
    for (std::size_t i = 0; i < inputs; ++i) {
        for (std::size_t o = 0; o < outputs; ++o) {
            weights_.push_back(convert(weight.data[o * inputs + i]));
        }
    }
    std::transform(values_.begin(), values_.end(), values_.begin(), convert);
    layer_.inputs = static_cast<int>(inputs);
    layer_.outputs = static_cast<int>(outputs);
    layer_.weights = weights_.data();
    sums_.resize(outputs);
}

const std::vector<float>& ScalarCase::run() {
    totals_.assign(sums_.size(), 0.0f);
    for (std::uint32_t t = 0; t < sample_.steps; ++t) {
        if (events_) {
            const std::uint32_t begin = sample_.step_begin[t];
            models_.accumulate_spikes(layer_, sample_.index.data() + begin,
                                      static_cast<int>(sample_.step_begin[t + 1] - begin), sums_.data());
        } else {
            models_.multiply_accumulate(layer_, values_.data(), sums_.data());
        }
        for (std::size_t o = 0; o < sums_.size(); ++o) {
            totals_[o] += sums_[o];
        }
    }
    return totals_;
}

std::uint64_t ScalarCase::operations() const {
    const std::uint64_t terms =
        events_ ? sample_.index.size() : std::uint64_t{sample_.steps} * static_cast<std::uint64_t>(layer_.inputs);
    return terms * sums_.size();
}

}  // namespace axfire::bench
