// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "engine/train/node_gradient.h"

namespace axfire::train {

namespace {

/// y = s x, or x / s. One scale for all elements takes the sum of all their gradients, in binary64.
class ScaleGradient : public NodeGradient {
public:
    ScaleGradient(const nodes::Scale& node, const GradientContext& c) : NodeGradient(c), divide_(node.divide) {}

    void refresh(const Node& node) override { scale_ = std::get<nodes::Scale>(node.kind).scale.data; }

    void step(Tape& tape, Place at, Space&) override {
        u32* const dx = target(tape, 0, at);
        const u32* dy = own(tape, at);
        for (std::size_t i = 0; dx != nullptr && i < size_; ++i) {
            const float s = scale_[scale_.size() == 1 ? 0 : i];
            dx[i] = bits(number(dx[i]) + (divide_ ? number(dy[i]) / s : number(dy[i]) * s));
        }
    }

    std::size_t tasks(const Tape&) const override { return 1; }

    void sum(const Tape& tape, std::size_t, Space&, const TensorGradients& gradients) const override {
        std::vector<double> total(scale_.size());
        for (std::size_t s = 0; s < tape.samples; ++s) {
            for (u32 t = 0; t < tape.rows_of[node_]; ++t) {
                const u32* x = input(tape, 0, {s, t});
                const u32* dy = own(tape, {s, t});
                for (std::size_t i = 0; x != nullptr && i < size_; ++i) {
                    const std::size_t at = total.size() == 1 ? 0 : i;
                    const double k = scale_[at];
                    const double product = static_cast<double>(number(x[i])) * number(dy[i]);
                    total[at] += divide_ ? -product / (k * k) : product;
                }
            }
        }
        gradients[0]->assign(total.begin(), total.end());
    }

private:
    bool divide_;
    std::vector<float> scale_;
};

class BiasGradient : public NodeGradient {
public:
    BiasGradient(const nodes::Bias& node, const GradientContext& c) : NodeGradient(c), count_(node.bias.data.size()) {}

    void step(Tape& tape, Place at, Space&) override {
        if (u32* const dx = target(tape, 0, at)) {
            add_to(dx, own(tape, at), size_);
        }
    }

    std::size_t tasks(const Tape&) const override { return 1; }

    void sum(const Tape& tape, std::size_t, Space&, const TensorGradients& gradients) const override {
        std::vector<double> total(count_);
        for (std::size_t r = 0; r < tape.rows(node_); ++r) {
            const u32* dy = tape.gradient[node_].row(r);
            for (std::size_t i = 0; i < size_; ++i) {
                total[count_ == 1 ? 0 : i] += number(dy[i]);
            }
        }
        gradients[0]->assign(total.begin(), total.end());
    }

private:
    std::size_t count_;
};

/// y = a b, where b may be one value for several elements of a.
class MultiplyGradient : public NodeGradient {
public:
    explicit MultiplyGradient(const GradientContext& c) : NodeGradient(c), ports_(c.graph.ports[c.node]) {
        index_ = {0};
        const Shape& shape = ports_[0].shape;
        const Shape& other = ports_[1].shape;
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            std::vector<u32> finer;
            for (const u32 i : index_) {
                for (std::size_t k = 0; k < shape[axis]; ++k) {
                    finer.push_back(static_cast<u32>(i * other[axis] + (other[axis] == 1 ? 0 : k)));
                }
            }
            index_ = std::move(finer);
        }
    }

    void step(Tape& tape, Place at, Space&) override {
        const u32* a = input(tape, ports_[0].source, at);
        const u32* b = input(tape, ports_[1].source, at);
        const u32* dy = own(tape, at);
        u32* const da = target(tape, ports_[0].source, at);
        u32* const db = target(tape, ports_[1].source, at);
        for (std::size_t i = 0; a != nullptr && b != nullptr && i < size_; ++i) {
            const u32 k = index_[i];
            if (da != nullptr) {
                da[i] = bits(number(da[i]) + number(dy[i]) * number(b[k]));
            }
            if (db != nullptr) {
                db[k] = bits(number(db[k]) + number(dy[i]) * number(a[i]));
            }
        }
    }

private:
    std::vector<Port> ports_;
    std::vector<u32> index_;  ///< of b, for each element of a
};

/// y_i = exp(x_i) / sum exp(x_j): dL/dx_i = y_i (dL/dy_i - sum y_j dL/dy_j).
class SoftmaxGradient : public NodeGradient {
public:
    SoftmaxGradient(const nodes::Softmax& node, const GradientContext& c) : NodeGradient(c) {
        const Shape& out = c.forward.out;
        const std::size_t axis = *resolve_axis(node.axis, out.size());
        extent_ = out[axis];
        stride_ = element_count(Shape(out.begin() + static_cast<std::ptrdiff_t>(axis) + 1, out.end()));
    }

    void step(Tape& tape, Place at, Space&) override {
        u32* const dx = target(tape, 0, at);
        const u32* y = output(tape, at);
        const u32* dy = own(tape, at);
        for (std::size_t block = 0; dx != nullptr && block < size_; block += extent_ * stride_) {
            for (std::size_t first = block; first < block + stride_; ++first) {
                double sum = 0;
                for (std::size_t i = 0; i < extent_; ++i) {
                    sum += static_cast<double>(number(y[first + i * stride_])) * number(dy[first + i * stride_]);
                }
                for (std::size_t i = 0; i < extent_; ++i) {
                    const std::size_t k = first + i * stride_;
                    dx[k] = bits(number(dx[k]) + static_cast<float>(number(y[k]) * (number(dy[k]) - sum)));
                }
            }
        }
    }

private:
    std::size_t extent_, stride_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Scale& node, const GradientContext& context) {
    return std::make_unique<ScaleGradient>(node, context);
}

std::unique_ptr<NodeGradient> make_gradient(const nodes::Bias& node, const GradientContext& context) {
    return std::make_unique<BiasGradient>(node, context);
}

std::unique_ptr<NodeGradient> make_gradient(const nodes::Multiply&, const GradientContext& context) {
    return std::make_unique<MultiplyGradient>(context);
}

std::unique_ptr<NodeGradient> make_gradient(const nodes::Softmax& node, const GradientContext& context) {
    return std::make_unique<SoftmaxGradient>(node, context);
}

}  // namespace axfire::train
