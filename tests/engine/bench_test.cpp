// SPDX-License-Identifier: Apache-2.0
// `axfire bench`: figures of results that were checked, and a scalar model that has the arithmetic's bits.
#include <algorithm>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "arith/catalogue.h"
#include "arith/fp_add.h"
#include "arith/fp_mul.h"
#include "arith/spec_text.h"
#include "engine/bench/bench.h"
#include "engine/bench/scalar_model.h"
#include "engine/models/load_model.h"
#include "tests/support/command.h"
#include "tests/support/formats.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using axfire::testing::run_command;

/// The first parameters of a unit that are good at width n, each at about `wanted`.
template <class Id>
Parameters parameters_near(Id id, u32 wanted, u32 n) {
    Parameters p;
    for (unsigned i = 0; i < info(id).parameter_count; ++i) {
        const ParameterInfo& parameter = info(id).parameters[i];
        p.value[i] = parameter.has_default ? parameter.default_value
                                           : std::clamp(wanted, parameter.min, upper_bound(parameter, n));
    }
    return p;
}

u32 bits_of_result(float x) {
    return is_nan(as_bits<u32>(x)) ? kCanonicalNan : as_bits<u32>(x);
}

/// Of 8 exponent bits; lmul treats 3, 4 and more fraction bits differently, and only with 1 is 3 a significand.
constexpr Format kModelFormats[] = {kFp32, kBf16, {8, 4}, {8, 3}, {8, 1}};

/// How many of the pairs the unit and the exact one take to different numbers.
struct Tally {
    std::size_t pairs = 0;
    std::size_t inexact = 0;
};

void compare_adder(const AdderSpec& spec, std::mt19937_64& random, Tally& tally) {
    const auto model = bench::scalar_arithmetic(scalar::kLibrary, {}, spec);
    ASSERT_TRUE(model) << to_string(spec) << " has no scalar model";
    for (const auto& [acc, x] : axfire::testing::test_pairs(random, spec.format, axfire::testing::samples(5000))) {
        const u32 got = bits_of_result(model->add(as_float<u32>(acc), as_float<u32>(x), model->adder));
        const u32 want = fp_add<u32>(spec, acc, x);
        ASSERT_EQ(got, want) << to_string(spec) << ": " << axfire::testing::hex(acc) << ", " << axfire::testing::hex(x);
        ++tally.pairs;
        tally.inexact += got != fp_add<u32>({.format = spec.format}, acc, x);
    }
}

void compare_multiplier(const MultiplierSpec& spec, std::mt19937_64& random, Tally& tally) {
    const auto model = bench::scalar_arithmetic(scalar::kLibrary, spec, {});
    ASSERT_TRUE(model) << to_string(spec) << " has no scalar model";
    for (const auto& [a, b] : axfire::testing::test_pairs(random, spec.format, axfire::testing::samples(5000))) {
        const u32 got = bits_of_result(model->multiply(as_float<u32>(a), as_float<u32>(b), model->multiplier));
        const u32 want = fp_mul<u32>(spec, a, b);
        ASSERT_EQ(got, want) << to_string(spec) << ": " << axfire::testing::hex(a) << ", " << axfire::testing::hex(b);
        ++tally.pairs;
        tally.inexact += got != fp_mul<u32>({.format = spec.format}, a, b);
    }
}

// Zeros, subnormals, infinities, NaN, cancellations and overflows are among the pairs.
TEST(Bench, EveryAdderHasAScalarModelWithItsBits) {
    auto random = axfire::testing::test_random();
    for (std::size_t i = 0; i < all_adders().size(); ++i) {
        const AdderId id = static_cast<AdderId>(i);
        Tally tally;
        for (const Format& format : kModelFormats) {
            const u32 n = format.fraction_bits + 3;
            for (const u32 wanted : {0u, 1u, 2u, 4u, n / 2, n}) {
                const AdderSpec spec{.unit = id, .parameters = parameters_near(id, wanted, n), .format = format};
                if (invalid(id, spec.parameters, n) == nullptr) {
                    compare_adder(spec, random, tally);
                }
            }
        }
        EXPECT_EQ(tally.inexact > tally.pairs / 100, id != AdderId::exact) << info(id).name;
    }
}

TEST(Bench, EveryMultiplierHasAScalarModelWithItsBits) {
    auto random = axfire::testing::test_random();
    for (std::size_t i = 0; i < all_multipliers().size(); ++i) {
        const MultiplierId id = static_cast<MultiplierId>(i);
        Tally tally;
        for (const Format& format : kModelFormats) {
            const u32 p = format.precision();
            for (const u32 wanted : {0u, 1u, 2u, 4u, 8u, 16u, p}) {
                MultiplierSpec spec{.unit = id, .parameters = parameters_near(id, wanted, p), .format = format};
                if (id == MultiplierId::exact && !multiplies_in_binary32(spec) && format != kFp32) {
                    continue;
                }
                if (invalid(id, spec.parameters, p) == nullptr) {
                    compare_multiplier(spec, random, tally);
                }
                if (const int block = block_parameter(id); block >= 0 && format == kFp32) {
                    spec.parameters = parameters_near(id, std::min(wanted, 12u), 12);
                    spec.parameters.value[block] = 12;
                    compare_multiplier(spec, random, tally);
                }
            }
        }
        EXPECT_EQ(tally.inexact > tally.pairs / 100, id != MultiplierId::exact) << info(id).name;
    }
}

