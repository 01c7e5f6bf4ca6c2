// SPDX-License-Identifier: Apache-2.0
#include "engine/record/run_file.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/record/population_name.h"
#include "engine/report/run_reader.h"
#include "tests/engine/run_samples.h"

namespace axfire {
namespace {

using testing::input_error;
using testing::run_options;
using testing::run_sample;
using testing::run_totals;
using testing::TemporaryFolder;
using testing::write_run;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Status of tests/engine/check_run_file.py.
int check(const std::string& arguments) {
    return testing::run_python(fmt::format("'{}/tests/engine/check_run_file.py' {}", AXFIRE_SOURCE_DIR, arguments));
}

TEST(RunFile, GivesBackWhatWasWritten) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    write_run(path, 8);
    const RunReader run(path);
    EXPECT_EQ(run.header().status, "finished");
    EXPECT_EQ(run.header().samples_done, 8u);
    EXPECT_EQ(run.header().samples_planned, 8u);
    EXPECT_EQ(run.header().seed, 0xFEDCBA9876543210u);
    EXPECT_EQ(run.header().dt_ms, 0.5);
    EXPECT_EQ(run.header().summary, R"({"accuracy": 0.5})");
    ASSERT_EQ(run.populations().size(), 2u);
    const RecordedPopulation& hidden = run.populations()[0];
    const RecordedPopulation& out = run.populations()[1];
    EXPECT_EQ(hidden.name, "conv.1/if");
    EXPECT_EQ(hidden.type, "if");
    EXPECT_EQ(hidden.neurons, testing::kHidden);
    EXPECT_TRUE(hidden.spikes && !hidden.membrane && out.spikes && out.membrane);
    EXPECT_EQ(out.threshold, 1.0);
    for (std::size_t s = 0; s < 8; ++s) {
        const SampleRecord sample = run_sample(s);
        EXPECT_EQ(run.labels()[s], sample.label);
        EXPECT_EQ(run.predictions()[s], sample.prediction);
        EXPECT_EQ(run.spikes(hidden, s).step, sample.populations[0].spike_step);
        EXPECT_EQ(run.spikes(hidden, s).neuron, sample.populations[0].spike_neuron);
        EXPECT_EQ(run.spikes(out, s).step, sample.populations[1].spike_step);
        for (std::size_t n = 0; n < testing::kOutputs; ++n) {
            const std::vector<float> membrane = run.membrane(out, s, n);
            ASSERT_EQ(membrane.size(), testing::kSteps);
            for (std::size_t t = 0; t < testing::kSteps; ++t) {
                EXPECT_EQ(membrane[t], sample.populations[1].membrane[t * testing::kOutputs + n]);
            }
        }
    }
    EXPECT_EQ(folder.others_than("run.h5"), 0u);
}

TEST(RunFile, IsReadByH5py) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const int status = check(fmt::format("h5py {} 8", (folder.path() / "run.h5").string()));
    if (status == testing::kModuleMissing) {
        GTEST_SKIP() << "h5py is not installed for this Python (apt: python3-h5py)";
    }
    EXPECT_EQ(status, 0);
}

TEST(RunFile, IsReadByLibsonata) {
    const TemporaryFolder folder;
    write_run(folder.path() / "plain.h5", 8, true, 0);  // its wheels are built without deflate
    const int status = check(fmt::format("libsonata {} 8", (folder.path() / "plain.h5").string()));
    if (status == testing::kModuleMissing) {
        GTEST_SKIP() << "libsonata is not installed; AXFIRE_PYTHON can name a Python that has it (pip: libsonata)";
    }
    EXPECT_EQ(status, 0);
}

TEST(RunFile, WithoutFinishItKeepsAllSamplesAndSaysRunning) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    write_run(path, 5, false);
    const RunReader run(path);
    EXPECT_EQ(run.header().status, "running");
    EXPECT_EQ(run.header().samples_done, 5u);
    EXPECT_FALSE(run.header().totals);
    EXPECT_EQ(run.header().layers.size(), 3u);
    EXPECT_EQ(folder.others_than("run.h5"), 0u);
}

