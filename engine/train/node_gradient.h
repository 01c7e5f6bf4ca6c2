// SPDX-License-Identifier: Apache-2.0
// The backward pass of one node.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>

#include "engine/train/parameters.h"
#include "engine/train/tape.h"

namespace axfire::train {

/// The shape of spikes' stand-in for a derivative, a function of x = v - threshold and a slope k.
enum class Surrogate : std::uint8_t {
    fast_sigmoid,  ///< 1 / (1 + k |x|)^2; Zenke and Ganguli, Neural Computation 30(6), 2018
    arctan,        ///< k / 2 / (1 + (pi / 2 k x)^2); Fang et al., ICCV 2021
    triangular,    ///< max(0, 1 - k |x|); Bellec et al., NeurIPS 2018
    rectangular,   ///< k where |x| < 1 / (2 k), else 0; Wu et al., Frontiers in Neuroscience 12, 2018
};

struct GradientOptions {
    Surrogate surrogate = Surrogate::arctan;
    float slope = 2;
    bool detach_reset = true;  ///< no gradient through the reset
    u32 truncate = 0;          ///< steps after which a gradient goes no further back in time; 0: all
    bool table = false;        ///< slopes of the forward multiplier's table stand for operands
    AdderSpec add;             ///< of the backward pass
    MultiplierSpec mul;
};

/// What one thread works with.
struct Space {
    std::vector<StageState> forward, backward;       ///< by node
    std::vector<std::vector<Source>> sources;        ///< by node: into `forward` and `outer`
    std::vector<std::vector<Signal>> outer;          ///< by node and source: rebuilt from the tape
    std::vector<Buffer> carried_v, carried_current;  ///< by node: gradients of the state, from the step after
    std::map<std::size_t, Buffer> scratch;           ///< by node: of weight gradients
    Buffer values, terms;
};

/// Facts about a node whose gradient is wanted.
struct GradientContext {
    const Graph& graph;
    const Tape& tape;  ///< with its buffers
    std::size_t node;
    const StageContext& forward;
    const StageContext& backward;  ///< in and out are the forward ones
    const GradientOptions& options;
};

/// Values have grown beyond what they can be.
struct Diverged : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class NodeGradient {
public:
    explicit NodeGradient(const GradientContext& c)
        : graph_(c.graph), node_(c.node), size_(c.graph.size[c.node]), truncate_(c.options.truncate) {}
    virtual ~NodeGradient() = default;

    /// Takes over the node's parameters after they have changed.
    virtual void refresh(const Node&) {}
    /// Before a sample's last step.
    virtual void begin(Space&) const {}
    /// Adds to the gradients of the node's sources at `at` (or of the step before) what follows from its own.
    virtual void step(Tape& tape, Place at, Space& space) = 0;

    /// The gradients of tensors are sums over the rows of a batch, made in so many independent tasks afterwards.
    virtual std::size_t tasks(const Tape&) const { return 0; }
    virtual void sum(const Tape&, std::size_t /*task*/, Space&, const TensorGradients&) const {}

protected:
    const u32* own(const Tape& tape, Place at) const { return tape.gradient[node_].row(tape.row(node_, at)); }
    const u32* output(const Tape& tape, Place at) const { return tape.out[node_].row(tape.row(node_, at)); }

    /// What source i gave; nullptr where that was before the first step.
    const u32* input(const Tape& tape, std::size_t i, Place at) const {
        const Origin& o = graph_.sources[node_][i];
        if (o.previous && at.step == 0) {
            return nullptr;
        }
        return tape.out[o.node].row(tape.row(o.node, {at.sample, at.step - o.previous}));
    }
    /// Where the gradient of source i is to be added to; nullptr where none is wanted.
    u32* target(Tape& tape, std::size_t i, Place at) const {
        const Origin& o = graph_.sources[node_][i];
        if (!graph_.learns[o.node] || (o.previous && cut(at.step))) {
            return nullptr;
        }
        return tape.gradient[o.node].row(tape.row(o.node, {at.sample, at.step - o.previous}));
    }
    /// Gradients do not pass from this step to the one before.
    bool cut(u32 step) const { return step == 0 || (truncate_ != 0 && step % truncate_ == 0); }

    const Graph& graph_;
    const std::size_t node_;
    const std::size_t size_;  ///< elements of its output

private:
    u32 truncate_;
};

std::unique_ptr<NodeGradient> make_gradient(const nodes::Linear& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Conv2d& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Pool2d& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Rearrange& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Concat& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Multiply& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Scale& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Bias& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Softmax& node, const GradientContext& context);
std::unique_ptr<NodeGradient> make_gradient(const nodes::Neuron& node, const GradientContext& context);

}  // namespace axfire::train
