// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/onnx/index_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire::onnx_import {

namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 28;

/// Element of the input for each of the output, from what each axis says: steps[axis][i] is the offset of place i, or
/// kFill.
IndexMap combine(const Dims& dims, const std::vector<std::vector<std::int64_t>>& offsets) {
    IndexMap map{dims, {0}};
    map.source.reserve(count(dims, kMaxElements));
    for (const std::vector<std::int64_t>& axis : offsets) {
        std::vector<std::int64_t> finer;
        finer.reserve(map.source.size() * axis.size());
        for (const std::int64_t base : map.source) {
            for (const std::int64_t offset : axis) {
                finer.push_back(base < 0 || offset < 0 ? IndexMap::kFill : base + offset);
            }
        }
        map.source = std::move(finer);
    }
    return map;
}

/// Elements between neighbours along each axis.
Dims strides(const Dims& dims) {
    Dims result(dims.size(), 1);
    for (std::size_t axis = dims.size(); axis-- > 1;) {
        result[axis - 1] = result[axis] * dims[axis];
    }
    return result;
}

}  // namespace

IndexMap window(const Dims& in, const Dims& start, const Dims& step, const Dims& dims) {
    count(dims, kMaxElements);
    const Dims stride = strides(in);
    std::vector<std::vector<std::int64_t>> offsets(in.size());
    for (std::size_t axis = 0; axis < in.size(); ++axis) {
        for (std::int64_t i = 0; i < dims[axis]; ++i) {
            const std::int64_t at = start[axis] + step[axis] * i;
            offsets[axis].push_back(at >= 0 && at < in[axis] ? at * stride[axis] : IndexMap::kFill);
        }
    }
    return combine(dims, offsets);
}

IndexMap transpose(const Dims& in, const std::vector<std::int64_t>& perm) {
    const Dims stride = strides(in);
    Dims dims;
    std::vector<std::vector<std::int64_t>> offsets;
    for (const std::int64_t from : perm) {
        const std::size_t axis = static_cast<std::size_t>(from);
        dims.push_back(in[axis]);
        offsets.emplace_back();
        for (std::int64_t i = 0; i < in[axis]; ++i) {
            offsets.back().push_back(i * stride[axis]);
        }
    }
    return combine(dims, offsets);
}

IndexMap gather(const Dims& in, std::size_t axis, const Constant& indices) {
    const Dims stride = strides(in);
    Dims dims;
    std::vector<std::vector<std::int64_t>> offsets;
    for (std::size_t a = 0; a < in.size(); ++a) {
        offsets.emplace_back();
        if (a == axis) {
            dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
            for (std::int64_t index : indices.integers) {
                if (index < -in[a] || index >= in[a]) {
                    throw InputError(
                        fmt::format("the index {} is outside of the axis {} of {}", index, a, to_string(in)));
                }
                offsets[a].push_back((index < 0 ? index + in[a] : index) * stride[a]);
            }
        } else {
            dims.push_back(in[a]);
            for (std::int64_t i = 0; i < in[a]; ++i) {
                offsets[a].push_back(i * stride[a]);
            }
        }
    }
    return combine(dims, offsets);
}

Dims broadcast(const Dims& a, const Dims& b) {
    Dims result(std::max(a.size(), b.size()), 1);
    for (const Dims* dims : {&a, &b}) {
        const std::size_t shift = result.size() - dims->size();
        for (std::size_t axis = 0; axis < dims->size(); ++axis) {
            std::int64_t& extent = result[shift + axis];
            const std::int64_t own = (*dims)[axis];
            if (own != extent && own != 1 && extent != 1) {
                throw InputError(fmt::format("the shapes {} and {} do not fit", to_string(a), to_string(b)));
            }
            extent = own == 1 ? extent : own;
        }
    }
    return result;
}

IndexMap expand(const Dims& in, const Dims& target) {
    const Dims dims = broadcast(in, target);
    count(dims, kMaxElements);
    const Dims stride = strides(in);
    std::vector<std::vector<std::int64_t>> offsets(dims.size());
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        const std::size_t shift = dims.size() - in.size();
        const bool repeats = axis < shift || in[axis - shift] == 1;
        for (std::int64_t i = 0; i < dims[axis]; ++i) {
            offsets[axis].push_back(repeats ? 0 : i * stride[axis - shift]);
        }
    }
    return combine(dims, offsets);
}

Constant apply(const IndexMap& map, const Constant& in, double fill) {
    Constant out;
    out.dims = map.dims;
    out.integer = in.integer;
    out.resize(map.source.size());
    for (std::size_t i = 0; i < map.source.size(); ++i) {
        const std::int64_t from = map.source[i];
        if (in.integer) {
            out.integers[i] = from < 0 ? static_cast<std::int64_t>(fill) : in.integers[static_cast<std::size_t>(from)];
        } else {
            out.reals[i] = from < 0 ? static_cast<float>(fill) : in.reals[static_cast<std::size_t>(from)];
        }
    }
    return out;
}

}  // namespace axfire::onnx_import
