// SPDX-License-Identifier: Apache-2.0
// Random layers of conventional networks.
#pragma once

#include <numeric>

#include "tests/engine/random_layers.h"

namespace axfire::test {

struct RandomConventional : RandomLayers {
    std::size_t scale(std::size_t source) {
        const Shape of = shape[source];
        nodes::Scale node{values(chance(0.5) ? Shape{1} : of, 1), chance(0.4)};
        for (float& x : node.scale.data) {
            x = chance(0.25) || (node.divide && x == 0) ? 1 : x;
        }
        return add(std::move(node), of, {source});
    }
    std::size_t addend(std::size_t source) {
        const Shape of = shape[source];
        nodes::Bias node{values(chance(0.5) ? Shape{1} : of, 0.5)};
        for (float& x : node.bias.data) {
            x = chance(0.2) ? pick<float>({0, -0.0F}) : x;
        }
        if (chance(0.1)) {
            std::fill(node.bias.data.begin(), node.bias.data.end(), pick<float>({0, -0.0F}));
        }
        return add(std::move(node), of, {source});
    }
    std::size_t batch_norm(std::size_t source) {
        const std::size_t channels = shape[source][0];
        nodes::BatchNorm node{values({channels}, 1), values({channels}, 0.5), values({channels}, 0.5),
                              values({channels}, 1), pick<double>({1e-5, 1e-3, 0})};
        for (std::size_t c = 0; c < channels; ++c) {
            const float variance = node.variance.data[c];
            node.variance.data[c] = std::isfinite(variance) && variance != 0 ? std::abs(variance) : 0.25F;
            if (chance(0.2)) {  // a factor of 1
                node.gamma.data[c] = 1;
                node.variance.data[c] = static_cast<float>(1 - node.epsilon);
            }
            if (chance(0.2)) {
                node.beta.data[c] = node.mean.data[c] = 0;
            }
        }
        if (chance(0.2)) {
            std::fill(node.beta.data.begin(), node.beta.data.end(), 0.0F);
            std::fill(node.mean.data.begin(), node.mean.data.end(), 0.0F);
        }
        return add(std::move(node), shape[source], {source});
    }
    std::size_t lrn(std::size_t source) {
        nodes::Lrn node{static_cast<std::size_t>(between(1, 6)), pick<double>({1e-4, 0.5, 1, 3, 0.1}),
                        pick<double>({0.75, 0.5, 1, -0.3, 2}), pick<double>({1, 2, 0.3})};
        if (chance(0.15)) {
            node.alpha = static_cast<double>(node.size);  // the squares' factor is 1
        }
        return add(node, shape[source], {source});
    }
    std::size_t softmax(std::size_t source) {
        return add(nodes::Softmax{axis(shape[source])}, shape[source], {source});
    }
    int axis(const Shape& of) {
        const int rank = static_cast<int>(of.size());
        return between(-rank, rank - 1);
    }

    std::size_t reshape(std::size_t source) {
        Shape of;
        std::size_t left = element_count(shape[source]);
        for (int rank = between(1, 4); rank > 1; --rank) {
            std::vector<std::size_t> divisors;
            for (std::size_t d = 1; d <= left; ++d) {
                if (left % d == 0) {
                    divisors.push_back(d);
                }
            }
            of.push_back(pick(divisors));
            left /= of.back();
        }
        of.push_back(left);
        return add(nodes::Reshape{of}, of, {source});
    }

