// SPDX-License-Identifier: Apache-2.0
// Tensors whose values are known when a model is imported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

namespace axfire::onnx_import {

using Dims = std::vector<std::int64_t>;

/// "[1,3,32,32]".
std::string to_string(const Dims& dims);

/// Product of the extents. Throws InputError for a negative extent, or more than `limit` elements.
std::size_t count(const Dims& dims, std::size_t limit = std::size_t{1} << 32);

/// Values in C order: binary32, or integers (booleans are 0 and 1).
struct Constant {
    Dims dims;
    bool integer = false;
    std::vector<float> reals;
    std::vector<std::int64_t> integers;

    std::size_t size() const { return integer ? integers.size() : reals.size(); }
    double at(std::size_t i) const { return integer ? static_cast<double>(integers[i]) : reals[i]; }
    void resize(std::size_t n) { integer ? integers.resize(n) : reals.resize(n); }
};

/// Reads an initialiser or an attribute. External data must lie in `folder` or below. Throws InputError: a type that is
/// not a number, values that are missing or too many, data outside of the folder.
Constant read_tensor(const onnx::TensorProto& tensor, const std::filesystem::path& folder);

}  // namespace axfire::onnx_import
