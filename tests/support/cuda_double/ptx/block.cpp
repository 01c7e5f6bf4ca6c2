// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/block.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>

namespace axfire::cuda_double {

Block::Block(const Launch& l) : launch(l) {
    epochs.launch = launch.memory->next_epoch;
    epochs.now = epochs.launch - 1;
    for (u32 first = 0; first < threads(); first += kLanes) {
        warps_.push_back(std::make_unique<Warp>(*this));
    }
}

Block::~Block() {
    launch.memory->next_epoch = epochs.now + 1;
}

void Block::run(const Dim3& block_index) {
    index = block_index;
    std::fill(std::begin(arrived), std::end(arrived), 0);
    epochs.block = ++epochs.now;
    shared.reset(launch.shared_bytes(), launch.module->granule);
    for (u32 w = 0; w < warps_.size(); ++w) {
        const u32 left = threads() - w * kLanes;
        warps_[w]->start(w, left >= kLanes ? kAllLanes : (1u << left) - 1);
    }
    for (;;) {
        u32 live = 0;
        for (const auto& warp : warps_) {
            warp->run();
            live |= warp->live();
        }
        if (live == 0) {
            return;
        }
        if (!pass_barriers()) {
            report_deadlock();
        }
    }
}

/// Lets those go on that wait at a barrier which all have reached.
bool Block::pass_barriers() {
    struct Arrival {
        u32 threads = 0;
        u32 counted = 0;   ///< in whole warps
        u32 expected = 0;  ///< 0: all
        const Instruction* instruction = nullptr;
        bool is_one_place = true;
    };
    std::map<u32, Arrival> barriers;
    u32 live = 0;
    for (const auto& warp : warps_) {
        live += static_cast<u32>(std::popcount(warp->live()));
        std::map<u32, u32> here;
        for (const Group& g : warp->groups()) {
            if (g.wait != Wait::barrier) {
                continue;
            }
            Arrival& a = barriers[g.barrier];
            const Instruction* i = &g.frame->function->code[g.pc];
            a.is_one_place = a.is_one_place && (a.instruction == nullptr || a.instruction == i);
            a.instruction = i;
            a.expected = g.barrier_threads;
            a.threads += static_cast<u32>(std::popcount(g.mask));
            here[g.barrier] |= g.mask;
        }
        for (const auto& [barrier, mask] : here) {
            barriers[barrier].counted += mask == warp->live() ? kLanes : static_cast<u32>(std::popcount(mask));
        }
    }
    bool passed = false;
    for (const auto& [barrier, a] : barriers) {
        const bool is_complete =
            a.expected == 0 ? a.threads == live && a.is_one_place : a.counted + arrived[barrier] >= a.expected;
        if (is_complete) {
            u32 trues = 0;
            for (const auto& warp : warps_) {
                trues += warp->barrier_trues(barrier);
            }
            for (const auto& warp : warps_) {
                warp->pass_barrier(barrier, trues, a.threads);
            }
            arrived[barrier] = 0;
            passed = true;
        }
    }
    if (passed) {
        ++epochs.now;
    }
    return passed;
}

void Block::report_deadlock() const {
    std::map<const Instruction*, u32> waiting;
    const Warp* warp = nullptr;
    const Group* group = nullptr;
    for (const auto& w : warps_) {
        for (const Group& g : w->groups()) {
            waiting[&g.frame->function->code[g.pc]] += static_cast<u32>(std::popcount(g.mask));
            if (group == nullptr || g.wait == Wait::collective) {
                group = &g;
                warp = w.get();
            }
        }
    }
    std::string what = group->wait == Wait::collective ? "waits for threads of its warp that do not come"
                                                       : "a barrier that not all threads of the block reach";
    for (const auto& [i, threads] : waiting) {
        what += ", " + std::to_string(threads) + " threads wait at line " + std::to_string(i->line);
    }
    warp->raise({FaultKind::barrier, static_cast<u32>(std::countr_zero(group->mask)), what}, *group);
}

u64 run_grid(const Launch& launch) {
    Block block(launch);
    for (u32 z = 0; z < launch.grid.z; ++z) {
        for (u32 y = 0; y < launch.grid.y; ++y) {
            for (u32 x = 0; x < launch.grid.x; ++x) {
                block.run({x, y, z});
            }
        }
    }
    return block.executed;
}

}  // namespace axfire::cuda_double
