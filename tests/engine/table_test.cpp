// SPDX-License-Identifier: Apache-2.0
// Tables of products from files, and the arithmetic of single layers.
#include <fstream>

#include <gtest/gtest.h>

#include "engine/backend/cpu/kernels.h"
#include "engine/cli/arithmetic_config.h"
#include "engine/models/load_model.h"
#include "engine/models/tabulate.h"
#include "tests/oracle/fp_mul.h"
#include "tests/support/command.h"
#include "tests/support/data.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

using axfire::testing::run_command;

/// An .npy file of version 1 as NumPy writes it.
void write_npy(const std::string& path, const std::string& type, const std::string& shape, const std::string& data) {
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize((10 + header.size() + 64) / 64 * 64 - 11, ' ');
    header += '\n';
    std::ofstream(path, std::ios::binary)
        << std::string("\x93NUMPY\x01\x00", 8) << static_cast<char>(header.size() & 0xff)
        << static_cast<char>(header.size() >> 8) << header << data;
}

std::string bytes_of_products(u32 bits) {
    std::string bytes;
    for (u32 a = 0; a < 1u << bits; ++a) {
        for (u32 b = 0; b < 1u << bits; ++b) {
            const u32 p = a * b;
            bytes.append(reinterpret_cast<const char*>(&p), 4);
        }
    }
    return bytes;
}

std::vector<u32> products(const MultiplierSpec& s, const std::vector<axfire::testing::Pair>& pairs) {
    std::vector<u32> a, b, out(pairs.size());
    for (const auto& [x, y] : pairs) {
        a.push_back(x);
        b.push_back(y);
    }
    cpu_kernels().general.mul(s, a.data(), b.data(), out.data(), out.size());
    return out;
}

}  // namespace

/// EvoApproxLib's mul8u_1JFF is exact: in the pipeline it truncates as any circuit, and round=rz on P is exact@bf16/rz.
TEST(Table, AnExactTableFromElsewhere) {
    AXFIRE_REQUIRE_DATA(data);
    const axfire::testing::TemporaryFolder folder;
    write_npy(folder / "1JFF.npy", "<i4", "(256, 256)", axfire::testing::read_text(data + "/evoapprox/mul8u_1JFF.i32"));
    const std::string table = "table(file=" + (folder / "1JFF.npy");
    auto random = axfire::testing::test_random();
    const auto pairs = axfire::testing::test_pairs(random, kBf16, axfire::testing::samples(100000));
    const MultiplierSpec plain = parse_multiplier(table + ")@bf16", load_model);
    const auto got = products(plain, pairs);
    const oracle::MultiplierCircuit exact{"exact", oracle::multipliers::exact, false, -1};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        ASSERT_EQ(got[i],
                  oracle::approximate_mul(kBf16, exact, {}, false, Rounding::rne, pairs[i].first, pairs[i].second));
    }
    EXPECT_EQ(products(parse_multiplier(table + ",round=rz)@bf16", load_model), pairs),
              products(parse_multiplier("exact@bf16/rz"), pairs));
    EXPECT_EQ(products(parse_multiplier(table + ",round=rne)@bf16", load_model), pairs),
              products(parse_multiplier("exact@bf16"), pairs));
}

/// Written by the command in both forms, read back: the unit's own bits.
TEST(Table, WhatTabulateWritesIsTheUnit) {
    const axfire::testing::TemporaryFolder folder;
    auto random = axfire::testing::test_random();
    const auto pairs = axfire::testing::test_pairs(random, kBf16, axfire::testing::samples(20000));
    for (const char* unit : {"drum(k=4)", "mitchell", "realm(n=8)", "kulkarni", "bam(h=1,v=5,n=4)"}) {
        const std::string spec = std::string(unit) + "@bf16";
        const auto want = products(parse_multiplier(spec), pairs);
        const auto written =
            run_command(AXFIRE_BINARY " arith tabulate '" + spec + "' --force -o " + (folder / "t.h5"));
        ASSERT_EQ(written.code, 0) << written.err;
        std::filesystem::rename(folder / "t.h5", folder / (spec + ".h5"));
        const std::string file = "table(file=" + (folder / (spec + ".h5"));
        // The name holds parentheses and a comma only where it must be refused.
        if (spec.find(',') == std::string::npos) {
            EXPECT_EQ(products(parse_multiplier(file + ")@bf16", load_model), pairs), want) << spec;
        } else {
            EXPECT_THROW(parse_multiplier(file + ")@bf16", load_model), std::runtime_error);
        }
    }
    const auto npy = run_command(AXFIRE_BINARY " arith tabulate --int 'kulkarni' --bits 8 -o " + (folder / "k.npy"));
    ASSERT_EQ(npy.code, 0) << npy.err;
    EXPECT_EQ(products(parse_multiplier("table(file=" + (folder / "k.npy") + ")@bf16", load_model), pairs),
              products(parse_multiplier("kulkarni@bf16"), pairs));
}

