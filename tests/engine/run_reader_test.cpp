// SPDX-License-Identifier: Apache-2.0
// Files that are no run files, damaged ones, and questions that a run file cannot answer.
#include "engine/report/run_reader.h"

#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/formats/hdf5.h"
#include "engine/report/inspect.h"
#include "engine/report/membrane.h"
#include "engine/report/raster.h"
#include "tests/engine/run_samples.h"

namespace axfire {
namespace {

using testing::input_error;
using testing::run_options;
using testing::TemporaryFolder;
using testing::write_run;
using testing::write_single;

TEST(ReadRun, OtherFilesAreOneLineOfError) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "text.h5") << "not HDF5";
    { hdf5::write_scalar(hdf5::create_file(folder.path() / "other.h5"), "x", 1.0); }
    write_run(folder.path() / "run.h5", 8);
    std::filesystem::copy(folder.path() / "run.h5", folder.path() / "cut.h5");
    std::filesystem::resize_file(folder.path() / "cut.h5", std::filesystem::file_size(folder.path() / "run.h5") / 2);
    std::filesystem::copy(folder.path() / "run.h5", folder.path() / "future.h5");
    {
        const Hdf5Handle file = hdf5::open_file(folder.path() / "future.h5", true);
        hdf5::write_attribute(hdf5::open_group(file, "axfire"), "format", std::uint32_t{99});
    }
    std::filesystem::copy(folder.path() / "run.h5", folder.path() / "range.h5");
    {
        const Hdf5Handle file = hdf5::open_file(folder.path() / "range.h5", true);
        hdf5::write_attribute(hdf5::open_group(file, "spikes/out"), "neurons", std::uint64_t{3});
    }
    std::filesystem::copy(folder.path() / "run.h5", folder.path() / "count.h5");
    {
        const Hdf5Handle file = hdf5::open_file(folder.path() / "count.h5", true);
        hdf5::write_attribute(hdf5::open_group(file, "axfire"), "samples_done", std::uint64_t{9});
    }
    for (const char* name : {"missing.h5", "text.h5", "other.h5", "cut.h5", "future.h5", "range.h5", "count.h5"}) {
        const std::string path = (folder.path() / name).string();
        const std::string error = input_error([&] { read_run(path); });
        EXPECT_EQ(error.rfind(path + ": ", 0), 0u) << name << ": " << error;
        EXPECT_EQ(error.find('\n'), std::string::npos);
    }
}

TEST(ReadRun, WhatIsNotInTheFileIsNamed) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const RunReader run(folder.path() / "run.h5");
    EXPECT_NE(input_error([&] { raster_svg(run, {.sample = 8}); }).find("choose one of 0 to 7"), std::string::npos);
    EXPECT_NE(input_error([&] { raster_svg(run, {.populations = {"fc"}}); }).find("choose among conv.1/if, out"),
              std::string::npos);
    EXPECT_NE(input_error([&] { membrane_svg(run, {.population = "conv.1/if"}); }).find("choose among out"),
              std::string::npos);
    EXPECT_NE(input_error([&] { membrane_svg(run, {.neurons = {4}}); }).find("choose one of 0 to 3"),
              std::string::npos);
    write_single(folder.path() / "bare.h5", 1, 1,
                 [](RunFileOptions& options, SampleRecord&) { options.populations[0].spikes = false; });
    const RunReader bare(folder.path() / "bare.h5");
    EXPECT_NE(input_error([&] { raster_svg(bare); }).find("--record"), std::string::npos);
    write_run(folder.path() / "empty.h5", 0, false);
    EXPECT_NE(input_error([&] { raster_svg(RunReader(folder.path() / "empty.h5")); }).find("no sample"),
              std::string::npos);
}

// HDF5 itself crashes on some of these; that must not reach the caller.
TEST(ReadRun, DamagedFilesAreErrorsOrReadAsIfWhole) {
    const unsigned seed = 77;
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    std::ifstream file(folder.path() / "run.h5", std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(file), {}};
    const std::filesystem::path path = folder.path() / "damaged.h5";
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
        std::string bytes = whole;
        for (int flips = std::uniform_int_distribution<>(1, 8)(random); flips > 0; --flips) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        std::ofstream(path, std::ios::binary) << bytes;
        const std::string error = input_error([&] {
            inspect_text(read_run(path));
            const RunReader run(path);
            raster_svg(run);
            membrane_svg(run);
        });
        refused += !error.empty();
        EXPECT_EQ(error.find('\n'), std::string::npos) << error;
        EXPECT_TRUE(error.empty() || error.rfind(path.string() + ": ", 0) == 0) << error;
    }
    EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace axfire
