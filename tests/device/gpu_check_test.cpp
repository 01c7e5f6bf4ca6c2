// SPDX-License-Identifier: Apache-2.0
// The script that checks a GPU, on the driver's double; and what it takes a card's limits from.
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "arith/spec_text.h"
#include "tests/device/device.h"
#include "tests/gpu/limits.h"
#include "tests/support/command.h"
#include "tests/support/data.h"
#include "tests/support/temporary_folder.h"

namespace axfire::test {

namespace {

TEST(GpuCheck, InstructionsOfAnOperation) {
    AXFIRE_NEEDS_DEVICE();
    EXPECT_EQ(instructions_of(AdderSpec{}, 90), 1);
    EXPECT_EQ(instructions_of(MultiplierSpec{}, 75), 1);
    const double bf16 = instructions_of(parse_multiplier("exact@bf16"), 90);
    EXPECT_GT(bf16, 1);  // one product, rounded
    EXPECT_LT(bf16, 20);
    const double loa = instructions_of(parse_adder("loa(k=12)@fp32"), 90);
    EXPECT_GT(loa, bf16);
    EXPECT_LT(loa, 200);
    EXPECT_EQ(instructions_of(parse_adder("loa(k=11)@fp32"), 90), loa);
}

/// Its report says that it is none of a GPU; and without being asked for, the double is refused.
TEST(GpuCheck, ReportsOnTheDouble) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_REQUIRE_DATA(data);
    if (real_device()) {
        GTEST_SKIP() << "tries the script on the double";
    }
    if (std::system("python3 -c '' >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "no python3";
    }
    const axfire::testing::TemporaryFolder folder;
    const std::string out = folder.path().string();
    const std::string script = "env -u AXFIRE_CUDA_DRIVER AXFIRE_BIN='" +
                               std::filesystem::path(program()).parent_path().string() + "' AXFIRE_TEST_DOUBLE='" +
                               place("AXFIRE_TEST_DOUBLE", AXFIRE_CUDA_DOUBLE) + "' bash '" + sources() +
                               "/scripts/gpu_check.sh'";
    const auto refused = axfire::testing::run_command(script + " --test-double");
    EXPECT_EQ(refused.code, 2) << refused.err;
    const auto done = axfire::testing::run_command(script + " --test-double --data '" + data + "' --out '" + out + "'");
    ASSERT_EQ(done.code, 0) << done.out << done.err;
    std::ifstream json(out + "/gpu-axfire-test-double-no-gpu.json");
    const nlohmann::json report = nlohmann::json::parse(json);
    EXPECT_TRUE(report["test_double"].get<bool>());
    EXPECT_TRUE(report["not_reached"].empty());
    ASSERT_EQ(report["cases"].size(), 2u);
    ASSERT_EQ(report["limits"].size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        const nlohmann::json& row = report["cases"][i];
        EXPECT_TRUE(row["equal"].get<bool>()) << row;
        EXPECT_EQ(row["goal"], row["against_scalar_model"].get<double>() >= 43 ? "reached" : "MISSED");
        EXPECT_GT(row["scalar_samples_per_second"].get<double>(), 0);
        for (const nlohmann::json& layer : report["limits"][i]["layers"]) {
            EXPECT_GT(layer["milliseconds"].get<double>(), 0) << layer;
            EXPECT_GT(layer["memory_limit_ms"].get<double>(), 0) << layer;
            const double instructions =
                layer["additions"].get<double>() * layer["instructions_of_addition"].get<double>() +
                layer["products"].get<double>() * layer["instructions_of_product"].get<double>();
            EXPECT_DOUBLE_EQ(layer["integer_limit_ms"].get<double>(),
                             1e3 * instructions / report["limits"][i]["integer_rate"].get<double>());
        }
    }
    std::ifstream page(out + "/gpu-axfire-test-double-no-gpu.md");
    const std::string text((std::istreambuf_iterator<char>(page)), {});
    EXPECT_NE(text.find("**Not a GPU.**"), std::string::npos);
    // Time that is up is said.
    const auto late = axfire::testing::run_command(
        "env AXFIRE_CUDA_CODE=ptx python3 '" + sources() + "/scripts/gpu_check.py' --axfire '" + program() +
        "' --limits x --data '" + data + "' --out '" + out + "' --seconds 0 --test-double");
    EXPECT_EQ(late.code, 1);
    EXPECT_NE(late.err.find("no case was reached in the time"), std::string::npos) << late.err;
}

}  // namespace

}  // namespace axfire::test
