// SPDX-License-Identifier: Apache-2.0
// A network compiled for training: forward and backward over a batch.
#pragma once

#include <deque>

#include "engine/backend/jit/instances.h"
#include "engine/train/dropout.h"
#include "engine/train/gradients/batch_norm.h"
#include "engine/train/node_gradient.h"
#include "engine/train/team.h"

namespace axfire::train {

struct ProgramOptions {
    Arithmetic arithmetic;              ///< of every node, forward
    std::vector<Arithmetic> node_wise;  ///< or one for each node of the network
    GradientOptions gradient;           ///< the arithmetic of the backward pass among it
    Jit jit = Jit::automatic;
    Notice notice;  ///< told when kernels are compiled; may be empty
    bool multiply_spikes = false;
    std::optional<Format> weight_format;    ///< quantised copies of the weights; the masters stay binary32
    std::map<std::string, double> dropout;  ///< by node, an identity: probability that an element is dropped
    bool input_events = false;
    bool constant_input = false;  ///< the same values in every step
    bool membrane_loss = false;   ///< the loss has a gradient by the output's membrane
    u32 steps = 1;
    std::size_t batch = 1;  ///< the most samples at a time
    unsigned threads = 1;
    std::uint64_t seed = 0;
};

/// Everything that a batch needs is in the tape; a sum over samples is one thread's, by ascending sample, so the
/// gradients have the same bits for any number of threads.
class Program {
public:
    /// Keeps a reference to the network. Throws InputError for one that cannot be trained.
    Program(Network& network, const ProgramOptions& options);

    /// Takes over the parameters after they have changed.
    void refresh();
    /// Where the input's values of a sample's step belong: row of the input node.
    u32* input(std::size_t sample, u32 step) {
        return tape_.out[graph_.input].row(tape_.row(graph_.input, {sample, step}));
    }
    /// Runs `samples` samples; `draw` numbers the first of them among all that were ever run, for random numbers.
    void forward(std::size_t samples, std::uint64_t draw);
    /// From the gradients of the output's rows, which the loss has set, to those of the parameters.
    void backward();

    Team& team() { return team_; }
    Tape& tape() { return tape_; }
    const Graph& graph() const { return graph_; }
    const std::vector<Parameter>& parameters() const { return parameters_; }
    std::vector<std::vector<float>>& gradients() { return gradients_; }  ///< by parameter
    /// The first node in order whose output holds a NaN or infinity, in words; empty: there is none.
    std::string strange_node() const;
    std::size_t bytes() const;

private:
    void compile();
    void make_spaces();
    void run_sample(const Level& level, std::size_t sample, Space& space);
    void bring_outer(std::size_t node, Place at, Space& space) const;
    void keep(std::size_t node, Place at, StageState& state);
    DropoutDraw dropout_draw(std::size_t node, std::size_t sample) const {
        return {options_.seed, draw_ + sample, place_[node]};
    }
    void pull_back(const Level& level, std::size_t sample, Space& space);
    void sum_tensors();

    Network& network_;
    ProgramOptions options_;
    Team team_;
    Arithmetic backward_arithmetic_;
    Graph graph_;
    Tape tape_;
    std::uint64_t draw_ = 0;
    std::vector<u32> place_;                                 ///< by node: in topological order
    std::vector<float> dropout_;                             ///< by node; 0: none
    std::vector<Arithmetic> arithmetic_;                     ///< by node
    std::deque<StageContext> contexts_, backward_contexts_;  ///< by node
    std::vector<std::unique_ptr<Stage>> stages_;             ///< by node
    std::vector<std::unique_ptr<NodeGradient>> node_gradients_;
    std::vector<std::unique_ptr<BatchNormLayer>> norms_;
    std::vector<Parameter> parameters_;
    std::vector<std::vector<float>> gradients_;
    std::vector<TensorGradients> tensor_gradients_;  ///< by node
    std::vector<Space> spaces_;
};

}  // namespace axfire::train
