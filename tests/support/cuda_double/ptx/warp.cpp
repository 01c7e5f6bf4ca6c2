// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/warp.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "tests/support/cuda_double/ptx/block.h"

namespace axfire::cuda_double {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

u32 first(u32 mask) {
    return static_cast<u32>(std::countr_zero(mask));
}

}  // namespace

u32 Warp::live() const {
    u32 mask = 0;
    for (const Group& g : groups_) {
        mask |= g.mask;
    }
    return mask;
}

Toucher Warp::toucher(u32 lane) const {
    return {block_.epochs.now, warp_epoch_, index_, lane, 0};
}

std::size_t Warp::pick() const {
    std::size_t best = kNone;
    for (std::size_t k = 0; k < groups_.size(); ++k) {
        const Group& g = groups_[k];
        if (g.wait == Wait::none && (best == kNone || g.frame->depth > groups_[best].frame->depth ||
                                     (g.frame->depth == groups_[best].frame->depth && g.pc < groups_[best].pc))) {
            best = k;
        }
    }
    return best;
}

/// Makes one group of those that are at the same instruction.
void Warp::merge() {
    for (std::size_t a = 0; a + 1 < groups_.size(); ++a) {
        for (std::size_t b = a + 1; b < groups_.size();) {
            Group& x = groups_[a];
            const Group& y = groups_[b];
            if (x.frame == y.frame && x.pc == y.pc && x.wait != Wait::barrier && y.wait != Wait::barrier) {
                x.mask |= y.mask;
                x.wait = Wait::none;
                groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(b));
            } else {
                ++b;
            }
        }
    }
}

/// The next instruction at which another group waits to be joined.
u32 Warp::next_meeting(const Group& group) const {
    u32 stop = std::numeric_limits<u32>::max();
    for (const Group& g : groups_) {
        if (g.frame == group.frame && g.wait != Wait::barrier && g.pc > group.pc) {
            stop = std::min(stop, g.pc);
        }
    }
    return stop;
}

void Warp::run() {
    for (;;) {
        merge();
        const std::size_t at = pick();
        if (at == kNone) {
            return;
        }
        step_until(next_meeting(groups_[at]), at);
    }
}

void Warp::step_until(u32 stop, std::size_t at) {
    use(*groups_[at].frame);
    const Instruction* code = frame_->function->code.data();
    const u32 group = groups_[at].mask;
    const u64 threads = static_cast<u64>(std::popcount(group));
    u32 pc = groups_[at].pc;
    try {
        while (pc < stop) {
            const Instruction& i = code[pc];
            const u32 mask = i.guarded ? group & predicate(i.guard, i.guard_negated) : group;
            block_.executed += threads;
            if (i.flow == Flow::plain) {
                if (mask != 0) {
                    i.run(*this, i, mask);
                }
                ++pc;
            } else if (mask == 0) {
                ++pc;
            } else if (i.flow == Flow::branch && mask == group) {
                if (block_.executed > block_.launch.budget) {
                    throw Fault{FaultKind::budget, first(mask), "the kernel does not end"};
                }
                pc = i.target;
            } else {
                groups_[at].pc = pc;
                divert(at, i, mask);
                return;
            }
        }
    } catch (const Fault& fault) {
        groups_[at].pc = pc;
        raise(fault, groups_[at]);
    }
    groups_[at].pc = pc;
}

/// The lanes in `mask` part from the others of their group, or all do what is more than to go on.
void Warp::divert(std::size_t at, const Instruction& i, u32 mask) {
    if (mask != groups_[at].mask) {
        const u32 pc = groups_[at].pc;
        split(at, mask, i.flow == Flow::branch ? i.target : pc);
        ++groups_[at].pc;
        return;
    }
    switch (i.flow) {
        case Flow::branch_indexed:
            branch_indexed(at, i);
            break;
        case Flow::call:
            call(at, i);
            break;
        case Flow::leave:
            leave(at, false);
            break;
        case Flow::exit:
            leave(at, true);
            break;
        case Flow::barrier:
            wait_at_barrier(groups_[at], i);
            break;
        case Flow::collective:
            collect(at, i);
            break;
        default:
            break;
    }
}

