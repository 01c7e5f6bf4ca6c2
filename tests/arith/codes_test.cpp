// SPDX-License-Identifier: Apache-2.0
// Codes of formats: decode against the oracle, encode as its inverse.
#include "arith/codes.h"

#include <gtest/gtest.h>

#include "tests/oracle/number.h"
#include "tests/support/formats.h"

namespace axfire::testing {
namespace {

void expect_every_code(const Format& f) {
    const u32 codes = 1u << (f.exponent_bits + f.fraction_bits + 1);
    for (u32 code = 0; code < codes; ++code) {
        const u32 bits = decode(f, code);
        ASSERT_EQ(bits, oracle::number_of_code(f, code)) << name(f) << " code " << code;
        if (oracle::is_nan(bits)) {
            ASSERT_TRUE(oracle::is_nan(decode(f, encode(f, bits)))) << name(f) << " code " << code;
        } else {
            ASSERT_EQ(encode(f, bits), code) << name(f) << " " << hex(bits);
        }
    }
}

TEST(Codes, EveryCodeOfEveryFormatOfUpTo12Bits) {
    for (u32 e = 2; e <= 8; ++e) {
        for (u32 m = 1; e + m + 1 <= 12; ++m) {
            for (const Overflow overflow : {Overflow::infinity, Overflow::saturate}) {
                expect_every_code({e, m, Subnormals::gradual, overflow});
            }
        }
    }
}

TEST(Codes, EveryCodeOfThePresetsOfUpTo16Bits) {
    for (const Format& f : {kFp8E4m3, kFp8E5m2, kFp16, kBf16, kDlfloat16}) {
        expect_every_code(f);
    }
}

TEST(Codes, NansOfAnyPayloadStayNans) {
    for (const Format& f : {kFp8E4m3, kFp8E5m2, kFp16, kBf16, kTf32, kFp32, Format{2, 1}}) {
        for (const u32 nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu}) {
            const u32 code = encode(f, nan);
            EXPECT_TRUE(oracle::is_nan(oracle::number_of_code(f, code))) << name(f) << " " << hex(nan) << " " << code;
        }
    }
}

TEST(Codes, KnownCodes) {
    EXPECT_EQ(encode(kFp16, 0x3f800000), 0x3c00u);
    EXPECT_EQ(encode(kBf16, 0xbf800000), 0xbf80u);
    EXPECT_EQ(decode(kFp8E4m3, 0x7e), 0x43e00000u) << "448";
    EXPECT_TRUE(oracle::is_nan(decode(kFp8E4m3, 0x7f)));
    EXPECT_TRUE(oracle::is_nan(decode(kFp8E4m3, 0xff)));
    EXPECT_EQ(decode(kFp8E5m2, 0x7c), oracle::kInfinity);
    EXPECT_EQ(decode(kFp16, 0x0001), 0x33800000u) << "2^-24";
    EXPECT_EQ(encode(kFp32, 0x00000001), 0x00000001u);
}

}  // namespace
}  // namespace axfire::testing
