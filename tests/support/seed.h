// SPDX-License-Identifier: Apache-2.0
// The seed of a random test: fixed, or AXFIRE_SEED from the environment; printed, so that a failure can be replayed.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace axfire::testing {

inline std::uint64_t test_seed() {
    static const std::uint64_t seed = [] {
        const char* text = std::getenv("AXFIRE_SEED");
        const std::uint64_t value = text != nullptr ? std::strtoull(text, nullptr, 0) : 20240613;
        std::printf("[   seed   ] AXFIRE_SEED=%llu\n", static_cast<unsigned long long>(value));
        return value;
    }();
    return seed;
}

/// A generator for one test: the same numbers whichever other tests run.
inline std::mt19937_64 test_random(std::uint64_t stream = 0) {
    const ::testing::TestInfo* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::uint64_t name = 1469598103934665603u;  // FNV-1a
    for (const char c : std::string(info != nullptr ? info->name() : "")) {
        name = (name ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    return std::mt19937_64(test_seed() ^ name ^ (stream * 0x9e3779b97f4a7c15u));
}

/// Fewer samples where every access is checked.
inline std::size_t samples(std::size_t count) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return count / 20 + 1;
#else
    return count;
#endif
}

}  // namespace axfire::testing