TEST(Bench, AUsersMultiplierIsItsOwnScalarModel) {
    auto random = axfire::testing::test_random();
    Tally tally;
    for (const char* const text :
         {"mul8u_TR6.c:mul8u_TR6(bits=8)@bf16", "mul8u_TR6.c:mul8u_TR6(bits=8)@e8m12",
          "operations.cpp:mul12u_exact(bits=12)@fp32", "operations.cpp:mul12u_exact(bits=12)@bf16",
          "operations.cpp:mul_patterns@bf16", "operations.cpp:mul_patterns@fp16", "operations.cpp:mul_native@fp32"}) {
        compare_multiplier(parse_multiplier(AXFIRE_SOURCE_DIR "/tests/models/" + std::string(text), load_model), random,
                           tally);
    }
    EXPECT_GT(tally.inexact, tally.pairs / 100);
}

TEST(Bench, ScalarModelsRoundToTheFormat) {
    auto random = axfire::testing::test_random();
    std::vector<Format> formats = axfire::testing::kOddFormats;
    formats.insert(formats.end(), {kFp32, kTf32, kBf16, kFp16, kDlfloat16});
    for (const Format& format : formats) {
        for (const auto& [x, y] : axfire::testing::test_pairs(random, kFp32, axfire::testing::samples(5000))) {
            // Numbers of the format, their neighbours and the ties between them are likelier with few bits.
            for (const u32 bits : {x, y, x & ~u32{0xfff}, y & ~u32{0xffff} & ~u32{0xff}}) {
                const float got = scalar::round_to(as_float<u32>(bits), static_cast<int>(format.exponent_bits),
                                                   static_cast<int>(format.fraction_bits));
                ASSERT_EQ(bits_of_result(got), convert(format, Rounding::rne, bits))
                    << axfire::testing::name(format) << ": " << axfire::testing::hex(bits);
            }
        }
    }
}

TEST(Bench, WhatHasNoScalarModelIsSaid) {
    const auto models = [](const char* mul, const char* add) {
        return bench::scalar_arithmetic(scalar::kLibrary, parse_multiplier(mul), parse_adder(add)).has_value();
    };
    EXPECT_TRUE(models("exact@fp16", "exact@bf16"));
    EXPECT_TRUE(models("drum(k=4)@tf32", "loa(k=4)@bf16"));
    for (const char* const mul : {"exact@tf32", "exact@fp32/rz", "drum(k=4)@fp16", "drum(k=4,round=rne)@bf16"}) {
        EXPECT_FALSE(models(mul, "exact@fp32")) << mul;
    }
    for (const char* const add : {"exact@fp32/rz", "loa(k=4)@fp16", "loa(k=4,guard=3)@fp32", "exact@e8m12",
                                  "loa(k=4,order=tree)@fp32", "loa(k=4,subtract=exact)@fp32"}) {
        EXPECT_FALSE(models("exact@fp32", add)) << add;
    }
}

/// Layers and neurons of scalar operations, and the engine's: the same bits for several inputs.
TEST(Bench, ScalarCasesHaveTheBitsOfTheEngine) {
    bench::BenchOptions options;
    options.seconds = 0;
    options.notice = [](const std::string&) {};
    for (const bench::Contender& contender : bench::default_contenders(false)) {
        for (options.seed = 1; options.seed <= 3; ++options.seed) {
            for (const char* const name : {"linear", "linear-spikes", "if", "lif", "cubalif"}) {
                const auto timing = bench::time_scalar_model(name, contender, options);  // throws where they differ
                ASSERT_TRUE(timing) << contender.name;
                EXPECT_GT(timing->median, 0);
            }
        }
    }
}

TEST(Bench, ScalarCasesOfAnotherArithmeticDiffer) {
    const AdderSpec loa{AdderId::loa, {{12}}};
    const AdderSpec other{AdderId::loa, {{11}}};
    for (const char* const name : {"linear", "linear-spikes", "if", "lif", "cubalif"}) {
        const bench::Case c = bench::make_case(name, 1);
        const auto result = [&](const AdderSpec& add) {
            return bench::scalar_case(scalar::kLibrary, *bench::scalar_arithmetic(scalar::kLibrary, {}, add), c)->run();
        };
        EXPECT_EQ(result(loa), result(loa)) << name;
        EXPECT_NE(result(loa), result(other)) << name;
    }
}

