// SPDX-License-Identifier: Apache-2.0
// Arrays of any rank and the arithmetic of their indices.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace axfire::oracle::onnx_graph {

using Dims = std::vector<std::int64_t>;

struct Array {
    Dims dims;
    std::vector<double> values;  ///< row-major; integers and truth values are kept exactly, up to 2^53
    bool integer = false;
};

using Arrays = std::vector<Array>;

inline void require(bool condition, const std::string& what) {
    if (!condition) {
        throw std::runtime_error("onnx oracle: " + what);
    }
}

inline std::string to_string(const Dims& dims) {
    std::string text = "[";
    for (std::size_t i = 0; i < dims.size(); ++i) {
        text += (i == 0 ? "" : ",") + std::to_string(dims[i]);
    }
    return text + "]";
}

inline std::int64_t element_count(const Dims& dims) {
    std::int64_t count = 1;
    for (const std::int64_t d : dims) {
        require(d >= 0, "negative extent in " + to_string(dims));
        count *= d;
    }
    return count;
}

inline Array filled(const Dims& dims, double value = 0, bool integer = false) {
    return {dims, std::vector<double>(static_cast<std::size_t>(element_count(dims)), value), integer};
}

inline Array integer_list(const Dims& values) {
    return {{static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()}, true};
}

/// The index in each axis of the element at a flat place.
inline Dims unravel(std::int64_t flat, const Dims& dims) {
    Dims index(dims.size());
    for (std::size_t axis = dims.size(); axis-- > 0;) {
        index[axis] = flat % dims[axis];
        flat /= dims[axis];
    }
    return index;
}

inline std::int64_t ravel(std::span<const std::int64_t> index, const Dims& dims) {
    std::int64_t flat = 0;
    bool fits = index.size() == dims.size();
    for (std::size_t axis = 0; fits && axis < dims.size(); ++axis) {
        fits = index[axis] >= 0 && index[axis] < dims[axis];
        flat = flat * dims[axis] + index[axis];
    }
    if (!fits) {
        throw std::runtime_error("onnx oracle: index " + to_string({index.begin(), index.end()}) + " of " +
                                 to_string(dims));
    }
    return flat;
}

inline double at(const Array& array, std::span<const std::int64_t> index) {
    return array.values[static_cast<std::size_t>(ravel(index, array.dims))];
}
inline double at(const Array& array, std::initializer_list<std::int64_t> index) {
    return at(array, std::span<const std::int64_t>(index.begin(), index.size()));
}

/// An array made element by element from the index.
template <class Function>
Array generate(const Dims& dims, bool integer, Function value_at) {
    Array out = filled(dims, 0, integer);
    for (std::size_t i = 0; i < out.values.size(); ++i) {
        out.values[i] = value_at(unravel(static_cast<std::int64_t>(i), dims));
    }
    return out;
}

/// The common shape of two, aligned at the last axis; an extent of 1 is repeated.
inline Dims broadcast(const Dims& a, const Dims& b) {
    const std::size_t rank = std::max(a.size(), b.size());
    Dims out(rank);
    for (std::size_t i = 0; i < rank; ++i) {  // from the last axis
        const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
        const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
        require(x == y || x == 1 || y == 1, to_string(a) + " and " + to_string(b) + " do not broadcast");
        out[rank - 1 - i] = x == 1 ? y : x;
    }
    return out;
}

/// The element that a broadcast array has at an index of the larger shape.
inline double at_broadcast(const Array& array, const Dims& index) {
    const std::size_t skipped = index.size() - array.dims.size();
    Dims own(array.dims.size());
    for (std::size_t axis = 0; axis < own.size(); ++axis) {
        own[axis] = array.dims[axis] == 1 ? 0 : index[skipped + axis];
    }
    return at(array, own);
}

/// Axes count from the end where negative.
inline std::size_t axis_of(std::int64_t axis, std::size_t rank) {
    const auto r = static_cast<std::int64_t>(rank);
    require(axis >= -r && axis < r, "axis " + std::to_string(axis) + " of rank " + std::to_string(rank));
    return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

/// An element as an index; the ends of int64, which a double does not hold, say "as far as possible".
inline std::int64_t to_index(double value) {
    if (value >= 9.2e18) {
        return INT64_MAX;
    }
    return value <= -9.2e18 ? INT64_MIN : static_cast<std::int64_t>(value);
}

inline Dims to_indices(const Array& array) {
    require(array.integer && array.dims.size() <= 1, "expected a list of integers, got " + to_string(array.dims));
    Dims out;
    for (const double v : array.values) {
        out.push_back(to_index(v));
    }
    return out;
}

}  // namespace axfire::oracle::onnx_graph
