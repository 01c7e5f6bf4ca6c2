// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/onnx/constant.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arith/error.h"

namespace axfire::onnx_import {

namespace {

namespace fs = std::filesystem;
using Tensor = onnx::TensorProto;

static_assert(std::endian::native == std::endian::little, "raw tensors are little-endian");

float from_half(std::uint16_t h) {
    const int exponent = h >> 10 & 31;
    const int fraction = h & 1023;
    const float magnitude = exponent == 0    ? std::ldexp(static_cast<float>(fraction), -24)
                            : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                             : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    return (h & 0x8000) != 0 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t h) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16);
}

[[noreturn]] void fail(const Tensor& tensor, const std::string& what) {
    throw InputError(fmt::format("the tensor '{}': {}", tensor.name(), what));
}

/// An entry of external_data as a number; `missing` where it is not there.
std::uint64_t external_number(const Tensor& tensor, const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        fail(tensor, fmt::format("its external data has the offset or length {:?}, which is no number", text));
    }
    return value;
}

/// The bytes of a tensor that is stored in a file of its own.
std::string read_external(const Tensor& tensor, const fs::path& folder, std::size_t expected) {
    std::string location;
    std::uint64_t offset = 0;
    std::uint64_t length = expected;
    for (const auto& entry : tensor.external_data()) {
        if (entry.key() == "location") {
            location = entry.value();
        } else if (entry.key() == "offset") {
            offset = external_number(tensor, entry.value());
        } else if (entry.key() == "length") {
            length = external_number(tensor, entry.value());
        }
    }
    std::error_code error;
    const fs::path base = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
    const fs::path file = fs::weakly_canonical(base / location, error);
    const fs::path relative = file.lexically_relative(base);
    if (location.empty() || fs::path(location).is_absolute() || relative.empty() || *relative.begin() == "..") {
        fail(tensor, fmt::format("its external data is {:?}; it must be in the model's folder or below", location));
    }
    const std::uintmax_t size = fs::file_size(file, error);
    if (error || !fs::is_regular_file(file)) {
        fail(tensor, fmt::format("its external data {} cannot be read", file.string()));
    }
    if (length != expected || offset > size || size - offset < length) {
        fail(tensor, fmt::format("its external data are {} bytes from {} of the {} of {}; it needs {}", length, offset,
                                 size, file.string(), expected));
    }
    std::string bytes(expected, '\0');
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset));
    if (!in.read(bytes.data(), static_cast<std::streamsize>(expected))) {
        fail(tensor, fmt::format("its external data {} cannot be read", file.string()));
    }
    return bytes;
}

/// Appends `n` values of type T, found raw or in one of the message's own lists.
template <class T, class Field, class Convert>
auto values(const Tensor& tensor, const fs::path& folder, std::size_t n, const Field& field, const Convert& convert) {
    std::vector<decltype(convert(T{}))> out;
    const bool external = tensor.data_location() == Tensor::EXTERNAL;
    if (external || tensor.has_raw_data()) {
        const std::string& own = tensor.raw_data();
        const std::string far = external ? read_external(tensor, folder, n * sizeof(T)) : std::string();
        const std::string& bytes = external ? far : own;
        if (bytes.size() != n * sizeof(T)) {
            fail(tensor, fmt::format("has {} bytes for {} values of {}", bytes.size(), n, sizeof(T)));
        }
        out.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            T value;
            std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
            out.push_back(convert(value));
        }
        return out;
    }
    if (static_cast<std::size_t>(field.size()) != n) {
        fail(tensor, fmt::format("has {} values for {} elements", field.size(), n));
    }
    out.reserve(n);
    for (const auto value : field) {
        out.push_back(convert(static_cast<T>(value)));
    }
    return out;
}

}  // namespace

std::string to_string(const Dims& dims) {
    return fmt::format("[{}]", fmt::join(dims, ","));
}

std::size_t count(const Dims& dims, std::size_t limit) {
    std::size_t n = 1;
    for (const std::int64_t extent : dims) {
        if (extent < 0) {
            throw InputError(fmt::format("the shape {} has a negative extent", to_string(dims)));
        }
        if (__builtin_mul_overflow(n, static_cast<std::size_t>(extent), &n)) {
            throw InputError(fmt::format("the shape {} has more than {} elements", to_string(dims), limit));
        }
    }
    if (n > limit) {
        throw InputError(fmt::format("the shape {} has more than {} elements", to_string(dims), limit));
    }
    return n;
}

Constant read_tensor(const onnx::TensorProto& tensor, const fs::path& folder) {
    Constant c;
    c.dims.assign(tensor.dims().begin(), tensor.dims().end());
    std::size_t n = 0;
    try {
        n = count(c.dims);
    } catch (const InputError& error) {
        fail(tensor, error.what());
    }
    const auto real = [](auto x) { return static_cast<float>(x); };
    const auto whole = [](auto x) { return static_cast<std::int64_t>(x); };
    const auto& ints = tensor.int32_data();
    c.integer = true;
    switch (tensor.data_type()) {
        case Tensor::FLOAT:
            c.integer = false;
            c.reals = values<float>(tensor, folder, n, tensor.float_data(), real);
            return c;
        case Tensor::DOUBLE:
            c.integer = false;
            c.reals = values<double>(tensor, folder, n, tensor.double_data(), real);
            return c;
        case Tensor::FLOAT16:
            c.integer = false;
            c.reals = values<std::uint16_t>(tensor, folder, n, ints, from_half);
            return c;
        case Tensor::BFLOAT16:
            c.integer = false;
            c.reals = values<std::uint16_t>(tensor, folder, n, ints, from_bfloat16);
            return c;
        case Tensor::INT64:
            c.integers = values<std::int64_t>(tensor, folder, n, tensor.int64_data(), whole);
            return c;
        case Tensor::INT32:
            c.integers = values<std::int32_t>(tensor, folder, n, ints, whole);
            return c;
        case Tensor::INT16:
            c.integers = values<std::int16_t>(tensor, folder, n, ints, whole);
            return c;
        case Tensor::INT8:
            c.integers = values<std::int8_t>(tensor, folder, n, ints, whole);
            return c;
        case Tensor::UINT8:
        case Tensor::BOOL:
            c.integers = values<std::uint8_t>(tensor, folder, n, ints, whole);
            return c;
        case Tensor::UINT16:
            c.integers = values<std::uint16_t>(tensor, folder, n, ints, whole);
            return c;
        case Tensor::UINT32:
            c.integers = values<std::uint32_t>(tensor, folder, n, tensor.uint64_data(), whole);
            return c;
        default:
            fail(tensor,
                 fmt::format("its element type {} is not supported; known are float, double, float16, bfloat16, "
                             "bool and integers",
                             tensor.data_type()));
    }
}

}  // namespace axfire::onnx_import