TEST(RunFile, IsValidFromTheStartAndAfterEveryCommit) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    RunFileOptions options = run_options(path);
    options.commit_seconds = -1;
    RunFile file(options);
    EXPECT_EQ(RunReader(path).header().samples_done, 0u);
    for (std::size_t s = 0; s < 6; ++s) {
        file.append({run_sample(s)});
        const RunReader run(path);
        EXPECT_EQ(run.header().samples_done, s + 1);
        EXPECT_EQ(run.spikes(run.populations()[0], s).step, run_sample(s).populations[0].spike_step);
    }
    EXPECT_EQ(folder.others_than("run.h5"), 0u);
    std::filesystem::remove(path);  // the run does not depend on what others do to its file
    file.append({run_sample(6)});
    EXPECT_EQ(RunReader(path).header().samples_done, 7u);
}

TEST(RunFile, CommitsAreRareWhenTheyShouldBe) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    RunFileOptions options = run_options(path);
    options.commit_seconds = 3600;
    RunFile file(options);
    file.append({run_sample(0), run_sample(1)});
    EXPECT_EQ(RunReader(path).header().samples_done, 0u);
    file.finish(run_totals(2), "{}");
    EXPECT_EQ(RunReader(path).header().samples_done, 2u);
    EXPECT_THROW(file.append({run_sample(2)}), std::logic_error);
}

TEST(RunFile, LongRunsAreFlushedToTheWorkingCopy) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    RunFileOptions options;
    options.path = path;
    options.steps = 1000;
    options.samples = 6;
    options.commit_seconds = 3600;
    options.populations = {{"v", "li", 5000, {5000}, false, true}};  // 20 MB a sample, more than memory may hold in all
    RunFile file(options);
    SampleRecord sample;
    sample.populations.resize(1);
    sample.populations[0].membrane.resize(5'000'000);
    for (std::uint32_t s = 0; s < 6; ++s) {
        std::fill(sample.populations[0].membrane.begin(), sample.populations[0].membrane.end(), 0.5f + s);
        file.append({sample});
    }
    EXPECT_GT(std::filesystem::file_size(folder.path() / ".run.h5.part"), std::filesystem::file_size(path));
    file.finish({}, "{}");
    const RunReader run(path);
    for (std::uint32_t s = 0; s < 6; ++s) {
        EXPECT_EQ(run.membrane(run.populations()[0], s, 4999), std::vector<float>(1000, 0.5f + s));
    }
}

TEST(RunFile, ManyCommitsDoNotSwellTheFile) {
    const TemporaryFolder folder;
    write_run(folder.path() / "one.h5", 60);
    RunFileOptions options = run_options(folder.path() / "many.h5");
    options.commit_seconds = -1;
    {
        RunFile file(options);
        for (std::size_t s = 0; s < 60; ++s) {
            file.append({run_sample(s)});
        }
        file.finish(run_totals(60), R"({"accuracy": 0.5})");
    }
    EXPECT_LT(std::filesystem::file_size(folder.path() / "many.h5"),
              2 * std::filesystem::file_size(folder.path() / "one.h5"));
}

TEST(RunFile, ExistingFileIsRefusedUntouchedOrReplacedAtTheFirstCommit) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    std::ofstream(path) << "precious";
    const std::string error = input_error([&] { RunFile file(run_options(path)); });
    EXPECT_NE(error.find("run.h5"), std::string::npos) << error;
    EXPECT_NE(error.find("exists"), std::string::npos) << error;
    EXPECT_EQ(contents(path), "precious");
    EXPECT_EQ(folder.others_than("run.h5"), 0u);

    std::filesystem::create_symlink("run.h5", folder.path() / "link.h5");
    RunFileOptions options = run_options(folder.path() / "link.h5");
    options.overwrite = true;
    { RunFile file(options); }
    EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link.h5"));
    EXPECT_EQ(RunReader(path).header().samples_done, 0u);
}