TEST(Bench, EveryKernelIsTimedAndComparedWithExact) {
    const auto r = run_command(AXFIRE_BINARY " bench --seconds 0 --json --add 'loa(k=12)@fp32'");
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    const std::string compiled = json["scalar_models_compiled"];
    EXPECT_TRUE(compiled.find("-O3 -march=native") != std::string::npos ||
                compiled.find("-O3 -mcpu=native") != std::string::npos)
        << compiled;
    ASSERT_EQ(json["measurements"].size(), 2 * bench::case_names().size());
    for (const auto& m : json["measurements"]) {
        EXPECT_GT(m["operations"].get<std::uint64_t>(), 10000u) << m["kernel"];
        EXPECT_LE(m["least_ns"].get<double>(), m["median_ns"].get<double>());
        EXPECT_LE(m["median_ns"].get<double>(), m["most_ns"].get<double>());
        EXPECT_GE(m["repetitions"].get<int>(), 5);
        EXPECT_NEAR(m["against_scalar_model"].get<double>() * m["median_ns"].get<double>(),
                    m["scalar_model"]["median_ns"].get<double>(), 1e-6);
        EXPECT_EQ(m["against_native"] == 1.0, m["arithmetic"] == "exact@fp32");
    }
}

TEST(Bench, WithoutACompilerTheBuiltModelsServe) {
    const auto r = run_command("AXFIRE_CXX=/nonexistent " AXFIRE_BINARY
                               " bench --seconds 0 --json --kernel linear --add 'loa(k=12)@fp32'");
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_NE(r.err.find("the scalar models as they were built with the program"), std::string::npos) << r.err;
    EXPECT_TRUE(nlohmann::json::parse(r.out)["measurements"][1].contains("scalar_model"));
}

TEST(Bench, TablesAreTimed) {
    const std::string bench = AXFIRE_BINARY " bench --seconds 0 --json --kernel linear ";
    const auto names = [&](const std::string& arguments) {
        const auto r = run_command(bench + arguments);
        EXPECT_EQ(r.code, 0) << r.err;
        std::vector<std::string> all;
        const auto json = nlohmann::json::parse(r.out);
        for (const auto& m : json["measurements"]) {
            all.push_back(m["arithmetic"]);
        }
        return all;
    };
    const std::vector<std::string> all = names("");
    EXPECT_NE(std::find(all.begin(), all.end(), "mitchell@bf16 (table) + loa(k=12)@fp32"), all.end());
    EXPECT_EQ(names("--mul 'drum(k=4)@bf16'").back(), "drum(k=4)@bf16 + exact@fp32");
    EXPECT_EQ(names("--mul 'drum(k=4)@bf16' --table on").back(), "drum(k=4)@bf16 (table) + exact@fp32");
    const std::string gates = AXFIRE_SOURCE_DIR "/tests/models/mul8u_TR6.c:mul8u_TR6(bits=8)@bf16";
    EXPECT_EQ(names("--mul '" + gates + "' --table off").back(), gates + " + exact@fp32");
    EXPECT_EQ(names("--mul '" + gates + "' --table on").back(), gates + " (table) + exact@fp32");
}

TEST(Bench, GrowthCountsWhatGrows) {
    const auto r = run_command(AXFIRE_BINARY " bench --growth --seconds 0 --json --kernel linear-spikes --kernel lif");
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    std::map<std::string, std::vector<double>> values, operations;
    for (const auto& m : json["growth"]) {
        if (m["arithmetic"] == "exact@fp32") {
            values[m["quantity"]].push_back(m["value"]);
            operations[m["quantity"]].push_back(m["operations"]);
        }
        EXPECT_GT(m["median_ns"].get<double>(), 0);
    }
    ASSERT_EQ(values.size(), 3u);
    for (const auto& [quantity, all] : values) {
        EXPECT_TRUE(std::is_sorted(all.begin(), all.end())) << quantity;
        for (std::size_t i = 0; i < all.size(); ++i) {  // proportional; which inputs are active is random
            const double expected = operations[quantity].back() * all[i] / all.back();
            EXPECT_NEAR(operations[quantity][i], expected, 0.03 * operations[quantity].back()) << quantity;
        }
    }
    EXPECT_EQ(values["active inputs, %"].front(), 0);
    EXPECT_EQ(operations["active inputs, %"].front(), 0);
}

TEST(Bench, AKernelWithoutGrowthIsSaid) {
    const auto r = run_command(AXFIRE_BINARY " bench --growth --kernel depthwise");
    EXPECT_EQ(r.code, 2);
    EXPECT_NE(r.err.find("linear-spikes"), std::string::npos) << r.err;
}

TEST(Bench, BadArgumentsAreOneLine) {
    for (const char* const arguments : {"--kernel convolution", "--add loa(k=99)@fp32", "--seconds -1"}) {
        const auto r = run_command(std::string(AXFIRE_BINARY) + " bench '" +
                                   std::string(arguments).replace(std::string(arguments).find(' '), 1, "' '") + "'");
        EXPECT_EQ(r.code, 2) << arguments;
        EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    }
}

}  // namespace
}  // namespace axfire::test
