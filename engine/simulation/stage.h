// SPDX-License-Identifier: Apache-2.0
// A node, compiled: constants prepared for the arithmetic in force, and one method that brings a sample a step further.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arith/constant.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/network/network.h"
#include "engine/simulation/signal.h"

namespace axfire {

/// What has been done for one node.
struct Counts {
    std::uint64_t spikes = 0;
    std::uint64_t synaptic_operations = 0;  ///< accumulations of a term into a sum; biases not counted
    std::uint64_t multiplications = 0;      ///< products formed for them
    std::uint64_t neuron_updates = 0;

    Counts& operator+=(const Counts& other) {
        spikes += other.spikes;
        synaptic_operations += other.synaptic_operations;
        multiplications += other.multiplications;
        neuron_updates += other.neuron_updates;
        return *this;
    }
};

/// Everything that a stage keeps for one sample. A stage uses what it needs.
struct StageState {
    unsigned threads = 1;  ///< that the stage may use
    RandomSite site;       ///< of this step
    Signal out;            ///< of this step
    Signal previous;       ///< of the last step, for recurrent edges
    Counts counts;
    Counts first_step;                 ///< what the first step has added to them
    Buffer v, current, refractory;     ///< neurons
    Buffer fired;                      ///< neurons: bit set of those that fired
    std::vector<unsigned char> quiet;  ///< neurons: NeuronArgs::quiet
    bool at_rest = false;              ///< neurons: all of them are quiet
    Buffer spike_count;                ///< neurons: spikes of this sample
    Buffer sums;                       ///< what a projection wrote
    Buffer input;                      ///< events spread out, or several sources added
    std::vector<Buffer> scratch;
    std::vector<unsigned char> touched;  ///< convolutions: Conv2dArgs::touched
    std::vector<u32> events_at;          ///< convolutions: at each place of the image
    std::vector<u32> reached;            ///< pooling: the sums that the last step's events reached
    std::vector<Signal> ring;            ///< delays: what is under way

    /// What the buffers hold; events under way, which come and go, are not counted.
    std::size_t bytes() const;
};

/// Parts of a projection's sums, [first, last), of which each thread makes one.
struct Tile {
    u32 first, last;
};
/// `count` sums, or rows of sums, in tiles of multiples of `unit`: as many as there are threads, or fewer where one
/// would have too few operations to be worth it.
std::vector<Tile> tiles(unsigned threads, u32 count, u32 unit, u64 operations);

/// One source of a node: its signal and whether it carries events.
struct Source {
    const Signal* signal;
    bool events;
};

/// One of the inputs that a node tells apart.
struct Port {
    std::size_t source;  ///< index among the stage's sources
    Shape shape;
    bool events;
};

/// Facts about a network that is being compiled.
struct StageContext {
    const CpuKernels& kernels;
    const Instance& synapses;  ///< for this node's synapse units
    const Instance& neurons;   ///< ... neuron units
    const Conventions& how;
    const Arithmetic& arithmetic;  ///< of this node
    bool multiply_spikes;          ///< --spike-multiply on
    const Format* weight_format;   ///< --weights, or nullptr
    Shape in;                      ///< of the (first) source
    Shape out;
    bool in_events;
    bool in_cycle;            ///< delay nodes: the input arrives after the output was needed
    std::vector<Port> ports;  ///< of ordered_inputs()

    ProjectionArithmetic projection() const {
        return {arithmetic.synapse_add, arithmetic.synapse_mul, multiply_spikes, {}};
    }
    const ProjectionKernels& projections() const { return synapses.projections; }
    /// Events must be spread out for the kernels: the order of sums is not that in which events come.
    bool spreads_events() const { return in_events && arithmetic.synapse_add.order != Order::sequential; }
    /// Weights in --weights' format.
    Buffer stored_weights(Buffer weights) const;
    /// Values as operands of a unit: in its format.
    Buffer operands(const AdderSpec& unit, Buffer values) const;
    Buffer operands(const MultiplierSpec& unit, Buffer values) const;
    /// add(+0, bias): what a neuron gets in a step without input.
    Buffer sums_without_input(const Buffer& bias) const;
};

class DeviceProgram;
struct DeviceSource;

class Stage {
public:
    virtual ~Stage() = default;
    /// Prepares the state of a sample before its first step.
    virtual void reset(StageState& state) const = 0;
    /// Step t: reads the sources, updates the state and writes state.out.
    virtual void step(const std::vector<Source>& sources, StageState& state, u32 t) const = 0;
    /// After every node's step: delay nodes of a cycle take their input here.
    virtual void accept(const std::vector<Source>&, StageState&, u32) const {}
    /// What the stage does on a device, from the sources to `out`: both hold a value for each element, kAbsent where
    /// nothing is sent. Throws NotOnDevice where it has no such form.
    virtual void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& program) const;
};

/// The node's stage; none for one that computes nothing.
std::unique_ptr<Stage> compile_node(const Node& node, const StageContext& context);
/// True if any of the units draws random numbers.
bool rounds_stochastically(const Arithmetic& arithmetic);

std::unique_ptr<Stage> make_stage(const nodes::Linear& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Conv2d& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Pool2d& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Rearrange& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Concat& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Multiply& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Scale& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Bias& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::BatchNorm& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Lrn& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Softmax& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Threshold& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Delay& node, const StageContext& context);
std::unique_ptr<Stage> make_stage(const nodes::Neuron& node, const StageContext& context);

/// How what is rounded once, when a network is loaded, is rounded: stochastic rounding is for operations.
inline Rounding loading(Rounding r) {
    return r == Rounding::sr ? Rounding::rne : r;
}

/// Floats as bits, every NaN the canonical one.
Buffer to_buffer(const std::vector<float>& values);

/// Constants computed in binary64, rounded once into a unit's format.
template <class Spec>
Buffer constants(const Spec& unit, const std::vector<double>& values) {
    Buffer buffer(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        buffer[i] = convert_constant(unit.format, loading(unit.rounding), values[i]);
    }
    return buffer;
}

/// The signal as [n] values: events at their places with their amplitude, kAbsent elsewhere. Uses `space`; nullptr
/// where nothing arrived.
const u32* spread(const Source& source, std::size_t n, Buffer& space);

/// Puts the events `index` into `out`, whose amplitudes they have, by ascending index; index is used up.
void sort_events(std::vector<u32>& index, Signal& out);

/// Puts the set bits of `fired` into state.out by ascending index and counts them.
void emit_fired(StageState& state, std::size_t neurons);

}  // namespace axfire
