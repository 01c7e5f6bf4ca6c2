// SPDX-License-Identifier: Apache-2.0
// Layers of random convolutional networks: one operator, or the few that exporters write for one layer.
#pragma once

#include <algorithm>

#include "tests/support/onnx_builder.h"

namespace axfire::testing {

/// A value [N][channels][height][width], and about how large its elements are.
struct OnnxImage {
    std::string name;
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    double rms = 1;  ///< an estimate, by which weights are scaled

    std::int64_t pixels() const { return height * width; }
};

/// How a convolution reaches over its input, equal in both axes.
struct OnnxWindow {
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t pad = 0;
    std::int64_t dilation = 1;

    /// How many windows; with ceil_mode none starts in the padding at the end. ONNX's own shape inference counts that
    /// one too, so checkers refuse some of these models.
    std::int64_t after(std::int64_t extent, bool ceil_mode = false) const {
        const std::int64_t free = extent + 2 * pad - (kernel - 1) * dilation - 1;
        std::int64_t windows = free / stride + 1;
        if (ceil_mode && free % stride != 0 && windows * stride < extent + pad) {
            ++windows;
        }
        return free < 0 ? 0 : windows;
    }
};

class OnnxLayers {
public:
    OnnxLayers(std::int64_t opset, std::uint64_t seed) : b(opset, seed), random(b.random) {}

    OnnxBuilder b;
    OnnxRandom& random;
    std::int64_t products_left = 200'000;  ///< of a sample

    bool affordable(std::int64_t products) const { return products <= products_left; }

    /// Weights that give outputs of order 1; by times those of an earlier layer of the same shape.
    std::string weights(const OnnxDims& dims, std::int64_t fan_in, double input_rms) {
        if (random.chance(0.1)) {
            for (const auto& [name, other] : weights_) {
                if (other == dims) {
                    return name;
                }
            }
        }
        const double bound = std::sqrt(3.0 / static_cast<double>(fan_in)) / input_rms;
        const std::string name = b.draw(dims, -bound, bound);
        weights_.emplace_back(name, dims);
        return name;
    }

    OnnxImage conv(const OnnxImage& x, std::int64_t channels, const OnnxWindow& w, std::int64_t groups = 1) {
        OnnxImage y{"", channels, w.after(x.height), w.after(x.width), 1};
        const std::int64_t fan_in = x.channels / groups * w.kernel * w.kernel;
        products_left -= channels * y.pixels() * fan_in;
        OnnxAttributes attributes;
        if (random.chance(0.7)) {
            attributes.emplace_back("kernel_shape", OnnxDims{w.kernel, w.kernel});
        }
        if (w.stride != 1 || random.chance(0.5)) {
            attributes.emplace_back("strides", OnnxDims{w.stride, w.stride});
        }
        if (w.dilation != 1 || random.chance(0.5)) {
            attributes.emplace_back("dilations", OnnxDims{w.dilation, w.dilation});
        }
        if (groups != 1 || random.chance(0.5)) {
            attributes.emplace_back("group", groups);
        }
        std::string from = x.name;
        const bool same = w.dilation == 1 && w.stride <= w.kernel && y.height == (x.height + w.stride - 1) / w.stride &&
                          y.width == (x.width + w.stride - 1) / w.stride;
        if (same && random.chance(0.3)) {
            attributes.emplace_back("auto_pad", random.pick({"SAME_UPPER", "SAME_LOWER"}));
        } else if (w.pad == 0 && random.chance(0.2)) {
            attributes.emplace_back("auto_pad", std::string("VALID"));
        } else if (w.pad > 0 && random.chance(0.15)) {
            from = b.pad(x.name, {0, 0, w.pad, w.pad, 0, 0, w.pad, w.pad});
        } else if (w.pad > 0 || random.chance(0.5)) {
            attributes.emplace_back("pads", OnnxDims(4, w.pad));
        }
        OnnxNames inputs{from};
        inputs.push_back(weights({channels, x.channels / groups, w.kernel, w.kernel}, fan_in, x.rms));
        if (random.chance(0.6)) {
            inputs.push_back(b.draw({channels}, -0.3, 0.3));
        }
        y.name = b.node("Conv", inputs, attributes);
        return y;
    }

    OnnxImage batch_norm(OnnxImage x) {
        x.name = batch_norm(x.name, x.channels, x.rms);
        x.rms = 1;
        return x;
    }
    std::string batch_norm(const std::string& x, std::int64_t channels, double rms) {
        OnnxNames inputs{x};
        inputs.push_back(b.draw({channels}, random.chance(0.2) ? -1.2 : 0.6, 1.3));
        inputs.push_back(b.draw({channels}, -0.3, 0.3));
        inputs.push_back(b.draw({channels}, -0.3 * rms, 0.3 * rms));
        inputs.push_back(b.draw({channels}, 0.6 * rms * rms, 1.4 * rms * rms));
        OnnxAttributes attributes;
        if (random.chance(0.6)) {
            attributes.emplace_back("epsilon", random.chance(0.5) ? 1e-3 : 1e-5);
        }
        if (random.chance(0.5)) {
            attributes.emplace_back("momentum", 0.9);
        }
        if (b.opset >= 14 && random.chance(0.5)) {
            attributes.emplace_back("training_mode", 0);
        }
        return b.node("BatchNormalization", inputs, attributes);
    }

