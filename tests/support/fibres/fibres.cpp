// SPDX-License-Identifier: Apache-2.0
// Compiled without sanitizers, which are told of the fibres where the program has them.
#include "tests/support/fibres/fibres.h"

#include <ucontext.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
__attribute__((weak)) void* __tsan_get_current_fiber();
__attribute__((weak)) void* __tsan_create_fiber(unsigned flags);
__attribute__((weak)) void __tsan_destroy_fiber(void* fiber);
__attribute__((weak)) void __tsan_switch_to_fiber(void* fiber, unsigned flags);
__attribute__((weak)) void __tsan_acquire(void* address);
__attribute__((weak)) void __tsan_release(void* address);
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
}

namespace axfire::fibres {

namespace {

constexpr std::size_t kStack = 128 * 1024;

struct Fibre {
    enum class State : unsigned char { ready, at_barrier, in_warp, left } state = State::ready;
    ucontext_t context;
    std::unique_ptr<char[]> stack = std::make_unique_for_overwrite<char[]>(kStack);
    Here here;
    void* tsan = nullptr;
    void* fake_stack = nullptr;
    unsigned barriers = 0, meetings = 0;  ///< so far
    std::uint32_t given[2] = {0, 0};      ///< in meetings; a lane can be one ahead of another
};

class Block {
public:
    Block(Index block, Index blocks, unsigned threads, const std::function<void()>& body)
        : body_(body), fibres_(threads) {
        for (unsigned i = 0; i < threads; ++i) {
            fibres_[i].here = {{i, 0, 0}, block, {threads, 1, 1}, blocks};
        }
    }
    ~Block() {
        for (Fibre& f : fibres_) {
            if (f.tsan != nullptr) {
                __tsan_destroy_fiber(f.tsan);
            }
        }
    }

    void run(Order order) {
        running_ = this;
        start();
        std::vector<unsigned> turn(fibres_.size());
        std::iota(turn.begin(), turn.end(), 0u);
        if (order == Order::backward) {
            std::reverse(turn.begin(), turn.end());
        }
        std::mt19937 random(1);
        while (true) {
            if (order == Order::shuffled) {
                std::shuffle(turn.begin(), turn.end(), random);
            }
            bool all_left = true, moved = false;
            for (const unsigned i : turn) {
                if (fibres_[i].state == Fibre::State::ready) {
                    resume(i);
                    moved = true;
                }
                all_left = all_left && fibres_[i].state == Fibre::State::left;
            }
            if (error_) {
                abandon();
                std::rethrow_exception(error_);
            }
            if (all_left) {
                break;
            }
            if (!moved && !release()) {
                abandon();
                throw std::runtime_error("threads of a block wait for one another in vain");
            }
        }
        if (__tsan_acquire != nullptr) {
            __tsan_acquire(&ended_);
        }
    }

    Fibre& current() { return fibres_[current_]; }
    static Block& running() { return *running_; }

    void barrier() {
        Fibre& me = current();
        char* const token = &met_[me.barriers++ % 2];
        if (__tsan_release != nullptr) {
            __tsan_release(token);
        }
        wait(Fibre::State::at_barrier);
        if (__tsan_acquire != nullptr) {
            __tsan_acquire(token);
        }
    }

    void meet(std::uint32_t mine, std::uint32_t (&of_lane)[32]) {
        Fibre& me = current();
        const unsigned slot = me.meetings++ % 2;
        me.given[slot] = mine;
        wait(Fibre::State::in_warp);
        const unsigned first = current_ / 32 * 32;
        for (unsigned lane = 0; lane < 32; ++lane) {
            const bool comes = first + lane < fibres_.size() && fibres_[first + lane].meetings >= me.meetings;
            of_lane[lane] = comes ? fibres_[first + lane].given[slot] : 0;
        }
    }

private:
    void start() {
        if (__tsan_release != nullptr) {
            __tsan_release(&begun_);
        }
        for (Fibre& f : fibres_) {
            getcontext(&f.context);
            f.context.uc_stack.ss_sp = f.stack.get();
            f.context.uc_stack.ss_size = kStack;
            f.context.uc_link = nullptr;
            makecontext(&f.context, &Block::enter, 0);
            f.tsan = __tsan_create_fiber != nullptr ? __tsan_create_fiber(0) : nullptr;
        }
    }

