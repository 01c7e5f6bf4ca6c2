// SPDX-License-Identifier: Apache-2.0
// A network compiled for one arithmetic, and the time loop over a sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datasets/sample.h"
#include "engine/backend/jit/instances.h"
#include "engine/record/trace.h"
#include "engine/simulation/stage.h"

namespace axfire {

/// How the output node's values become a prediction.
enum class Readout : std::uint8_t {
    automatic,  ///< spikes for a spiking output, last for a membrane, sum for a stateless one
    spikes,     ///< most spikes; an event of another amplitude counts as so many
    last,       ///< largest value after the last step
    sum,        ///< largest sum of the values over all steps, formed in binary32 by ascending step
};

struct SimulationOptions {
    Arithmetic arithmetic;              ///< of every node
    std::vector<Arithmetic> node_wise;  ///< or one for each node of the network
    Jit jit = Jit::automatic;
    Notice notice;           ///< told when kernels are compiled; may be empty
    std::uint64_t seed = 0;  ///< of stochastic roundings
    bool multiply_spikes = false;
    std::optional<Format> weight_format;
    bool input_events = true;  ///< the input node emits events (else analog values)
    Readout readout = Readout::automatic;
};

/// A population to be traced while a sample runs.
struct TraceRequest {
    std::size_t node;  ///< index in the network
    bool spikes;
    bool membrane;
};

struct SampleResult {
    std::int32_t prediction = -1;             ///< ties go to the lowest index; -1 where every value is NaN
    std::vector<float> readout;               ///< one value for each output
    std::vector<std::int32_t> prediction_at;  ///< by step, where asked for: the prediction if the run ended there
    std::vector<Counts> counts;               ///< by Simulation::layers()
    std::vector<Trace> traces;                ///< by request
    std::vector<u32> hash_words;              ///< what result_hash is formed over
};

/// Index of the largest value, the lowest of equal ones; NaN is none. -1 where there is no other.
std::int32_t largest(const std::vector<float>& values);

/// A layer of the report: every node that computes.
struct Layer {
    std::size_t node;
    std::string name;
    std::string type;
    std::size_t neurons;  ///< 0 for a node that is not a population
};

class Simulation {
public:
    /// Compiles the network. Throws InputError for what cannot run: a delay that is too short for its cycle, a readout
    /// that does not fit the output.
    Simulation(const Network& network, const SimulationOptions& options);

    /// Buffers of one thread; any number may exist for one simulation.
    class Workspace {
    public:
        /// `steps`: how many a layer is run for before the next one; 0 counts as 1. `threads`: that share a large
        /// layer.
        explicit Workspace(const Simulation& simulation, std::size_t steps = 1, unsigned threads = 1);
        /// What the buffers of a step hold.
        std::size_t bytes() const;
        /// Memory for the next result's hash_words.
        void take_back(std::vector<u32>&& hash_words) { hash_words_ = std::move(hash_words); }

    private:
        friend class Simulation;
        friend class DeviceSimulation;
        std::vector<StageState> state;             ///< by node
        std::vector<std::vector<Source>> sources;  ///< by node, pointing into `state` and `kept`
        std::vector<std::vector<Signal>> kept;     ///< by node: what it emitted, [steps]; none for most nodes
        std::size_t steps;
        Buffer input;  ///< analog input of a step
        std::vector<float> readout;
        std::vector<u32> hash_words_;
    };

    /// Runs one sample from rest; the result depends on nothing but the sample and the network. Parts of the network
    /// that only events join are run one after the other, each for the workspace's number of steps.
    SampleResult run(const EncodedSample& sample, const std::vector<TraceRequest>& traces, Workspace& workspace,
                     bool predict_every_step = false) const;

    const std::vector<Layer>& layers() const { return layers_; }
    std::size_t input_size() const { return input_size_; }
    std::size_t output_size() const { return output_size_; }
    /// Multiply-accumulates of one dense step: what a conventional network of the same layers does for a sample.
    std::uint64_t multiply_accumulates() const { return multiply_accumulates_; }
    Readout readout() const { return readout_; }
    /// The arithmetic in force for a node.
    const Arithmetic& arithmetic(std::size_t node) const { return arithmetic_[node]; }
    /// True if the node has spikes, or a membrane, to record.
    bool spikes(std::size_t node) const;
    bool has_membrane(std::size_t node) const;
    const Shape& shape(std::size_t node) const { return topology_.shape[node]; }
    /// Parts that can each be run for several steps before the next one.
    std::size_t parts() const;
    /// The most that a workspace needs for each of its steps.
    std::size_t bytes_of_a_step() const;

private:
    friend class DeviceSimulation;
    /// The node that really emits what `node` passes on, and whether its last step is meant.
    struct Origin {
        std::size_t node;
        bool previous;
    };
    /// A source of a node that lies in another part.
    struct Link {
        std::size_t node, source;  ///< sources[node][source]
        std::size_t from;
    };
    /// Nodes that run step by step together: cycles, and whatever hands on values instead of events.
    struct Part {
        bool has_input = false, has_output = false;
        std::vector<std::size_t> computing;   ///< nodes with a stage, in topological order
        std::vector<std::size_t> late;        ///< delay nodes whose input arrives at the end of a step
        std::vector<std::size_t> remembered;  ///< nodes whose last step's spikes are needed
        std::vector<std::size_t> kept;        ///< nodes whose events other parts take
        std::vector<Link> links;
    };
    void feed(const EncodedSample& sample, u32 t, Workspace& w) const;
    void step(const Part& part, Workspace& w, u32 t, bool constant_input) const;
    /// Hands over what leaves the part in step t, and what is remembered.
    void pass_on(const Part& part, Workspace& w, std::size_t slot) const;
    void trace(Workspace& w, u32 t, const TraceRequest& request, Trace& trace) const;
    void read_out(Workspace& w) const;
    void finish(Workspace& w, SampleResult& result) const;
    /// The read-out as it is now.
    std::vector<float> read(const Workspace& w) const;

    struct Role {
        bool passes;  ///< hands its source's signal on as it is
        bool spikes;
        bool has_membrane;
        bool late;  ///< a delay whose input arrives at the end of a step
    };
    void check_random_places(std::size_t node) const;
    std::vector<Port> ports(const Network& network, std::size_t node) const;

    std::vector<Role> roles_;             ///< by node
    std::vector<Arithmetic> arithmetic_;  ///< by node
    std::vector<u32> place_;              ///< by node: its place in topological order
    std::uint64_t seed_ = 0;
    bool rounds_stochastically_ = false;
    Topology topology_;
    std::vector<std::unique_ptr<Stage>> stages_;  ///< by node; none for nodes that only pass a signal on
    std::vector<bool> events_;                    ///< by node: emits events
    std::vector<bool> steady_;                    ///< by node: gives the same in every step where the input does
    std::vector<bool> remembered_;                ///< by node: the last step's spikes are needed
    std::vector<Part> parts_;                     ///< in topological order
    std::vector<std::size_t> part_;               ///< by node
    std::vector<Layer> layers_;
    std::size_t input_ = 0;
    Origin output_{0, false};  ///< the node whose signal leaves
    std::size_t input_size_ = 0;
    std::size_t output_size_ = 0;
    std::uint64_t multiply_accumulates_ = 0;
    Readout readout_ = Readout::automatic;

    Origin origin(std::size_t node) const;
    void find_steady(const Network& network);
    void find_parts(const Network& network);
};

}  // namespace axfire
