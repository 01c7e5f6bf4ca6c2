// SPDX-License-Identifier: Apache-2.0
// What is left of a run that is killed, or whose disk fills up.
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arith/error.h"
#include "engine/report/run_reader.h"
#include "engine/report/run_summary.h"
#include "tests/engine/run_samples.h"

namespace axfire {
namespace {

using testing::run_options;
using testing::run_sample;
using testing::TemporaryFolder;

constexpr int kSkipped = 77;

// Runs `body` in a child that ends by exit(), so that the exit handlers of HDF5 run; returns what `body` did, or minus
// the signal that ended it.
template <class Body>
int in_child(Body body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        std::exit(body());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// Every sample that the file claims is there, and no more.
void expect_consistent(const std::filesystem::path& path) {
    const RunReader run(path);
    const std::uint64_t done = run.header().samples_done;
    EXPECT_EQ(run.header().status, "running");
    EXPECT_EQ(run.labels().size(), done);
    EXPECT_EQ(run.predictions().size(), done);
    const RecordedPopulation& hidden = run.populations()[0];
    std::uint64_t spikes = 0;
    for (std::uint64_t s = 0; s < done; ++s) {
        spikes += run_sample(s).populations[0].spike_step.size();
    }
    EXPECT_EQ(run.spike_count(hidden), spikes);
    if (done > 0) {
        EXPECT_EQ(run.spikes(hidden, done - 1).neuron, run_sample(done - 1).populations[0].spike_neuron);
        EXPECT_EQ(run.membrane(run.populations()[1], done - 1, 3).size(), testing::kSteps);
        EXPECT_EQ(run.spikes_per_layer().size(), done * 3);
    }
    EXPECT_EQ(read_run(path).layers[1].totals.spikes, spikes);
}

// False also where h5py is missing and cannot say.
bool h5py_disagrees(const std::filesystem::path& path) {
    const int status = testing::run_python(
        fmt::format("'{}/tests/engine/check_run_file.py' partial '{}' > /dev/null", AXFIRE_SOURCE_DIR, path.string()));
    return status != 0 && status != testing::kModuleMissing;
}

TEST(RunFileLoss, KilledAtAnyMomentTheFileHoldsWhatWasCommitted) {
    const unsigned seed = 20240607;
    std::mt19937 random(seed);
    std::printf("seed %u\n", seed);
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    std::uint64_t most = 0;
    for (int kill_number = 0; kill_number < 20; ++kill_number) {
        RunFileOptions options = run_options(path);
        options.overwrite = true;
        options.commit_seconds = kill_number % 2 == 0 ? -1 : 0;  // always in a commit; mostly between two
        int ready[2];
        ASSERT_EQ(pipe(ready), 0);
        const pid_t child = fork();
        if (child == 0) {
            RunFile file(options);
            if (write(ready[1], "x", 1) == 1) {
                for (std::size_t s = 0;; ++s) {
                    file.append({run_sample(s)});
                }
            }
            _exit(1);
        }
        char byte = 0;
        EXPECT_EQ(read(ready[0], &byte, 1), 1);
        const int microseconds = std::uniform_int_distribution<int>(0, 100'000)(random);
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
        close(ready[0]);
        close(ready[1]);
        SCOPED_TRACE(fmt::format("killed after {} us", microseconds));
        expect_consistent(path);
        EXPECT_FALSE(h5py_disagrees(path));
        most = std::max(most, RunReader(path).header().samples_done);
    }
    EXPECT_GT(most, 0u);
    RunFileOptions options = run_options(path);
    options.overwrite = true;
    { RunFile file(options); }
    EXPECT_EQ(folder.others_than("run.h5"), 0u) << "what the dead left is not cleared";
}

// Appends until the system refuses; 0 when the error was as it should be.
int append_until_refused(const std::filesystem::path& path, const std::string& reason) {
    RunFileOptions options = run_options(path);
    options.populations = {{"conv.1/if", "if", testing::kHidden, {2, 3, 5}, true, false},
                           {"out", "lif", 4000, {4000}, false, true}};
    options.commit_seconds = 0;
    std::mt19937 random(1);
    try {
        RunFile file(options);
        for (std::size_t s = 0; s < 1000; ++s) {
            SampleRecord sample = run_sample(s);
            sample.populations[1].membrane.resize(testing::kSteps * 4000);
            for (float& value : sample.populations[1].membrane) {
                value = static_cast<float>(random());  // does not compress
            }
            try {
                file.append({sample});
            } catch (const InputError& error) {
                const std::string text = error.what();
                std::printf("%s\n", text.c_str());
                const bool named = text.find(path.string()) == 0 && text.find(reason) != std::string::npos;
                bool again = false;
                try {
                    file.append({sample});
                } catch (const InputError&) {
                    again = true;
                }
                return named && again && text.find('\n') == std::string::npos ? 0 : 1;
            }
        }
    } catch (const std::exception& error) {
        std::printf("unexpected: %s\n", error.what());
        return 2;
    }
    return 3;  // nothing was refused
}

void expect_intact(const TemporaryFolder& folder, const std::filesystem::path& path) {
    const RunReader run(path);
    EXPECT_EQ(run.header().status, "running");
    const std::uint64_t done = run.header().samples_done;
    for (std::uint64_t s = 0; s < done; ++s) {
        EXPECT_EQ(run.spikes(run.populations()[0], s).neuron, run_sample(s).populations[0].spike_neuron);
        EXPECT_EQ(run.membrane(run.populations()[1], s, 3999).size(), testing::kSteps);
    }
    EXPECT_EQ(folder.others_than("run.h5"), 0u) << "the working copy is left";
}

TEST(RunFileLoss, AFileSizeLimitIsOneErrorAndKeepsTheLastCommit) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    const int status = in_child([&] {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{3'000'000, 3'000'000};
        setrlimit(RLIMIT_FSIZE, &limit);
        return append_until_refused(path, "File too large");
    });
    EXPECT_EQ(status, 0);
    expect_intact(folder, path);
}

TEST(RunFileLoss, AFullDiskIsOneErrorAndKeepsTheLastCommit) {
    const TemporaryFolder folder;
    // In a mount name space of the child's own the disk vanishes with it, so it looks at what is left itself.
    const int status = in_child([&] {
        if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
            return kSkipped;
        }
        const auto path = folder.path() / "run.h5";
        if (const int failed = append_until_refused(path, "No space left on device"); failed != 0) {
            return failed;
        }
        expect_intact(folder, path);
        // A disk that is full from the start: no file at all.
        std::filesystem::remove(path);
        std::ofstream filler(folder.path() / "filler", std::ios::binary);
        filler << std::string(4 << 20, 'x') << std::flush;
        std::string text;
        try {
            RunFile file(run_options(path));
        } catch (const InputError& error) {
            text = error.what();
        }
        std::printf("%s\n", text.c_str());
        EXPECT_NE(text.find("No space left on device"), std::string::npos);
        EXPECT_EQ(folder.others_than("filler"), 0u);
        return ::testing::Test::HasFailure() ? 4 : 0;
    });
    if (status == kSkipped) {
        GTEST_SKIP() << "a small tmpfs cannot be mounted without root";
    }
    EXPECT_EQ(status, 0);
}

TEST(RunFileLoss, AFolderWithoutPermissionIsNamed) {
    const TemporaryFolder folder;
    const int status = in_child([&] {
        std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
        if (geteuid() == 0 && setuid(65534) != 0) {
            return kSkipped;
        }
        try {
            RunFile file(run_options(folder.path() / "run.h5"));
        } catch (const InputError& error) {
            std::printf("%s\n", error.what());
            return std::string(error.what()).find("Permission denied") != std::string::npos ? 0 : 1;
        }
        return 2;
    });
    if (status == kSkipped) {
        GTEST_SKIP() << "root may write anywhere, and cannot become nobody here";
    }
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace axfire
