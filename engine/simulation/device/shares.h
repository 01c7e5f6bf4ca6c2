// SPDX-License-Identifier: Apache-2.0
// Which samples of a run each device takes, and the order in which the results leave.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/simulation/runner.h"

namespace axfire {

/// Samples first .. first + count - 1.
struct Share {
    std::size_t first, count;
};

/// Hands shares to the devices of a run, in order; takes back what a device has failed at, for another one; and hands
/// finished shares on in the order of the samples, whoever is first. Every member may be called by any thread.
class Shares {
public:
    using HandOn = std::function<void(std::size_t first, std::span<FinishedSample>)>;

    /// At most `ahead` samples are in work beyond those that were handed on.
    Shares(std::size_t samples, std::size_t ahead, HandOn hand_on)
        : samples_(samples), ahead_(ahead), hand_on_(std::move(hand_on)) {}

    /// The next samples, `most` at most; none where there are none now.
    std::optional<Share> try_take(std::size_t most) {
        const std::lock_guard lock(mutex_);
        return take_locked(most);
    }
    /// ... which waits for some; none once all are handed on, or the run has failed.
    std::optional<Share> take(std::size_t most) {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (error_ || handed_on_ == samples_) {
                return std::nullopt;
            }
            if (const auto share = take_locked(most)) {
                return share;
            }
            changed_.wait(lock);
        }
    }

    void give_back(Share share) {
        const std::lock_guard lock(mutex_);
        returned_.emplace(share.first, share.count);
        changed_.notify_all();
    }

    /// A share's results, or the error of one of its samples. Errors are the run's once all samples before are done.
    void finish(std::size_t first, std::vector<FinishedSample> results, std::exception_ptr error = nullptr) {
        std::unique_lock lock(mutex_);
        finished_.emplace(first, Finished{std::move(results), error});
        while (!handing_on_ && !error_ && !finished_.empty() && finished_.begin()->first == handed_on_) {
            Finished next = std::move(finished_.begin()->second);
            finished_.erase(finished_.begin());
            error_ = next.error;
            handing_on_ = true;
            lock.unlock();
            try {
                if (!next.error) {
                    hand_on_(handed_on_, next.results);
                }
            } catch (...) {
                next.error = std::current_exception();
            }
            lock.lock();
            handing_on_ = false;
            error_ = next.error;
            handed_on_ += next.results.size();
        }
        changed_.notify_all();
    }

    /// Ends the run, where no device is left.
    void fail(std::exception_ptr error) {
        const std::lock_guard lock(mutex_);
        error_ = error_ ? error_ : error;
        changed_.notify_all();
    }
    void rethrow() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    struct Finished {
        std::vector<FinishedSample> results;
        std::exception_ptr error;
    };
    std::optional<Share> take_locked(std::size_t most) {
        if (error_) {
            return std::nullopt;
        }
        if (!returned_.empty()) {
            const auto [first, count] = *returned_.begin();
            returned_.erase(returned_.begin());
            const Share share{first, std::min(count, most)};
            if (share.count < count) {
                returned_.emplace(first + share.count, count - share.count);
            }
            return share;
        }
        if (next_ == samples_ || next_ > handed_on_ + ahead_) {
            return std::nullopt;
        }
        const Share share{next_, std::min(most, samples_ - next_)};
        next_ += share.count;
        return share;
    }

    const std::size_t samples_, ahead_;
    const HandOn hand_on_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t next_ = 0;       ///< sample that nobody has taken
    std::size_t handed_on_ = 0;  ///< samples
    bool handing_on_ = false;    ///< one at a time
    std::map<std::size_t, std::size_t> returned_;
    std::map<std::size_t, Finished> finished_;
    std::exception_ptr error_;
};

}  // namespace axfire
