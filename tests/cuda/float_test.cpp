// SPDX-License-Identifier: Apache-2.0
// Floating-point instructions of the PTX interpreter against MPFR, in all rounding modes.
#include <mpfr.h>

#include <bit>
#include <cmath>

#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

using Floats = InstructionTest;
using Row = std::vector<u64>;

/// Wide enough for every sum of products of binary64 to be exact.
constexpr int kPrecision = 4400;

struct Big {
    mpfr_t x;
    Big() { mpfr_init2(x, kPrecision); }
    ~Big() { mpfr_clear(x); }
    Big(const Big&) = delete;
    Big& operator=(const Big&) = delete;
};

constexpr struct {
    const char* name;
    mpfr_rnd_t mode;
} kModes[] = {{".rn", MPFR_RNDN}, {".rz", MPFR_RNDZ}, {".rm", MPFR_RNDD}, {".rp", MPFR_RNDU}};

void read(mpfr_ptr x, u64 bits, int width) {
    if (width == 32) {
        mpfr_set_flt(x, std::bit_cast<float>(static_cast<u32>(bits)), MPFR_RNDN);
    } else {
        mpfr_set_d(x, std::bit_cast<double>(bits), MPFR_RNDN);
    }
}

u64 round(mpfr_srcptr x, int width, mpfr_rnd_t mode) {
    if (mpfr_nan_p(x) != 0) {
        return width == 32 ? 0x7fffffff : 0x7fffffffffffffff;
    }
    return width == 32 ? std::bit_cast<u32>(mpfr_get_flt(x, mode)) : std::bit_cast<u64>(mpfr_get_d(x, mode));
}

/// Numbers near each other, so that sums cancel and products meet the ends of the range, and any bits at all.
Row floats(std::mt19937_64& random, size_t count, int width) {
    Row row;
    const u64 exponent = random();
    for (size_t k = 0; k < count; ++k) {
        u64 x = operand(random);
        if (random() % 2 == 0) {
            x = width == 32
                    ? ((exponent % 256 + random() % 3) << 23 & 0x7f800000) | (random() & 0x807fffff)
                    : ((exponent % 2048 + random() % 3) << 52 & 0x7ff0000000000000) | (random() & 0x800fffffffffffff);
        }
        row.push_back(x);
    }
    return row;
}

TEST_F(Floats, RoundedOperations) {
    Big a;
    Big b;
    Big c;
    for (const int width : {32, 64}) {
        const size_t count = width == 32 ? 600 : 150;
        const auto draw = [&](size_t n) { return [=](std::mt19937_64& random) { return floats(random, n, width); }; };
        const std::string type = ".f" + std::to_string(width);
        for (const auto& [name, mode] : kModes) {
            const std::string end = name + type;
            const auto binary = [&](int (*f)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t)) {
                return [&, f](const Row& x) {
                    read(a.x, x[0], width);
                    read(b.x, x[1], width);
                    f(c.x, a.x, b.x, mode);
                    return round(c.x, width, mode);
                };
            };
            const Shape two{width, {width, width}};
            check("add" + end + " %d, %a, %b;", two, binary(mpfr_add), draw(2), count);
            check("sub" + end + " %d, %a, %b;", two, binary(mpfr_sub), draw(2), count);
            check("mul" + end + " %d, %a, %b;", two, binary(mpfr_mul), draw(2), count);
            check("div" + end + " %d, %a, %b;", two, binary(mpfr_div), draw(2), count);
            check(
                "fma" + end + " %d, %a, %b, %c;", {width, {width, width, width}},
                [&](const Row& x) {
                    Big r;
                    read(a.x, x[0], width);
                    read(b.x, x[1], width);
                    read(c.x, x[2], width);
                    mpfr_fma(r.x, a.x, b.x, c.x, mode);
                    return round(r.x, width, mode);
                },
                draw(3), count);
            const Shape one{width, {width}};
            check(
                "sqrt" + end + " %d, %a;", one,
                [&](const Row& x) {
                    read(a.x, x[0], width);
                    mpfr_sqrt(c.x, a.x, mode);
                    return round(c.x, width, mode);
                },
                draw(1), count);
            check(
                "rcp" + end + " %d, %a;", one,
                [&](const Row& x) {
                    read(a.x, x[0], width);
                    mpfr_ui_div(c.x, 1, a.x, mode);
                    return round(c.x, width, mode);
                },
                draw(1), count);
        }
    }
}

float number(u64 bits) {
    return std::bit_cast<float>(static_cast<u32>(bits));
}

