// SPDX-License-Identifier: Apache-2.0
// Users' C and C++ files as units: the same bits as the built-in units of the same function, and every fault found
// before a result depends on it.
#include <chrono>
#include <fstream>

#include <gtest/gtest.h>

#include "arith/error.h"
#include "engine/backend/jit/instances.h"
#include "engine/models/load_model.h"
#include "engine/models/tabulate.h"
#include "tests/support/command.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

using axfire::testing::Pair;

std::string model(const std::string& name) {
    return std::string(AXFIRE_SOURCE_DIR) + "/tests/models/" + name;
}

MultiplierSpec multiplier(const std::string& text) {
    return parse_multiplier(text, load_model);
}
AdderSpec adder(const std::string& text) {
    return parse_adder(text, load_model);
}

struct Operands {
    std::vector<u32> a, b;
    explicit Operands(const Format& f) {
        auto random = axfire::testing::test_random();
        for (const auto& [x, y] : axfire::testing::test_pairs(random, f, axfire::testing::samples(4000))) {
            a.push_back(x);
            b.push_back(y);
        }
    }
};

std::vector<u32> products(const Instance& instance, const MultiplierSpec& spec, const Operands& o) {
    std::vector<u32> out(o.a.size());
    instance.mul(spec, o.a.data(), o.b.data(), out.data(), out.size());
    return out;
}
std::vector<u32> sums(const Instance& instance, const AdderSpec& spec, const Operands& o) {
    std::vector<u32> out(o.a.size());
    instance.add(spec, o.a.data(), o.b.data(), out.data(), out.size());
    return out;
}

const Instance& compiled(const AdderSpec& add, const MultiplierSpec& mul) {
    return *find_instances({{add, mul, Part::projections}}, Jit::required, [](const std::string&) {})[0];
}

