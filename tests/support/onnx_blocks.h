// SPDX-License-Identifier: Apache-2.0
// Blocks of random convolutional networks: residual, inception, squeeze-and-excitation, shuffle and others.
#pragma once

#include "tests/support/onnx_layers.h"

namespace axfire::testing {

class OnnxBlocks : public OnnxLayers {
public:
    using OnnxLayers::OnnxLayers;

    /// Any block that the image and the products left allow; else an activation.
    OnnxImage block(const OnnxImage& x) {
        const std::int64_t most = x.channels * x.pixels() * std::max<std::int64_t>(200, 18 * x.channels + 120);
        if (!affordable(most) || x.pixels() < 4) {
            return random.chance(0.4) ? pool_block(x) : random.chance(0.5) ? batch_norm(x) : activation(x);
        }
        switch (random.integer(0, 18)) {
            case 0:
            case 1:
            case 2:
                return conv_block(x);
            case 3:
                return depthwise_block(x);
            case 4:
            case 5:
                return pool_block(x);
            case 6:
            case 7:
            case 8:
                return residual_block(x);
            case 9:
                return x.channels > 16 ? conv_block(x) : concat_block(x);
            case 10:
            case 11:
                return squeeze_excitation(x);
            case 12:
                return shuffle(x);
            case 13:
                return split_block(x);
            case 14:
                return channels_last(x);
            case 15:
                return pre_activation(x);
            case 16:
                return local_response(x);
            case 17:
                return constants(x);
            default:
                return small_block(x);
        }
    }

    OnnxImage conv_block(const OnnxImage& x) {
        OnnxWindow w;
        w.kernel = random.pick(std::vector<std::int64_t>{1, 2, 3, 3, 3, 5});
        w.stride = random.pick(std::vector<std::int64_t>{1, 1, 2, 3});
        w.pad = random.integer(0, w.kernel / 2);
        w.dilation = w.kernel == 3 && random.chance(0.2) ? 2 : 1;
        if (w.after(x.height) < 1 || w.after(x.width) < 1) {
            w = {3, 1, 1, 1};
        }
        std::int64_t groups = 1;
        for (std::int64_t g = 2; g <= x.channels; ++g) {
            groups = x.channels % g == 0 && random.chance(0.3) ? g : groups;
        }
        const std::int64_t channels = groups * random.integer(1, std::max<std::int64_t>(1, 8 / groups));
        OnnxImage y = conv(x, channels, w, groups);
        y = random.chance(0.5) ? batch_norm(y) : y;
        return random.chance(0.8) ? activation(y) : y;
    }

    /// Depthwise, then pointwise, as MobileNet has it.
    OnnxImage depthwise_block(const OnnxImage& x) {
        const std::int64_t multiplier = random.chance(0.8) ? 1 : 2;
        OnnxImage y = conv(x, x.channels * multiplier, {3, random.integer(1, 2), 1, 1}, x.channels);
        y = activation(batch_norm(y));
        y = conv(y, random.integer(1, 8), {1, 1, 0, 1});
        return random.chance(0.5) ? batch_norm(y) : y;
    }

    OnnxImage pool_block(const OnnxImage& x) {
        const std::string op = random.pick({"MaxPool", "MaxPool", "AveragePool"});
        OnnxWindow w;
        w.kernel = random.integer(2, 3);
        w.stride = random.integer(1, 3);
        w.pad = random.integer(0, w.kernel / 2);
        const bool may_dilate =
            op == "MaxPool" && b.opset >= 10 && std::min(x.height, x.width) > 1;  // else all padding
        w.dilation = may_dilate && random.chance(0.15) ? 2 : 1;
        if (w.after(x.height) < 1 || w.after(x.width) < 1) {
            w = {2, 1, 0, 1};
        }
        const bool fits = w.after(x.height) >= 1 && w.after(x.width) >= 1;
        const bool ceil_mode = b.opset >= 10 && random.chance(0.5);
        return fits ? pool(x, op, w, ceil_mode) : activation(x);
    }

    /// f(x) + x; a shortcut of another shape is projected, or sliced and padded, or pooled and padded.
    OnnxImage residual_block(const OnnxImage& x) {
        const std::int64_t stride = random.chance(0.5) || x.height < 3 || x.width < 3 ? 1 : 2;
        const std::int64_t channels = random.chance(0.5) ? x.channels : random.integer(x.channels, x.channels + 3);
        OnnxImage y = conv(x, channels, {3, stride, 1, 1});
        y = activation(random.chance(0.7) ? batch_norm(y) : y);
        y = conv(y, channels, {3, 1, 1, 1});
        y = random.chance(0.7) ? batch_norm(y) : y;

        OnnxImage shortcut = x;
        if ((stride != 1 || channels != x.channels) && random.chance(0.4)) {
            shortcut = conv(x, channels, {1, stride, 0, 1});
            shortcut = random.chance(0.5) ? batch_norm(shortcut) : shortcut;
        } else {
            if (stride != 1) {
                shortcut = strided(shortcut, stride);
            }
            if (channels != x.channels) {
                const std::int64_t before = random.chance(0.5) ? (channels - x.channels) / 2 : 0;
                const std::int64_t after = channels - x.channels - before;
                shortcut.name = b.pad(shortcut.name, {0, before, 0, 0, 0, after, 0, 0});
            }
        }
        y.name = random.chance(0.5) ? b.node("Add", {y.name, shortcut.name})
                                    : b.node(random.pick({"Add", "Sum"}), {shortcut.name, y.name});
        y.rms = std::hypot(y.rms, shortcut.rms);
        return random.chance(0.7) ? activation(y) : y;
    }