    static void enter() {
        Block& block = *running_;
        if (__sanitizer_finish_switch_fiber != nullptr) {
            __sanitizer_finish_switch_fiber(nullptr, &block.host_bottom_, &block.host_size_);
        }
        if (__tsan_acquire != nullptr) {
            __tsan_acquire(&block.begun_);
        }
        try {
            block.body_();
        } catch (...) {
            block.error_ = std::current_exception();
        }
        if (__tsan_release != nullptr) {
            __tsan_release(&block.ended_);
        }
        block.wait(Fibre::State::left);
    }

    /// Back to the host, until somebody makes this fibre ready.
    void wait(Fibre::State state) {
        Fibre& me = current();
        me.state = state;
        if (__tsan_switch_to_fiber != nullptr) {
            __tsan_switch_to_fiber(host_tsan_, kNoOrder);
        }
        if (__sanitizer_start_switch_fiber != nullptr) {
            __sanitizer_start_switch_fiber(state == Fibre::State::left ? nullptr : &me.fake_stack, host_bottom_,
                                           host_size_);
        }
        swapcontext(&me.context, &host_);
        if (__sanitizer_finish_switch_fiber != nullptr) {
            __sanitizer_finish_switch_fiber(me.fake_stack, &host_bottom_, &host_size_);
        }
    }

    void resume(unsigned i) {
        current_ = i;
        Fibre& f = fibres_[i];
        if (__tsan_switch_to_fiber != nullptr) {
            host_tsan_ = __tsan_get_current_fiber();
            __tsan_switch_to_fiber(f.tsan, kNoOrder);
        }
        void* fake_stack = nullptr;
        if (__sanitizer_start_switch_fiber != nullptr) {
            __sanitizer_start_switch_fiber(&fake_stack, f.stack.get(), kStack);
        }
        swapcontext(&host_, &f.context);
        if (__sanitizer_finish_switch_fiber != nullptr) {
            __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
        }
    }

    /// What the fibres have done so far counts as before what the host does next.
    void abandon() {
        if (__tsan_switch_to_fiber == nullptr) {
            return;
        }
        void* const host = __tsan_get_current_fiber();
        for (Fibre& f : fibres_) {
            __tsan_switch_to_fiber(f.tsan, kNoOrder);
            __tsan_release(&ended_);
            __tsan_switch_to_fiber(host, kNoOrder);
        }
        __tsan_acquire(&ended_);
    }

    /// Lets those go on who have all met. False where nobody has.
    bool release() {
        bool any = false;
        for (std::size_t first = 0; first < fibres_.size(); first += 32) {
            any = let_go(first, std::min<std::size_t>(first + 32, fibres_.size()), Fibre::State::in_warp) || any;
        }
        return any || let_go(0, fibres_.size(), Fibre::State::at_barrier);
    }
    bool let_go(std::size_t first, std::size_t last, Fibre::State met) {
        bool any = false;
        for (std::size_t i = first; i < last; ++i) {
            if (fibres_[i].state != met && fibres_[i].state != Fibre::State::left) {
                return false;
            }
            any = any || fibres_[i].state == met;
        }
        for (std::size_t i = first; i < last; ++i) {
            fibres_[i].state = fibres_[i].state == met ? Fibre::State::ready : fibres_[i].state;
        }
        return any;
    }

    static constexpr unsigned kNoOrder = 1;  // a switch by itself orders nothing
    static inline thread_local Block* running_ = nullptr;
    const std::function<void()>& body_;
    std::vector<Fibre> fibres_;
    unsigned current_ = 0;
    ucontext_t host_;
    void* host_tsan_ = nullptr;
    const void* host_bottom_ = nullptr;
    std::size_t host_size_ = 0;
    char begun_ = 0, ended_ = 0, met_[2] = {0, 0};  ///< named to ThreadSanitizer
    std::exception_ptr error_;
};

}  // namespace

const Here& here() {
    return Block::running().current().here;
}

void launch(Index blocks, unsigned threads, Order order, const std::function<void()>& body) {
    for (unsigned y = 0; y < blocks.y; ++y) {
        for (unsigned x = 0; x < blocks.x; ++x) {
            Block({x, y, 0}, blocks, threads, body).run(order);
        }
    }
}

void barrier() {
    Block::running().barrier();
}

void meet(std::uint32_t mine, std::uint32_t (&of_lane)[32]) {
    Block::running().meet(mine, of_lane);
}

}  // namespace axfire::fibres