TEST(RunFile, StaleWorkIsReplacedAndLiveWorkIsNot) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    std::ofstream(folder.path() / ".run.h5.part") << "left by a dead run";
    RunFileOptions options = run_options(path);
    options.commit_seconds = 3600;
    RunFile file(options);
    const SampleRecord large = run_sample(0);
    const std::vector<SampleRecord> many(5'000, large);
    for (int i = 0; i < 8; ++i) {  // enough to need the working copy
        file.append(many);
    }
    ASSERT_TRUE(std::filesystem::exists(folder.path() / ".run.h5.part"));
    options.overwrite = true;
    const std::string error = input_error([&] { RunFile other(options); });
    EXPECT_NE(error.find("another run"), std::string::npos) << error;
    file.finish(run_totals(0), "{}");
    EXPECT_EQ(RunReader(path).header().samples_done, 40'000u);
    EXPECT_EQ(folder.others_than("run.h5"), 0u);
}

TEST(RunFile, PlacesThatCannotBeWrittenAreNamed) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    for (const std::filesystem::path& path :
         {folder.path() / "missing" / "run.h5", folder.path() / "file" / "run.h5", folder.path(),
          std::filesystem::path("/proc/run.h5"), std::filesystem::path("/dev/null"), std::filesystem::path("")}) {
        RunFileOptions options = run_options(path);
        options.overwrite = true;
        const std::string error = input_error([&] { RunFile file(options); });
        EXPECT_EQ(error.rfind(path.string() + ": ", 0), 0u) << path << " gave: " << error;
        EXPECT_EQ(error.find('\n'), std::string::npos);
    }
    EXPECT_EQ(folder.others_than("file"), 0u);
}

TEST(RunFile, RecordsThatDoNotFitAreErrorsOfTheProgram) {
    const TemporaryFolder folder;
    RunFile file(run_options(folder.path() / "run.h5"));
    file.append({run_sample(0)});
    const auto refused = [&](auto change) {
        SampleRecord sample = run_sample(1);
        change(sample);
        EXPECT_THROW(file.append({sample}), std::logic_error);
    };
    refused([](SampleRecord& sample) { sample.populations.pop_back(); });
    refused([](SampleRecord& sample) { sample.readout.pop_back(); });
    refused([](SampleRecord& sample) { sample.spikes_per_layer.pop_back(); });
    refused([](SampleRecord& sample) { sample.populations[1].membrane.pop_back(); });
    refused([](SampleRecord& sample) { sample.populations[0].spike_neuron[0] = testing::kHidden; });
    refused([](SampleRecord& sample) { sample.populations[0].spike_step.back() = testing::kSteps; });
    refused([](SampleRecord& sample) {
        std::swap(sample.populations[0].spike_step.front(), sample.populations[0].spike_step.back());
    });
    file.finish(run_totals(1), "{}");
    const RunReader run(folder.path() / "run.h5");
    EXPECT_EQ(run.header().samples_done, 1u);
    EXPECT_EQ(run.spikes(run.populations()[0], 0).step, run_sample(0).populations[0].spike_step);
    EXPECT_EQ(run.spike_count(run.populations()[0]), run_sample(0).populations[0].spike_step.size());
}

TEST(PopulationName, EscapesWhatHdf5WouldMisread) {
    EXPECT_EQ(population_name("conv1"), "conv1");
    EXPECT_EQ(population_name("a/b"), "a%2Fb");
    EXPECT_EQ(population_name("a%2Fb"), "a%252Fb");
    EXPECT_EQ(population_name("a.b"), "a.b");
    EXPECT_EQ(population_name("."), "%2E");
    EXPECT_EQ(population_name(".."), "%2E.");
    EXPECT_EQ(population_name(""), "%");
    EXPECT_EQ(population_name(std::string_view("a\0b", 3)), "a%00b");
}

TEST(PopulationName, AnyNameComesBack) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "run.h5";
    const std::vector<std::string> names = {"",    "%", ".", "..", "/", "//a/", "a%2Fb", "a/b", "schicht \xC3\xA4",
                                            "x\ny"};
    RunFileOptions options;
    options.path = path;
    options.steps = 1;
    for (const std::string& name : names) {
        options.populations.push_back({name, "if", 1, {1}, true, true});
    }
    RunFile(options).finish({}, "{}");
    const RunReader run(path);
    ASSERT_EQ(run.populations().size(), names.size());
    for (const RecordedPopulation& population : run.populations()) {
        EXPECT_EQ(std::count(names.begin(), names.end(), population.name), 1) << population.name;
        EXPECT_EQ(run.spike_count(population), 0u);
    }
}

}  // namespace
}  // namespace axfire
