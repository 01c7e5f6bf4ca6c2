// SPDX-License-Identifier: Apache-2.0
// Every figure and golden vector of the arithmetic contract (docs/arithmetic.md), and EvoApproxLib's published ones, by
// command, to all digits that are printed there.
#include <array>
#include <fstream>
#include <sstream>

#include "engine/models/table_file.h"
#include "tests/engine/characterize_support.h"
#include "tests/support/data.h"

namespace axfire::test {

namespace {

using axfire::testing::TemporaryFolder;

std::string quoted(const std::string& unit) {
    return "'" + unit + "' ";
}

}  // namespace

TEST(Characterize, EightBitAdders) {
    struct Row {
        const char* unit;
        const char* error_rate;  // per cent
        const char* med;
        const char* wce;
        const char* bias;
    };
    const Row rows[] = {
        {"loa(k=4)", "68.3594", "2.87500", "8", "+0.25"},
        {"loawa(k=4)", "68.3594", "3.75000", "15", "-3.75"},
        {"eta1(k=4)", "68.3594", "3.13672", "15", "-3.13672"},
        {"heaa(k=4)", "57.8125", "1.75000", "7", "-1.75"},
        {"hoeraa(k=4)", "81.2500", "1.93750", "7", "-0.5"},
        {"hoaaned(k=4)", "81.2500", "1.93750", "7", "0"},
        {"herloa(k=4)", "50.7812", "1.15625", "7", "-1.15625"},
        {"seta(k=4)", "68.3594", "2.78125", "8", "+0.4375"},
        {"oloca(k=4,t=2,carry=and)", "85.9375", "3.20312", "11", "+1.0"},
        {"ama5(k=4)", "93.7500", "4.00000", "8", "+0.5"},
        {"lzta(k=4)", "93.7500", "4.87500", "14", "-3.0"},
        {"ldca(k=4,t=2)", "93.7500", "4.31250", "11", "+2.0"},
        {"trunc0(k=4)", "99.6094", "15.0", "30", "-15.0"},
        {"trunc1(k=4)", "93.7500", "5.31250", "15", "0"},
        {"gear(r=2,p=2)", "18.75", "7.5", "64", ""},
    };
    for (const Row& row : rows) {
        const auto json = characterize(quoted(row.unit) + "--int --bits 8 --op add");
        expect_printed(json, "error_rate", 100, row.error_rate, row.unit);
        expect_printed(json, "med", 1, row.med, row.unit);
        expect_printed(json, "wce", 1, row.wce, row.unit);
        expect_printed(json, "bias", 1, row.bias, row.unit);
        EXPECT_EQ(json["pairs"], 65536) << row.unit;
    }
}

TEST(Characterize, LoaHasItsClosedForm) {
    for (int k = 1; k <= 8; ++k) {
        const auto json = characterize(fmt::format("'loa(k={})' --int --bits 10", k));
        EXPECT_EQ(json["error_rate"], 1 - std::pow(0.75, k)) << k;
        EXPECT_EQ(json["wce"], 1 << (k - 1)) << k;
        EXPECT_EQ(json["bias"], 0.25) << k;
    }
}

TEST(Characterize, MultipliersOnNormalisedSignificands) {
    struct Row {
        const char* unit;
        std::array<const char*, 4> relative;  // per cent: MRED, bias, min, max
    };
    const Row rows[] = {
        {"mitchell@bf16", {"3.8485", "-3.8485", "-11.111", "0"}},
        {"mbm@bf16", {"2.6035", "-0.0750", "-7.639", "+7.8125"}},
        {"almsoa(m=3)@bf16", {"3.3378", "-2.7973", "-12.364", "+5.469"}},
        {"drum(k=4)@bf16", {"5.9643", "+1.0674", "-17.98", "+26.56"}},
        {"drum(k=6)@bf16", {"1.5321", "+0.5761", "-4.40", "+6.35"}},
        {"roba@bf16", {"2.8865", "-0.0274", "-11.11", "+10.99"}},
        {"trunc(v=8)@bf16", {"1.4017", "", "", ""}},
        {"kulkarni@bf16", {"5.7632", "", "-22.22", ""}},
        {"drmitchell(w=6)@bf16", {"2.9084", "-1.1863", "-11.581", "+9.375"}},
        {"lmul@bf16", {"2.6555", "+0.4085", "-7.288", "+6.25"}},
    };
    const char* const keys[] = {"mred", "re_bias", "re_min", "re_max"};
    for (const Row& row : rows) {
        const auto json = characterize(quoted(row.unit));
        for (int i = 0; i < 4; ++i) {
            expect_printed(json, keys[i], 100, row.relative[i], row.unit);
        }
        EXPECT_EQ(json["pairs"], 128 * 128) << row.unit;
        EXPECT_EQ(json["mred"], json["significands"]["mred"]) << row.unit;
    }
}

TEST(Characterize, EightBitMultipliers) {
    struct Row {
        const char* unit;
        const char* error_rate;  // per cent
        const char* mred;        // per cent
        const char* wce;
    };
    const Row rows[] = {{"mitchell", "93.0923", "3.7878", "4096"}, {"drum(k=4)", "97.7173", "5.8868", "7425"},
                        {"roba", "93.0923", "2.8622", "4096"},     {"kulkarni", "46.7300", "3.2805", "14450"},
                        {"ssm(m=5)", "93.9087", "5.5524", "3521"}, {"essm(m=6)", "74.6094", "1.0828", "1521"},
                        {"trunc(v=6)", "93.75", "2.6375", "321"}};
    for (const Row& row : rows) {
        const auto json = characterize(quoted(row.unit) + "--int --bits 8");
        expect_printed(json, "error_rate", 100, row.error_rate, row.unit);
        expect_printed(json, "mred", 100, row.mred, row.unit);
        expect_printed(json, "wce", 1, row.wce, row.unit);
    }
}

TEST(Characterize, TwelveBitMultipliersOfEvoApproxLib) {
    struct Row {
        const char* unit;
        std::array<const char*, 5> published;  // MAE, WCE, EP %, MRE %, MSE
    };
    const Row rows[] = {{"bam(h=2,v=12)", {"12288.25", "49153", "99.84", "1.67", "1.8304e8"}},
                        {"trunc(v=18)", {"456704.25", "1826817", "99.95", "26.78", "2.7178e11"}}};
    for (const Row& row : rows) {
        const auto json = characterize(quoted(row.unit) + "--int --bits 12");
        expect_printed(json, "med", 1, row.published[0], row.unit);
        expect_printed(json, "wce", 1, row.published[1], row.unit);
        expect_printed(json, "error_rate", 100, row.published[2], row.unit);
        expect_printed(json, "mred", 100, row.published[3], row.unit);
        expect_printed(json, "mse", 1, row.published[4], row.unit);
        EXPECT_EQ(json["pairs"], 1 << 24);
        EXPECT_EQ(json["sampled"], false);
    }
}

TEST(Characterize, TablesOfEvoApproxLib) {
    AXFIRE_REQUIRE_DATA(data);
    const TemporaryFolder folder;
    std::ifstream published(data + "/evoapprox/published_metrics.csv");
    int found = 0;
    for (std::string line; std::getline(published, line);) {
        std::array<std::string, 6> cell;  // name, MAE, WCE, EP %, MRE %, MSE
        std::istringstream cells(line);
        for (std::string& c : cell) {
            std::getline(cells, c, '|');
        }
        std::ifstream products(data + "/evoapprox/" + cell[0] + ".i32", std::ios::binary);
        if (!products) {
            continue;
        }
        ++found;
        ProductTable table{8, std::vector<std::uint32_t>(65536), false, false, ""};
        products.read(reinterpret_cast<char*>(table.entries.data()), 4 * 65536);
        const std::string file = folder / (cell[0] + ".npy");
        write_table(file, table, false);
        const auto json = characterize(quoted("table(file=" + file + ")") + "--int");
        expect_printed(json, "med", 1, cell[1], cell[0]);
        expect_printed(json, "wce", 1, cell[2], cell[0]);
        expect_printed(json, "error_rate", 100, cell[3], cell[0]);
        expect_printed(json, "mred", 100, cell[4], cell[0]);
        expect_printed(json, "mse", 1, cell[5], cell[0]);
    }
    EXPECT_EQ(found, 4);
}

TEST(Circuit, GoldenVectorsOfAdders) {
    const std::pair<const char*, std::array<unsigned, 5>> rows[] = {
        {"exact", {0x1E, 0x96, 0x124, 0x100, 0x100}},       {"loa(k=4)", {0x1F, 0x9E, 0x11F, 0xFF, 0x108}},
        {"loawa(k=4)", {0x0F, 0x8E, 0x11F, 0xFF, 0xF8}},    {"eta1(k=4)", {0x0F, 0x8F, 0x11F, 0xFF, 0xFF}},
        {"heaa(k=4)", {0x17, 0x96, 0x11F, 0xFF, 0x100}},    {"hoeraa(k=4)", {0x1F, 0x97, 0x11F, 0xFF, 0x103}},
        {"hoaaned(k=4)", {0x1F, 0x97, 0x11F, 0xFF, 0x103}}, {"herloa(k=4)", {0x1B, 0x96, 0x11F, 0xFF, 0x100}},
        {"ama5(k=4)", {0x1F, 0x9C, 0x11D, 0x101, 0x108}},   {"lzta(k=4)", {0x10, 0x90, 0x120, 0x100, 0x100}},
        {"gear(r=2,p=2)", {0x1E, 0x96, 0x124, 0xF0, 0xC0}},
    };
    for (const auto& [unit, sums] : rows) {
        std::string want;
        for (const unsigned sum : sums) {
            want += fmt::format("{0} 0x{0:x}\n", sum);
        }
        EXPECT_EQ(
            arith("circuit " + quoted(unit) + "--op add --bits 8 0x0F 0x0F 0x5A 0x3C 0xB7 0x6D 0xFF 0x01 0x88 0x78")
                .out,
            want)
            << unit;
    }
}

TEST(Circuit, GoldenVectorsOfMultipliers) {
    const std::pair<const char*, std::array<unsigned, 5>> rows[] = {
        {"exact", {20000, 65025, 9, 11550, 32766}},     {"mitchell", {18432, 65024, 8, 11264, 32640}},
        {"drum(k=4)", {21632, 57600, 9, 10368, 34560}}, {"roba", {18432, 65024, 8, 11264, 32768}},
        {"kulkarni", {20000, 50575, 7, 11550, 32766}},  {"trunc(v=6)", {19968, 64704, 0, 11456, 32704}},
    };
    for (const auto& [unit, products] : rows) {
        std::string want;
        for (const unsigned product : products) {
            want += fmt::format("{0} 0x{0:x}\n", product);
        }
        EXPECT_EQ(arith("circuit " + quoted(unit) + "--op mul --bits 8 200 100 255 255 3 3 150 77 129 254").out, want)
            << unit;
    }
}

}  // namespace axfire::test
