// SPDX-License-Identifier: Apache-2.0
// `arith characterize`, `circuit` and `list` as a user meets them.
#include <algorithm>
#include <chrono>

#include "tests/engine/characterize_support.h"

namespace axfire::test {

namespace {

using axfire::testing::CommandResult;
using axfire::testing::read_text;
using axfire::testing::TemporaryFolder;

void expect_refused(const std::string& arguments, const std::string& part) {
    const CommandResult r = arith(arguments);
    EXPECT_EQ(r.code, 2) << arguments << "\n" << r.err;
    EXPECT_EQ(r.out, "") << arguments;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << arguments << "\n" << r.err;
    EXPECT_EQ(r.err.find("axfire: "), 0u) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << arguments << "\n" << r.err;
}

}  // namespace

TEST(CharacterizeCommand, ThreadsChangeNothing) {
    for (const char* what : {"'mitchell' --int --bits 10", "'loa(k=9)' --int --bits 20 --samples 100000",
                             "'roba@fp32' --samples 100000", "'loa(k=9)@fp32' --samples 100000"}) {
        const std::string line = fmt::format("characterize {} --json", what);
        const std::string one = arith(line, "OMP_NUM_THREADS=1").out;
        EXPECT_FALSE(one.empty()) << what;
        EXPECT_EQ(arith(line, "OMP_NUM_THREADS=3").out, one) << what;
        EXPECT_EQ(arith(line, "AXFIRE_ISA=baseline").out, one) << what;
    }
}

TEST(CharacterizeCommand, SamplesAreSeededAndComeNearTheWhole) {
    const std::string unit = "'loa(k=6)' --int --bits 20 --samples 200000";
    const auto a = characterize(unit), b = characterize(unit + " --seed 1");
    EXPECT_EQ(a["sampled"], true);
    EXPECT_EQ(a["pairs"], 200000);
    EXPECT_EQ(b["seed"], 1);
    EXPECT_NE(a["med"], b["med"]);
    EXPECT_NEAR(a["error_rate"].get<double>(), 1 - std::pow(0.75, 6), 0.005);
    EXPECT_NEAR(b["error_rate"].get<double>(), 1 - std::pow(0.75, 6), 0.005);
    EXPECT_NE(arith("characterize " + unit).out.find("200000 (sampled)"), std::string::npos);
}

TEST(CharacterizeCommand, IsFast) {
    const auto seconds = [](const std::string& arguments) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(arith(arguments).code, 0);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    EXPECT_LT(seconds("characterize 'realm(n=8)' --int --bits 8"), 1);
    EXPECT_LT(seconds("characterize 'realm(n=8)' --int --bits 12"), 10);
}

TEST(CharacterizeCommand, PicturesAndTables) {
    const TemporaryFolder folder;
    const std::string svg = folder / "map.svg", csv = folder / "map.csv";
    const std::string adder = "characterize 'loa(k=2)@fp8_e4m3' --svg " + svg + " --csv " + csv;
    ASSERT_EQ(arith(adder).code, 0);
    const std::string picture = read_text(svg);
    for (const char* part : {"<svg", "</svg>", "significand of the accumulator", "opposite, 5", "same, 0", "(ulp)"}) {
        EXPECT_NE(picture.find(part), std::string::npos) << part;
    }
    const std::string table = read_text(csv);
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 1 + 12);
    expect_refused(adder, "--force");
    EXPECT_EQ(arith(adder + " --force").code, 0);
    ASSERT_EQ(arith("characterize 'drum(k=4)' --int --force --svg " + svg).code, 0);
    EXPECT_NE(read_text(svg).find("mean |relative error|"), std::string::npos);
    EXPECT_NE(read_text(svg).find("operand B"), std::string::npos);
}

TEST(CharacterizeCommand, TheCatalogueHasFigures) {
    const std::string list = arith("list").out;
    for (const char* part : {"loa(k=4)            68.3594 %     2.87500      8    +0.25000", "3.8485 %", "-22.2222 %",
                             "table(file=...)", "file.c:function"}) {
        EXPECT_NE(list.find(part), std::string::npos) << part << "\n" << list;
    }
}

TEST(CharacterizeCommand, BadInputIsOneLine) {
    expect_refused("characterize 'loa(k=4)' --int --bits 0", "1 to 28");
    expect_refused("characterize 'loa(k=4)' --int --bits 29", "1 to 28");
    expect_refused("characterize 'drum(k=4)' --int --bits 25", "1 to 24");
    expect_refused("characterize 'loa(k=9)' --int", "from 0 to 8");
    expect_refused("characterize 'loa' --int", "needs k");
    expect_refused("characterize 'lao(k=3)' --int", "axfire arith list");
    expect_refused("characterize exact --int", "--op add or --op mul");
    expect_refused("characterize 'loa(k=4)'", "--int");
    expect_refused("characterize 'loa(k=4)@bf16' --bits 8", "--int");
    expect_refused("characterize 'loa(k=4)@bf16' --samples 0", "--samples");
    expect_refused("characterize 'loa(k=4)@bf16' --seed -1", "--seed");
    expect_refused("characterize 'loa(k=4)' --int --op mul", "the multipliers are");
    expect_refused("characterize 'trunc(v=4,n=3)' --int", "at least 4");
    expect_refused("characterize 'nowhere.c:f@bf16'", "--op add or --op mul");
    expect_refused("characterize 'nowhere.c:mul8u_f@bf16'", "nowhere.c");
    expect_refused("characterize 'drum(k=4)@bf16' --svg no/such/folder/x.svg", "no/such/folder");
    expect_refused("circuit 'loa(k=4)' 256 0", "0 to 255");
    expect_refused("circuit 'loa(k=4)' 1x 0", "1x");
    expect_refused("circuit 'loa(k=4)' 25", "pairs");
}

}  // namespace axfire::test
