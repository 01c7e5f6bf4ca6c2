// SPDX-License-Identifier: Apache-2.0
// Kernels compiled on demand: the bits of the scalar reference for every unit, and a cache that nothing can spoil.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "arith/fp_add.h"
#include "arith/fp_mul.h"
#include "arith/spec_text.h"
#include "engine/backend/jit/cache.h"
#include "engine/backend/jit/instances.h"
#include "tests/support/command.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::test {

namespace {

namespace fs = std::filesystem;
using axfire::testing::run_command;

const Notice kSilent = [](const std::string&) {};

/// One setting of every adder beside one of every multiplier.
std::vector<InstanceRequest> every_unit(const Format& f, std::size_t which, Part part) {
    std::vector<InstanceRequest> requests;
    for (const AdderId id : axfire::testing::every_adder()) {
        const auto settings = axfire::testing::settings(id, f.fraction_bits + 3);
        if (!settings.empty()) {
            requests.push_back({{id, settings[which % settings.size()], f}, {}, part});
        }
    }
    std::size_t i = 0;
    for (const MultiplierId id : axfire::testing::every_multiplier()) {
        auto settings = axfire::testing::settings(id, f.precision());
        if (settings.empty()) {
            continue;
        }
        Parameters p = settings[which % settings.size()];
        if (const int block = block_parameter(id); block >= 0) {
            p.value[block] = 0;
        }
        if (i == requests.size()) {
            requests.push_back({{}, {}, part});
        }
        requests[i++].mul = {id, p, f};
    }
    return requests;
}

struct Operands {
    std::vector<u32> a, b;
    explicit Operands(const std::vector<axfire::testing::Pair>& pairs) {
        for (const auto& [x, y] : pairs) {  // every NaN of a network is the canonical one
            a.push_back(is_nan(x) ? kCanonicalNan : x);
            b.push_back(is_nan(y) ? kCanonicalNan : y);
        }
    }
};

/// Whole vectors of what the short forms serve: no subnormals, no overflow, no NaN; zeros and cancellation among them.
std::vector<axfire::testing::Pair> ordinary_pairs(std::mt19937_64& random, const Format& f) {
    std::vector<axfire::testing::Pair> pairs;
    const auto number = [&](u32 field) {
        const u32 sign = static_cast<u32>(random()) & 0x80000000u;
        const u32 fraction = static_cast<u32>(random()) & 0x7fffffu;
        return random() % 12 == 0 ? sign : convert<u32>(f, Rounding::rz, sign | field << 23 | fraction);
    };
    for (std::size_t i = 0; i < 64000; ++i) {
        // Two exponents at any distance that counts, and beyond; every hundred vectors another region.
        const u32 region = 70 + static_cast<u32>(i / 1600) * 2 % 50;
        const u32 a = number(region + static_cast<u32>(random() % 28));
        const u32 b = random() % 16 == 0 ? a ^ 0x80000000u : number(region + static_cast<u32>(random() % 28));
        pairs.emplace_back(a, b);
    }
    return pairs;
}

/// The compiled instance, the general kernels and the scalar reference.
void expect_same_bits(const std::vector<InstanceRequest>& requests, const Operands& o) {
    const auto instances = find_instances(requests, Jit::required, kSilent);
    const std::size_t n = o.a.size();
    std::vector<u32> want(n), got(n);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto& [add, mul, part] = requests[i];
        for (std::size_t k = 0; k < n; ++k) {
            want[k] = fp_add<u32>(add, o.a[k], o.b[k]);
        }
        instances[i]->add(add, o.a.data(), o.b.data(), got.data(), n);
        EXPECT_EQ(got, want) << to_string(add);
        cpu_kernels().general.add(add, o.a.data(), o.b.data(), got.data(), n);
        EXPECT_EQ(got, want) << to_string(add) << " general";
        for (std::size_t k = 0; k < n; ++k) {
            want[k] = fp_mul<u32>(mul, o.a[k], o.b[k]);
        }
        instances[i]->mul(mul, o.a.data(), o.b.data(), got.data(), n);
        EXPECT_EQ(got, want) << to_string(mul);
        cpu_kernels().general.mul(mul, o.a.data(), o.b.data(), got.data(), n);
        EXPECT_EQ(got, want) << to_string(mul) << " general";
    }
}