    /// A slice along an axis, another order of the axes, a border around, or anything.
    std::size_t rearrange(std::size_t source) {
        const Shape in = shape[source];
        nodes::Rearrange node;
        node.fill = pick<float>({0, 0, -0.0F, 1, 0.75F, -2});
        const std::size_t rank = in.size();
        Shape step(rank, 1);  // the source's index of one step along an axis
        for (std::size_t a = rank; a-- > 1;) {
            step[a - 1] = step[a] * in[a];
        }
        const int kind = between(0, 3);
        if (kind == 3) {
            return drawn(source, chance(0.5) ? Shape{1 + index(9)} : Shape{1 + index(3), 1 + index(4), 1 + index(4)});
        }
        // Along each axis of the result: which axis of the source, from where, how far a step goes.
        std::vector<std::size_t> from(rank);
        std::iota(from.begin(), from.end(), 0);
        std::vector<long> first(rank, 0);
        std::vector<long> stride(rank, 1);
        node.shape = in;
        if (kind == 0) {
            const std::size_t a = index(rank);
            const std::size_t begin = index(in[a]);
            const bool backwards = chance(0.3);
            const std::size_t most = backwards ? begin + 1 : in[a] - begin;
            stride[a] = (backwards ? -1 : 1) * between(1, 2);
            first[a] = static_cast<long>(begin);
            node.shape[a] = 1 + (most - 1) / static_cast<std::size_t>(std::abs(stride[a]));
        } else if (kind == 1) {
            std::shuffle(from.begin(), from.end(), random);
            for (std::size_t a = 0; a < rank; ++a) {
                node.shape[a] = in[from[a]];
            }
        } else {
            for (std::size_t a = 0; a < rank; ++a) {
                first[a] = -between(0, 2);
                node.shape[a] = in[a] + static_cast<std::size_t>(-first[a] + between(0, 1));
            }
        }
        for (std::size_t i = 0; i < element_count(node.shape); ++i) {
            std::size_t rest = i;
            std::size_t place = 0;
            bool inside = true;
            for (std::size_t a = rank; a-- > 0;) {
                const long at = first[a] + stride[a] * static_cast<long>(rest % node.shape[a]);
                rest /= node.shape[a];
                inside = inside && at >= 0 && at < static_cast<long>(in[from[a]]);
                place += static_cast<std::size_t>(at) * step[from[a]];
            }
            node.source.push_back(inside ? static_cast<std::uint32_t>(place) : nodes::Rearrange::kFill);
        }
        const Shape of = node.shape;
        return add(std::move(node), of, {source});
    }
    /// Any elements of a source in a given shape.
    std::size_t drawn(std::size_t source, const Shape& of) {
        nodes::Rearrange node{of, {}, pick<float>({0, 1, -0.5F})};
        const double filled = chance(0.5) ? 0 : 0.2;
        for (std::size_t i = 0; i < element_count(of); ++i) {
            const std::size_t place = index(element_count(shape[source]));
            node.source.push_back(chance(filled) ? nodes::Rearrange::kFill : static_cast<std::uint32_t>(place));
        }
        return add(std::move(node), of, {source});
    }

    /// Sources that agree in all extents but one; the same one may come twice.
    std::size_t concat(std::size_t source) {
        const int along = axis(shape[source]);
        const std::size_t a = oracle::axis_of(along, shape[source]);
        const auto agrees = [&](const Shape& other) {
            Shape same = shape[source];
            same[a] = other.size() == same.size() ? other[a] : 0;
            return same == other;
        };
        std::vector<std::size_t> candidates;
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            if (agrees(shape[i])) {
                candidates.push_back(i);
            }
        }
        if (chance(0.3)) {
            candidates.push_back(add(neuron(shape[source], any_model()), shape[source], {source}));
        }
        if (chance(0.3)) {
            Shape of = shape[source];
            of[a] = 1 + index(3);
            candidates.push_back(drawn(index(network.nodes.size()), of));
        }
        nodes::Concat node{along, {network.nodes[source].name}};
        std::vector<std::size_t> sources{source};
        oracle::ShapeAfter after{shape[source], {shape[source]}};
        for (int more = between(1, 3); more > 0; --more) {
            const std::size_t next = pick(candidates);
            if (shape[next][a] > 40) {
                continue;
            }
            node.inputs.push_back(network.nodes[next].name);
            after.inputs.push_back(shape[next]);
            if (std::find(sources.begin(), sources.end(), next) == sources.end()) {
                sources.push_back(next);
            }
        }
        if (chance(0.5)) {
            std::reverse(node.inputs.begin(), node.inputs.end());
            std::reverse(after.inputs.begin(), after.inputs.end());
        }
        const Shape of = after(node);
        return add(std::move(node), of, sources);
    }

    /// By another signal of the same shape, or of a shape that repeats.
    std::size_t multiply(std::size_t source) {
        const Shape in = shape[source];
        Shape of = in;
        for (std::size_t& extent : of) {
            extent = chance(0.4) ? 1 : extent;
        }
        std::vector<std::size_t> candidates;
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            bool repeats = shape[i].size() == in.size();
            for (std::size_t a = 0; repeats && a < in.size(); ++a) {
                repeats = shape[i][a] == in[a] || shape[i][a] == 1;
            }
            if (repeats) {
                candidates.push_back(i);
            }
        }
        const std::size_t by = chance(0.5) ? drawn(index(network.nodes.size()), of) : pick(candidates);
        std::vector<std::size_t> sources{source};
        if (by != source) {
            sources.push_back(by);
        }
        if (chance(0.5)) {
            std::reverse(sources.begin(), sources.end());
        }
        return add(nodes::Multiply{{network.nodes[source].name, network.nodes[by].name}}, in, sources);
    }

    void conventional(std::size_t source) {
        const bool large = element_count(shape[source]) > 150;
        switch (between(0, 8)) {
            case 0:
                scale(source);
                break;
            case 1:
                addend(source);
                break;
            case 2:
                batch_norm(source);
                break;
            case 3:
                lrn(source);
                break;
            case 4:
                softmax(source);
                break;
            case 5:
                reshape(source);
                break;
            case 6:
                large ? scale(source) : rearrange(source);
                break;
            case 7:
                large ? batch_norm(source) : concat(source);
                break;
            default:
                multiply(source);
        }
    }
};

}  // namespace axfire::test
