// SPDX-License-Identifier: Apache-2.0
// Integer instructions of the PTX interpreter.
#include <algorithm>
#include <limits>

#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

using Integers = InstructionTest;
using Row = std::vector<u64>;
using Wide = __int128;

s64 sign_extended(u64 x, int bits) {
    const u64 sign = u64{1} << (bits - 1);
    return bits == 64 ? static_cast<s64>(x) : static_cast<s64>((x ^ sign) - sign);
}

/// The operand as a whole number of any size.
Wide value(u64 x, int bits, bool is_signed) {
    return is_signed ? Wide{sign_extended(x, bits)} : Wide{x};
}

struct IntegerType {
    const char* name;
    int bits;
    bool is_signed;
};

constexpr IntegerType kTypes[] = {{"u16", 16, false}, {"s16", 16, true},  {"u32", 32, false},
                                  {"s32", 32, true},  {"u64", 64, false}, {"s64", 64, true}};

TEST_F(Integers, SumsDifferencesProducts) {
    for (const auto& t : kTypes) {
        const std::string type = t.name;
        const Shape two{t.bits, {t.bits, t.bits}};
        const auto v = [&](u64 x) { return value(x, t.bits, t.is_signed); };
        check("add." + type + " %d, %a, %b;", two, [&](const Row& x) { return v(x[0]) + v(x[1]); });
        check("sub." + type + " %d, %a, %b;", two, [&](const Row& x) { return v(x[0]) - v(x[1]); });
        check("mul.lo." + type + " %d, %a, %b;", two, [&](const Row& x) {
            return static_cast<unsigned __int128>(v(x[0])) * static_cast<unsigned __int128>(v(x[1]));
        });
        const auto high = [&](const Row& x) -> Wide {
            if (t.bits < 64 || t.is_signed) {
                return (v(x[0]) * v(x[1])) >> t.bits;
            }
            return static_cast<Wide>((static_cast<unsigned __int128>(x[0]) * x[1]) >> 64);
        };
        check("mul.hi." + type + " %d, %a, %b;", two, high);
        const Shape three{t.bits, {t.bits, t.bits, t.bits}};
        check("mad.lo." + type + " %d, %a, %b, %c;", three, [&](const Row& x) { return x[0] * x[1] + x[2]; });
        check("mad.hi." + type + " %d, %a, %b, %c;", three,
              [&](const Row& x) { return static_cast<u64>(high(x)) + x[2]; });
        if (t.bits < 64) {
            check("mul.wide." + type + " %d, %a, %b;", {2 * t.bits, {t.bits, t.bits}},
                  [&](const Row& x) { return v(x[0]) * v(x[1]); });
            check("mad.wide." + type + " %d, %a, %b, %c;", {2 * t.bits, {t.bits, t.bits, 2 * t.bits}},
                  [&](const Row& x) { return static_cast<u64>(v(x[0]) * v(x[1])) + x[2]; });
        }
    }
}

TEST_F(Integers, QuotientsAndExtremes) {
    for (const auto& t : kTypes) {
        const std::string type = t.name;
        const Shape two{t.bits, {t.bits, t.bits}};
        const auto v = [&](u64 x) { return value(x, t.bits, t.is_signed); };
        check("div." + type + " %d, %a, %b;", two,
              [&](const Row& x) { return x[1] == 0 ? Wide{-1} : v(x[0]) / v(x[1]); });
        check("rem." + type + " %d, %a, %b;", two,
              [&](const Row& x) { return x[1] == 0 ? v(x[0]) : v(x[0]) % v(x[1]); });
        check("min." + type + " %d, %a, %b;", two, [&](const Row& x) { return std::min(v(x[0]), v(x[1])); });
        check("max." + type + " %d, %a, %b;", two, [&](const Row& x) { return std::max(v(x[0]), v(x[1])); });
        check("sad." + type + " %d, %a, %b, %c;", {t.bits, {t.bits, t.bits, t.bits}}, [&](const Row& x) {
            const Wide difference = v(x[0]) - v(x[1]);
            return (difference < 0 ? -difference : difference) + Wide{x[2]};
        });
        if (t.is_signed) {
            check("abs." + type + " %d, %a;", {t.bits, {t.bits}},
                  [&](const Row& x) { return v(x[0]) < 0 ? -v(x[0]) : v(x[0]); });
            check("neg." + type + " %d, %a;", {t.bits, {t.bits}}, [&](const Row& x) { return -v(x[0]); });
        }
    }
}

