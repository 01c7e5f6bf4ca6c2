// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/program.h"

#include <algorithm>
#include <cstring>

#include "arith/finished_product.h"
#include "arith/spec_text.h"

namespace axfire {

using cuda::Address;

namespace {

template <class T>
Address address_of(const T* pointer) {
    return reinterpret_cast<Address>(pointer);
}

/// True where products are looked up, whatever the table was made from.
bool is_table(const MultiplierSpec& spec) {
    return spec.tabulated || spec.model_use.kind == ModelKind::table;
}

}  // namespace

DeviceProgram::DeviceProgram(u32 samples, bool measure) : samples_(samples), measures_(measure) {
    step_ = allocate(sizeof(device::Step));
}

Address DeviceProgram::allocate(std::size_t bytes) {
    bytes_ += bytes;
    if (measures_) {
        return 256;  // no address, but not none either
    }
    memory_.emplace_back(bytes);
    return memory_.back().address();
}

const u32* DeviceProgram::constant(const Buffer& values) {
    return constant(std::span(values.data(), padded(static_cast<u32>(values.size()))));
}

const u32* DeviceProgram::constant(std::span<const u32> values) {
    if (values.empty()) {
        return nullptr;
    }
    const Address address = allocate(values.size() * sizeof(u32));
    extents_[address] = {values.size() * sizeof(u32), true};
    nodes_.back().constants += values.size() * sizeof(u32);
    if (!measures_) {
        AXFIRE_CUDA(cuMemcpyHtoD, address, values.data(), values.size() * sizeof(u32));
    }
    return reinterpret_cast<const u32*>(address);
}

u32* DeviceProgram::array(std::size_t n, u32 fill) {
    const std::size_t words = static_cast<std::size_t>(samples_) * padded(static_cast<u32>(n));
    Action first{.kind = Action::Kind::fill, .when = When::in_step, .args = {}};
    first.to = allocate(words * sizeof(u32));
    first.words = words;
    first.value = fill;
    extents_[first.to] = {words * sizeof(u32), false};
    begin_.push_back(first);
    return reinterpret_cast<u32*>(first.to);
}

u32* DeviceProgram::array(const Buffer& first) {
    if (std::all_of(first.values().begin(), first.values().end(), [&](u32 x) { return x == first[0]; })) {
        return array(first.size(), first.empty() ? 0 : first[0]);
    }
    u32* const values = array(first.size(), 0);
    const device::BeginArgs args{static_cast<u32>(first.size()), constant(first), values};
    launch("BeginSamples", args, first.size());
    begin_.push_back(std::move(actions().back()));
    actions().pop_back();
    return values;
}

ProjectionArithmetic DeviceProgram::units(ProjectionArithmetic a) {
    a.add = unit(a.add);
    a.mul = unit(a.mul);
    a.site = site_;
    return a;
}

const UnitModel* DeviceProgram::view(const UnitModel* host, const UnitModel& model) {
    std::vector<u32> words(sizeof model / sizeof(u32));
    std::memcpy(words.data(), &model, sizeof model);
    return models_[host] = reinterpret_cast<const UnitModel*>(constant(words));
}

AdderSpec DeviceProgram::unit(AdderSpec spec) {
    if (spec.model != nullptr) {
        spec.model = models_.contains(spec.model) ? models_[spec.model] : view(spec.model, {});
    }
    return spec;
}

MultiplierSpec DeviceProgram::unit(MultiplierSpec spec) {
    if (spec.model == nullptr) {
        return spec;
    }
    if (models_.contains(spec.model)) {
        spec.model = models_[spec.model];
        return spec;
    }
    UnitModel model{};
    if (!is_table(spec)) {
        model.lanes = spec.model->lanes;  // not called there: it says that this is the multiplier's
    } else {
        const bool by_fraction = spec.tabulated || spec.model_use.by_fraction;
        const bool halves = spec.model_use.short_entries;
        const std::size_t entries = std::size_t{1}
                                    << 2 * (by_fraction ? spec.format.fraction_bits : spec.model_use.bits);
        const auto on_device = [&]<class T>(const T* table) {
            std::vector<u32> words((entries * sizeof(T) + sizeof(u32) - 1) / sizeof(u32));
            std::memcpy(words.data(), table, entries * sizeof(T));
            return reinterpret_cast<const T*>(constant(words));
        };
        model.table = halves ? nullptr : on_device(spec.model->table);
        model.short_table = halves ? on_device(spec.model->short_table) : nullptr;
        model.finished = has_finished_product(spec) ? on_device(spec.model->finished) : nullptr;
    }
    spec.model = view(spec.model, model);
    return spec;
}

std::vector<DeviceProgram::Action>& DeviceProgram::actions() {
    return steps_.back();
}

void DeviceProgram::begin_node(const RandomSite& site) {
    site_ = site;
    nodes_.emplace_back();
    steps_.emplace_back();
    constexpr std::size_t kWords = sizeof(device::Counters) / sizeof(u32);
    Action zero{.kind = Action::Kind::fill, .when = When::in_step, .args = {}};
    zero.words = samples_ * kWords;
    zero.to = allocate(zero.words * sizeof(u32));
    begin_.push_back(zero);
    counters_ = reinterpret_cast<device::Counters*>(zero.to);
    nodes_.back().counters = counters_;
}

void DeviceProgram::fill(u32* array, std::size_t n, u32 value) {
    Action action{.kind = Action::Kind::fill, .when = When::in_step, .args = {}};
    action.to = address_of(array);
    action.words = static_cast<std::size_t>(samples_) * padded(static_cast<u32>(n));
    action.value = value;
    actions().push_back(std::move(action));
}

void DeviceProgram::copy(u32* to, const u32* from, std::size_t n, When when) {
    Action action{.kind = Action::Kind::copy, .when = when, .args = {}};
    action.to = address_of(to);
    action.from = address_of(from);
    action.words = static_cast<std::size_t>(samples_) * padded(static_cast<u32>(n));
    actions().push_back(std::move(action));
}

void DeviceProgram::add_launch(const std::string& functor, const AdderSpec& add, const MultiplierSpec& mul,
                               const void* args, std::size_t bytes, std::size_t elements, When when, unsigned block) {
    AdderSpec wanted_add = add;
    MultiplierSpec wanted_mul = mul;
    wanted_add.model = nullptr;
    wanted_mul.model = nullptr;
    const std::string adder_model = add.model != nullptr ? add.model->name : "";
    const std::string multiplier_model = mul.model != nullptr && !is_table(mul) ? mul.model->name : "";
    const auto same = [&](const cuda::ModuleRequest& r) {
        return r.add == wanted_add && r.mul == wanted_mul && r.adder_model == adder_model &&
               r.multiplier_model == multiplier_model;
    };
    auto request = std::find_if(requests_.begin(), requests_.end(), same);
    if (request == requests_.end()) {
        request = requests_.insert(
            request,
            {wanted_add, wanted_mul, {}, adder_model, multiplier_model, to_string(mul) + " and " + to_string(add)});
    }
    const auto known = [&](const cuda::KernelUse& k) { return k.functor == functor; };
    auto kernel = std::find_if(request->kernels.begin(), request->kernels.end(), known);
    if (kernel == request->kernels.end()) {
        kernel = request->kernels.insert(kernel, {functor, bytes});
    }
    Action action{.kind = Action::Kind::launch, .when = when, .args = {}};
    action.module = static_cast<std::size_t>(request - requests_.begin());
    action.function = static_cast<std::size_t>(kernel - request->kernels.begin());
    action.args.resize(bytes);
    std::memcpy(action.args.data(), args, bytes);
    action.elements = elements;
    action.threads = static_cast<unsigned>(std::min<std::size_t>(block, (elements + 31) / 32 * 32));
    action.blocks = static_cast<unsigned>((elements + action.threads - 1) / action.threads);
    actions().push_back(std::move(action));
}

void DeviceProgram::load(const cuda::DeviceInfo& device, const Notice& notice) {
    modules_ = cuda::load_modules(requests_, device, notice);
    const auto resolve = [&](std::vector<Action>& actions) {
        for (Action& action : actions) {
            if (action.kind == Action::Kind::launch) {
                action.handle = modules_[action.module].function("k" + std::to_string(action.function));
            }
        }
    };
    resolve(begin_);
    for (std::vector<Action>& actions : steps_) {
        resolve(actions);
    }
    AXFIRE_CUDA(cuCtxSynchronize);  // the stream does not wait for the copies of constants by itself
}

void DeviceProgram::execute(Action& action, const cuda::Stream& stream) {
    if (action.kind == Action::Kind::fill) {
        AXFIRE_CUDA(cuMemsetD32Async, action.to, action.value, action.words, stream.handle());
    } else if (action.kind == Action::Kind::copy) {
        AXFIRE_CUDA(cuMemcpyDtoDAsync, action.to, action.from, action.words * sizeof(u32), stream.handle());
    } else {
        void* parameters[] = {action.args.data(), &step_};
        AXFIRE_CUDA(cuLaunchKernel, action.handle, action.blocks, count_, 1, action.threads, 1, 1, 0, stream.handle(),
                    parameters, nullptr);
    }
}

void DeviceProgram::begin(u32 count, u32 first_sample, const cuda::Stream& stream) {
    count_ = count;
    AXFIRE_CUDA(cuMemsetD32Async, step_ + offsetof(device::Step, first_sample), first_sample, 1, stream.handle());
    set_step(0, stream);
    for (Action& action : begin_) {
        execute(action, stream);
    }
}

void DeviceProgram::set_step(u32 step, const cuda::Stream& stream) {
    AXFIRE_CUDA(cuMemsetD32Async, step_ + offsetof(device::Step, step), step, 1, stream.handle());
}

void DeviceProgram::run(std::size_t node, When when, const cuda::Stream& stream,
                        const std::function<void(std::size_t)>& after) {
    std::vector<Action>& actions = steps_[node];
    for (std::size_t i = 0; i < actions.size(); ++i) {
        if (actions[i].when == when) {
            execute(actions[i], stream);
            if (after) {
                after(i);
            }
        }
    }
}

template <class Visit>
void DeviceProgram::visit_extents(const Action& launch, const Visit& visit) const {
    for (std::size_t i = 0; i + sizeof(Address) <= launch.args.size(); i += sizeof(Address)) {
        Address address = 0;
        std::memcpy(&address, launch.args.data() + i, sizeof address);
        const auto next = extents_.upper_bound(address);
        if (next != extents_.begin() && address - std::prev(next)->first < std::prev(next)->second.bytes) {
            visit(std::prev(next)->second);
        }
    }
}

std::vector<DeviceProgram::Kernel> DeviceProgram::kernels(std::size_t node) const {
    std::map<const Extent*, unsigned> launches;  // that are given it
    for (const std::vector<Action>& actions : steps_) {
        for (const Action& action : actions) {
            visit_extents(action, [&](const Extent& extent) { ++launches[&extent]; });
        }
    }
    std::vector<Kernel> kernels;
    for (const Action& action : steps_[node]) {
        Kernel& k = kernels.emplace_back();
        if (action.kind != Action::Kind::launch) {
            const bool fills = action.kind == Action::Kind::fill;
            k.functor = fills ? "fill" : "copy";
            k.signals = action.words * sizeof(u32) * (fills ? 1 : 2) / samples_;
            continue;
        }
        const cuda::ModuleRequest& module = requests_[action.module];
        k.functor = module.kernels[action.function].functor;
        k.add = module.add;
        k.mul = module.mul;
        k.elements = action.elements;
        k.comparisons = action.comparisons;
        visit_extents(action, [&](const Extent& extent) {
            if (extent.constant) {
                k.constants += extent.bytes;
            } else {
                k.signals += extent.bytes / samples_ * (launches[&extent] == 1 ? 2 : 1);
            }
        });
    }
    return kernels;
}

}  // namespace axfire