/// A command that needs one compiled instance, in a cache of its own.
std::string command(const fs::path& cache) {
    return "XDG_CACHE_HOME='" + cache.string() +
           "' " AXFIRE_BINARY " run '" AXFIRE_SOURCE_DIR
           "/scripts/data/fashion_mnist_snn.nir' --data fashion-mnist -T 4 --samples 3 --add 'heaa(k=9)@fp32' --jit "
           "required --json";
}

std::vector<fs::path> entries(const fs::path& cache) {
    std::vector<fs::path> list;
    for (const auto& item : fs::recursive_directory_iterator(cache)) {
        if (item.is_regular_file()) {
            list.push_back(item.path());
        }
    }
    return list;
}

std::string result_hash(const std::string& json) {
    const std::size_t at = json.find("\"result_hash\"");
    return at == std::string::npos ? "none" : json.substr(at, 35);
}

bool has_fashion_mnist() {
    return fs::exists("/usr/share/datasets/fashion-mnist");
}

}  // namespace

TEST(Instance, EveryUnitInBinary32GivesTheScalarReferencesBits) {
    auto random = axfire::testing::test_random();
    const auto requests = every_unit(kFp32, 5, Part::projections);
    expect_same_bits(requests, Operands(axfire::testing::test_pairs(random, kFp32, 4000)));
    expect_same_bits(requests, Operands(ordinary_pairs(random, kFp32)));
}

TEST(Instance, EveryUnitInBfloat16GivesTheScalarReferencesBits) {
    auto random = axfire::testing::test_random();
    expect_same_bits(every_unit(kBf16, 4, Part::neither), Operands(ordinary_pairs(random, kBf16)));
}

TEST(Instance, EveryUnitOnAllPairsOfAn8BitFormat) {
    std::vector<u32> values;
    for (u32 code = 0; code < 256; ++code) {
        values.push_back(oracle::number_of_code(kFp8E4m3, code));
    }
    expect_same_bits(every_unit(kFp8E4m3, 2, Part::neither), Operands(axfire::testing::all_pairs(values)));
}

TEST(Instance, OptionsGiveTheScalarReferencesBits) {
    auto random = axfire::testing::test_random();
    const Operands o(axfire::testing::test_pairs(random, kBf16, 4000));
    std::vector<InstanceRequest> requests;
    for (const auto& [add, mul] : std::initializer_list<std::pair<const char*, const char*>>{
             {"loa(k=4,guard=3)@bf16", "drum(k=4,round=rne)@bf16"},
             {"ama5(k=3,guard=2,subtract=exact,zero_bypass=on)@bf16/ru", "mbm(subnormals=flush)@bf16"},
             {"eta1(k=3,round=odd,overflow=saturate)@bf16", "exact(overflow=saturate)@bf16/odd"}}) {
        requests.push_back({parse_adder(add), parse_multiplier(mul), Part::neither});
    }
    expect_same_bits(requests, o);
}

TEST(Instance, WhatWasBuiltWithTheProgramNeedsNoCompiler) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "sanitized builds have exact@fp32 only";
#endif
    for (const char* unit : {"exact@fp32", "exact@bf16", "exact@fp16", "loa(k=7)@fp32", "loa(k=20)@fp32"}) {
        const AdderSpec add = parse_adder(unit);
        const Instance* const instance = find_instances({{add, {}, Part::both}}, Jit::off, kSilent)[0];
        EXPECT_NE(instance, &cpu_kernels().general) << unit;
        auto random = axfire::testing::test_random();
        const Operands o(axfire::testing::test_pairs(random, add.format, 3000));
        std::vector<u32> want(o.a.size()), got(o.a.size());
        cpu_kernels().general.add(add, o.a.data(), o.b.data(), want.data(), want.size());
        instance->add(add, o.a.data(), o.b.data(), got.data(), got.size());
        EXPECT_EQ(got, want) << unit;
    }
}

TEST(InstanceCache, ASecondUseIsQuick) {
    const InstanceRequest request{parse_adder("seta(k=6)@fp32"), {}, Part::projections};
    const std::string source = instance_source(request, cpu_kernels().isa);
    EXPECT_NE(source.find("AdderId::seta"), std::string::npos);
    find_instances({request}, Jit::required, kSilent);
    const auto start = std::chrono::steady_clock::now();
    find_instances({request}, Jit::required, [](const std::string& text) { ADD_FAILURE() << text; });
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(20));
}