    /// Every second pixel, by a Slice or an average of ceil(H/2) windows.
    OnnxImage strided(OnnxImage x, std::int64_t stride) {
        if (b.opset < 10) {
            return pool(x, "MaxPool", {1, stride, 0, 1}, false);
        }
        if (random.chance(0.3)) {
            return pool(x, "AveragePool", {stride, stride, 0, 1}, true);
        }
        x.name = b.slice(x.name, {0, 0}, {INT64_MAX, INT64_MAX}, {2, 3}, {stride, stride});
        x.height = (x.height + stride - 1) / stride;
        x.width = (x.width + stride - 1) / stride;
        return x;
    }

    /// Branches side by side.
    OnnxImage concat_block(const OnnxImage& x) {
        OnnxImage y{"", 0, x.height, x.width, 1};
        OnnxNames parts;
        const std::int64_t branches = random.integer(2, 3);
        for (std::int64_t i = 0; i < branches; ++i) {
            OnnxImage branch = x;
            const std::int64_t kind = random.integer(0, 3);
            if (kind == 1) {
                branch = conv(x, random.integer(1, 3), {1, 1, 0, 1});
            } else if (kind == 2) {
                branch = activation(conv(x, random.integer(1, 3), {3, 1, 1, 1}));
            } else if (kind == 3) {
                branch = pool(x, random.pick({"MaxPool", "AveragePool"}), {3, 1, 1, 1}, false);
                branch = random.chance(0.5) ? conv(branch, random.integer(1, 3), {1, 1, 0, 1}) : branch;
            }
            parts.push_back(branch.name);
            y.channels += branch.channels;
            y.rms = std::max(y.rms, branch.rms);
        }
        y.name = concat(parts);
        return y;
    }
    std::string concat(const OnnxNames& parts) {
        return b.node("Concat", parts, {{"axis", b.opset >= 11 && random.chance(0.2) ? -3 : 1}});
    }

    /// x times a weight for each channel, found from the averages of all channels.
    OnnxImage squeeze_excitation(OnnxImage x) {
        const std::int64_t hidden = random.integer(1, 4);
        const std::string average =
            random.chance(0.5) ? b.node("GlobalAveragePool", {x.name}) : b.reduce_mean(x.name, {2, 3}, true);
        OnnxImage s{average, x.channels, 1, 1, x.rms};
        if (random.chance(0.5)) {
            s = conv(s, hidden, {1, 1, 0, 1});
            s.name = b.node("Relu", {s.name});
            s = conv(s, x.channels, {1, 1, 0, 1});
            s.name = gate(s.name);
        } else {
            std::string flat = b.node("Flatten", {s.name});
            flat = b.node("Relu", {dense(flat, x.channels, hidden, x.rms)});
            flat = gate(dense(flat, hidden, x.channels, 1));
            s.name = random.chance(0.5) ? b.unsqueeze(flat, {2, 3}) : reshape(flat, {x.channels, 1, 1});
        }
        if (random.chance(0.2)) {
            s.name = b.node("Expand", {s.name, b.node("Shape", {x.name})});
        }
        x.name = b.node("Mul", random.chance(0.5) ? OnnxNames{x.name, s.name} : OnnxNames{s.name, x.name});
        x.rms *= 0.5;
        return x;
    }
    std::string gate(const std::string& x) {
        return random.chance(0.6) ? b.node("Sigmoid", {x}) : b.node("HardSigmoid", {x}, {{"alpha", 0.2}});
    }

    /// [g][C/g] to [C/g][g], as ShuffleNet mixes its groups.
    OnnxImage shuffle(OnnxImage x) {
        std::int64_t groups = 1;
        for (std::int64_t g = 2; g <= x.channels; ++g) {
            groups = x.channels % g == 0 && (groups == 1 || random.chance(0.4)) ? g : groups;
        }
        const std::string grouped = reshape(x.name, {groups, x.channels / groups, x.height, x.width});
        const std::string swapped = b.node("Transpose", {grouped}, {{"perm", OnnxDims{0, 2, 1, 3, 4}}});
        x.name = reshape(swapped, {x.channels, x.height, x.width});
        return x;
    }

