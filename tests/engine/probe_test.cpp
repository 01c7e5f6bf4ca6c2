// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <new>
#include <stdexcept>
#include <thread>

#include "arith/error.h"
#include "datasets/hdf5_lock.h"

namespace axfire {
namespace {

using Outcome = ProbeResult::Outcome;

ProbeResult probe(const std::function<void()>& function, double wall_seconds = 100) {
    return probe_in_child(function, {1, wall_seconds, 0});
}

TEST(Probe, TellsHowTheChildEnded) {
    int here = 0;
    EXPECT_EQ(probe([&] { here = 1; }).outcome, Outcome::success);
    EXPECT_EQ(here, 0);  // it happened elsewhere
    const ProbeResult input_error = probe([] { throw InputError("the file is odd"); });
    EXPECT_EQ(input_error.outcome, Outcome::input_error);
    EXPECT_EQ(input_error.text, "the file is odd");
    EXPECT_EQ(probe([] { throw std::runtime_error("x"); }).outcome, Outcome::error);
    EXPECT_EQ(probe([] { throw 1; }).outcome, Outcome::error);
    EXPECT_EQ(probe([] { throw std::bad_alloc(); }).outcome, Outcome::no_memory);
    EXPECT_EQ(probe([] { std::raise(SIGKILL); }).outcome, Outcome::crash);
    EXPECT_EQ(probe([] { std::raise(SIGKILL); }).text, "SIGKILL");
    EXPECT_EQ(probe([] { _exit(0); }).outcome, Outcome::crash);
    EXPECT_EQ(probe([] { _exit(3); }).text, "exit 3");
    EXPECT_EQ(probe([] { throw InputError(std::string(1000000, 'x')); }).outcome, Outcome::input_error);
}

TEST(Probe, StopsAChildThatDoesNotEnd) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(probe([] { std::this_thread::sleep_for(std::chrono::hours(1)); }, 0.2).outcome, Outcome::timeout);
    EXPECT_EQ(probe([] {
                  for (std::atomic<unsigned> i = 0;;) {
                      ++i;
                  }
              }).outcome,
              Outcome::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Probe, LimitsTheMemoryOfTheChild) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need the whole address space";
#endif
    const auto allocate = [] {
        const std::vector<char> bytes(std::size_t{1} << 28);
        if (bytes[12345] != 0) {
            throw std::runtime_error("not cleared");
        }
    };
    EXPECT_EQ(probe_in_child(allocate, {20, 100, std::size_t{1} << 26}).outcome, Outcome::no_memory);
    EXPECT_EQ(probe_in_child(allocate, {20, 100, std::size_t{1} << 30}).outcome, Outcome::success);
}

TEST(Probe, TheChildMayTakeTheHdf5LockWhateverThreadHoldsIt) {
    std::atomic<bool> stop = false;
    std::atomic<bool> runs = false;
    std::thread other([&] {
        while (!stop) {
            const Hdf5Lock lock;
            runs = true;
        }
    });
    // A thread that starts allocates, and a sanitizer's allocator, unlike the C library's, keeps its locks over a fork.
    while (!runs) {
        std::this_thread::yield();
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(probe([] { const Hdf5Lock lock; }).outcome, Outcome::success);
    }
    const Hdf5Lock held;
    EXPECT_EQ(probe([] { const Hdf5Lock lock; }).outcome, Outcome::success);
    stop = true;
    {
        // Let the other thread finish its last round.
        hdf5_mutex().unlock();
        other.join();
        hdf5_mutex().lock();
    }
}

TEST(Probe, FailuresBecomeOneLineThatNamesTheFile) {
    const auto text = [](ProbeResult result) {
        try {
            require_success(result, "net.nir");
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(text({Outcome::success, ""}), "");
    EXPECT_EQ(text({Outcome::no_child, "x"}), "");
    EXPECT_EQ(text({Outcome::input_error, "net.nir: /node: is missing"}), "net.nir: /node: is missing");
    for (const Outcome outcome : {Outcome::error, Outcome::no_memory, Outcome::crash, Outcome::timeout}) {
        EXPECT_EQ(text({outcome, "x"}).find("net.nir: "), 0U);
    }
}

}  // namespace
}  // namespace axfire