/// What loading says; "" if nothing.
std::string complaint(const std::string& text, bool is_adder = false) {
    try {
        is_adder ? void(adder(text)) : void(multiplier(text));
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// One line that holds the word.
void expect_complaint(const std::string& text, const std::string& word, bool is_adder = false) {
    const std::string said = complaint(text, is_adder);
    EXPECT_NE(said.find(word), std::string::npos) << text << ": '" << said << "'";
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
}

}  // namespace

/// A netlist of 212 gates, unmodified: by direct call, by table, by general kernels, and the built-in unit.
TEST(UserModel, AGateLevelFileIsTheUnitOfTheSameFunction) {
    for (const char* format : {"bf16", "fp16", "fp8_e4m3", "e5m2", "e8m8"}) {
        const std::string at = std::string("@") + format;
        const MultiplierSpec file = multiplier(model("mul8u_TR6.c:mul8u_TR6") + at);
        const MultiplierSpec unit = multiplier("trunc(v=6,n=8)" + at);
        const Operands o(file.format);
        const std::vector<u32> want = products(cpu_kernels().general, unit, o);
        EXPECT_EQ(products(cpu_kernels().general, file, o), want) << format;
        if (std::string(format) == "fp16") {
            EXPECT_EQ(products(compiled({}, file), file, o), want) << "tiled";
        }
        if (file.format.fraction_bits <= kMaxTableFraction) {
            const MultiplierSpec table = with_table(file, TablePolicy::on);
            EXPECT_TRUE(table.tabulated);
            EXPECT_EQ(to_string(table), to_string(file));
            EXPECT_EQ(products(cpu_kernels().general, table, o), want) << format;
            if (std::string(format) == "bf16") {
                for (const MultiplierSpec& spec : {unit, file, table, with_table(unit, TablePolicy::on)}) {
                    EXPECT_EQ(products(compiled({}, spec), spec, o), want) << to_string(spec) << spec.tabulated;
                }
            }
        }
    }
}

TEST(UserModel, EveryTabulatedUnitGivesTheSameBits) {
    for (const char* unit : {"mitchell", "drum(k=4)", "kulkarni", "lmul", "mbm", "realm(n=4)", "roba", "ssm(m=5)",
                             "almsoa(m=3)", "drmitchell(w=4)", "bam(h=2,v=3)", "trunc(v=7,n=5)", "dropped(d=2)"}) {
        for (const char* options : {"@bf16", "@e4m6"}) {
            const MultiplierSpec plain = multiplier(std::string(unit) + options);
            const MultiplierSpec table = with_table(plain, TablePolicy::on);
            const Operands o(plain.format);
            EXPECT_EQ(products(cpu_kernels().general, table, o), products(cpu_kernels().general, plain, o))
                << to_string(plain);
        }
    }
    EXPECT_THROW(with_table(multiplier("drum(k=4)@fp16"), TablePolicy::on), SpecError);
}

/// In a layer one operand is the same for all outputs, and products are looked up in its row of the table.
TEST(UserModel, ATabulatedLayerGivesTheSameBits) {
    constexpr u32 kInputs = 300;
    constexpr u32 kOutputs = 5 * kPad;
    for (const char* unit :
         {"kulkarni@bf16", "mitchell@e8m5", "drum(k=4,round=rna)@bf16", "trunc(v=6,round=ru)@bf16"}) {
        const MultiplierSpec plain = multiplier(unit);
        const MultiplierSpec table = with_table(plain, TablePolicy::on);
        auto random = axfire::testing::test_random();
        for (const bool ordinary : {true, false}) {
            const auto numbers = [&](std::size_t n) {
                std::vector<u32> list(n);
                for (u32& x : list) {
                    x = static_cast<u32>(random());
                    x = random() % 8 == 0 ? x & 0x80000000u : ordinary ? (x & 0x87ffffffu) | 0x38000000u : x;
                }
                cpu_kernels().convert(plain.format, Rounding::rne, list.data(), list.data(), n);
                return list;
            };
            const std::vector<u32> values = numbers(kInputs);
            const std::vector<u32> weights = numbers(std::size_t{kInputs} * kOutputs);
            const auto sums = [&](const MultiplierSpec& mul, const Instance& kernels) {
                std::vector<u32> result(kOutputs);
                LinearArgs a{kInputs, kOutputs, kOutputs,      nullptr,       weights.data(),
                             nullptr, {},       values.data(), result.data(), {{}, mul, false, {}}};
                kernels.projections.linear_dense(a);
                return result;
            };
            EXPECT_EQ(sums(table, compiled({}, table)), sums(plain, cpu_kernels().general)) << unit << ordinary;
        }
    }
}

/// N bits for p <= N, and a 2x2 tiling for more.
TEST(UserModel, CircuitsOfOtherWidthsAreEmbedded) {
    const std::string exact12 = model("operations.cpp:mul12u_exact");
    for (const char* format : {"fp32", "fp16", "bf16", "e5m11"}) {
        const MultiplierSpec file = multiplier(exact12 + "@" + format);
        const MultiplierSpec array = multiplier(std::string("trunc(v=0,n=12)@") + format);
        const Operands o(file.format);
        EXPECT_EQ(products(cpu_kernels().general, file, o), products(cpu_kernels().general, array, o)) << format;
    }
    const MultiplierSpec rounded = multiplier(exact12 + "(round=rne)@fp32");
    const MultiplierSpec exact = multiplier("exact@fp32");
    const Operands o(kFp32);
    EXPECT_EQ(products(compiled({}, rounded), rounded, o), products(cpu_kernels().general, exact, o));
    expect_complaint(model("mul8u_TR6.c:mul8u_TR6") + "@fp32", "two such blocks do not hold the 24 significand bits");
}

/// Effective additions go through the user's adder; where the signs differ the sum is exact, as subtract=exact has it.
TEST(UserModel, AnAdderTakesEffectiveAdditions) {
    for (const char* format : {"fp32", "bf16", "fp16"}) {
        const AdderSpec file = adder(model("operations.cpp:add24u_loa4") + "@" + format);
        const AdderSpec unit = adder(std::string("loa(k=4,subtract=exact)@") + format);
        const Operands o(file.format);
        EXPECT_EQ(sums(cpu_kernels().general, file, o), sums(cpu_kernels().general, unit, o)) << format;
    }
    const AdderSpec file = adder(model("operations.cpp:add24u_loa4") + "@fp32");
    const Operands o(kFp32);
    EXPECT_EQ(sums(compiled(file, {}), file, o), sums(cpu_kernels().general, adder("loa(k=4,subtract=exact)@fp32"), o));
    expect_complaint(model("operations.cpp:add24u_loa4") + "(guard=3)@fp32", "have 27", true);
}

TEST(UserModel, WholeOperations) {
    const Operands o(kFp32);
    const AdderSpec add = adder(model("operations.cpp:add_native") + "@fp32");
    const MultiplierSpec mul = multiplier(model("operations.cpp:mul_native") + "@fp32");
    EXPECT_EQ(sums(compiled(add, mul), add, o), sums(cpu_kernels().general, {}, o));
    EXPECT_EQ(products(compiled(add, mul), mul, o), products(cpu_kernels().general, {}, o));
    // In another format the result is rounded into it.
    const Operands half(kFp16);
    const AdderSpec add16 = adder(model("operations.cpp:add_native") + "@fp16");
    EXPECT_EQ(sums(cpu_kernels().general, add16, half), sums(cpu_kernels().general, adder("exact@fp16"), half));
    const MultiplierSpec patterns = multiplier(model("operations.cpp:mul_patterns") + "@fp32");
    EXPECT_EQ(to_string(patterns), model("operations.cpp:mul_patterns") + "@fp32");
    EXPECT_THROW(with_table(multiplier(model("operations.cpp:mul_native") + "@bf16"), TablePolicy::on), SpecError);
}

TEST(UserModel, FaultsAreFoundBeforeUse) {
    const std::string c = model("faulty.c:");
    expect_complaint(c + "shifts_too_far(bits=8)@bf16", "faulty.c:6:");
    expect_complaint(c + "shifts_too_far(bits=8)@bf16", "shift exponent");
    expect_complaint(c + "reads_outside(bits=8)@bf16", "faulty.c:10:");
    expect_complaint(c + "has_no_value(bits=8)@bf16", "variable without a value");
    expect_complaint(c + "keeps_a_state(bits=8)@bf16", "changes from call to call");
    expect_complaint(c + "divides(bits=8)@bf16", "division by zero");
    expect_complaint(c + "ends_the_program(bits=8)@bf16", "ends the program");
    expect_complaint(c + "too_wide(bits=8)@bf16", "more than the 16 bits of a product");
    expect_complaint(c + "is_signed(bits=8)@bf16", "unsigned");
    expect_complaint(c + "takes_three(bits=8)@bf16", "two unsigned integers");
    expect_complaint(c + "there_is_none(bits=8)@bf16", "has no function 'there_is_none'");
    expect_complaint(c + "is_static@bf16", "bits=8");
    EXPECT_EQ(complaint(c + "is_static(bits=8)@bf16"), "");
    expect_complaint("nowhere.c:f(bits=8)@bf16", "'nowhere.c' is not a file");
    expect_complaint(model("make_gates.py:f(bits=8)@bf16"), "a C file");
}

TEST(UserModel, AnEndlessLoopIsStopped) {
    const auto start = std::chrono::steady_clock::now();
    expect_complaint(model("faulty.c:never_ends(bits=8)@bf16"), "does not end");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(25));
}