    /// Some channels go through a convolution, the others pass by.
    OnnxImage split_block(const OnnxImage& x) {
        if (x.channels < 2) {
            return conv_block(x);
        }
        const std::int64_t first = random.integer(1, x.channels - 1);
        OnnxImage a{"", first, x.height, x.width, x.rms};
        OnnxImage c{"", x.channels - first, x.height, x.width, x.rms};
        if (random.chance(0.7)) {
            const OnnxNames halves = b.split(x.name, {a.channels, c.channels}, 1);
            a.name = halves[0];
            c.name = halves[1];
        } else {
            a.name = b.slice(x.name, {0}, {first}, {1});
            c.name = b.slice(x.name, {first}, {random.chance(0.5) ? INT64_MAX : x.channels}, {1});
        }
        c = activation(conv(c, random.integer(1, 4), {3, 1, 1, 1}));
        OnnxImage y{concat({a.name, c.name}), a.channels + c.channels, x.height, x.width, std::max(a.rms, c.rms)};
        return random.chance(0.4) ? shuffle(y) : y;
    }

    /// [N][H][W][C] for a while: a product of matrices, or a scale and a bias.
    OnnxImage channels_last(OnnxImage x) {
        std::string y = b.node("Transpose", {x.name}, {{"perm", OnnxDims{0, 2, 3, 1}}});
        if (random.chance(0.5)) {
            const std::int64_t out = random.integer(1, 6);
            products_left -= x.pixels() * x.channels * out;
            y = b.node("MatMul", {y, weights({x.channels, out}, x.channels, x.rms)});
            x.channels = out;
            x.rms = 1;
        } else {
            const std::string scale = b.draw({x.channels}, 0.5, 1.5);
            y = b.node("Mul", {y, scale});
        }
        const std::string bias = b.draw({x.channels}, -0.3, 0.3);
        y = b.node("Relu", {b.node("Add", {y, bias})});
        x.name = b.node("Transpose", {y}, {{"perm", OnnxDims{0, 3, 1, 2}}});
        return x;
    }

    /// A normalisation that no convolution comes before.
    OnnxImage pre_activation(const OnnxImage& x) {
        OnnxImage y = batch_norm(x);
        y.name = b.node("Relu", {y.name});
        const std::int64_t kernel = random.pick(std::vector<std::int64_t>{1, 3});
        return conv(y, random.integer(1, 6), {kernel, 1, kernel / 2, 1});
    }

    OnnxImage local_response(OnnxImage x) {
        OnnxAttributes attributes{{"size", 2 * random.integer(0, 3) + 1}};
        if (random.chance(0.7)) {
            attributes.emplace_back("alpha", random.uniform(1e-4, 0.5));
            attributes.emplace_back("beta", random.uniform(0.4, 0.9));
            attributes.emplace_back("bias", random.uniform(0.8, 2));
        }
        x.name = b.node("LRN", {x.name}, attributes);
        return x;
    }

    /// Arithmetic with constants, one for all or one for each channel.
    OnnxImage constants(OnnxImage x) {
        const std::vector<OnnxDims> shapes{{}, {1}, {x.channels, 1, 1}, {1, x.channels, 1, 1}};
        const std::int64_t kind = random.integer(0, 4);
        const OnnxDims dims = random.pick(shapes);
        if (kind == 0) {  // a BatchNormalization in pieces
            const std::string variance = b.draw(dims, 0.6 * x.rms * x.rms, 1.4 * x.rms * x.rms);
            const std::string epsilon = b.floats({}, {1e-3F});
            const std::string deviation = b.node("Sqrt", {b.node("Add", {variance, epsilon})});
            const std::string mean = b.draw(dims, -0.2, 0.2);
            x.name = b.node("Div", {b.node("Sub", {x.name, mean}), deviation});
            x.rms = 1;
            return x;
        }
        const std::string constant = b.draw(dims, 0.5, 1.5);
        const std::string op = random.pick({"Add", "Sub", "Mul", "Div"});
        const bool constant_first = op != "Div" && random.chance(0.4);
        x.name = b.node(op, constant_first ? OnnxNames{constant, x.name} : OnnxNames{x.name, constant});
        x.rms = op == "Add" || op == "Sub" ? std::hypot(x.rms, 1.0) : x.rms;
        return x;
    }

    /// What changes little or nothing: Dropout, Identity, a concatenation with the negative, space to channels.
    OnnxImage small_block(OnnxImage x) {
        const std::int64_t kind = random.integer(0, 3);
        if (kind == 0) {
            x.name = dropout(x.name);
        } else if (kind == 1 || x.channels > 4) {
            x.name = b.node("Identity", {x.name});
        } else if (kind == 2 || b.opset < 10 || x.height % 2 != 0 || x.width % 2 != 0) {
            x.name = b.node("Relu", {concat({x.name, b.node("Neg", {x.name})})});
            x.channels *= 2;
        } else {
            OnnxNames parts;
            for (std::int64_t i = 0; i < 4; ++i) {
                parts.push_back(b.slice(x.name, {i % 2, i / 2}, {INT64_MAX, INT64_MAX}, {2, 3}, {2, 2}));
            }
            x = {concat(parts), 4 * x.channels, x.height / 2, x.width / 2, x.rms};
        }
        return x;
    }
    std::string dropout(const std::string& x) {
        if (b.opset < 12) {
            return b.node("Dropout", {x}, {{"ratio", 0.4}});
        }
        const std::string ratio = b.floats({}, {0.4F});
        return b.node("Dropout", {x, ratio});
    }
};

}  // namespace axfire::testing
