// SPDX-License-Identifier: Apache-2.0
// Functions of one element, and of elements of two or more arrays that broadcast.
#pragma once

#include "tests/oracle/onnx/node.h"

namespace axfire::oracle::onnx_graph {

template <class Function>
Arrays each(const Node& node, Function f) {
    Array out = node.in(0);
    for (double& v : out.values) {
        v = f(v);
    }
    return {out};
}

/// f(a, b) of two arrays of one type.
template <class Function>
Array paired(const Array& a, const Array& b, Function f) {
    require(a.integer == b.integer, "operands of two types");
    return generate(broadcast(a.dims, b.dims), a.integer,
                    [&](const Dims& o) { return f(at_broadcast(a, o), at_broadcast(b, o)); });
}

inline Arrays add(const Node& node) {
    return {paired(node.in(0), node.in(1), [](double a, double b) { return a + b; })};
}
inline Arrays sub(const Node& node) {
    return {paired(node.in(0), node.in(1), [](double a, double b) { return a - b; })};
}
inline Arrays mul(const Node& node) {
    return {paired(node.in(0), node.in(1), [](double a, double b) { return a * b; })};
}

/// Quotients of integers lose their fraction.
inline Arrays div(const Node& node) {
    const bool integer = node.in(0).integer;
    return {paired(node.in(0), node.in(1), [&](double a, double b) {
        require(!integer || b != 0, "division of an integer by zero");
        return integer ? std::trunc(a / b) : a / b;
    })};
}

/// The result has the base's type.
inline Arrays pow(const Node& node) {
    const Array& base = node.in(0);
    const Array& exponent = node.in(1);
    return {generate(broadcast(base.dims, exponent.dims), base.integer, [&](const Dims& o) {
        const double value = std::pow(at_broadcast(base, o), at_broadcast(exponent, o));
        return base.integer ? std::trunc(value) : value;
    })};
}

inline Arrays sum(const Node& node) {
    Array total = node.in(0);
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
        total = paired(total, node.in(i), [](double a, double b) { return a + b; });
    }
    return {total};
}

inline Arrays equal(const Node& node) {
    Array out = paired(node.in(0), node.in(1), [](double a, double b) { return a == b ? 1 : 0; });
    out.integer = true;
    return {out};
}

inline Arrays where(const Node& node) {
    const Array& condition = node.in(0);
    const Array& yes = node.in(1);
    const Array& no = node.in(2);
    require(yes.integer == no.integer, "operands of two types");
    return {generate(broadcast(condition.dims, broadcast(yes.dims, no.dims)), yes.integer, [&](const Dims& o) {
        return at_broadcast(condition, o) != 0 ? at_broadcast(yes, o) : at_broadcast(no, o);
    })};
}

inline Arrays relu(const Node& node) {
    return each(node, [](double x) { return x < 0 ? 0 : x; });
}
inline Arrays leaky_relu(const Node& node) {
    const double alpha = node.number("alpha", 0.01);
    return each(node, [&](double x) { return x < 0 ? alpha * x : x; });
}
inline Arrays sigmoid(const Node& node) {
    return each(node, [](double x) { return 1 / (1 + std::exp(-x)); });
}
inline Arrays tanh(const Node& node) {
    return each(node, [](double x) { return std::tanh(x); });
}
inline Arrays neg(const Node& node) {
    return each(node, [](double x) { return -x; });
}
inline Arrays sqrt(const Node& node) {
    return each(node, [](double x) { return std::sqrt(x); });
}
inline Arrays exp(const Node& node) {
    return each(node, [](double x) { return std::exp(x); });
}
inline Arrays floor(const Node& node) {
    return each(node, [](double x) { return std::floor(x); });
}
inline Arrays identity(const Node& node) {
    return {node.in(0)};
}

inline double hard_sigmoid_of(double x, double alpha, double beta) {
    return std::max(0.0, std::min(1.0, alpha * x + beta));
}
inline Arrays hard_sigmoid(const Node& node) {
    const double alpha = node.number("alpha", 0.2);
    const double beta = node.number("beta", 0.5);
    return each(node, [&](double x) { return hard_sigmoid_of(x, alpha, beta); });
}
inline Arrays hard_swish(const Node& node) {
    return each(node, [](double x) { return x * hard_sigmoid_of(x, 1.0 / 6, 0.5); });
}

/// Limits are attributes before opset 11; where they cross, the upper one wins.
inline Arrays clip(const Node& node) {
    const auto limit = [&](const std::string& name, std::size_t input, double otherwise) {
        if (node.opset < 11) {
            return node.number(name, otherwise);
        }
        require(!node.has(input) || node.in(input).values.size() == 1, "a limit of Clip that is no scalar");
        return node.has(input) ? node.in(input).values[0] : otherwise;
    };
    const double low = limit("min", 1, -INFINITY);
    const double high = limit("max", 2, INFINITY);
    return each(node, [&](double x) { return std::min(std::max(x, low), high); });
}

/// The slope broadcasts to x, and x does not to the slope.
inline Arrays prelu(const Node& node) {
    const Array& x = node.in(0);
    const Array& slope = node.in(1);
    require(broadcast(x.dims, slope.dims) == x.dims, "the slope of PRelu does not broadcast to its input");
    return {paired(x, slope, [](double v, double s) { return v < 0 ? s * v : v; })};
}

/// Nothing is dropped in inference: the data, and a mask that keeps all.
inline Arrays dropout(const Node& node) {
    node.ignore("ratio");
    node.ignore("seed");
    const bool training = node.opset >= 12 && node.has(2) && node.in(2).values.at(0) != 0;
    require(!training, "Dropout of a training graph");
    return {node.in(0), filled(node.in(0).dims, 1, true)};
}

/// Between floating types nothing changes; an integer takes the whole part, and must hold it.
inline Arrays cast(const Node& node) {
    using T = onnx::TensorProto;
    const std::int64_t to = node.integer("to", T::UNDEFINED);
    node.ignore("saturate");  // of 8-bit floating types, which are not known here
    const bool integer = is_integer_type(static_cast<int>(to));
    const auto range = [&]() -> std::pair<double, double> {
        switch (to) {
            case T::INT8:
                return {-128, 127};
            case T::UINT8:
                return {0, 255};
            case T::INT16:
                return {-32768, 32767};
            case T::UINT16:
                return {0, 65535};
            case T::INT32:
                return {-0x1p31, 0x1p31 - 1};
            case T::UINT32:
                return {0, 0x1p32 - 1};
            case T::INT64:
                return {-0x1p63, 0x1p63};  // the largest int64 is read as 2^63
            default:
                return {0, 0x1p64};
        }
    };
    Arrays out = each(node, [&](double x) {
        if (!integer) {
            return x;
        }
        if (to == T::BOOL) {
            return x != 0 ? 1.0 : 0.0;
        }
        const double whole = std::trunc(x);
        require(whole >= range().first && whole <= range().second, "Cast of " + std::to_string(x) + " overflows");
        return whole;
    });
    out[0].integer = integer;
    return out;
}

}  // namespace axfire::oracle::onnx_graph
