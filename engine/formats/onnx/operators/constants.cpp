// SPDX-License-Identifier: Apache-2.0
// Constants, shapes as constants, and operators that change nothing in an evaluated network.
#include <algorithm>

#include <fmt/format.h>

#include "engine/formats/onnx/importer.h"

namespace axfire::onnx_import {

namespace {

Constant list(std::vector<std::int64_t> values) {
    const auto n = static_cast<std::int64_t>(values.size());
    return {{n}, true, {}, std::move(values)};
}

Outputs identity(const Call& call) {
    return {call.input(0)};
}

Outputs dropout(const Call& call) {
    if (call.has(2) && call.constant(2).size() == 1 && call.constant(2).at(0) != 0) {
        call.fail("is in training mode; export the model for evaluation");
    }
    return {call.input(0)};
}

Outputs cast(const Call& call) {
    if (!call.is_constant(0)) {
        const std::int64_t to = call.integer("to").value_or(0);
        if (to != onnx::TensorProto::FLOAT && to != onnx::TensorProto::DOUBLE && to != onnx::TensorProto::FLOAT16 &&
            to != onnx::TensorProto::BFLOAT16) {
            call.fail("casts a signal to integers, which is not supported");
        }
        return {call.input(0)};  // formats are the arithmetic's
    }
    Constant c = call.constant(0);
    switch (call.integer("to").value_or(0)) {
        case onnx::TensorProto::FLOAT:
        case onnx::TensorProto::DOUBLE:
        case onnx::TensorProto::FLOAT16:
        case onnx::TensorProto::BFLOAT16:
            if (c.integer) {
                c.reals.assign(c.integers.begin(), c.integers.end());
                c.integers.clear();
                c.integer = false;
            }
            return {std::move(c)};
        case onnx::TensorProto::BOOL:
        case onnx::TensorProto::INT64:
        case onnx::TensorProto::INT32: {
            const bool to_bool = call.integer("to") == onnx::TensorProto::BOOL;
            std::vector<std::int64_t> whole(c.size());
            for (std::size_t i = 0; i < c.size(); ++i) {
                const double x = c.at(i);
                if (!(x > -9e18 && x < 9e18)) {
                    call.fail(fmt::format("casts {} to an integer", x));
                }
                whole[i] = to_bool ? x != 0 : c.integer ? c.integers[i] : static_cast<std::int64_t>(x);
            }
            return {Constant{c.dims, true, {}, std::move(whole)}};
        }
        default:
            call.fail("its type is not supported; known are float, double, float16, bfloat16, bool, int32 and int64");
    }
}

Outputs constant(const Call& call) {
    if (const auto* value = call.attribute("value")) {
        return {read_tensor(value->t(), call.importer.folder())};
    }
    if (const auto value = call.integer("value_int")) {
        return {Constant{{}, true, {}, {*value}}};
    }
    if (const auto value = call.real("value_float")) {
        return {Constant{{}, false, {static_cast<float>(*value)}, {}}};
    }
    if (const auto values = call.integers("value_ints")) {
        return {list(*values)};
    }
    if (const auto* value = call.attribute("value_floats")) {
        Constant c{{value->floats_size()}, false, {value->floats().begin(), value->floats().end()}, {}};
        return {std::move(c)};
    }
    call.fail("has no value of numbers");
}

Outputs constant_of_shape(const Call& call) {
    Constant one{{1}, false, {0}, {}};
    if (const auto* value = call.attribute("value")) {
        one = read_tensor(value->t(), call.importer.folder());
        if (one.size() != 1) {
            call.fail("its value must be one element");
        }
    }
    Constant out;
    out.dims = call.required_integers(0);
    out.integer = one.integer;
    const std::size_t n = count(out.dims, kMaxConstant);
    out.integers.assign(one.integer ? n : 0, one.integer ? one.integers[0] : 0);
    out.reals.assign(one.integer ? 0 : n, one.integer ? 0 : one.reals[0]);
    return {std::move(out)};
}

Outputs range(const Call& call) {
    std::vector<std::int64_t> bound;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto value = call.integers_input(i);
        if (!value || value->size() != 1) {
            call.fail("needs three whole numbers");
        }
        bound.push_back(value->front());
    }
    std::vector<std::int64_t> values;
    if (bound[2] == 0) {
        call.fail("its step is 0");
    }
    for (std::int64_t i = bound[0]; bound[2] > 0 ? i < bound[1] : i > bound[1];) {
        values.push_back(i);
        if (values.size() > kMaxConstant || __builtin_add_overflow(i, bound[2], &i)) {
            call.fail(fmt::format("gives more than {} values", kMaxConstant));
        }
    }
    return {list(std::move(values))};
}

Outputs shape(const Call& call) {
    const Dims& dims = dims_of(call.input(0));
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto clamp = [&](std::int64_t i) { return std::clamp(i < 0 ? i + rank : i, std::int64_t{0}, rank); };
    const std::int64_t start = clamp(std::max(call.integer("start").value_or(0), -rank));
    const std::int64_t end = clamp(std::max(call.integer("end").value_or(rank), -rank - 1));
    return {list(end > start ? Dims(dims.begin() + start, dims.begin() + end) : Dims{})};
}

constexpr Operator kOperators[] = {
    {"Identity", identity},
    {"Dropout", dropout},
    {"Cast", cast},
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"Range", range},
    {"Shape", shape},
};

}  // namespace

std::span<const Operator> constant_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
