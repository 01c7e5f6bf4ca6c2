// SPDX-License-Identifier: Apache-2.0
// Repetitions of a piece of work, and the spread of their times.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace axfire::bench {

/// Nanoseconds, over the repetitions.
struct Timing {
    double median = 0, least = 0, most = 0;
    std::size_t repetitions = 0;
};

/// Runs `work` until the time is up and at least 5 times, after one run to warm up.
template <class Work>
Timing time_work(const Work& work, double seconds) {
    constexpr std::size_t kLeastRepetitions = 5;
    work();
    std::vector<double> ns;
    double total = 0;
    while (ns.size() < kLeastRepetitions || total < seconds) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        total += elapsed;
        ns.push_back(elapsed * 1e9);
    }
    std::sort(ns.begin(), ns.end());
    return {ns[ns.size() / 2], ns.front(), ns.back(), ns.size()};
}

inline Timing per_operation(const Timing& t, std::uint64_t operations) {
    const double n = static_cast<double>(operations);
    return {t.median / n, t.least / n, t.most / n, t.repetitions};
}

}  // namespace axfire::bench
