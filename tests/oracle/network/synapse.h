// SPDX-License-Identifier: Apache-2.0
// The sums of projections, gathered for each output by nested loops over its inputs, then added in the order that the
// adder says.
#pragma once

#include <map>
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
    Where where;           ///< the node and the step
    Work& work;

    /// The sum of one output; `take` is called for its inputs in their order. Index: the place of a term in the
    /// projection, source: the input's index in the signal.
    struct Sum {
        const Projection& p;
        u32 output;
        std::map<std::size_t, float> terms = {};  ///< those that exist, in the adder's format

        /// An input that lies inside; a dense projection takes nothing for +0.
        void take(std::size_t index, std::size_t source, const std::optional<float>& x, double weight) {
            if (p.events) {
                if (x) {
                    const bool plain = *x == 1 && !p.multiply_spikes;
                    plus(index, plain ? p.units.for_adder(weight) : times(index, source, *x, weight));
                }
            } else {
                plus(index, times(index, source, x.value_or(0.0F), weight));
            }
        }
        void take_padding(std::size_t index, double weight) {
            if (!p.events) {
                plus(index, times(index, 0, 0.0F, weight));
            }
        }
        /// As they are, by a sum without weights.
        void take_unweighted(std::size_t index, const std::optional<float>& x) {
            if (x || !p.events) {
                plus(index, p.units.into_adder(x.value_or(0.0F), word(index, Word::term)));
            }
        }
        /// `count`: indices of the projection.
        std::optional<float> finish(std::size_t count, const std::optional<float>& bias) const {
            const std::optional<float> total = summed(count);
            if (!bias) {
                return total;
            }
            const float held = p.units.for_adder(*bias);
            return total ? p.units.sum(*total, held, word(count, Word::join)) : p.units.sum_at_load(0.0F, held);
        }

    private:
        u32 word(std::size_t operand, Word which) const {
            return p.where.word(output, static_cast<u32>(operand), which);
        }
        /// A weight is a float of the file, or a constant in binary64 that is rounded once. The product leaves in the
        /// adder's format.
        float times(std::size_t index, std::size_t source, float x, double weight) {
            ++p.work.products;
            const u32 of_input = p.where.word(static_cast<u32>(source), 0xffffff, Word::product);
            const float product = p.units.product(p.units.into_multiplier(x, of_input), p.units.for_multiplier(weight),
                                                  word(index, Word::product));
            return p.units.into_adder(product, word(index, Word::term));
        }
        void plus(std::size_t index, float term) {
            ++p.work.additions;
            terms[index] = term;
        }

        std::optional<float> summed(std::size_t count) const {
            switch (p.units.order) {
                case Order::sequential:
                    return run(0, count);
                case Order::blocked: {
                    std::optional<float> total;
                    for (std::size_t first = 0; first < count; first += p.units.block) {
                        const std::optional<float> block = run(first, std::min(count, first + p.units.block));
                        if (block) {
                            total = total ? p.units.sum(*total, *block, word(first, Word::join)) : *block;
                        }
                    }
                    return total;
                }
                case Order::tree: {
                    std::size_t leaves = 1;
                    while (leaves < count) {
                        leaves *= 2;
                    }
                    return node(0, leaves);
                }
            }
            return std::nullopt;
        }
        /// Indices [first, last) one by one, from +0; nothing if none is there.
        std::optional<float> run(std::size_t first, std::size_t last) const {
            std::optional<float> sum;
            for (std::size_t i = first; i < last; ++i) {
                if (terms.count(i) != 0) {
                    sum = p.units.sum(sum.value_or(0.0F), terms.at(i), word(i, Word::sum));
                }
            }
            return sum;
        }
        /// The node over the indices [first, first + width) of a binary tree.
        std::optional<float> node(std::size_t first, std::size_t width) const {
            if (width == 1) {
                return terms.count(first) != 0 ? std::optional(terms.at(first)) : std::nullopt;
            }
            const std::size_t middle = first + width / 2;
            const std::optional<float> left = node(first, width / 2);
            const std::optional<float> right = node(middle, width / 2);
            if (left && right) {
                return p.units.sum(*left, *right, word(middle, Word::join));
            }
            return left ? left : right;
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
        Projection::Sum sum{p, static_cast<u32>(o)};
        for (std::size_t i = 0; i < inputs; ++i) {
            sum.take(i, i, x[i], node.weight.data[o * inputs + i]);
        }
        out.push_back(sum.finish(inputs, bias_of(node.bias, o)));
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
                Projection::Sum sum{p, static_cast<u32>(out.size())};
                for (std::size_t c = 0; c < w[1]; ++c) {
                    for (std::size_t ky = 0; ky < w[2]; ++ky) {
                        for (std::size_t kx = 0; kx < w[3]; ++kx) {
                            const std::size_t index = (c * w[2] + ky) * w[3] + kx;
                            const float weight = node.weight.data[((o * w[1] + c) * w[2] + ky) * w[3] + kx];
                            const auto iy =
                                tap(row, node.stride[0], ky * node.dilation[0], node.pad_begin[0], image[1]);
                            const auto ix =
                                tap(column, node.stride[1], kx * node.dilation[1], node.pad_begin[1], image[2]);
                            if (iy && ix) {
                                const std::size_t place = ((first_channel + c) * image[1] + *iy) * image[2] + *ix;
                                sum.take(index, place, x[place], weight);
                            } else {
                                sum.take_padding(index, weight);
                            }
                        }
                    }
                }
                out.push_back(sum.finish(w[1] * w[2] * w[3], bias_of(node.bias, o)));
            }
        }
    }
    return out;
}