TEST_F(Integers, SaturationAndNarrowFactors) {
    const auto clamp = [](Wide x) { return std::clamp<Wide>(x, INT32_MIN, INT32_MAX); };
    const Shape two{32, {32, 32}};
    const auto s = [](u64 x) { return value(x, 32, true); };
    check("add.sat.s32 %d, %a, %b;", two, [&](const Row& x) { return clamp(s(x[0]) + s(x[1])); });
    check("sub.sat.s32 %d, %a, %b;", two, [&](const Row& x) { return clamp(s(x[0]) - s(x[1])); });
    const auto low24 = [](u64 x) { return Wide{x & 0xffffff}; };
    const auto signed24 = [](u64 x) { return Wide{sign_extended(x & 0xffffff, 24)}; };
    check("mul24.lo.u32 %d, %a, %b;", two, [&](const Row& x) { return low24(x[0]) * low24(x[1]); });
    check("mul24.hi.u32 %d, %a, %b;", two, [&](const Row& x) { return (low24(x[0]) * low24(x[1])) >> 16; });
    check("mul24.lo.s32 %d, %a, %b;", two, [&](const Row& x) { return signed24(x[0]) * signed24(x[1]); });
    check("mul24.hi.s32 %d, %a, %b;", two, [&](const Row& x) { return (signed24(x[0]) * signed24(x[1])) >> 16; });
    check("mad24.lo.s32 %d, %a, %b, %c;", {32, {32, 32, 32}},
          [&](const Row& x) { return signed24(x[0]) * signed24(x[1]) + Wide{x[2]}; });
}

TEST_F(Integers, SumsOfBytes) {
    const Shape three{32, {32, 32, 32}};
    for (const bool a_signed : {false, true}) {
        for (const bool b_signed : {false, true}) {
            const std::string types = std::string(a_signed ? ".s32" : ".u32") + (b_signed ? ".s32" : ".u32");
            check("dp4a" + types + " %d, %a, %b, %c;", three, [&](const Row& x) {
                Wide sum = Wide{x[2]};
                for (int k = 0; k < 32; k += 8) {
                    sum += value(x[0] >> k & 0xff, 8, a_signed) * value(x[1] >> k & 0xff, 8, b_signed);
                }
                return sum;
            });
            for (const int first : {0, 16}) {
                check("dp2a" + std::string(first == 0 ? ".lo" : ".hi") + types + " %d, %a, %b, %c;", three,
                      [&](const Row& x) {
                          Wide sum = Wide{x[2]};
                          for (int k = 0; k < 2; ++k) {
                              sum += value(x[0] >> (16 * k) & 0xffff, 16, a_signed) *
                                     value(x[1] >> (8 * k + first) & 0xff, 8, b_signed);
                          }
                          return sum;
                      });
            }
        }
    }
}

TEST_F(Integers, CarryChains) {
    // 64 bits in halves: sums, differences and a product.
    const std::string halves = ".reg .b32 %x<9>; mov.b64 {%x0, %x1}, %a; mov.b64 {%x2, %x3}, %b;\n";
    const Shape two{64, {64, 64}};
    check(halves + "add.cc.u32 %x4, %x0, %x2; addc.u32 %x5, %x1, %x3; mov.b64 %d, {%x4, %x5};", two,
          [](const Row& x) { return x[0] + x[1]; });
    check(halves + "sub.cc.u32 %x4, %x0, %x2; subc.u32 %x5, %x1, %x3; mov.b64 %d, {%x4, %x5};", two,
          [](const Row& x) { return x[0] - x[1]; });
    check(halves +
              "mul.lo.u32 %x4, %x0, %x2; mul.hi.u32 %x5, %x0, %x2;"
              "mad.lo.u32 %x5, %x0, %x3, %x5; mad.lo.u32 %x5, %x1, %x2, %x5; mov.b64 %d, {%x4, %x5};",
          two, [](const Row& x) { return x[0] * x[1]; });
    // Every thread has a carry of its own.
    check(
        "{ .reg .b64 %y<3>; add.cc.u64 %y0, %a, %b; and.b32 %r5, %r2, 1; setp.eq.u32 %p1, %r5, 0;"
        "@%p1 add.cc.u64 %y1, 1, 2; addc.u64 %d, 0, 0; }",
        two, [&, row = u64{0}](const Row& x) mutable { return row++ % 2 == 0       ? 0
                                                              : x[0] + x[1] < x[0] ? 1
                                                                                   : 0; });
    // The carry out of 64 bits, and products with carries: the high half of a 128-bit product plus b.
    check("{ .reg .b64 %y<3>; add.cc.u64 %y0, %a, %b; addc.u64 %d, 0, 0; }", two,
          [](const Row& x) { return x[0] + x[1] < x[0] ? 1 : 0; });
    check("{ .reg .b64 %y<3>; sub.cc.u64 %y0, %a, %b; subc.u64 %d, 0, 0; }", two,
          [](const Row& x) { return x[0] < x[1] ? -1 : 0; });
    check("{ .reg .b64 %y<3>; mad.lo.cc.u64 %y0, %a, %b, %b; madc.hi.u64 %d, %a, %b, 0; }", two,
          [](const Row& x) { return static_cast<u64>((static_cast<unsigned __int128>(x[0]) * x[1] + x[1]) >> 64); });
}

}  // namespace

}  // namespace axfire::test
