// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gradients/product_slopes.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/models/tabulate.h"

namespace axfire::train {

namespace {

ProductTable products(const MultiplierSpec& spec) {
    try {
        return tabulate(spec);
    } catch (const SpecError& e) {
        throw InputError(fmt::format("--gradient table: {}; use --gradient ste", e.what()));
    }
}

/// With n = 2^M, the other operand at 1 + k/n for k = 0..n and products P_k in units of 1/n^2, the slope is
/// sum (2k - n) P_k / sum (2k - n)^2 * 2/n, and the operand (n + f)/n. P_n is twice P_0.
std::vector<float> fit(const MultiplierSpec& spec, const ProductTable& table, bool fixed_is_a) {
    const std::int64_t n = std::int64_t{1} << table.bits;
    const u32 dropped = table.whole_product || spec.round_product ? 0 : spec.format.precision();
    std::vector<float> factors;
    for (std::int64_t f = 0; f < n; ++f) {
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k <= n; ++k) {
            const std::int64_t other = k % n;
            const u32 entry = table.entries[static_cast<std::size_t>(fixed_is_a ? f * n + other : other * n + f)];
            const std::int64_t kept = std::int64_t{entry} >> dropped << dropped;
            sum += (2 * k - n) * (k == n ? 2 * kept : kept);
        }
        const std::int64_t squares = n * (n + 1) * (n + 2) / 3;
        factors.push_back(static_cast<float>(2 * static_cast<double>(sum) / static_cast<double>(squares * (n + f))));
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
        const ProductTable table = products(mul);
        by_x_ = fit(mul, table, false);
        by_w_ = fit(mul, table, true);
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
