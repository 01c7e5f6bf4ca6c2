// SPDX-License-Identifier: Apache-2.0
// Sums of products: Conv, Gemm, MatMul.
#pragma once

#include "tests/oracle/onnx/window.h"

namespace axfire::oracle::onnx_graph {

/// x [N][C][H][W], weights [M][C/group][kH][kW], bias [M].
inline Arrays conv(const Node& node) {
    const Array& x = node.in(0);
    const Array& weight = node.in(1);
    require(x.dims.size() == 4 && weight.dims.size() == 4, "Conv of other than two spatial axes");
    const Dims kernel{weight.dims[2], weight.dims[3]};
    require(node.integers("kernel_shape").value_or(kernel) == kernel, "kernel_shape is not that of the weights");
    const std::int64_t groups = node.integer("group", 1);
    require(groups > 0 && x.dims[1] == weight.dims[1] * groups && weight.dims[0] % groups == 0,
            "Conv of " + to_string(x.dims) + " by " + to_string(weight.dims) + " in " + std::to_string(groups));
    require(!node.has(2) || node.in(2).dims == Dims{weight.dims[0]}, "a bias of another size");
    const Windows w = windows_of(node, x, kernel, true, false);
    const std::int64_t outputs_per_group = weight.dims[0] / groups;

    return {generate({x.dims[0], weight.dims[0], w.y.windows, w.x.windows}, false, [&](const Dims& o) {
        double sum = node.has(2) ? at(node.in(2), {o[1]}) : 0;
        const std::int64_t first_channel = o[1] / outputs_per_group * weight.dims[1];
        for (std::int64_t c = 0; c < weight.dims[1]; ++c) {
            for (std::int64_t ky = 0; ky < kernel[0]; ++ky) {
                for (std::int64_t kx = 0; kx < kernel[1]; ++kx) {
                    const std::int64_t y = w.y.place(o[2], ky);
                    const std::int64_t z = w.x.place(o[3], kx);
                    if (w.y.inside(y) && w.x.inside(z)) {
                        sum += at(x, {o[0], first_channel + c, y, z}) * at(weight, {o[1], c, ky, kx});
                    }
                }
            }
        }
        return sum;
    })};
}

/// alpha A' B' + beta C, where ' may transpose.
inline Arrays gemm(const Node& node) {
    const Array& a = node.in(0);
    const Array& b = node.in(1);
    require(a.dims.size() == 2 && b.dims.size() == 2, "Gemm of other than matrices");
    require(node.opset >= 11 || node.has(2), "Gemm without C before opset 11");
    const bool trans_a = node.integer("transA", 0) != 0;
    const bool trans_b = node.integer("transB", 0) != 0;
    const double alpha = node.number("alpha", 1);
    const double beta = node.number("beta", 1);
    const std::int64_t inner = a.dims[trans_a ? 0 : 1];
    require(inner == b.dims[trans_b ? 1 : 0], "Gemm of " + to_string(a.dims) + " and " + to_string(b.dims));
    const Dims dims{a.dims[trans_a ? 1 : 0], b.dims[trans_b ? 0 : 1]};
    require(!node.has(2) || broadcast(node.in(2).dims, dims) == dims, "C does not broadcast to the product");

    return {generate(dims, a.integer, [&](const Dims& o) {
        double sum = 0;
        for (std::int64_t k = 0; k < inner; ++k) {
            sum += at(a, trans_a ? Dims{k, o[0]} : Dims{o[0], k}) * at(b, trans_b ? Dims{o[1], k} : Dims{k, o[1]});
        }
        return alpha * sum + (node.has(2) ? beta * at_broadcast(node.in(2), o) : 0);
    })};
}

/// Matrices in the last two axes, the axes before broadcast; a vector is a row on the left, a column on the right.
inline Arrays matmul(const Node& node) {
    Array a = node.in(0);
    Array b = node.in(1);
    require(!a.dims.empty() && !b.dims.empty(), "MatMul of a scalar");
    const bool row = a.dims.size() == 1;
    const bool column = b.dims.size() == 1;
    if (row) {
        a.dims.insert(a.dims.begin(), 1);
    }
    if (column) {
        b.dims.push_back(1);
    }
    const std::int64_t inner = a.dims.back();
    require(inner == b.dims[b.dims.size() - 2], "MatMul of " + to_string(a.dims) + " and " + to_string(b.dims));
    Dims dims = broadcast({a.dims.begin(), a.dims.end() - 2}, {b.dims.begin(), b.dims.end() - 2});
    dims.push_back(a.dims[a.dims.size() - 2]);
    dims.push_back(b.dims.back());

    Array out = generate(dims, a.integer, [&](const Dims& o) {
        double sum = 0;
        for (std::int64_t k = 0; k < inner; ++k) {
            Dims left = o;
            Dims right = o;
            left.back() = k;
            right[right.size() - 2] = k;
            sum += at_broadcast(a, left) * at_broadcast(b, right);
        }
        return sum;
    });
    if (column) {
        out.dims.pop_back();
    }
    if (row) {
        out.dims.erase(out.dims.end() - (column ? 1 : 2));
    }
    return {out};
}

}  // namespace axfire::oracle::onnx_graph