/// The lanes in `mask` become a group of their own at `pc`.
void Warp::split(std::size_t at, u32 mask, u32 pc) {
    Group other = groups_[at];
    other.mask = mask;
    other.pc = pc;
    groups_[at].mask &= ~mask;
    groups_.push_back(other);
}

void Warp::branch_indexed(std::size_t at, const Instruction& i) {
    const u32* index = lanes<u32>(i.in[0]);
    while (true) {
        const u32 lane = first(groups_[at].mask);
        const u32 target = index[lane];
        if (target >= i.targets.size()) {
            throw Fault{FaultKind::illegal, lane, "an indexed branch beyond its list of targets"};
        }
        u32 mask = 0;
        for (u32 l = 0; l < kLanes; ++l) {
            mask |= static_cast<u32>(index[l] == target) << l;
        }
        mask &= groups_[at].mask;
        if (mask == groups_[at].mask) {
            groups_[at].pc = i.targets[target];
            return;
        }
        split(at, mask, i.targets[target]);
    }
}

void Warp::wait_at_barrier(Group& group, const Instruction& i) {
    const u32 lane = first(group.mask);
    group.barrier = lanes<u32>(i.in[0])[lane];
    group.barrier_threads = i.count == 0 ? 0 : lanes<u32>(i.in[1])[lane];
    if (group.barrier >= std::size(block_.arrived)) {
        throw Fault{FaultKind::illegal, lane, "there is no barrier " + std::to_string(group.barrier)};
    }
    group.wait = Wait::barrier;
}

u32 Warp::barrier_trues(u32 barrier) {
    u32 trues = 0;
    for (const Group& g : groups_) {
        const Instruction& i = g.frame->function->code[g.pc];
        if (g.wait == Wait::barrier && g.barrier == barrier && i.option != 0) {
            use(*g.frame);
            trues += static_cast<u32>(std::popcount(predicate(i.in[2], i.negated[2]) & g.mask));
        }
    }
    return trues;
}

void Warp::pass_barrier(u32 barrier, u32 trues, u32 threads) {
    for (Group& g : groups_) {
        if (g.wait != Wait::barrier || g.barrier != barrier) {
            continue;
        }
        const Instruction& i = g.frame->function->code[g.pc];
        use(*g.frame);
        if (i.option == 1) {  // the sum
            u32 sum[kLanes];
            std::fill(sum, sum + kLanes, trues);
            write(i.out[0], sum, g.mask);
        } else if (i.option != 0) {  // and, or
            write_predicate(i.out[0], (i.option == 2 ? trues == threads : trues != 0) ? kAllLanes : 0, g.mask);
        }
        ++g.pc;
        g.wait = Wait::none;
    }
}

/// Does what lanes do together, once all that are named in the mask are here.
void Warp::collect(std::size_t at, const Instruction& i) {
    Group& group = groups_[at];
    const u32* members = lanes<u32>(i.in[3]);
    const u32 alive = live();
    for (u32 rest = group.mask; rest != 0; rest &= rest - 1) {
        const u32 lane = first(rest);
        if ((members[lane] >> lane & 1) == 0) {
            throw Fault{FaultKind::illegal, lane, "the thread is not in the mask of its own instruction"};
        }
        if ((members[lane] & alive & ~group.mask) != 0) {
            group.wait = Wait::collective;
            return;
        }
    }
    for (u32 rest = group.mask; rest != 0;) {
        const u32 member = members[first(rest)];
        i.run(*this, i, group.mask & member);
        rest &= ~member;
    }
    ++group.pc;
}

void Warp::raise(const Fault& fault, const Group& group) const {
    const Function& f = *group.frame->function;
    const Instruction& i = f.code[std::min<std::size_t>(group.pc, f.code.size() - 1)];
    const auto& lines = block_.launch.module->lines;
    std::string text = i.line >= 1 && i.line <= lines.size() ? lines[i.line - 1] : "";
    text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
    const auto show = [](const Dim3& d) {
        return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
    };
    throw KernelError(fault.kind, block_.launch.kernel->name + (f.is_kernel ? "" : ", in " + f.name) + ": " +
                                      fault.what + "; block " + show(block_.index) + ", thread " +
                                      show(block_.thread(index_ * kLanes + fault.lane)) + ", line " +
                                      std::to_string(i.line) + " of the PTX: " + text);
}

}  // namespace axfire::cuda_double
