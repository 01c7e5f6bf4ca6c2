// SPDX-License-Identifier: Apache-2.0
// A warp: 32 threads that run together where they can and apart where they must.
//
// Lanes that are at the same instruction form a group. Of the groups of a warp the one that is deepest in calls and
// then least far in the text runs first, so that lanes that parted meet again at the earliest instruction.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "tests/support/cuda_double/device_memory.h"
#include "tests/support/cuda_double/ptx/fault.h"
#include "tests/support/cuda_double/ptx/program.h"
#include "tests/support/cuda_double/ptx/shared_memory.h"

namespace axfire::cuda_double {

class Block;

/// A function that some lanes are in: its registers, parameters and local memory.
struct Frame {
    const Function* function = nullptr;
    Frame* parent = nullptr;
    const Instruction* call = nullptr;  ///< in the parent
    u32 return_to = 0;
    u32 depth = 0;
    u32 lanes = 0;  ///< that have not left it
    u32 local_base = 0;
    std::vector<u8> registers;
    std::vector<u8> parameters;  ///< lane by lane
    std::vector<u8> local;       ///< lane by lane
};

/// True where a call passes what the function takes and returns.
bool fits(const Instruction& call, const Function& callee);

enum class Wait : u8 { none, barrier, collective };

struct Group {
    u32 pc = 0;
    u32 mask = 0;
    Frame* frame = nullptr;
    Wait wait = Wait::none;
    u32 barrier = 0;          ///< that it waits at
    u32 barrier_threads = 0;  ///< how many have to come, 0 for all
};

class Warp {
public:
    explicit Warp(Block& block) : block_(block) {}

    /// The threads of `lanes` at the beginning of the kernel.
    void start(u32 index, u32 lanes);
    /// Runs until every group waits or has left. Throws KernelError.
    void run();
    /// Lets the groups go on that wait at this barrier, with the number of threads whose predicate was true.
    void pass_barrier(u32 barrier, u32 trues, u32 threads);
    /// Of the groups that wait at this barrier: how many threads bring a predicate that is true.
    u32 barrier_trues(u32 barrier);

    const std::vector<Group>& groups() const { return groups_; }
    u32 live() const;
    u32 index() const { return index_; }
    [[noreturn]] void raise(const Fault& fault, const Group& group) const;

    // What instructions use.
    template <class T>
    T* lanes(u32 offset) {
        return reinterpret_cast<T*>(registers_ + offset);
    }
    template <class T>
    void write(u32 offset, const T (&values)[kLanes], u32 mask) {
        T* to = lanes<T>(offset);
        if (mask == kAllLanes) {
            std::memcpy(to, values, sizeof values);
            return;
        }
        for (u32 lane = 0; lane < kLanes; ++lane) {
            to[lane] = (mask >> lane & 1) != 0 ? values[lane] : to[lane];
        }
    }
    u32 predicate(u32 offset, bool negated) { return *lanes<u32>(offset) ^ (negated ? kAllLanes : 0); }
    void write_predicate(u32 offset, u32 bits, u32 mask) {
        u32& to = *lanes<u32>(offset);
        to = (to & ~mask) | (bits & mask);
    }
    /// The register in one lane as 64 bits, zeros above.
    u64 get(u32 offset, u32 bytes, u32 lane) {
        switch (bytes) {
            case 2:
                return lanes<u16>(offset)[lane];
            case 4:
                return lanes<u32>(offset)[lane];
            default:
                return lanes<u64>(offset)[lane];
        }
    }
    void put(u32 offset, u32 bytes, u32 lane, u64 value) {
        switch (bytes) {
            case 2:
                lanes<u16>(offset)[lane] = static_cast<u16>(value);
                break;
            case 4:
                lanes<u32>(offset)[lane] = static_cast<u32>(value);
                break;
            default:
                lanes<u64>(offset)[lane] = value;
        }
    }
    /// The address of a memory instruction.
    u64 address(const Instruction& i, u32 lane) {
        const u64 offset = static_cast<u64>(i.offset);
        if (!i.has_base) {
            return offset;
        }
        return i.base_is_64 ? lanes<u64>(i.in[0])[lane] + offset : (lanes<u32>(i.in[0])[lane] + offset) & 0xffffffffu;
    }
    Frame& frame() { return *frame_; }
    Block& block() { return block_; }
    Toucher toucher(u32 lane) const;
    void pass_warp_barrier() { ++warp_epoch_; }

    u32 carry = 0;                 ///< the carry flag of every lane
    Allocation* recent = nullptr;  ///< the allocation that was used last

private:
    std::size_t pick() const;
    void merge();
    u32 next_meeting(const Group& group) const;
    void step_until(u32 stop, std::size_t at);
    void divert(std::size_t at, const Instruction& i, u32 mask);
    void branch_indexed(std::size_t at, const Instruction& i);
    void wait_at_barrier(Group& group, const Instruction& i);
    void collect(std::size_t at, const Instruction& i);
    void call(std::size_t at, const Instruction& i);
    void enter(Group& group, const Instruction& i, const Function& callee);
    void leave(std::size_t at, bool exits);
    void split(std::size_t at, u32 mask, u32 pc);
    void use(Frame& frame);
    Frame& new_frame(const Function& function, Frame* parent);
    void fill(Frame& frame);
    void give_up(Frame* frame, u32 mask, bool exits);

    Block& block_;
    u32 index_ = 0;
    u32 warp_epoch_ = 0;
    u8* registers_ = nullptr;
    Frame* frame_ = nullptr;
    std::vector<Group> groups_;
    std::vector<std::unique_ptr<Frame>> frames_;
    std::vector<Frame*> free_frames_;
};

}  // namespace axfire::cuda_double
