// SPDX-License-Identifier: Apache-2.0
// Every instruction set that this processor has gives the same bits, for each unit and format.
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "arith/catalogue.h"
#include "arith/spec_text.h"
#include "engine/backend/cpu/kernels.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::test {

namespace {

std::vector<const CpuKernels*> others() {
    std::vector<const CpuKernels*> list;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        list.push_back(&avx2::kKernels);
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        list.push_back(&avx512::kKernels);
    }
#endif
    return list;
}

/// Random bit patterns, many of them with close exponents, zeros and subnormals among them.
std::vector<u32> patterns(std::mt19937_64& random, std::size_t n) {
    std::vector<u32> list(n);
    for (u32& x : list) {
        x = static_cast<u32>(random());
        if (random() % 2 == 0) {
            x = (x & 0x807fffffu) | static_cast<u32>(120 + random() % 12) << 23;
        } else if (random() % 8 == 0) {
            x &= 0x807fffffu;
        } else if (random() % 16 == 0) {
            x &= 0x80000000u;
        }
    }
    return list;
}

}  // namespace

TEST(InstructionSets, GiveTheSameBits) {
    if (others().empty()) {
        GTEST_SKIP() << "this processor has the baseline instruction set only";
    }
    std::mt19937_64 random = axfire::testing::test_random();
    const std::size_t n = 4099;  // no multiple of any lane count
    for (const char* format : {"fp32", "bf16", "fp16", "fp8_e4m3", "e5m11", "e8m22"}) {
        std::vector<u32> a = patterns(random, n), b = patterns(random, n);
        const Format f = parse_format(format);
        baseline::kKernels.convert(f, Rounding::rne, a.data(), a.data(), n);
        baseline::kKernels.convert(f, Rounding::rne, b.data(), b.data(), n);
        std::vector<u32> want(n), got(n);
        for (const AdderId id : axfire::testing::every_adder()) {
            for (const Parameters& p : axfire::testing::settings(id, f.fraction_bits + 3, 3)) {
                const AdderSpec s{id, p, f};
                baseline::kKernels.general.add(s, a.data(), b.data(), want.data(), n);
                for (const CpuKernels* k : others()) {
                    k->general.add(s, a.data(), b.data(), got.data(), n);
                    EXPECT_EQ(got, want) << to_string(s) << " " << k->isa;
                }
            }
        }
        for (const MultiplierId id : axfire::testing::every_multiplier()) {
            for (Parameters p : axfire::testing::settings(id, f.precision(), 3)) {
                if (const int block = block_parameter(id); block >= 0) {
                    p.value[block] = 0;
                }
                const MultiplierSpec s{id, p, f};
                baseline::kKernels.general.mul(s, a.data(), b.data(), want.data(), n);
                for (const CpuKernels* k : others()) {
                    k->general.mul(s, a.data(), b.data(), got.data(), n);
                    EXPECT_EQ(got, want) << to_string(s) << " " << k->isa;
                }
            }
        }
    }
}

}  // namespace axfire::test
