// SPDX-License-Identifier: Apache-2.0
// Comparisons and selections of the PTX interpreter.
#include <bit>
#include <cmath>

#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

using Comparisons = InstructionTest;
using Row = std::vector<u64>;

/// Which of less, equal, greater, unordered make a comparison true.
struct Comparison {
    const char* name;
    bool less, equal, greater, unordered;
};

constexpr Comparison kOrdered[] = {{"eq", false, true, false, false}, {"ne", true, false, true, false},
                                   {"lt", true, false, false, false}, {"le", true, true, false, false},
                                   {"gt", false, false, true, false}, {"ge", false, true, true, false}};
constexpr Comparison kFloatOnly[] = {{"equ", false, true, false, true}, {"neu", true, false, true, true},
                                     {"ltu", true, false, false, true}, {"leu", true, true, false, true},
                                     {"gtu", false, false, true, true}, {"geu", false, true, true, true},
                                     {"num", true, true, true, false},  {"nan", false, false, false, true}};
constexpr Comparison kUnsignedOnly[] = {{"lo", true, false, false, false},
                                        {"ls", true, true, false, false},
                                        {"hi", false, false, true, false},
                                        {"hs", false, true, true, false}};

template <class T>
bool holds(const Comparison& c, T a, T b) {
    return a < b ? c.less : a == b ? c.equal : a > b ? c.greater : c.unordered;
}

/// Pairs that are often equal or nearly so.
Row pair(std::mt19937_64& random) {
    const u64 a = operand(random);
    const u64 b = random() % 3 == 0 ? a : random() % 3 == 0 ? a ^ (u64{1} << random() % 64) : operand(random);
    return {a, b};
}

TEST_F(Comparisons, OfIntegers) {
    for (const Comparison& c : kOrdered) {
        const std::string name = std::string("setp.") + c.name;
        check(
            name + ".u16 %d, %a, %b;", {1, {16, 16}}, [&](const Row& x) { return holds(c, x[0], x[1]); }, pair);
        check(
            name + ".s16 %d, %a, %b;", {1, {16, 16}},
            [&](const Row& x) { return holds(c, static_cast<s16>(x[0]), static_cast<s16>(x[1])); }, pair);
        check(
            name + ".u32 %d, %a, %b;", {1, {32, 32}}, [&](const Row& x) { return holds(c, x[0], x[1]); }, pair);
        check(
            name + ".s32 %d, %a, %b;", {1, {32, 32}},
            [&](const Row& x) { return holds(c, static_cast<s32>(x[0]), static_cast<s32>(x[1])); }, pair);
        check(
            name + ".u64 %d, %a, %b;", {1, {64, 64}}, [&](const Row& x) { return holds(c, x[0], x[1]); }, pair);
        check(
            name + ".s64 %d, %a, %b;", {1, {64, 64}},
            [&](const Row& x) { return holds(c, static_cast<s64>(x[0]), static_cast<s64>(x[1])); }, pair);
    }
    check(
        "setp.eq.b32 %d, %a, %b;", {1, {32, 32}}, [](const Row& x) { return x[0] == x[1]; }, pair);
    for (const Comparison& c : kUnsignedOnly) {
        check(
            std::string("setp.") + c.name + ".u32 %d, %a, %b;", {1, {32, 32}},
            [&](const Row& x) { return holds(c, x[0], x[1]); }, pair);
    }
}

template <bool kFlush>
float number(u64 bits) {
    const u32 low = static_cast<u32>(bits);
    return std::bit_cast<float>(kFlush && (low & 0x7f800000) == 0 ? low & 0x80000000 : low);
}

TEST_F(Comparisons, OfFloats) {
    const auto test = [&](const Comparison& c) {
        const std::string name = std::string("setp.") + c.name;
        check(
            name + ".f32 %d, %a, %b;", {1, {32, 32}},
            [&](const Row& x) { return holds(c, number<false>(x[0]), number<false>(x[1])); }, pair);
        check(
            name + ".ftz.f32 %d, %a, %b;", {1, {32, 32}},
            [&](const Row& x) { return holds(c, number<true>(x[0]), number<true>(x[1])); }, pair);
        check(
            name + ".f64 %d, %a, %b;", {1, {64, 64}},
            [&](const Row& x) { return holds(c, std::bit_cast<double>(x[0]), std::bit_cast<double>(x[1])); }, pair);
    };
    for (const Comparison& c : kOrdered) {
        test(c);
    }
    for (const Comparison& c : kFloatOnly) {
        test(c);
    }
}

