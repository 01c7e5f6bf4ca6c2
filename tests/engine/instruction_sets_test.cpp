// SPDX-License-Identifier: Apache-2.0
// Every instruction set that this processor has gives the same bits, for each unit and format.
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "arith/catalogue.h"
#include "engine/backend/cpu/kernels.h"
#include "tests/support/seed.h"

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
        for (std::size_t id = 0; id < all_adders().size(); ++id) {
            AdderSpec s;
            s.unit = static_cast<AdderId>(id);
            s.parameters.value[0] = 3;
            s.format = f;
            baseline::kKernels.add(s, a.data(), b.data(), want.data(), n);
            for (const CpuKernels* k : others()) {
                k->add(s, a.data(), b.data(), got.data(), n);
                EXPECT_EQ(got, want) << to_string(s) << " " << k->isa;
            }
        }
        for (std::size_t id = 0; id < all_multipliers().size(); ++id) {
            MultiplierSpec s;
            s.unit = static_cast<MultiplierId>(id);
            s.parameters.value[0] = 3;
            s.parameters.value[1] = s.unit == MultiplierId::bam ? 4 : 0;
            s.format = f;
            baseline::kKernels.mul(s, a.data(), b.data(), want.data(), n);
            for (const CpuKernels* k : others()) {
                k->mul(s, a.data(), b.data(), got.data(), n);
                EXPECT_EQ(got, want) << to_string(s) << " " << k->isa;
            }
        }
    }
}

}  // namespace axfire::test
