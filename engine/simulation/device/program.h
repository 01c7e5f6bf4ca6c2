// SPDX-License-Identifier: Apache-2.0
// What a device does in a step of a network: arrays and the kernels that work on them, as the stages describe it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "arith/error.h"
#include "engine/backend/cuda/device/args.h"
#include "engine/backend/cuda/module.h"
#include "engine/simulation/stage.h"

namespace axfire {

/// What a device cannot do. The text names it.
struct NotOnDevice : InputError {
    using InputError::InputError;
};

/// One source of a node on the device: [size] values for each sample.
struct DeviceSource {
    const u32* values;
    bool events;
    std::size_t size;
};

/// Built once for a number of samples that run side by side. Arrays are addressed as on the device; nothing is read or
/// written through them here.
class DeviceProgram {
public:
    enum class When : unsigned char { in_step, at_end };  ///< of a step: with the node, or after all nodes

    /// `measure`: nothing is allocated; bytes() tells what would be.
    DeviceProgram(u32 samples, bool measure);

    // For stages.
    /// The same values for every sample; nullptr for none.
    const u32* constant(const Buffer& values);
    const u32* constant(std::span<const u32> values);
    /// n elements for each sample, which begin every sample with `fill`.
    u32* array(std::size_t n, u32 fill);
    /// ... with the values given.
    u32* array(const Buffer& first);
    /// The units as the device's kernels take them, at this node's random site.
    ProjectionArithmetic units(ProjectionArithmetic arithmetic);
    AdderSpec unit(AdderSpec spec);
    MultiplierSpec unit(MultiplierSpec spec);
    RandomSite site() const { return site_; }
    device::Counters* counters() const { return counters_; }
    /// Comparisons that the last launch makes for each sample instead of sums and products, by which it is judged.
    void compare(std::size_t n) { actions().back().comparisons = n; }
    /// What is done in every step, whatever the sample.
    void count(const Counts& counts) { nodes_.back().each_step += counts; }
    /// Spikes of each neuron, and the membranes, which the result holds.
    void keep_spike_count(const u32* spike_count) { nodes_.back().spike_count = spike_count; }
    void keep_membrane(const u32* v) { nodes_.back().membrane = v; }

    /// A kernel over `elements` elements of every sample. `functor` is a type of backend/cuda/device with Add and Mul
    /// for the units of host specs.
    template <class Args>
    void launch(const std::string& functor, const AdderSpec& add, const MultiplierSpec& mul, const Args& args,
                std::size_t elements, When when = When::in_step, unsigned block = 128) {
        static_assert(std::is_trivially_copyable_v<Args>);
        add_launch(functor, add, mul, &args, sizeof args, elements, when, block);
    }
    /// One that computes nothing.
    template <class Args>
    void launch(const std::string& functor, const Args& args, std::size_t elements, When when = When::in_step,
                unsigned block = 128) {
        launch(functor, AdderSpec{}, MultiplierSpec{}, args, elements, when, block);
    }

    // For the simulation.
    void begin_node(const RandomSite& site);
    void fill(u32* array, std::size_t n, u32 value);
    void copy(u32* to, const u32* from, std::size_t n, When when);
    /// Memory that others will take.
    void plan(std::size_t bytes) { bytes_ += bytes; }
    /// Compiles and loads the kernels.
    void load(const cuda::DeviceInfo& device, const Notice& notice);
    /// Brings all arrays to their first values, for `count` samples.
    void begin(u32 count, u32 first_sample, const cuda::Stream& stream);
    /// Says which step is next. Not part of a step, so that steps are alike.
    void set_step(u32 step, const cuda::Stream& stream);
    /// Everything of a node that is done at that time. `after`, where given, is called behind each kernel, with its
    /// number among kernels(node).
    void run(std::size_t node, When when, const cuda::Stream& stream,
             const std::function<void(std::size_t)>& after = {});
    u32 samples() const { return samples_; }
    std::size_t bytes() const { return bytes_; }

    struct Node {
        Counts each_step;
        const u32* spike_count = nullptr;
        const u32* membrane = nullptr;
        device::Counters* counters = nullptr;
        std::size_t constants = 0;  ///< bytes
    };
    const Node& node(std::size_t i) const { return nodes_[i]; }

    /// What a kernel is, and what it has to move.
    struct Kernel {
        std::string functor;  ///< "fill" and "copy" are the driver's own
        AdderSpec add;
        MultiplierSpec mul;
        std::size_t elements = 0;     ///< of a sample
        std::size_t comparisons = 0;  ///< of a sample
        std::size_t constants = 0;    ///< bytes, whatever the samples
        std::size_t signals = 0;      ///< bytes of a sample
    };
    /// Of a node, in their order. Each array that a kernel is given counts once, what it alone is given, and so keeps
    /// from step to step, twice: it is read and written.
    std::vector<Kernel> kernels(std::size_t node) const;

private:
    struct Action {
        enum class Kind : unsigned char { launch, fill, copy } kind;
        When when;
        std::size_t module = 0, function = 0;  ///< of launches
        std::vector<unsigned char> args;
        unsigned blocks = 0, threads = 0;
        std::size_t elements = 0, comparisons = 0;
        cuda::Address to = 0, from = 0;  ///< of others
        std::size_t words = 0;
        u32 value = 0;
        cuda::FunctionHandle handle = nullptr;
    };
    cuda::Address allocate(std::size_t bytes);
    void add_launch(const std::string& functor, const AdderSpec& add, const MultiplierSpec& mul, const void* args,
                    std::size_t bytes, std::size_t elements, When when, unsigned block);
    void execute(Action& action, const cuda::Stream& stream);
    std::vector<Action>& actions();
    /// An array or a constant.
    struct Extent {
        std::size_t bytes = 0;
        bool constant = false;
    };
    /// Calls visit(extent) for each that an argument of the launch points into.
    template <class Visit>
    void visit_extents(const Action& launch, const Visit& visit) const;

    u32 samples_;
    u32 count_ = 0;  ///< of the batch
    bool measures_;
    std::size_t bytes_ = 0;
    cuda::Address step_ = 0;  ///< device::Step
    RandomSite site_;
    device::Counters* counters_ = nullptr;
    std::vector<Node> nodes_;
    std::vector<cuda::Memory> memory_;
    std::map<cuda::Address, Extent> extents_;
    std::vector<Action> begin_;               ///< of a batch
    std::vector<std::vector<Action>> steps_;  ///< by node
    std::vector<cuda::ModuleRequest> requests_;
    std::vector<cuda::Module> modules_;
    /// The device's own view of a model.
    const UnitModel* view(const UnitModel* host, const UnitModel& model);

    std::map<const UnitModel*, const UnitModel*> models_;  ///< by the host's view
};

}  // namespace axfire