TEST(Table, DamagedFilesAreRefusedInOneLine) {
    const axfire::testing::TemporaryFolder folder;
    const std::string good = bytes_of_products(4);
    const auto said = [&](const std::string& file) {
        const auto r = run_command(AXFIRE_BINARY " arith eval 'table(file=" + (folder / file) + ")@e5m3' --op mul 1 1");
        EXPECT_EQ(r.code, 2) << file;
        EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
        return r.err;
    };
    write_npy(folder / "good.npy", "<u4", "(16, 16)", good);
    EXPECT_EQ(
        run_command(AXFIRE_BINARY " arith eval 'table(file=" + (folder / "good.npy") + ")@e5m3' --op mul 1.5 1.25").out,
        "1.75 0x3fe00000\n");
    write_npy(folder / "short.npy", "<u4", "(16, 16)", good.substr(0, good.size() - 1));
    EXPECT_NE(said("short.npy").find("shorter than its shape"), std::string::npos);
    write_npy(folder / "oblong.npy", "<u4", "(8, 32)", good);
    EXPECT_NE(said("oblong.npy").find("2^t rows"), std::string::npos);
    write_npy(folder / "float.npy", "<f4", "(16, 16)", good);
    EXPECT_NE(said("float.npy").find("elements of type"), std::string::npos);
    std::string negative = good;
    negative[3] = '\xff';
    write_npy(folder / "negative.npy", "<i4", "(16, 16)", negative);
    EXPECT_NE(said("negative.npy").find("entry [0][0]"), std::string::npos);
    write_npy(folder / "huge.npy", "<u4", "(99999999, 99999999)", good);
    EXPECT_NE(said("huge.npy").find("shorter"), std::string::npos);
    std::ofstream(folder / "text.h5") << "no table";
    said("text.h5");
    EXPECT_NE(said("absent.npy").find("cannot be opened"), std::string::npos);
}

TEST(ArithmeticConfig, LaterLayersWinAndGlobsMustMatch) {
    const axfire::testing::TemporaryFolder folder;
    const std::string file = folder / "run.toml";
    std::ofstream(file) << "[arithmetic]\nadd = \"loa(k=8)@fp32\"\n"
                           "[[layer]]\nmatch = [\"conv*\", \"out\"]\nadd = \"exact@bf16\"\nmul = \"drum(k=4)@bf16\"\n"
                           "[[layer]]\nmatch = \"conv2\"\nadd = \"ama5(k=3)@fp16\"\n";
    const cli::ArithmeticConfig config = cli::read_arithmetic_config(file);
    Arithmetic all;
    cli::set_units(config.all, TablePolicy::off, all);
    const std::vector<std::string> names{"in", "conv1", "conv2", "if", "out"};
    const auto by_name = cli::arithmetic_by_name(config, names, all, TablePolicy::off);
    const char* const adders[] = {"loa(k=8)@fp32", "exact@bf16", "ama5(k=3)@fp16", "loa(k=8)@fp32", "exact@bf16"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(to_string(by_name[i].synapse_add), adders[i]);
        EXPECT_EQ(to_string(by_name[i].synapse_mul), i == 1 || i == 2 || i == 4 ? "drum(k=4)@bf16" : "exact@fp32");
        EXPECT_EQ(to_string(by_name[i].neuron_add), "exact@fp32");
    }
    const auto complaint = [&](const std::string& text) -> std::string {
        std::ofstream(file) << text;
        try {
            cli::arithmetic_by_name(cli::read_arithmetic_config(file), names, {}, TablePolicy::off);
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(complaint("[[layer]]\nmatch = \"dense*\"\n").find("there are in, conv1, conv2, if, out"),
              std::string::npos);
    EXPECT_NE(complaint("[arithmetic]\nad = \"x\"\n").find("run.toml:2: the key 'ad' is unknown"), std::string::npos);
    EXPECT_NE(complaint("[[layer]]\nadd = \"exact@fp32\"\n").find("needs match"), std::string::npos);
    EXPECT_NE(complaint("[arithmetic]\nadd = 3\n").find("in quotation marks"), std::string::npos);
    EXPECT_NE(complaint("[arithmetic\n").find("run.toml:1:"), std::string::npos);
    EXPECT_NE(complaint("other = 1\n").find("'other' is unknown"), std::string::npos);
}

TEST(Spec, OptionsAreReadAndWrittenBack) {
    for (const char* text : {"loa(k=8,guard=3,subtract=exact,order=blocked:16,subnormals=flush)@fp32",
                             "loa(k=8,guard=2,order=tree)@bf16/ru", "ama5(k=3,round=odd)@fp16",
                             "oloca(k=4,t=3,carry=none)@fp32", "gear(r=2,p=2)@bf16",
                             "exact(order=blocked:4)@fp8_e4m3/sr", "eta1(k=2,zero_bypass=on,overflow=saturate)@e4m3"}) {
        EXPECT_EQ(to_string(parse_adder(text)), text);
    }
    EXPECT_EQ(
        to_string(parse_adder("loa(k=8,guard=3,round=rne,subtract=exact,order=blocked:16,subnormals=flush)@fp32")),
        "loa(k=8,guard=3,subtract=exact,order=blocked:16,subnormals=flush)@fp32");
    for (const char* text : {"loa(k=8,guard=4)@fp32", "loa(k=8,order=heap)@fp32", "loa(k=8,order=blocked:0)@fp32",
                             "exact(guard=3)@fp32", "gear(r=20,p=20)@fp32", "oloca(k=2,t=3)@fp32",
                             "oloca(k=4,carry=or)@fp32", "heaa(k=0)@fp32", "loa(k=8,round=rz)@fp32/ru"}) {
        EXPECT_THROW(parse_adder(text), std::runtime_error) << text;
    }
    for (const char* text : {"realm(n=8)@bf16", "almsoa(m=3,round=rna)@bf16", "lmul(subnormals=flush)@fp8_e5m2"}) {
        EXPECT_EQ(to_string(parse_multiplier(text)), text);
    }
    for (const char* text : {"realm(n=5)@bf16", "almsoa(m=9)@bf16", "table@bf16", "table(file=)@bf16"}) {
        EXPECT_THROW(parse_multiplier(text, load_model), std::runtime_error) << text;
    }
}

}  // namespace axfire::test