TEST(InstanceCache, SeveralProcessesAtOnceAndDamagedEntries) {
    if (!has_fashion_mnist()) {
        GTEST_SKIP() << "dataset-fashion-mnist is not installed";
    }
    const axfire::testing::TemporaryFolder folder;
    const std::string alone = result_hash(run_command(command(folder.path() / "alone")).out);
    EXPECT_NE(alone, "none");
    std::string together;
    for (int i = 0; i < 4; ++i) {
        together += command(folder.path() / "shared") + " >'" + (folder / std::to_string(i)) + "' & ";
    }
    run_command(together + "wait");
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(result_hash(axfire::testing::read_text(folder / std::to_string(i))), alone);
    }
    const auto files = entries(folder.path() / "shared");
    ASSERT_EQ(files.size(), 1u) << "one entry, and nothing left over";
    const std::string whole = axfire::testing::read_text(files[0].string());
    // Cut off at any length, empty, or with one wrong byte: made anew, the same result.
    for (const std::size_t size : {std::size_t{0}, std::size_t{64}, whole.size() / 2, whole.size() - 1}) {
        std::ofstream(files[0], std::ios::binary) << whole.substr(0, size);
        EXPECT_EQ(result_hash(run_command(command(folder.path() / "shared")).out), alone) << size;
        EXPECT_EQ(fs::file_size(files[0]), whole.size());
    }
    std::string wrong = whole;
    wrong[wrong.size() / 3] ^= 0x40;
    std::ofstream(files[0], std::ios::binary) << wrong;
    const auto r = run_command(command(folder.path() / "shared"));
    EXPECT_EQ(result_hash(r.out), alone);
    EXPECT_NE(r.err.find("compiling kernels for exact@fp32 and heaa(k=9)@fp32"), std::string::npos) << r.err;
    EXPECT_EQ(run_command(command(folder.path() / "shared")).err.find("compiling"), std::string::npos);
}

TEST(InstanceCache, WithoutACompilerOrAPlaceToWrite) {
    if (!has_fashion_mnist()) {
        GTEST_SKIP() << "dataset-fashion-mnist is not installed";
    }
    const axfire::testing::TemporaryFolder folder;
    const std::string jit = "--jit required";
    std::string line = command(folder.path() / "cache");
    const std::string want = result_hash(run_command(line).out);
    const auto refused = run_command("AXFIRE_CXX=/nowhere/c++ " + line);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("cannot be run"), std::string::npos) << refused.err;
    line.replace(line.find(jit), jit.size(), "--jit auto");
    const auto general = run_command("AXFIRE_CXX=/nowhere/c++ " + line);
    EXPECT_EQ(general.code, 0);
    EXPECT_EQ(result_hash(general.out), want);
    EXPECT_NE(general.err.find("by the general kernels, several times slower: AXFIRE_CXX=/nowhere/c++ cannot be run"),
              std::string::npos)
        << general.err;
    const auto nowhere = run_command(command("/proc/nowhere"));
    EXPECT_EQ(result_hash(nowhere.out), want) << nowhere.err;
}

TEST(InstanceCache, IsBoundedAndKeepsWhatWasUsedLast) {
    const axfire::testing::TemporaryFolder folder;
    // In this process's own cache: entries of 1 MiB under keys that nothing else has.
    const fs::path library = folder / "library";
    std::ofstream(library, std::ios::binary) << std::string(1u << 20, 'x');
    const auto key = [](int i) { return "test-entry-" + std::to_string(i); };
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(store_in_cache(key(i), library, "note " + std::to_string(i)).notes, "note " + std::to_string(i));
        fs::last_write_time(cache_folder() / (key(i) + ".so"),
                            fs::file_time_type::clock::now() + std::chrono::hours(i - 100));
    }
    EXPECT_EQ(find_in_cache(key(0))->notes, "note 0");  // now the one used last
    std::uintmax_t others = 0;
    for (const auto& item : fs::directory_iterator(cache_folder())) {
        const std::string name = item.path().filename().string();
        others += item.is_regular_file() && !name.starts_with("test-entry-") ? item.file_size() : 0;
    }
    shrink_cache(others + (5u << 19));  // room for two and a half of the four
    EXPECT_TRUE(find_in_cache(key(0)));
    EXPECT_FALSE(find_in_cache(key(1)));
    EXPECT_FALSE(find_in_cache(key(2)));
    EXPECT_TRUE(find_in_cache(key(3)));
    for (int i = 0; i < 4; ++i) {
        fs::remove(cache_folder() / (key(i) + ".so"));
    }
}

}  // namespace axfire::test
