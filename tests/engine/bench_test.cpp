// SPDX-License-Identifier: Apache-2.0
// `axfire bench`: figures of results that were checked, and a scalar model that has the arithmetic's bits.
#include <algorithm>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "arith/fp_add.h"
#include "engine/bench/cases.h"
#include "engine/bench/scalar_model.h"
#include "tests/support/command.h"
#include "tests/support/formats.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using axfire::testing::run_command;

TEST(Bench, TheScalarModelIsLoa) {
    auto random = axfire::testing::test_random();
    for (const u32 k : {0u, 1u, 12u, 26u}) {
        const AdderSpec loa{AdderId::loa, {{k}}};
        for (const auto& [acc, x] : axfire::testing::test_pairs(random, kFp32, axfire::testing::samples(20000))) {
            const float sum = bench::scalar_loa_mac(as_float<u32>(acc), as_float<u32>(x), 1.0f, static_cast<int>(k));
            const u32 want = fp_add<u32>(loa, acc, x);
            const u32 got = is_nan(as_bits<u32>(sum)) ? kCanonicalNan : as_bits<u32>(sum);
            ASSERT_EQ(got, want) << "k " << k << ": " << axfire::testing::hex(acc) << ", " << axfire::testing::hex(x);
        }
    }
}

TEST(Bench, EveryKernelIsTimedAndComparedWithExact) {
    const auto r = run_command(AXFIRE_BINARY " bench --seconds 0 --json --add 'loa(k=12)@fp32'");
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    EXPECT_GT(json["scalar_model"]["median_ns"].get<double>(), 0);
    ASSERT_EQ(json["measurements"].size(), 2 * bench::case_names().size());
    for (const auto& m : json["measurements"]) {
        EXPECT_GT(m["operations"].get<std::uint64_t>(), 10000u) << m["kernel"];
        EXPECT_LE(m["least_ns"].get<double>(), m["median_ns"].get<double>());
        EXPECT_LE(m["median_ns"].get<double>(), m["most_ns"].get<double>());
        EXPECT_GE(m["repetitions"].get<int>(), 5);
        EXPECT_EQ(m.contains("against_scalar_model"), m["unit"] == "MAC");
        EXPECT_EQ(m["against_native"] == 1.0, m["arithmetic"] == "exact@fp32");
    }
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