u32 flushed(u64 bits) {
    return static_cast<u32>((bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits);
}

u32 canonical(float x) {
    return std::isnan(x) ? 0x7fffffff : std::bit_cast<u32>(x);
}

/// Subnormal operands and results are zeros of their sign; .sat keeps results between 0 and 1.
TEST_F(Floats, FlushedAndSaturated) {
    const auto draw = [](std::mt19937_64& random) {
        Row row = floats(random, 2, 32);
        if (random() % 2 == 0) {  // near the subnormal numbers
            for (u64& x : row) {
                x = (x & 0x80ffffff) | (random() % 2 << 24);
            }
        }
        return row;
    };
    const Shape two{32, {32, 32}};
    check(
        "add.rn.ftz.f32 %d, %a, %b;", two,
        [](const Row& x) { return flushed(canonical(number(flushed(x[0])) + number(flushed(x[1])))); }, draw);
    check(
        "sub.ftz.f32 %d, %a, %b;", two,
        [](const Row& x) { return flushed(canonical(number(flushed(x[0])) - number(flushed(x[1])))); }, draw);
    check(
        "mul.rn.ftz.f32 %d, %a, %b;", two,
        [](const Row& x) { return flushed(canonical(number(flushed(x[0])) * number(flushed(x[1])))); }, draw);
    check(
        "add.sat.f32 %d, %a, %b;", two,
        [](const Row& x) {
            const float r = number(x[0]) + number(x[1]);
            return std::isnan(r) || r <= 0 ? 0 : canonical(r > 1 ? 1.0f : r);
        },
        draw);
}

TEST_F(Floats, SignsAndExtremes) {
    const Shape two{32, {32, 32}};
    const auto draw = [](std::mt19937_64& random) { return floats(random, 2, 32); };
    const auto extreme = [](const Row& x, bool greatest, bool nan) -> u32 {
        const float a = number(x[0]);
        const float b = number(x[1]);
        if (std::isnan(a) || std::isnan(b)) {
            return nan || (std::isnan(a) && std::isnan(b)) ? 0x7fffffff : std::bit_cast<u32>(std::isnan(a) ? b : a);
        }
        if (a == 0 && b == 0) {
            return static_cast<u32>(greatest ? x[0] & x[1] : x[0] | x[1]);
        }
        return std::bit_cast<u32>(greatest ? std::max(a, b) : std::min(a, b));
    };
    check(
        "min.f32 %d, %a, %b;", two, [&](const Row& x) { return extreme(x, false, false); }, draw);
    check(
        "max.f32 %d, %a, %b;", two, [&](const Row& x) { return extreme(x, true, false); }, draw);
    check(
        "min.NaN.f32 %d, %a, %b;", two, [&](const Row& x) { return extreme(x, false, true); }, draw);
    check(
        "max.NaN.f32 %d, %a, %b;", two, [&](const Row& x) { return extreme(x, true, true); }, draw);
    const auto is_nan = [](u64 x) { return (x & 0x7fffffff) > 0x7f800000; };
    check("neg.f32 %d, %a;", {32, {32}}, [&](const Row& x) { return is_nan(x[0]) ? 0x7fffffff : x[0] ^ 0x80000000; });
    check("abs.f32 %d, %a;", {32, {32}}, [&](const Row& x) { return is_nan(x[0]) ? 0x7fffffff : x[0] & 0x7fffffff; });
    check("copysign.f32 %d, %a, %b;", two, [](const Row& x) { return (x[0] & 0x80000000) | (x[1] & 0x7fffffff); });
}

/// The results of these are open in their last bits.
TEST_F(Floats, ApproximateFunctions) {
    const struct {
        const char* name;
        double (*f)(double);
    } kFunctions[] = {
        {"ex2", std::exp2}, {"lg2", std::log2}, {"sin", std::sin}, {"cos", std::cos}, {"tanh", std::tanh}};
    for (const auto& [name, f] : kFunctions) {
        check(std::string(name) + ".approx.f32 %d, %a;", {32, {32}},
              [f = f](const Row& x) { return canonical(static_cast<float>(f(static_cast<double>(number(x[0]))))); });
    }
    check("rsqrt.approx.f32 %d, %a;", {32, {32}},
          [](const Row& x) { return canonical(static_cast<float>(1 / std::sqrt(static_cast<double>(number(x[0]))))); });
}

/// (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24 if rounded once, and 0 if the product is rounded first.
TEST_F(Floats, FusedMeansRoundedOnce) {
    const auto one_row = [](std::mt19937_64&) { return Row{0x3f800800, 0xbf801000}; };
    check(
        "fma.rn.f32 %d, %a, %a, %b;", {32, {32, 32}}, [](const Row&) { return 0x33800000; }, one_row, 1);
    check(
        "mul.rn.f32 %d, %a, %a; add.rn.f32 %d, %d, %b;", {32, {32, 32}}, [](const Row&) { return 0; }, one_row, 1);
}

}  // namespace

}  // namespace axfire::test
