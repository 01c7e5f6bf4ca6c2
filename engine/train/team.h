// SPDX-License-Identifier: Apache-2.0
// A few threads that share short loops, several for each batch.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace axfire::train {

/// Threads that wait for the next loop: for a moment by looking, so that a loop begins at once, then asleep, so that
/// they leave the processor to others.
class Team {
public:
    explicit Team(unsigned threads) {
        for (unsigned i = 1; i < threads; ++i) {
            threads_.emplace_back([this, i] { serve(i); });
        }
    }
    ~Team() {
        begin(nullptr, nullptr, 0);
        for (std::thread& t : threads_) {
            t.join();
        }
    }
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    unsigned size() const { return static_cast<unsigned>(threads_.size()) + 1; }

    /// body(i, thread) for each i below `count`, by whichever thread is free; returns when all are done. Throws what
    /// the body throws first, after the others have ended.
    template <class Body>
    void each(std::size_t count, const Body& body) {
        if (threads_.empty() || count < 2) {
            for (std::size_t i = 0; i < count; ++i) {
                body(i, 0u);
            }
            return;
        }
        begin([](const void* b, std::size_t i, unsigned thread) { (*static_cast<const Body*>(b))(i, thread); }, &body,
              count);
        work(0);
        wait_until([&] { return working_.load() == 0; }, done_);
        if (error_) {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

private:
    using Call = void (*)(const void* body, std::size_t i, unsigned thread);

    void begin(Call call, const void* body, std::size_t count) {
        {
            const std::lock_guard lock(mutex_);
            call_ = call;
            body_ = body;
            count_ = count;
            next_ = 0;
            working_ = static_cast<unsigned>(threads_.size());
            ++loop_;
        }
        started_.notify_all();
    }

    void serve(unsigned thread) {
        for (unsigned seen = 0;; ++seen) {
            wait_until([&] { return loop_.load() != seen; }, started_);
            if (call_ == nullptr) {
                return;
            }
            work(thread);
            const std::lock_guard lock(mutex_);
            if (--working_ == 0) {
                done_.notify_one();
            }
        }
    }

    void work(unsigned thread) {
        for (std::size_t i = next_++; i < count_; i = next_++) {
            try {
                call_(body_, i, thread);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                if (!error_) {
                    error_ = std::current_exception();
                }
                next_ = count_;
            }
        }
    }

    template <class Condition>
    void wait_until(const Condition& met, std::condition_variable& changed) {
        for (int i = 0; i < 2000; ++i) {
            if (met()) {
                return;
            }
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        std::unique_lock lock(mutex_);
        changed.wait(lock, met);
    }

    std::mutex mutex_;
    std::condition_variable started_, done_;
    Call call_ = nullptr;
    const void* body_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_{0};
    std::atomic<unsigned> working_{0}, loop_{0};
    std::exception_ptr error_;
    std::vector<std::thread> threads_;
};

}  // namespace axfire::train