    /// An activation of any shape; PRelu needs the number of channels, in axis 1 of `rank`.
    std::string activation(const std::string& x, std::int64_t channels, std::size_t rank) {
        switch (random.integer(0, 11)) {
            case 0:
                return b.clip(x, 0, 6);
            case 1:
                return b.node("LeakyRelu", {x}, {{"alpha", random.uniform(0.01, 0.3)}});
            case 2: {
                OnnxDims dims(rank - 1, 1);
                dims[0] = random.chance(0.8) ? channels : 1;
                const std::string slope = b.draw(dims, 0.05, 0.4);
                return b.node("PRelu", {x, slope});
            }
            case 3:
                return b.node("Sigmoid", {x});
            case 4:
                return b.node("Tanh", {x});
            case 5:
                return b.node("HardSigmoid", {x});
            case 6:
                return hard_swish(x);
            case 7: {
                const std::string gate = b.node("Sigmoid", {x});
                return b.node("Mul", {x, gate});
            }
            default:
                return b.node("Relu", {x});
        }
    }
    OnnxImage activation(OnnxImage x) {
        x.name = activation(x.name, x.channels, 4);
        x.rms = std::min(0.75 * x.rms, 2.0);
        return x;
    }

    /// One operator from opset 14 on; before, as exporters wrote it.
    std::string hard_swish(const std::string& x) {
        if (b.opset >= 14 && random.chance(0.6)) {
            return b.node("HardSwish", {x});
        }
        if (random.chance(0.5)) {
            const std::string gate = b.node("HardSigmoid", {x}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
            return b.node("Mul", {gate, x});
        }
        const std::string three = b.floats({}, {3});
        const std::string gate = b.clip(b.node("Add", {x, three}), 0, 6);
        const std::string six = b.floats({}, {6});
        return b.node("Div", {b.node("Mul", {x, gate}), six});
    }

    OnnxImage pool(const OnnxImage& x, const std::string& op, const OnnxWindow& w, bool ceil_mode) {
        OnnxImage y{"", x.channels, w.after(x.height, ceil_mode), w.after(x.width, ceil_mode), x.rms};
        OnnxAttributes attributes{{"kernel_shape", OnnxDims{w.kernel, w.kernel}},
                                  {"strides", OnnxDims{w.stride, w.stride}}};
        if (w.pad > 0 || random.chance(0.5)) {
            attributes.emplace_back("pads", OnnxDims(4, w.pad));
        }
        if (ceil_mode || (b.opset >= 10 && random.chance(0.5))) {
            attributes.emplace_back("ceil_mode", ceil_mode ? 1 : 0);
        }
        if (w.dilation > 1) {
            attributes.emplace_back("dilations", OnnxDims{w.dilation, w.dilation});
        }
        if (op == "AveragePool" && random.chance(0.6)) {
            attributes.emplace_back("count_include_pad", random.integer(0, 1));
        }
        y.name = b.node(op, {x.name}, attributes);
        y.rms *= op == "MaxPool" ? 1.2 : 0.8;
        return y;
    }

    /// [N, ...] with the batch taken from the value's shape, as PyTorch writes x.view(x.size(0), ...).
    std::string batch_and(const std::string& x, const OnnxDims& rest) {
        const std::string shape = b.node("Shape", {x});
        std::string batch;
        if (random.chance(0.7)) {
            const std::string first = b.integer(0);
            batch = b.unsqueeze(b.node("Gather", {shape, first}, {{"axis", 0}}), {0});
        } else {
            batch = b.slice(shape, {0}, {1}, {0});
        }
        OnnxNames parts{batch};
        if (random.chance(0.5)) {
            parts.push_back(b.integers(rest));
        } else {
            for (const std::int64_t extent : rest) {
                parts.push_back(b.unsqueeze(b.integer(extent), {0}));
            }
        }
        return b.node("Concat", parts, {{"axis", 0}});
    }

    /// The batch axis stays, the others become `dims`.
    std::string reshape(const std::string& x, const OnnxDims& dims) {
        if (random.chance(0.3)) {
            const std::string shape = batch_and(x, dims);
            return b.node("Reshape", {x, shape});
        }
        OnnxDims all{random.chance(0.5) ? 0 : -1};
        all.insert(all.end(), dims.begin(), dims.end());
        const std::string shape = b.integers(all);
        return b.node("Reshape", {x, shape});
    }

    /// [N][in] to [N][out].
    std::string dense(const std::string& x, std::int64_t in, std::int64_t out, double input_rms) {
        products_left -= in * out;
        const bool with_bias = random.chance(0.8);
        if (random.chance(0.4)) {
            const std::string product = b.node("MatMul", {x, weights({in, out}, in, input_rms)});
            if (!with_bias) {
                return product;
            }
            const std::string bias = b.draw({out}, -0.3, 0.3);
            return b.node("Add", random.chance(0.5) ? OnnxNames{product, bias} : OnnxNames{bias, product});
        }
        const bool transposed = random.chance(0.7);
        OnnxNames inputs{x};
        inputs.push_back(weights(transposed ? OnnxDims{out, in} : OnnxDims{in, out}, in, input_rms));
        if (with_bias || b.opset < 11) {
            inputs.push_back(b.draw(random.chance(0.8) ? OnnxDims{out} : OnnxDims{1, out}, -0.3, 0.3));
        }
        OnnxAttributes attributes;
        if (transposed || random.chance(0.3)) {
            attributes.emplace_back("transB", transposed ? 1 : 0);
        }
        if (random.chance(0.4)) {
            attributes.emplace_back("alpha", random.chance(0.7) ? 1.0 : 0.75);
            attributes.emplace_back("beta", random.chance(0.7) ? 1.0 : 0.5);
        }
        return b.node("Gemm", inputs, attributes);
    }

private:
    std::vector<std::pair<std::string, OnnxDims>> weights_;
};

}  // namespace axfire::testing
