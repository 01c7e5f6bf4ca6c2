// SPDX-License-Identifier: Apache-2.0
// Stored tensors, in each of the fields that a TensorProto may use.
#pragma once

#include <onnx/onnx_pb.h>

#include <bit>
#include <cstring>

#include "tests/oracle/onnx/array.h"

namespace axfire::oracle::onnx_graph {

/// The value of a small format from its fields: sign, `exponent_bits`, `fraction_bits`.
inline double small_float(std::uint32_t bits, int exponent_bits, int fraction_bits) {
    const std::uint32_t fraction = bits & ((1u << fraction_bits) - 1);
    const int exponent = static_cast<int>((bits >> fraction_bits) & ((1u << exponent_bits) - 1));
    const int largest = (1 << exponent_bits) - 1;
    const int bias = largest / 2;
    const double sign = ((bits >> (exponent_bits + fraction_bits)) & 1u) != 0 ? -1 : 1;
    if (exponent == largest) {
        return fraction == 0 ? sign * INFINITY : NAN;
    }
    const double significand = (exponent == 0 ? 0 : 1) + std::ldexp(fraction, -fraction_bits);
    return sign * std::ldexp(significand, std::max(exponent, 1) - bias);
}

inline double half_value(std::uint32_t bits) {
    return small_float(bits, 5, 10);
}
inline double bfloat_value(std::uint32_t bits) {
    return small_float(bits, 8, 7);
}

/// `count` little-endian numbers of type T, each through `value`.
template <class T, class Function>
std::vector<double> from_raw(const std::string& raw, std::size_t count, Function value) {
    static_assert(std::endian::native == std::endian::little);
    require(raw.size() == count * sizeof(T), "raw_data of " + std::to_string(raw.size()) + " bytes");
    std::vector<double> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        T item;
        std::memcpy(&item, raw.data() + i * sizeof(T), sizeof(T));
        out[i] = value(item);
    }
    return out;
}

template <class Field, class Function>
std::vector<double> from_field(const Field& field, std::size_t count, Function value) {
    require(static_cast<std::size_t>(field.size()) == count,
            "a tensor of " + std::to_string(count) + " elements has " + std::to_string(field.size()) + " values");
    std::vector<double> out;
    for (const auto item : field) {
        out.push_back(value(item));
    }
    return out;
}

/// From raw_data where that is given, else from the typed field.
template <class Raw, class Field, class Function>
std::vector<double> stored_values(const onnx::TensorProto& t, const Field& field, std::size_t count, Function value) {
    return t.has_raw_data() ? from_raw<Raw>(t.raw_data(), count, value) : from_field(field, count, value);
}

inline bool is_integer_type(int type) {
    using T = onnx::TensorProto;
    switch (type) {
        case T::FLOAT:
        case T::FLOAT16:
        case T::BFLOAT16:
        case T::DOUBLE:
            return false;
        case T::BOOL:
        case T::INT8:
        case T::UINT8:
        case T::INT16:
        case T::UINT16:
        case T::INT32:
        case T::UINT32:
        case T::INT64:
        case T::UINT64:
            return true;
        default:
            throw std::runtime_error("onnx oracle: element type " + std::to_string(type));
    }
}

inline Array array_of(const onnx::TensorProto& t) {
    using T = onnx::TensorProto;
    require(t.data_location() == T::DEFAULT && !t.has_segment(), "tensor '" + t.name() + "' lies elsewhere");
    Array out{{t.dims().begin(), t.dims().end()}, {}, is_integer_type(t.data_type())};
    const auto count = static_cast<std::size_t>(element_count(out.dims));
    const auto plain = [](auto x) { return static_cast<double>(x); };
    const auto half = [](auto x) { return half_value(static_cast<std::uint16_t>(x)); };
    const auto bfloat = [](auto x) { return bfloat_value(static_cast<std::uint16_t>(x)); };
    switch (t.data_type()) {
        case T::FLOAT:
            out.values = stored_values<float>(t, t.float_data(), count, plain);
            break;
        case T::DOUBLE:
            out.values = stored_values<double>(t, t.double_data(), count, plain);
            break;
        case T::FLOAT16:
            out.values = stored_values<std::uint16_t>(t, t.int32_data(), count, half);
            break;
        case T::BFLOAT16:
            out.values = stored_values<std::uint16_t>(t, t.int32_data(), count, bfloat);
            break;
        case T::BOOL:
        case T::UINT8:
            out.values = stored_values<std::uint8_t>(t, t.int32_data(), count, plain);
            break;
        case T::INT8:
            out.values = stored_values<std::int8_t>(t, t.int32_data(), count, plain);
            break;
        case T::INT16:
            out.values = stored_values<std::int16_t>(t, t.int32_data(), count, plain);
            break;
        case T::UINT16:
            out.values = stored_values<std::uint16_t>(t, t.int32_data(), count, plain);
            break;
        case T::INT32:
            out.values = stored_values<std::int32_t>(t, t.int32_data(), count, plain);
            break;
        case T::INT64:
            out.values = stored_values<std::int64_t>(t, t.int64_data(), count, plain);
            break;
        case T::UINT32:
            out.values = stored_values<std::uint32_t>(t, t.uint64_data(), count, plain);
            break;
        default:
            out.values = stored_values<std::uint64_t>(t, t.uint64_data(), count, plain);
    }
    return out;
}

/// Zeros but for the listed elements, whose places are flat or by axis.
inline Array array_of(const onnx::SparseTensorProto& t) {
    const Array values = array_of(t.values());
    const Array places = array_of(t.indices());
    Array out = filled({t.dims().begin(), t.dims().end()}, 0, values.integer);
    const std::size_t rank = out.dims.size();
    for (std::size_t i = 0; i < values.values.size(); ++i) {
        Dims index(rank);
        if (places.dims.size() == 1) {
            index = unravel(to_index(places.values.at(i)), out.dims);
        } else {
            for (std::size_t axis = 0; axis < rank; ++axis) {
                index[axis] = to_index(places.values.at(i * rank + axis));
            }
        }
        out.values.at(static_cast<std::size_t>(ravel(index, out.dims))) = values.values[i];
    }
    return out;
}

}  // namespace axfire::oracle::onnx_graph
