// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gradients/product_slopes.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "arith/spec_text.h"

namespace axfire::train {

namespace {

/// Slopes are fitted to all pairs of significands: of at most so many fraction bits, a million pairs.
constexpr u32 kMaxFraction = 10;

void check(const MultiplierSpec& spec) {
    const char* const lacks = spec.format.fraction_bits > kMaxFraction ? "its format has more than 10 fraction bits"
                              : spec.unit == MultiplierId::model && spec.model_use.kind == ModelKind::operation
                                  ? "it is a whole operation, not a product of significands"
                                  : nullptr;
    if (lacks != nullptr) {
        throw InputError(
            fmt::format("--gradient table has no slopes for {}: {}; use --gradient ste", to_string(spec), lacks));
    }
}

/// With n = 2^M, the other operand at 1 + k/n for k = 0..n and products P_k in units of 1/n^2, the slope is
/// sum (2k - n) P_k / sum (2k - n)^2 * 2/n; the fixed operand is fixed/n. P_n is twice P_0.
std::vector<float> fit(const MultiplierSpec& spec, bool fixed_is_a) {
    const std::int64_t n = std::int64_t{1} << spec.format.fraction_bits;
    const bool whole = is_logarithmic(spec.unit) || spec.model_use.whole_product || spec.round_product;
    const u32 dropped = whole ? 0 : spec.format.precision();
    const auto product = [&](std::int64_t fixed, std::int64_t other) {
        const auto x = static_cast<u32>(fixed_is_a ? fixed : other);
        const auto y = static_cast<u32>(fixed_is_a ? other : fixed);
        return static_cast<std::int64_t>(significand_product(spec, x, y) >> dropped << dropped);
    };
    std::vector<float> factors;
    for (std::int64_t fixed = n; fixed < 2 * n; ++fixed) {
        std::int64_t sum = 2 * n * product(fixed, n);
        for (std::int64_t k = 0; k < n; ++k) {
            sum += (2 * k - n) * product(fixed, n + k);
        }
        const std::int64_t squares = n * (n + 1) * (n + 2) / 3;
        factors.push_back(static_cast<float>(2 * static_cast<double>(sum) / static_cast<double>(squares * fixed)));
    }
    return factors;
}

void multiply(const std::vector<float>& factors, u32 fraction_bits, u32* values, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const u32 fraction = (values[i] & 0x7fffffu) >> (23 - fraction_bits);
        values[i] = bits(number(values[i]) * factors[fraction]);
    }
}

}  // namespace

ProductSlopes::ProductSlopes(const GradientContext& c) : context_(c.forward) {
    const MultiplierSpec& mul = context_.arithmetic.synapse_mul;
    const bool multiplies = !context_.in_events || context_.multiply_spikes;
    if (c.options.table && multiplies && mul.unit != MultiplierId::exact) {
        check(mul);
        by_x_ = fit(mul, false);
        by_w_ = fit(mul, true);
    }
}

const std::vector<float>& ProductSlopes::by_x(const std::vector<float>& weights, std::vector<float>& space) const {
    if (none()) {
        return weights;
    }
    const MultiplierSpec& mul = context_.arithmetic.synapse_mul;
    Buffer operands = context_.operands(mul, context_.stored_weights(to_buffer(weights)));
    multiply(by_x_, mul.format.fraction_bits, operands.data(), weights.size());
    space.resize(weights.size());
    std::transform(operands.data(), operands.data() + weights.size(), space.begin(), number);
    return space;
}

void ProductSlopes::by_w(u32* x, std::size_t n) const {
    const MultiplierSpec& mul = context_.arithmetic.synapse_mul;
    context_.kernels.convert(mul.format, loading(mul.rounding), x, x, n);
    multiply(by_w_, mul.format.fraction_bits, x, n);
}

}  // namespace axfire::train
