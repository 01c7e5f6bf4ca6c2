// SPDX-License-Identifier: Apache-2.0
// How a warp enters and leaves functions.
#include <algorithm>
#include <bit>

#include "tests/support/cuda_double/ptx/block.h"
#include "tests/support/cuda_double/ptx/warp.h"

namespace axfire::cuda_double {

void Warp::start(u32 index, u32 lanes) {
    index_ = index;
    warp_epoch_ = 0;
    carry = 0;
    groups_.clear();
    free_frames_.clear();
    for (const auto& frame : frames_) {
        free_frames_.push_back(frame.get());
    }
    Frame& frame = new_frame(*block_.launch.kernel, nullptr);
    frame.lanes = lanes;
    groups_.push_back({0, lanes, &frame, Wait::none, 0, 0});
}

void Warp::use(Frame& frame) {
    frame_ = &frame;
    registers_ = frame.registers.data();
}

Frame& Warp::new_frame(const Function& function, Frame* parent) {
    // One that was last used for the same function needs no new memory.
    auto it = std::find_if(free_frames_.rbegin(), free_frames_.rend(),
                           [&](const Frame* f) { return f->function == &function; });
    if (it == free_frames_.rend()) {
        frames_.push_back(std::make_unique<Frame>());
        free_frames_.push_back(frames_.back().get());
        it = free_frames_.rbegin();
    }
    Frame& frame = **it;
    free_frames_.erase(std::next(it).base());
    if (frame.function != &function) {  // else its constants are there, and its registers hold what was left in them
        frame.function = &function;
        frame.registers = function.initial_registers;
    }
    frame.parent = parent;
    frame.call = nullptr;
    frame.depth = parent == nullptr ? 0 : parent->depth + 1;
    frame.local_base = parent == nullptr ? 0 : (parent->local_base + parent->function->local_bytes + 15) / 16 * 16;
    fill(frame);
    return frame;
}

/// Registers, constants and memory as they are when a function begins.
void Warp::fill(Frame& frame) {
    const Function& f = *frame.function;
    const Launch& launch = block_.launch;
    frame.parameters.assign(static_cast<std::size_t>(f.parameter_bytes) * kLanes, 0xcd);
    frame.local.assign(static_cast<std::size_t>(f.local_bytes) * kLanes, 0xcd);
    use(frame);
    const auto set = [&](Special special, u32 value) { std::fill_n(lanes<u32>(special * kSlotBytes), kLanes, value); };
    const Dim3& block = launch.block;
    set(kNtidX, block.x);
    set(kNtidY, block.y);
    set(kNtidZ, block.z);
    set(kCtaidX, block_.index.x);
    set(kCtaidY, block_.index.y);
    set(kCtaidZ, block_.index.z);
    set(kNctaidX, launch.grid.x);
    set(kNctaidY, launch.grid.y);
    set(kNctaidZ, launch.grid.z);
    set(kWarpId, index_);
    set(kNwarpId, (block_.threads() + kLanes - 1) / kLanes);
    set(kWarpSize, kLanes);
    set(kDynamicSharedSize, launch.dynamic_shared_bytes);
    set(kTotalSharedSize, launch.shared_bytes());
    for (u32 lane = 0; lane < kLanes; ++lane) {
        const Dim3 thread = block_.thread(index_ * kLanes + lane);
        const auto put32 = [&](Special special, u32 value) { put(special * kSlotBytes, 4, lane, value); };
        put32(kTidX, thread.x);
        put32(kTidY, thread.y);
        put32(kTidZ, thread.z);
        put32(kLaneId, lane);
        put32(kLaneMaskEq, 1u << lane);
        put32(kLaneMaskLt, (1u << lane) - 1);
        put32(kLaneMaskLe, (1u << lane) | ((1u << lane) - 1));
        put32(kLaneMaskGe, ~((1u << lane) - 1));
        put32(kLaneMaskGt, ~((1u << lane) | ((1u << lane) - 1)));
    }
    for (const Relocation& r : f.relocations) {
        const u32 base = r.base == Relocation::kLocal          ? frame.local_base
                         : r.base == Relocation::kModuleShared ? launch.module_shared_base()
                                                               : launch.dynamic_shared_base();
        u64 value = 0;
        std::memcpy(&value, &f.initial_registers[r.slot], r.bytes);
        value += base;
        for (u32 lane = 0; lane < kLanes; ++lane) {
            put(r.slot, r.bytes, lane, value);
        }
    }
}

bool fits(const Instruction& call, const Function& callee) {
    const auto same = [](const std::vector<Passed>& passed, const std::vector<Parameter>& formal) {
        return std::equal(passed.begin(), passed.end(), formal.begin(), formal.end(),
                          [](const Passed& a, const Parameter& b) { return a.bytes == b.bytes; });
    };
    return same(call.arguments, callee.parameters) && same(call.results, callee.results);
}

/// Through a pointer: one function of those that the lanes call, the others stay where they are.
void Warp::call(std::size_t at, const Instruction& i) {
    if (i.callee != nullptr) {
        enter(groups_[at], i, *i.callee);
        return;
    }
    const u32 lane = static_cast<u32>(std::countr_zero(groups_[at].mask));
    const u64* pointer = lanes<u64>(i.in[0]);
    const auto& table = block_.launch.module->function_table;
    const u64 index = (pointer[lane] - kFunctionWindow) / kFunctionBytes;
    if (pointer[lane] % kFunctionBytes != 0 || index >= table.size() || !table[index]->is_defined ||
        !fits(i, *table[index])) {
        throw Fault{FaultKind::illegal, lane, "a call through a pointer to no such function"};
    }
    u32 others = 0;
    for (u32 l = 0; l < kLanes; ++l) {
        others |= static_cast<u32>(pointer[l] != pointer[lane]) << l;
    }
    others &= groups_[at].mask;
    if (others != 0) {
        split(at, others, groups_[at].pc);
    }
    enter(groups_[at], i, *table[index]);
}

void Warp::enter(Group& group, const Instruction& i, const Function& callee) {
    if (group.frame->depth >= 200) {
        throw Fault{FaultKind::illegal, static_cast<u32>(std::countr_zero(group.mask)), "calls are nested too deeply"};
    }
    Frame& caller = *group.frame;
    Frame& frame = new_frame(callee, &caller);
    frame.call = &i;
    frame.return_to = group.pc + 1;
    frame.lanes = group.mask;
    for (u32 lane = 0; lane < kLanes; ++lane) {
        for (std::size_t k = 0; k < i.arguments.size(); ++k) {
            const Passed& p = i.arguments[k];
            std::copy_n(&caller.parameters[lane * caller.function->parameter_bytes + p.offset], p.bytes,
                        &frame.parameters[lane * callee.parameter_bytes + callee.parameters[k].offset]);
        }
    }
    group.frame = &frame;
    group.pc = 0;
}

/// Lanes that have left every function below, or the kernel altogether.
void Warp::give_up(Frame* frame, u32 mask, bool exits) {
    while (frame != nullptr) {
        Frame* parent = frame->parent;
        frame->lanes &= ~mask;
        if (frame->lanes == 0) {
            free_frames_.push_back(frame);
        }
        frame = exits ? parent : nullptr;
    }
}

void Warp::leave(std::size_t at, bool exits) {
    Group& group = groups_[at];
    Frame& frame = *group.frame;
    Frame* caller = frame.parent;
    if (exits || caller == nullptr) {
        give_up(&frame, group.mask, true);
        groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(at));
        for (Group& g : groups_) {  // those that waited for the lanes that left look again
            g.wait = g.wait == Wait::collective ? Wait::none : g.wait;
        }
        return;
    }
    for (u32 lane = 0; lane < kLanes; ++lane) {
        for (std::size_t k = 0; (group.mask >> lane & 1) != 0 && k < frame.call->results.size(); ++k) {
            const Parameter& p = frame.function->results[k];
            std::copy_n(&frame.parameters[lane * frame.function->parameter_bytes + p.offset], p.bytes,
                        &caller->parameters[lane * caller->function->parameter_bytes + frame.call->results[k].offset]);
        }
    }
    group.pc = frame.return_to;
    group.frame = caller;
    give_up(&frame, group.mask, false);
}

}  // namespace axfire::cuda_double