/// One tap of a pooling's window.
struct Tap {
    std::optional<std::size_t> place;  ///< in the input; nothing in the padding
    bool past = false;                 ///< behind the padding at the end, where a last window may reach
};
using Window = std::vector<Tap>;

/// The windows of a pooling in the order of its outputs, each row by row.
inline std::vector<Window> windows_of(const nodes::Pool2d& node, const Shape& in, const Shape& shape) {
    std::vector<Window> all;
    const Shape image = as_image(in);
    const auto past = [&](std::size_t axis, std::size_t output, std::size_t k) {
        return output * node.stride[axis] + k * node.dilation[axis] >=
               node.pad_begin[axis] + image[axis + 1] + node.pad_end[axis];
    };
    for (std::size_t c = 0; c < shape[0]; ++c) {
        for (std::size_t row = 0; row < shape[1]; ++row) {
            for (std::size_t column = 0; column < shape[2]; ++column) {
                Window window;
                for (std::size_t ky = 0; ky < node.kernel[0]; ++ky) {
                    for (std::size_t kx = 0; kx < node.kernel[1]; ++kx) {
                        const auto iy = tap(row, node.stride[0], ky * node.dilation[0], node.pad_begin[0], image[1]);
                        const auto ix = tap(column, node.stride[1], kx * node.dilation[1], node.pad_begin[1], image[2]);
                        window.push_back(
                            {iy && ix ? std::optional((c * image[1] + *iy) * image[2] + *ix) : std::nullopt,
                             past(0, row, ky) || past(1, column, kx)});
                    }
                }
                all.push_back(window);
            }
        }
    }
    return all;
}

/// Sum pooling of events gives events: no event for a sum of 0. Average pooling multiplies by 1/n; what lies behind the
/// padding is more of it, but does not count.
inline Values pool_sum(const nodes::Pool2d& node, const Values& x, const Shape& in, const Shape& shape,
                       const Projection& p) {
    Values out;
    const bool average = node.kind == nodes::Pool2d::Kind::average;
    for (const Window& window : windows_of(node, in, shape)) {
        std::size_t n = 0;
        for (const Tap& tap : window) {
            n += tap.place || (node.count_include_pad && !tap.past) ? 1 : 0;
        }
        Projection::Sum sum{p, static_cast<u32>(out.size())};
        for (std::size_t k = 0; k < window.size(); ++k) {
            const auto place = window[k].place;
            const auto value = place ? x[*place] : std::nullopt;
            if (!average) {
                if (place || !p.events) {
                    sum.take_unweighted(k, value);
                }
            } else if (place) {
                sum.take(k, *place, value, 1.0 / static_cast<double>(n));
            } else {
                sum.take_padding(k, 1.0 / static_cast<double>(n));
            }
        }
        std::optional<float> result = sum.finish(window.size(), std::nullopt);
        if (!average && p.events && result && *result == 0) {
            result = std::nullopt;
        }
        out.push_back(result);
    }
    return out;
}

}  // namespace axfire::oracle
