// SPDX-License-Identifier: Apache-2.0
// Element-wise arithmetic: of constants at import; of signals by nodes.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/onnx/importer.h"

namespace axfire::onnx_import {

namespace {

std::int64_t checked(const Call& call, bool overflow, std::int64_t value) {
    if (overflow) {
        call.fail("its integers overflow");
    }
    return value;
}

std::int64_t add(const Call& call, std::int64_t a, std::int64_t b) {
    std::int64_t r = 0;
    const bool overflow = __builtin_add_overflow(a, b, &r);
    return checked(call, overflow, r);
}
std::int64_t subtract(const Call& call, std::int64_t a, std::int64_t b) {
    std::int64_t r = 0;
    const bool overflow = __builtin_sub_overflow(a, b, &r);
    return checked(call, overflow, r);
}
std::int64_t multiply(const Call& call, std::int64_t a, std::int64_t b) {
    std::int64_t r = 0;
    const bool overflow = __builtin_mul_overflow(a, b, &r);
    return checked(call, overflow, r);
}
std::int64_t divide(const Call& call, std::int64_t a, std::int64_t b) {
    if (b == 0 || (b == -1 && a == INT64_MIN)) {
        call.fail("divides integers by 0");
    }
    return a / b;
}
std::int64_t equal(const Call&, std::int64_t a, std::int64_t b) {
    return a == b ? 1 : 0;
}

double add(const Call&, double a, double b) {
    return a + b;
}
double subtract(const Call&, double a, double b) {
    return a - b;
}
double multiply(const Call&, double a, double b) {
    return a * b;
}
double divide(const Call&, double a, double b) {
    return a / b;
}
double equal(const Call&, double a, double b) {
    return a == b ? 1 : 0;
}
double power(const Call&, double a, double b) {
    return std::pow(a, b);
}

using Whole = std::int64_t (*)(const Call&, std::int64_t, std::int64_t);
using Real = double (*)(const Call&, double, double);

/// Both inputs constant. Reals are computed in binary64 and rounded to binary32.
Constant fold(const Call& call, const Constant& a, const Constant& b, Whole whole, Real real) {
    Constant out;
    out.dims = broadcast(a.dims, b.dims);
    const std::size_t n = count(out.dims, kMaxConstant);
    const IndexMap from_a = expand(a.dims, out.dims);
    const IndexMap from_b = expand(b.dims, out.dims);
    out.integer = a.integer && b.integer && whole != nullptr;
    out.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = static_cast<std::size_t>(from_a.source[i]);
        const auto y = static_cast<std::size_t>(from_b.source[i]);
        if (out.integer) {
            out.integers[i] = whole(call, a.integers[x], b.integers[y]);
        } else {
            out.reals[i] = static_cast<float>(real(call, a.at(x), b.at(y)));
        }
    }
    return out;
}

/// The signal with extents of 1 repeated until it has the common shape with `other`.
Signal widened(const Call& call, const Signal& signal, const Dims& other) {
    const Dims dims = broadcast(signal.dims, other);
    if (dims.size() != signal.dims.size() || dims[0] != 1) {
        call.fail(fmt::format("combines {} and {}; the batch is axis 0 and must stay 1", to_string(signal.dims),
                              to_string(other)));
    }
    return dims == signal.dims ? signal : call.importer.move(call.name + ".wide", signal, expand(signal.dims, dims));
}

/// The constant as one value, or as one for each element of the signal.
Tensor per_element(const Constant& c, const Dims& dims) {
    if (c.size() == 1) {
        return {{1}, {static_cast<float>(c.at(0))}};
    }
    const Constant full = apply(expand(c.dims, dims), c);
    Tensor tensor{shape_of(dims), {}};
    for (std::size_t i = 0; i < full.size(); ++i) {
        tensor.data.push_back(static_cast<float>(full.at(i)));
    }
    return tensor;
}

Signal add_constant(const Call& call, std::size_t input, Constant c, double sign) {
    for (float& value : c.reals) {
        value = static_cast<float>(sign * value);
    }
    for (std::int64_t& value : c.integers) {
        value = sign < 0 ? multiply(call, value, std::int64_t{-1}) : value;
    }
    const Signal x = widened(call, call.signal(input), c.dims);
    return {call.importer.add(call.name, nodes::Bias{per_element(c, x.dims)}, {x.node}), x.dims};
}

Signal negated(const Call& call, const Signal& x) {
    return {call.importer.add(call.name + ".negated", nodes::Neuron{"negate", shape_of(x.dims), {}}, {x.node}), x.dims};
}

/// Two signals with their common shape.
std::vector<Signal> matched(const Call& call) {
    return {widened(call, call.signal(0), call.signal(1).dims), widened(call, call.signal(1), call.signal(0).dims)};
}

Outputs add_op(const Call& call) {
    if (call.is_constant(0) && call.is_constant(1)) {
        return {fold(call, call.constant(0), call.constant(1), add, add)};
    }
    if (call.is_constant(0) || call.is_constant(1)) {
        const std::size_t signal = call.is_constant(0) ? 1 : 0;
        return {add_constant(call, signal, call.constant(1 - signal), 1)};
    }
    return {call.importer.sum(call.name, matched(call))};
}

Outputs sum_op(const Call& call) {
    if (call.input_count() == 1) {
        return {call.input(0)};
    }
    std::vector<Signal> signals;
    for (std::size_t i = 0; i < call.input_count(); ++i) {
        signals.push_back(call.signal(i));
        if (signals[i].dims != signals[0].dims) {
            call.fail(fmt::format("adds {} and {}; only equal shapes are supported", to_string(signals[0].dims),
                                  to_string(signals[i].dims)));
        }
    }
    return {call.importer.sum(call.name, signals)};
}

Outputs sub_op(const Call& call) {
    if (call.is_constant(0) && call.is_constant(1)) {
        return {fold(call, call.constant(0), call.constant(1), subtract, subtract)};
    }
    if (call.is_constant(1)) {
        return {add_constant(call, 0, call.constant(1), -1)};
    }
    if (call.is_constant(0)) {
        const Signal x = widened(call, negated(call, call.signal(1)), call.constant(0).dims);
        const nodes::Bias bias{per_element(call.constant(0), x.dims)};
        return {Signal{call.importer.add(call.name, bias, {x.node}), x.dims}};
    }
    const std::vector<Signal> both = matched(call);
    return {call.importer.sum(call.name, {both[0], negated(call, both[1])})};
}

Signal scale(const Call& call, std::size_t input, const Constant& c, bool division) {
    const Signal x = widened(call, call.signal(input), c.dims);
    const nodes::Scale node{per_element(c, x.dims), division};
    return {call.importer.add(call.name, node, {x.node}), x.dims};
}

/// b can be spread over a: the same number of axes, extents equal or 1.
bool spreads_over(const Dims& a, const Dims& b) {
    return a.size() == b.size() && broadcast(a, b) == a;
}

Outputs mul_op(const Call& call) {
    if (call.is_constant(0) && call.is_constant(1)) {
        return {fold(call, call.constant(0), call.constant(1), multiply, multiply)};
    }
    if (call.is_constant(0) || call.is_constant(1)) {
        const std::size_t signal = call.is_constant(0) ? 1 : 0;
        return {scale(call, signal, call.constant(1 - signal), false)};
    }
    Signal a = call.signal(0);
    Signal b = call.signal(1);
    if (!spreads_over(a.dims, b.dims)) {
        std::swap(a, b);
    }
    if (!spreads_over(a.dims, b.dims)) {
        a = widened(call, a, b.dims);
        b = widened(call, b, a.dims);
    }
    // A signal of rank 1 in the network, [1, K] here, has the shape K; others keep their axes.
    const nodes::Multiply node{{call.importer.name_of(a), call.importer.name_of(b)}};
    std::vector<std::size_t> sources{a.node};
    if (b.node != a.node) {
        sources.push_back(b.node);
    }
    return {Signal{call.importer.add(call.name, node, sources), a.dims}};
}

Outputs div_op(const Call& call) {
    if (call.is_constant(0) && call.is_constant(1)) {
        return {fold(call, call.constant(0), call.constant(1), divide, divide)};
    }
    const Constant& c = call.constant(1);  // by a signal: not supported, and it says so
    for (std::size_t i = 0; i < c.size(); ++i) {
        if (c.at(i) == 0) {
            call.fail("divides by 0");
        }
    }
    return {scale(call, 0, c, true)};
}

Outputs neg_op(const Call& call) {
    if (call.is_constant(0)) {
        Constant minus;
        minus.integer = call.constant(0).integer;
        minus.dims = {1};
        minus.resize(1);
        (minus.integer ? minus.integers[0] = -1 : minus.reals[0] = -1);
        return {fold(call, call.constant(0), minus, multiply, multiply)};
    }
    const Signal& x = call.signal(0);
    return {Signal{call.importer.add(call.name, nodes::Neuron{"negate", shape_of(x.dims), {}}, {x.node}), x.dims}};
}

Outputs pow_op(const Call& call) {
    return {fold(call, call.constant(0), call.constant(1), nullptr, power)};
}

Outputs equal_op(const Call& call) {
    Constant result = fold(call, call.constant(0), call.constant(1), equal, equal);
    if (!result.integer) {
        result.integers.assign(result.reals.begin(), result.reals.end());
        result.reals.clear();
        result.integer = true;
    }
    return {std::move(result)};
}

template <double (*function)(double)>
Outputs of_constant(const Call& call) {
    Constant c = call.constant(0);
    for (float& x : c.reals) {
        x = static_cast<float>(function(x));
    }
    return {std::move(c)};
}

Outputs where_op(const Call& call) {
    const Constant& condition = call.constant(0);
    const Constant& a = call.constant(1);
    const Constant& b = call.constant(2);
    Constant out;
    out.dims = broadcast(broadcast(condition.dims, a.dims), b.dims);
    const std::size_t n = count(out.dims, kMaxConstant);
    out.integer = a.integer && b.integer;
    out.resize(n);
    const IndexMap from[] = {expand(condition.dims, out.dims), expand(a.dims, out.dims), expand(b.dims, out.dims)};
    for (std::size_t i = 0; i < n; ++i) {
        const bool yes = condition.at(static_cast<std::size_t>(from[0].source[i])) != 0;
        const Constant& chosen = yes ? a : b;
        const auto at = static_cast<std::size_t>(from[yes ? 1 : 2].source[i]);
        if (out.integer) {
            out.integers[i] = chosen.integers[at];
        } else {
            out.reals[i] = static_cast<float>(chosen.at(at));
        }
    }
    return {std::move(out)};
}

constexpr Operator kOperators[] = {
    {"Add", add_op},
    {"Sum", sum_op},
    {"Sub", sub_op},
    {"Mul", mul_op},
    {"Div", div_op},
    {"Neg", neg_op},
    {"Pow", pow_op},
    {"Equal", equal_op},
    {"Where", where_op},
    {"Sqrt", of_constant<std::sqrt>},
    {"Exp", of_constant<std::exp>},
    {"Floor", of_constant<std::floor>},
    {"Ceil", of_constant<std::ceil>},
};

}  // namespace

std::span<const Operator> arithmetic_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
