// SPDX-License-Identifier: Apache-2.0
// Random layers that spiking networks have: projections, populations, poolings, thresholds, delays.
#pragma once

#include "tests/engine/random_neurons.h"
#include "tests/oracle/network/synapse.h"

namespace axfire::test {

struct RandomLayers : RandomNeurons {
    std::size_t linear(std::size_t source, std::size_t outputs) {
        const std::size_t inputs = element_count(shape[source]);
        nodes::Linear node{values({outputs, inputs}, 1.5 / std::sqrt(static_cast<double>(inputs))), bias(outputs)};
        return add(std::move(node), {outputs}, {flat(source)});
    }
    std::size_t flat(std::size_t source) {
        if (shape[source].size() == 1) {
            return source;
        }
        return add(nodes::Flatten{}, {element_count(shape[source])}, {source});
    }

    std::size_t conv(std::size_t source) {
        const Shape image = oracle::as_image(shape[source]);
        nodes::Conv2d c;
        c.groups = image[0] > 1 && chance(0.3) ? image[0] : 1;
        const std::size_t outputs = c.groups * static_cast<std::size_t>(between(1, c.groups > 1 ? 2 : 4));
        const Shape weight{outputs, image[0] / c.groups, static_cast<std::size_t>(between(1, 3)),
                           static_cast<std::size_t>(between(1, 3))};
        c.weight = values(weight, 1.0 / std::sqrt(static_cast<double>(weight[1] * weight[2] * weight[3])));
        c.bias = bias(outputs);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            c.stride[axis] = static_cast<std::size_t>(between(1, 2));
            c.dilation[axis] = chance(0.2) ? 2 : 1;
            c.pad_begin[axis] = static_cast<std::size_t>(between(0, 2));
            c.pad_end[axis] = chance(0.5) ? c.pad_begin[axis] : static_cast<std::size_t>(between(0, 2));
            // The window must fit.
            while ((weight[axis + 2] - 1) * c.dilation[axis] + 1 >
                   image[axis + 1] + c.pad_begin[axis] + c.pad_end[axis]) {
                ++c.pad_end[axis];
            }
        }
        const Shape of = oracle::ShapeAfter{shape[source]}(c);
        return add(std::move(c), of, {source});
    }

    std::size_t pool(std::size_t source) {
        const Shape image = oracle::as_image(shape[source]);
        nodes::Pool2d p;
        p.kind = pick<nodes::Pool2d::Kind>({nodes::Pool2d::Kind::sum, nodes::Pool2d::Kind::average,
                                            nodes::Pool2d::Kind::maximum, nodes::Pool2d::Kind::maximum});
        p.count_include_pad = chance(0.5);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t extent = image[axis + 1];
            p.dilation[axis] = extent > 2 && chance(0.15) ? 2 : 1;
            const std::size_t largest = std::min<std::size_t>(3, (extent - 1) / p.dilation[axis] + 1);
            p.kernel[axis] = static_cast<std::size_t>(between(1, static_cast<int>(largest)));
            p.stride[axis] = static_cast<std::size_t>(between(1, 3));
            const std::size_t span = (p.kernel[axis] - 1) * p.dilation[axis] + 1;
            p.pad_begin[axis] = chance(0.4) ? index(span) : 0;
            p.pad_end[axis] = chance(0.4) ? index(span) : 0;
            // The last window starts inside, unless a value is not needed there.
            const bool beyond = p.kind == nodes::Pool2d::Kind::maximum && chance(0.1);
            const std::size_t room = span - 1 - p.pad_end[axis];
            p.extra_end[axis] = beyond ? index(4) : chance(0.3) ? index(std::min(room + 1, p.stride[axis])) : 0;
        }
        if (p.kind == nodes::Pool2d::Kind::average && !has_taps(p, shape[source])) {
            p.pad_begin = p.pad_end = p.extra_end = {0, 0};
        }
        const Shape of = oracle::ShapeAfter{shape[source]}(p);
        return add(p, of, {source});
    }
    /// Every window has a tap inside; dilated ones may step over a narrow image.
    static bool has_taps(const nodes::Pool2d& p, const Shape& in) {
        const std::vector<oracle::Window> windows = oracle::windows_of(p, in, oracle::ShapeAfter{in}(p));
        return std::all_of(windows.begin(), windows.end(), [](const oracle::Window& window) {
            return std::any_of(window.begin(), window.end(),
                               [](const oracle::Tap& tap) { return tap.place.has_value(); });
        });
    }

    std::size_t threshold(std::size_t source) {
        const Shape of = shape[source];
        nodes::Threshold node{values(chance(0.5) ? Shape{1} : of, 0.5)};
        for (float& x : node.threshold.data) {
            x = chance(0.2) ? 0 : x;
        }
        return add(std::move(node), of, {source});
    }
    std::size_t delay(std::size_t source, int least = 0) {
        const Shape of = shape[source];
        std::vector<double> times = steps(element_count(of), least, 5);
        return add(nodes::Delay{times.size() == 1 && chance(0.5) ? Shape{1} : of, times}, of, {source});
    }

    /// Neurons behind a source, and behind others of as many elements.
    std::size_t neurons(std::size_t source) {
        std::vector<std::size_t> sources{source};
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            if (i != source && fits(shape[i], shape[source]) && chance(0.4)) {
                sources.push_back(i);
            }
        }
        if (fits({element_count(shape[source])}, shape[source]) && chance(0.2)) {
            sources.push_back(linear(index(network.nodes.size()), element_count(shape[source])));
        }
        return add(neuron(shape[source], any_model()), shape[source], sources);
    }
};

}  // namespace axfire::test