/// The second destination takes the opposite before it is combined.
TEST_F(Comparisons, Combined) {
    const Shape shape{32, {32, 32, 1}};
    const auto draw = [](std::mt19937_64& random) {
        Row row = pair(random);
        row.push_back(random());
        return row;
    };
    const std::string both = "selp.b32 %r5, 1, 0, %p1; selp.b32 %r6, 2, 0, %p2; or.b32 %d, %r5, %r6;";
    check(
        "setp.lt.u32 %p1|%p2, %a, %b; xor.pred %p3, %c, %c;" + both, shape,
        [](const Row& x) { return x[0] < x[1] ? 1 : 2; }, draw);
    check(
        "setp.lt.and.u32 %p1|%p2, %a, %b, %c;" + both, shape,
        [](const Row& x) { return x[2] == 0     ? 0
                                  : x[0] < x[1] ? 1
                                                : 2; }, draw);
    check(
        "setp.lt.or.u32 %p1|%p2, %a, %b, !%c;" + both, shape,
        [](const Row& x) { return x[2] == 0     ? 3
                                  : x[0] < x[1] ? 1
                                                : 2; }, draw);
    check(
        "setp.lt.xor.u32 %p1|%p2, %a, %b, %c;" + both, shape,
        [](const Row& x) { return (x[0] < x[1]) != (x[2] != 0) ? 1 : 2; }, draw);
    check(
        "set.lt.u32.u32 %d, %a, %b; xor.pred %p3, %c, %c;", shape, [](const Row& x) { return x[0] < x[1] ? ~0u : 0; },
        draw);
    check(
        "set.lt.and.f32.s32 %d, %a, %b, %c;", shape,
        [](const Row& x) { return x[2] != 0 && static_cast<s32>(x[0]) < static_cast<s32>(x[1]) ? 0x3f800000 : 0; },
        draw);
}

TEST_F(Comparisons, Selections) {
    for (const int bits : {16, 32, 64}) {
        const std::string type = std::to_string(bits);
        const Shape shape{bits, {bits, bits, 1}};
        check("selp.b" + type + " %d, %a, %b, %c;", shape, [](const Row& x) { return x[2] != 0 ? x[0] : x[1]; });
        check("slct.b" + type + ".s32 %d, %a, %b, %c;", {bits, {bits, bits, 32}},
              [](const Row& x) { return static_cast<s32>(x[2]) >= 0 ? x[0] : x[1]; });
        check("slct.u" + type + ".f32 %d, %a, %b, %c;", {bits, {bits, bits, 32}},
              [](const Row& x) { return number<false>(x[2]) >= 0 ? x[0] : x[1]; });
    }
    const struct {
        const char* name;
        bool (*f)(float);
    } kProperties[] = {{"finite", [](float x) { return std::isfinite(x); }},
                       {"infinite", [](float x) { return std::isinf(x); }},
                       {"number", [](float x) { return !std::isnan(x); }},
                       {"notanumber", [](float x) { return std::isnan(x); }},
                       {"normal", [](float x) { return std::isnormal(x); }},
                       {"subnormal", [](float x) { return std::fpclassify(x) == FP_SUBNORMAL; }}};
    for (const auto& p : kProperties) {
        check(std::string("testp.") + p.name + ".f32 %d, %a;", {1, {32}},
              [&](const Row& x) { return p.f(number<false>(x[0])); });
    }
}

TEST_F(Comparisons, Moves) {
    check("mov.b64 {%r5, %r6}, %a; xor.b32 %d, %r5, %r6;", {32, {64}}, [](const Row& x) { return x[0] ^ x[0] >> 32; });
    check("{ .reg .b16 %h<4>; mov.b64 {%h0, %h1, %h2, %h3}, %a; mov.b64 %d, {%h3, %h2, %h1, %h0}; }", {64, {64}},
          [](const Row& x) {
              return x[0] >> 48 | (x[0] >> 16 & 0xffff0000) | (x[0] << 16 & 0xffff00000000) | x[0] << 48;
          });
    check("{ .reg .b16 %h<2>; mov.b32 {_, %h1}, %a; cvt.u32.u16 %d, %h1; }", {32, {32}},
          [](const Row& x) { return x[0] >> 16; });
}

}  // namespace

}  // namespace axfire::test