TEST(UserModel, CompileErrorsHaveTheFilesOwnLines) {
    const axfire::testing::TemporaryFolder folder;
    std::ofstream(folder / "broken.c")
        << "#include <stdint.h>\n\nuint16_t f(uint8_t a, uint8_t b)\n{\n  return a * c;\n}\n";
    const auto r = axfire::testing::run_command(
        "cd '" + folder.path().string() + "' && " AXFIRE_BINARY " arith eval 'broken.c:f(bits=8)@bf16' --op mul 1 1");
    EXPECT_EQ(r.code, 2);
    EXPECT_NE(r.err.find("broken.c:5:"), std::string::npos) << r.err;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
}

/// A change of the file, or of one that it includes, is seen.
TEST(UserModel, AChangedFileIsCompiledAnew) {
    const axfire::testing::TemporaryFolder folder;
    const std::string command =
        "cd '" + folder.path().string() + "' && " AXFIRE_BINARY " arith circuit 'f.c:f(bits=8)' --op mul 200 100";
    std::ofstream(folder / "f.c")
        << "#include \"f.h\"\nunsigned f(unsigned a, unsigned b) { return (a * b) & MASK; }\n";
    std::ofstream(folder / "f.h") << "#define MASK 0xfff0\n";
    EXPECT_EQ(axfire::testing::run_command(command).out, "20000 0x4e20\n");
    std::ofstream(folder / "f.h") << "#define MASK 0xff00\n";
    EXPECT_EQ(axfire::testing::run_command(command).out, "19968 0x4e00\n");
}

TEST(UserModel, WithoutACompilerThereIsOneClearLine) {
    const auto r = axfire::testing::run_command("AXFIRE_CXX=/nowhere/c++ " AXFIRE_BINARY " arith eval '" +
                                                model("mul8u_TR6.c:mul8u_TR6@bf16") + "' --op mul 1 1");
    EXPECT_EQ(r.code, 2);
    EXPECT_NE(r.err.find("AXFIRE_CXX=/nowhere/c++ cannot be run"), std::string::npos) << r.err;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
}

}  // namespace axfire::test
