// SPDX-License-Identifier: Apache-2.0
// Deep networks by name, with batch normalisation: they learn, and run as they were tested.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/datasets/idx_files.h"
#include "tests/support/command.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using axfire::testing::Bytes;
using axfire::testing::CommandResult;
using axfire::testing::idx;
using axfire::testing::TemporaryFolder;

/// Images of `side` x `side` in noise, of which one of four quarters is brighter: the class.
void write_quarters(const TemporaryFolder& folder, const std::string& stem, std::uint32_t count, std::uint32_t side) {
    auto random = axfire::testing::test_random(count);
    Bytes pixels;
    Bytes labels;
    for (std::uint32_t n = 0; n < count; ++n) {
        const auto label = static_cast<std::uint8_t>(n % 4);
        labels.push_back(label);
        for (std::uint32_t i = 0; i < side * side; ++i) {
            const std::uint32_t quarter = i / side / (side / 2) * 2 + i % side / (side / 2);
            pixels.push_back(static_cast<std::uint8_t>((quarter == label ? 120 : 0) + random() % 120));
        }
    }
    folder.write(stem + "-images-idx3-ubyte", idx({count, side, side}, pixels));
    folder.write(stem + "-labels-idx1-ubyte", idx({count}, labels));
}

void expect_learns(const std::string& name, std::uint32_t side, const std::string& options) {
    const TemporaryFolder folder;
    write_quarters(folder, "train", 24, side);
    write_quarters(folder, "t10k", 8, side);
    const std::string data = " --data mnist:" + folder.path().string() + " ";
    const std::string program = "'" AXFIRE_BINARY "' ";
    const CommandResult r = axfire::testing::run_command(program + "train --classes 4 --json -q --model " + name +
                                                         data + options + " -o " + (folder / "out.h5"));
    ASSERT_EQ(r.code, 0) << r.err;
    const auto trained = nlohmann::json::parse(r.out);
    EXPECT_LT(trained["log"].back()["loss"], 0.7 * trained["log"][0]["loss"].get<double>()) << r.out;
    const CommandResult run = axfire::testing::run_command(program + "run " + (folder / "out.h5") + data + "--json");
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(nlohmann::json::parse(run.out)["accuracy"], trained["test_accuracy"]);
}

TEST(NamedNetwork, Resnet20Learns) {
    expect_learns("resnet20", 32, "--epochs 2 --batch 4");
}

TEST(NamedNetwork, Vgg9Learns) {
    expect_learns("vgg9", 8, "--epochs 3 --batch 8");
}

}  // namespace
}  // namespace axfire::test
