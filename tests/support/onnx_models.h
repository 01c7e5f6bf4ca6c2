// SPDX-License-Identifier: Apache-2.0
// Random convolutional networks as ONNX models: a front, blocks, and a head that classifies.
#pragma once

#include "tests/support/onnx_blocks.h"

namespace axfire::testing {

class RandomOnnxNetwork : public OnnxBlocks {
public:
    explicit RandomOnnxNetwork(std::uint64_t seed)
        : OnnxBlocks(OnnxRandom{seed}.integer(9, 20), seed ^ 0x5eed5eed5eed5eedu) {}

    onnx::ModelProto build() {
        if (b.opset == 9 && random.chance(0.5)) {
            b.model.set_ir_version(3);
            b.initializers_are_inputs = true;
        }
        const std::int64_t batch = random.chance(0.6) ? -1 : random.integer(1, 3);
        OnnxImage x;
        x.channels = random.integer(1, 4);
        x.height = random.integer(5, 12);
        x.width = random.chance(0.6) ? x.height : random.integer(5, 12);
        x.name = b.input("input", {batch, x.channels, x.height, x.width});
        x.rms = 0.6;  // of inputs that are uniform in [0, 1)
        x = random.chance(0.5) ? front(x) : x;
        const std::int64_t blocks = random.integer(1, 8);
        for (std::int64_t i = 0; i < blocks; ++i) {
            x = block(x);
        }
        const std::int64_t classes = random.integer(2, 10);
        const std::string logits = head(x, classes);
        b.output(random.chance(0.4) ? softmax(logits) : logits, {batch, classes});
        return b.model;
    }

private:
    /// Pixels to mean 0 and deviation 1, by channel or all alike.
    OnnxImage front(OnnxImage x) {
        const OnnxDims dims = random.pick(std::vector<OnnxDims>{{}, {1, x.channels, 1, 1}, {x.channels, 1, 1}});
        const std::string mean = b.draw(dims, 0.4, 0.6);
        const std::string deviation = b.draw(dims, 0.25, 0.35);
        x.name = b.node("Sub", {x.name, mean});
        x.name = b.node(random.chance(0.7) ? "Div" : "Mul", {x.name, deviation});
        x.rms = 1;
        return x;
    }

    /// [N][channels * height * width]
    std::string flat(const OnnxImage& x) {
        const std::int64_t features = x.channels * x.pixels();
        switch (random.integer(0, x.pixels() == 1 ? 5 : 4)) {
            case 0:
                return b.node("Flatten", {x.name});
            case 1:
                return b.node("Flatten", {x.name}, {{"axis", b.opset >= 11 && random.chance(0.4) ? -3 : 1}});
            case 2: {
                const std::string shape = batch_and(x.name, {-1});
                return b.node("Reshape", {x.name, shape});
            }
            case 3: {
                const std::string shape = b.integers(random.chance(0.5) ? OnnxDims{0, -1} : OnnxDims{-1, features});
                return b.node("Reshape", {x.name, shape});
            }
            case 4: {  // in the order of channels last
                const std::string y = b.node("Transpose", {x.name}, {{"perm", OnnxDims{0, 2, 3, 1}}});
                return reshape(y, {features});
            }
            default:
                return b.squeeze(x.name, {2, 3});
        }
    }

    OnnxImage pooled(OnnxImage x) {
        const std::int64_t kind = random.integer(0, 3);
        if (kind == 0) {
            x.name = b.node("GlobalMaxPool", {x.name});
        } else if (kind == 1) {
            x.name = b.reduce_mean(x.name, {2, 3}, true);
        } else if (kind == 2 && x.height == x.width) {
            return pool(x, "AveragePool", {x.height, 1, 0, 1}, false);
        } else {
            x.name = b.node("GlobalAveragePool", {x.name});
        }
        x.height = x.width = 1;
        return x;
    }

    std::string head(const OnnxImage& x, std::int64_t classes) {
        if (random.chance(0.15) && affordable(x.channels * classes * x.pixels())) {  // no dense layer at all
            return flat(pooled(conv(x, classes, {1, 1, 0, 1})));
        }
        if (random.chance(0.15)) {
            return dense(b.reduce_mean(x.name, {2, 3}, false), x.channels, classes, x.rms);
        }
        OnnxImage end = random.chance(0.5) || !affordable(30 * x.channels * x.pixels()) ? pooled(x) : x;
        std::int64_t features = end.channels * end.pixels();
        std::string y = flat(end);
        if (random.chance(0.4)) {
            const std::int64_t hidden = random.integer(2, 16);
            y = dense(y, features, hidden, end.rms);
            y = random.chance(0.3) ? batch_norm(y, hidden, 1) : y;
            y = activation(y, hidden, 2);
            y = random.chance(0.3) ? dropout(y) : y;
            features = hidden;
            end.rms = 0.7;
        }
        return dense(y, features, classes, end.rms);
    }

    std::string softmax(const std::string& x) {
        switch (random.integer(0, 2)) {
            case 0:
                return b.node("Softmax", {x}, {{"axis", 1}});
            case 1:
                return b.node("Softmax", {x}, {{"axis", b.opset >= 11 ? -1 : 1}});
            default:
                return b.node("Softmax", {x});
        }
    }
};

/// The same network for a seed with every compiler; at most about 200 000 products a sample.
inline onnx::ModelProto random_network(std::uint64_t seed) {
    return RandomOnnxNetwork(seed).build();
}

/// The extents of the model's first input; a symbolic one becomes `batch`.
inline OnnxDims input_dims(const onnx::ModelProto& model, std::int64_t batch) {
    OnnxDims dims;
    for (const auto& d : model.graph().input(0).type().tensor_type().shape().dim()) {
        dims.push_back(d.has_dim_value() ? d.dim_value() : batch);
    }
    return dims;
}

/// Pixels, uniform in [0, 1).
inline std::vector<float> random_pixels(const OnnxDims& dims, std::uint64_t seed) {
    OnnxRandom random{seed};
    std::vector<float> values(static_cast<std::size_t>(onnx_count(dims)));
    for (float& v : values) {
        v = static_cast<float>(random.uniform(0, 1));
    }
    return values;
}

}  // namespace axfire::testing
