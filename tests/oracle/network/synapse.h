// SPDX-License-Identifier: Apache-2.0
// The sums of projections, gathered for each output by nested loops over its inputs.
#pragma once

#include <optional>
#include <vector>

#include "tests/oracle/network/graph.h"
#include "tests/oracle/network/units.h"

namespace axfire::oracle {

/// One number for each element, or nothing where no term arrived in this step.
using Values = std::vector<std::optional<float>>;

/// What a projection has done.
struct Work {
    u64 additions = 0;  ///< of inputs; not of biases
    u64 products = 0;
};

struct Projection {
    const Units& units;
    bool events;           ///< of the source
    bool multiply_spikes;  ///< spikes of amplitude 1 too
    Work& work;

    /// The sum of one output; `take` is called for its inputs in their order.
    struct Sum {
        const Projection& p;
        float value = 0;
        bool touched = false;

        /// An input that lies inside; a dense projection takes nothing for +0.
        void take(const std::optional<float>& x, double weight) {
            if (p.events) {
                if (x) {
                    const bool plain = *x == 1 && !p.multiply_spikes;
                    plus(plain ? p.units.for_adder(weight) : times(*x, weight));
                }
            } else {
                plus(times(x.value_or(0.0F), weight));
            }
        }
        void take_padding(double weight) {
            if (!p.events) {
                plus(times(0.0F, weight));
            }
        }
        /// As they are, by a sum without weights.
        void take_unweighted(const std::optional<float>& x) {
            if (x || !p.events) {
                plus(x.value_or(0.0F));
            }
        }
        std::optional<float> finish(const std::optional<float>& bias) {
            if (bias) {
                value = p.units.add(value, *bias);
                touched = true;
            }
            return touched ? std::optional(value) : std::nullopt;
        }

    private:
        /// A weight is a float of the file, or a constant in binary64 that is rounded once.
        float times(float x, double weight) {
            ++p.work.products;
            return p.units.product(p.units.for_multiplier(x), p.units.for_multiplier(weight));
        }
        void plus(float term) {
            ++p.work.additions;
            value = p.units.add(value, term);
            touched = true;
        }
    };
};

/// Where a tap of a window lies, or nothing in the padding.
inline std::optional<std::size_t> tap(std::size_t output, std::size_t stride, std::size_t offset, std::size_t pad,
                                      std::size_t extent) {
    const long place = static_cast<long>(output * stride + offset) - static_cast<long>(pad);
    const bool inside = place >= 0 && place < static_cast<long>(extent);
    return inside ? std::optional(static_cast<std::size_t>(place)) : std::nullopt;
}

inline std::optional<float> bias_of(const Tensor& bias, std::size_t output) {
    bool any = false;
    for (const float b : bias.data) {
        any = any || b != 0;  // true for NaN
    }
    return any ? std::optional(bias.data[output]) : std::nullopt;
}

inline Values linear_sum(const nodes::Linear& node, const Values& x, const Projection& p) {
    Values out;
    const std::size_t inputs = node.weight.shape[1];
    for (std::size_t o = 0; o < node.weight.shape[0]; ++o) {
        Projection::Sum sum{p};
        for (std::size_t i = 0; i < inputs; ++i) {
            sum.take(x[i], node.weight.data[o * inputs + i]);
        }
        out.push_back(sum.finish(bias_of(node.bias, o)));
    }
    return out;
}

inline Values conv_sum(const nodes::Conv2d& node, const Values& x, const Shape& in, const Shape& shape,
                       const Projection& p) {
    Values out;
    const Shape image = as_image(in);
    const Shape& w = node.weight.shape;
    for (std::size_t o = 0; o < shape[0]; ++o) {
        const std::size_t first_channel = o / (w[0] / node.groups) * w[1];
        for (std::size_t row = 0; row < shape[1]; ++row) {
            for (std::size_t column = 0; column < shape[2]; ++column) {
                Projection::Sum sum{p};
                for (std::size_t c = 0; c < w[1]; ++c) {
                    for (std::size_t ky = 0; ky < w[2]; ++ky) {
                        for (std::size_t kx = 0; kx < w[3]; ++kx) {
                            const float weight = node.weight.data[((o * w[1] + c) * w[2] + ky) * w[3] + kx];
                            const auto iy =
                                tap(row, node.stride[0], ky * node.dilation[0], node.pad_begin[0], image[1]);
                            const auto ix =
                                tap(column, node.stride[1], kx * node.dilation[1], node.pad_begin[1], image[2]);
                            if (iy && ix) {
                                sum.take(x[((first_channel + c) * image[1] + *iy) * image[2] + *ix], weight);
                            } else {
                                sum.take_padding(weight);
                            }
                        }
                    }
                }
                out.push_back(sum.finish(bias_of(node.bias, o)));
            }
        }
    }
    return out;
}

/// Sum pooling of events gives events: no event for a sum of 0. Average pooling multiplies by 1/n.
inline Values pool_sum(const nodes::Pool2d& node, const Values& x, const Shape& in, const Shape& shape,
                       const Projection& p) {
    Values out;
    const Shape image = as_image(in);
    const bool average = node.kind == nodes::Pool2d::Kind::average;
    for (std::size_t c = 0; c < shape[0]; ++c) {
        for (std::size_t row = 0; row < shape[1]; ++row) {
            for (std::size_t column = 0; column < shape[2]; ++column) {
                std::vector<std::optional<std::size_t>> window;
                std::size_t inside = 0;
                for (std::size_t ky = 0; ky < node.kernel[0]; ++ky) {
                    for (std::size_t kx = 0; kx < node.kernel[1]; ++kx) {
                        const auto iy = tap(row, node.stride[0], ky, node.pad_begin[0], image[1]);
                        const auto ix = tap(column, node.stride[1], kx, node.pad_begin[1], image[2]);
                        inside += iy && ix ? 1 : 0;
                        window.push_back(iy && ix ? std::optional((c * image[1] + *iy) * image[2] + *ix)
                                                  : std::nullopt);
                    }
                }
                const std::size_t n = node.count_include_pad ? window.size() : inside;
                Projection::Sum sum{p};
                for (const auto& place : window) {
                    const auto value = place ? x[*place] : std::nullopt;
                    if (!average) {
                        if (place || !p.events) {
                            sum.take_unweighted(value);
                        }
                    } else if (place) {
                        sum.take(value, 1.0 / static_cast<double>(n));
                    } else {
                        sum.take_padding(1.0 / static_cast<double>(n));
                    }
                }
                std::optional<float> result = sum.finish(std::nullopt);
                if (!average && p.events && result && *result == 0) {
                    result = std::nullopt;
                }
                out.push_back(result);
            }
        }
    }
    return out;
}

}  // namespace axfire::oracle
