// SPDX-License-Identifier: Apache-2.0
// The script that checks a GPU, on the driver's double; and what it takes a card's limits from.
#include <filesystem>
#include <fstream>
#include <map>

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

/// What an update adds is its additions and products and, little against them, what compares and chooses.
TEST(GpuCheck, InstructionsOfAnUpdate) {
    AXFIRE_NEEDS_DEVICE();
    const auto update = [](const char* model, const Conventions& how, const char* adder) {
        return instructions_of_update(model, how, parse_adder(adder), MultiplierSpec{}, 90);
    };
    const char* const loa = "loa(k=12)@fp32";
    const double add = instructions_of(parse_adder(loa), 90);
    EXPECT_GE(update("relu", {}, loa), 1);
    EXPECT_LT(update("relu", {}, loa), 10);
    const double zero = update("if", {}, loa);
    EXPECT_GE(zero, add);
    EXPECT_LT(zero, 2 * add);
    Conventions subtract;
    subtract.reset = Reset::subtract;
    const double twice = update("if", subtract, loa);
    EXPECT_GE(twice, 2 * add);
    EXPECT_LT(twice, 3 * add);
    EXPECT_LT(update("if", subtract, "exact@fp32"), zero);
    EXPECT_GT(update("cubalif", subtract, loa), 4 * add);
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
    std::map<std::string, nlohmann::json> kinds;  // kernels by a layer's type
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
            const double all = layer["instructions"].get<double>();
            if (layer["updates"].get<double>() == 0) {
                EXPECT_DOUBLE_EQ(all, instructions + layer["comparisons"].get<double>()) << layer;
            }
            EXPECT_DOUBLE_EQ(layer["integer_limit_ms"].get<double>(),
                             1e3 * all / report["limits"][i]["integer_rate"].get<double>());
            double milliseconds = 0, additions = 0, products = 0, updates = 0;
            for (const nlohmann::json& kernel : layer["kernels"]) {
                milliseconds += kernel["milliseconds"].get<double>();
                additions += kernel["additions"].get<double>();
                products += kernel["products"].get<double>();
                updates += kernel["updates"].get<double>();
                EXPECT_GT(kernel["bytes"].get<double>(), 0) << kernel;
                EXPECT_EQ(kernel["launches"], report["limits"][i]["steps"]) << kernel;
            }
            EXPECT_NEAR(layer["milliseconds"].get<double>(), milliseconds, 1e-9 * milliseconds);
            EXPECT_DOUBLE_EQ(layer["additions"].get<double>(), additions) << layer;
            EXPECT_DOUBLE_EQ(layer["products"].get<double>(), products) << layer;
            EXPECT_DOUBLE_EQ(layer["updates"].get<double>(), updates) << layer;
            kinds[layer["type"]] = layer["kernels"];
        }
    }
    // Three steps of one sample: 4096 neurons at first, 10 at last; LeNet's last layer of 84 x 10.
    ASSERT_EQ(kinds["if"].size(), 1u);
    EXPECT_EQ(kinds["if"][0]["kernel"], "Population<if_model>");
    EXPECT_EQ(kinds["if"][0]["updates"], 3 * 10);
    Conventions subtract;
    subtract.reset = Reset::subtract;
    EXPECT_DOUBLE_EQ(kinds["if"][0]["instructions"].get<double>(),
                     3 * 10 * instructions_of_update("if", subtract, AdderSpec{}, MultiplierSpec{}, 90));
    EXPECT_EQ(kinds["if"][0]["bytes"],
              3 * 4 * (16 + 3 * 16 + 16 + 2 * 16 + 2 * 16));  // input, constants, out, v, spike counts; padded to 16
    ASSERT_EQ(kinds["maxpool2d"].size(), 1u);
    EXPECT_EQ(kinds["maxpool2d"][0]["comparisons"], 256 * 4);
    ASSERT_EQ(kinds["affine"].size(), 1u);
    EXPECT_EQ(kinds["affine"][0]["kernel"], "LinearDense");
    EXPECT_EQ(kinds["affine"][0]["additions"], 84 * 10);
    std::ifstream page(out + "/gpu-axfire-test-double-no-gpu.md");
    const std::string text((std::istreambuf_iterator<char>(page)), {});
    EXPECT_NE(text.find("**Not a GPU.**"), std::string::npos);
    for (const char* kernel :
         {"| CompactEvents |", "| PoolEvents |", "| Population<if_model> |", "| ConvolveImage<4> |"}) {
        EXPECT_NE(text.find(kernel), std::string::npos) << kernel;
    }
    // A goal that is missed is said, and does not count on a double.
    EXPECT_NE(done.out.find("All results are the CPU's.\nGoal, 43 times"), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("the goal does not count here"), std::string::npos) << done.out;
    const auto closed =
        axfire::testing::run_command(script + " --test-double --data '" + data + "' --out /proc/nowhere");
    EXPECT_EQ(closed.code, 2);
    EXPECT_NE(closed.err.find("nothing can be written to /proc/nowhere"), std::string::npos) << closed.err;
    // On a GPU it counts: each network must have been timed and have reached it.
    const auto goals = axfire::testing::run_command(
        "cd '" + sources() +
        "/scripts' && python3 -B -c \""
        "from gpu_check import goals\n"
        "def row(name, times): return dict(network=name, against_scalar_model=times, goal='reached' if times >= 43 "
        "else "
        "'MISSED')\n"
        "a, b = row('a', 43), row('b', 42.9)\n"
        "print([goals(dict(cases=c, goal_of=['a', 'b']))[0] for c in ([a, row('b', 50)], [a, b], [a], [])], "
        "goals(dict(cases=[b], goal_of=['a', 'b']))[1])\"");
    EXPECT_EQ(goals.out,
              "[True, False, False, False] Goal, 43 times the scalar model on all cores with exact@fp32 + "
              "loa(k=12)@fp32: b 42.9 times: MISSED; a: not timed.\n")
        << goals.err;
    // Time that is up is said.
    const auto late = axfire::testing::run_command(
        "env AXFIRE_CUDA_CODE=ptx python3 '" + sources() + "/scripts/gpu_check.py' --axfire '" + program() +
        "' --limits x --data '" + data + "' --out '" + out + "' --seconds 0 --test-double");
    EXPECT_EQ(late.code, 1);
    EXPECT_NE(late.err.find("no case was reached in the time"), std::string::npos) << late.err;
}

}  // namespace

}  // namespace axfire::test
