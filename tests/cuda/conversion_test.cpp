// SPDX-License-Identifier: Apache-2.0
// cvt of the PTX interpreter.
#include <mpfr.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "tests/cuda/instruction.h"
#include "tests/oracle/mpfr_format.h"

namespace axfire::test {

namespace {

using Conversions = InstructionTest;
using Row = std::vector<u64>;
using Wide = __int128;

struct IntegerType {
    const char* name;
    int bits;
    bool is_signed;
};

constexpr IntegerType kTypes[] = {{"u8", 8, false},   {"s8", 8, true},   {"u16", 16, false}, {"s16", 16, true},
                                  {"u32", 32, false}, {"s32", 32, true}, {"u64", 64, false}, {"s64", 64, true}};

Wide value(u64 x, const IntegerType& t) {
    const Wide modulus = Wide{1} << t.bits;
    const Wide low = Wide{x} % modulus;
    return t.is_signed && low >= modulus / 2 ? low - modulus : low;
}

Wide least(const IntegerType& t) {
    return t.is_signed ? -(Wide{1} << (t.bits - 1)) : 0;
}

Wide most(const IntegerType& t) {
    return (Wide{1} << (t.is_signed ? t.bits - 1 : t.bits)) - 1;
}

/// 8-bit types are held in registers of 16, and any narrow one may be in a wider register.
int held(const IntegerType& t) {
    return std::max(t.bits, 16);
}

TEST_F(Conversions, BetweenIntegers) {
    for (const auto& from : kTypes) {
        for (const auto& to : kTypes) {
            const std::string types = std::string(".") + to.name + "." + from.name;
            check("cvt" + types + " %d, %a;", {held(to), {held(from)}},
                  [&](const Row& x) { return value(static_cast<u64>(value(x[0], from)), to); });
            check("cvt.sat" + types + " %d, %a;", {held(to), {held(from)}},
                  [&](const Row& x) { return std::clamp(value(x[0], from), least(to), most(to)); });
            check("cvt" + types + " %d, %a;", {64, {64}},
                  [&](const Row& x) { return value(static_cast<u64>(value(x[0], from)), to); });
        }
    }
}

constexpr struct {
    const char* name;
    mpfr_rnd_t mode;
} kModes[] = {{"rn", MPFR_RNDN}, {"rz", MPFR_RNDZ}, {"rm", MPFR_RNDD}, {"rp", MPFR_RNDU}};

TEST_F(Conversions, IntegersToFloats) {
    mpfr_t exact;
    mpfr_init2(exact, 64);
    for (const auto& from : kTypes) {
        for (const auto& [name, mode] : kModes) {
            const auto set = [&](const Row& x) {
                const Wide v = value(x[0], from);
                if (from.is_signed) {
                    mpfr_set_sj(exact, static_cast<s64>(v), MPFR_RNDN);
                } else {
                    mpfr_set_uj(exact, static_cast<u64>(v), MPFR_RNDN);
                }
            };
            const std::string begin = std::string("cvt.") + name;
            check(begin + ".f32." + from.name + " %d, %a;", {32, {held(from)}}, [&](const Row& x) {
                set(x);
                return std::bit_cast<u32>(mpfr_get_flt(exact, mode));
            });
            check(begin + ".f64." + from.name + " %d, %a;", {64, {held(from)}}, [&](const Row& x) {
                set(x);
                return std::bit_cast<u64>(mpfr_get_d(exact, mode));
            });
        }
    }
    mpfr_clear(exact);
}

/// Numbers around the ends of the integer types as well as any.
Row around(std::mt19937_64& random, int width) {
    if (random() % 3 == 0) {
        return {operand(random)};
    }
    double x = std::ldexp(static_cast<double>(static_cast<s64>(random())), -static_cast<int>(random() % 70));
    if (random() % 3 == 0) {  // the ends themselves, and their neighbours
        const double end = std::ldexp(random() % 2 == 0 ? 1.0 : -1.0, static_cast<int>(random() % 66));
        x = random() % 2 == 0 ? end : std::nextafter(end, random() % 2 == 0 ? 0.0 : 2 * end);
    }
    const double half = std::nearbyint(x * 2) / 2;
    const double chosen = random() % 2 == 0 && std::fabs(x) < 1e6 ? half : x;
    return {width == 32 ? std::bit_cast<u32>(static_cast<float>(chosen)) : std::bit_cast<u64>(chosen)};
}

TEST_F(Conversions, FloatsToIntegers) {
    const struct {
        const char* name;
        double (*f)(double);
    } kRoundings[] = {{"rni", std::nearbyint}, {"rzi", std::trunc}, {"rmi", std::floor}, {"rpi", std::ceil}};
    for (const int width : {32, 64}) {
        const auto draw = [=](std::mt19937_64& random) { return around(random, width); };
        const auto number = [=](u64 x) {
            return width == 32 ? static_cast<double>(std::bit_cast<float>(static_cast<u32>(x)))
                               : std::bit_cast<double>(x);
        };
        for (const auto& [name, f] : kRoundings) {
            for (const auto& to : kTypes) {
                check(
                    std::string("cvt.") + name + "." + to.name + ".f" + std::to_string(width) + " %d, %a;",
                    {held(to), {width}},
                    [&, f = f](const Row& x) -> Wide {
                        const double v = number(x[0]);
                        if (std::isnan(v)) {
                            return width == 64 || to.bits == 64 ? Wide{1} << (to.bits - 1) : 0;
                        }
                        return std::fabs(v) > 1e30 ? v > 0 ? most(to) : least(to)
                                                   : std::clamp(static_cast<Wide>(f(v)), least(to), most(to));
                    },
                    draw, 200);
            }
            check(
                std::string("cvt.") + name + ".f" + std::to_string(width) + ".f" + std::to_string(width) + " %d, %a;",
                {width, {width}},
                [&, f = f](const Row& x) {
                    const double v = f(number(x[0]));
                    return width == 32     ? std::isnan(v) ? 0x7fffffff : std::bit_cast<u32>(static_cast<float>(v))
                               : std::isnan(v) ? 0x7fffffffffffffff
                                           : std::bit_cast<u64>(v);
                },
                draw, 200);
        }
    }
}

TEST_F(Conversions, BetweenFloats) {
    const auto is_nan = [](u64 x) { return std::isnan(std::bit_cast<double>(x)); };
    mpfr_t exact;
    mpfr_init2(exact, 53);
    for (const auto& [name, mode] : kModes) {
        check(
            std::string("cvt.") + name + ".f32.f64 %d, %a;", {32, {64}},
            [&](const Row& x) {
                mpfr_set_d(exact, std::bit_cast<double>(x[0]), MPFR_RNDN);
                return is_nan(x[0]) ? 0x7fffffff : std::bit_cast<u32>(mpfr_get_flt(exact, mode));
            },
            [](std::mt19937_64& random) {
                const double x = std::bit_cast<float>(static_cast<u32>(random()));
                return Row{random() % 2 == 0 ? std::bit_cast<u64>(x) ^ (random() & 0x1fffffff) : operand(random)};
            });
    }
    mpfr_clear(exact);
    check("cvt.f64.f32 %d, %a;", {64, {32}}, [](const Row& x) {
        const float v = std::bit_cast<float>(static_cast<u32>(x[0]));
        return std::isnan(v) ? 0x7fffffffffffffff : std::bit_cast<u64>(static_cast<double>(v));
    });
    check("cvt.ftz.sat.f32.f32 %d, %a;", {32, {32}}, [](const Row& x) {
        const float v = std::bit_cast<float>(static_cast<u32>(x[0]));
        return !(v >= 0x1p-126f) ? 0 : std::bit_cast<u32>(std::min(v, 1.0f));
    });
}

/// To binary16 and bfloat16 in all modes, by way of the value that comes back.
TEST_F(Conversions, NarrowFloats) {
    const struct {
        const char* name;
        Format format;
    } kFormats[] = {{"f16", kFp16}, {"bf16", kBf16}};
    const struct {
        const char* name;
        Rounding mode;
    } kRoundings[] = {{"rn", Rounding::rne}, {"rz", Rounding::rz}, {"rm", Rounding::rd}, {"rp", Rounding::ru}};
    for (const auto& f : kFormats) {
        oracle::MpfrRounder rounder(f.format);
        for (const auto& r : kRoundings) {
            check(
                std::string("{ .reg .b16 %h; cvt.") + r.name + "." + f.name + ".f32 %h, %a; cvt.f32." + f.name +
                    " %d, %h; }",
                {32, {32}},
                [&](const Row& x) {
                    const u32 bits = rounder.convert(r.mode, static_cast<u32>(x[0]));
                    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fffffff : bits;
                },
                [&](std::mt19937_64& random) {
                    const u64 exponent = 127 + random() % 40 - 27;
                    return Row{random() % 2 == 0 ? exponent << 23 | (random() & 0x807fffff) : operand(random)};
                },
                2000);
        }
    }
    // Every binary16 there is, and every bfloat16, which is the upper half of a binary32.
    size_t next = 0;
    const auto every = [&](std::mt19937_64&) { return Row{next++ & 0xffff}; };
    check(
        "cvt.f32.f16 %d, %a;", {32, {16}},
        [](const Row& x) -> u32 {
            const int exponent = static_cast<int>(x[0] >> 10 & 31);
            const double fraction = static_cast<double>(x[0] & 1023) / 1024;
            const double magnitude = exponent == 0 ? fraction * 0x1p-14 : std::ldexp(1 + fraction, exponent - 15);
            if (exponent == 31) {
                return fraction != 0 ? 0x7fffffff : x[0] >> 15 != 0 ? 0xff800000 : 0x7f800000;
            }
            return std::bit_cast<u32>(static_cast<float>(x[0] >> 15 != 0 ? -magnitude : magnitude));
        },
        every, 65536);
    next = 0;
    check(
        "cvt.f32.bf16 %d, %a;", {32, {16}},
        [](const Row& x) { return (x[0] & 0x7fff) > 0x7f80 ? 0x7fffffff : x[0] << 16; }, every, 65536);
    next = 0;
    check(
        "{ .reg .f32 %x; cvt.f32.f16 %x, %a; cvt.rn.f16.f32 %d, %x; }", {16, {16}},
        [](const Row& x) { return (x[0] & 0x7fff) > 0x7c00 ? 0x7fff : x[0]; }, every, 65536);
}

}  // namespace

}  // namespace axfire::test
