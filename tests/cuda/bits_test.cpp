// SPDX-License-Identifier: Apache-2.0
// Logic, shifts and bit fields of the PTX interpreter.
#include <algorithm>

#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

using Bits = InstructionTest;
using Row = std::vector<u64>;

s64 sign_extended(u64 x, int bits) {
    const u64 sign = u64{1} << (bits - 1);
    return bits == 64 ? static_cast<s64>(x) : static_cast<s64>((x ^ sign) - sign);
}

TEST_F(Bits, Logic) {
    for (const int bits : {16, 32, 64}) {
        const std::string type = ".b" + std::to_string(bits);
        const Shape two{bits, {bits, bits}};
        check("and" + type + " %d, %a, %b;", two, [](const Row& x) { return x[0] & x[1]; });
        check("or" + type + " %d, %a, %b;", two, [](const Row& x) { return x[0] | x[1]; });
        check("xor" + type + " %d, %a, %b;", two, [](const Row& x) { return x[0] ^ x[1]; });
        check("not" + type + " %d, %a;", {bits, {bits}}, [](const Row& x) { return ~x[0]; });
        check("cnot" + type + " %d, %a;", {bits, {bits}}, [](const Row& x) { return x[0] == 0; });
    }
    const Shape predicates{1, {1, 1}};
    check("and.pred %d, %a, %b;", predicates, [](const Row& x) { return x[0] & x[1]; });
    check("or.pred %d, %a, !%b;", predicates, [](const Row& x) { return x[0] | (x[1] ^ 1); });
    check("xor.pred %d, %a, %b;", predicates, [](const Row& x) { return x[0] ^ x[1]; });
    check("not.pred %d, %a;", {1, {1}}, [](const Row& x) { return x[0] ^ 1; });
    check("mov.pred %d, %a;", {1, {1}}, [](const Row& x) { return x[0]; });
    check("mov.pred %d, -1;", {1, {1}}, [](const Row&) { return 1; });
}

TEST_F(Bits, EveryLogicOfThree) {
    for (int table = 0; table < 256; table += 13) {
        check("lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";", {32, {32, 32, 32}}, [&](const Row& x) {
            u64 result = 0;
            for (int k = 0; k < 32; ++k) {
                const int row = static_cast<int>((x[0] >> k & 1) * 4 + (x[1] >> k & 1) * 2 + (x[2] >> k & 1));
                result |= u64{table >> row & 1u} << k;
            }
            return result;
        });
    }
}

TEST_F(Bits, Shifts) {
    for (const int bits : {16, 32, 64}) {
        const std::string width = std::to_string(bits);
        const Shape shape{bits, {bits, 32}};
        const auto amount = [bits](u64 n) { return std::min<u64>(n, static_cast<u64>(bits)); };
        check("shl.b" + width + " %d, %a, %b;", shape,
              [&](const Row& x) { return amount(x[1]) == 64 ? 0 : x[0] << amount(x[1]); });
        check("shr.u" + width + " %d, %a, %b;", shape,
              [&](const Row& x) { return amount(x[1]) == 64 ? 0 : x[0] >> amount(x[1]); });
        check("shr.s" + width + " %d, %a, %b;", shape, [&](const Row& x) {
            return sign_extended(x[0], bits) >> std::min<u64>(x[1], static_cast<u64>(bits) - 1);
        });
    }
    const Shape three{32, {32, 32, 32}};
    const auto both = [](const Row& x) { return x[1] << 32 | x[0]; };
    check("shf.l.wrap.b32 %d, %a, %b, %c;", three, [&](const Row& x) { return (both(x) << (x[2] & 31)) >> 32; });
    check("shf.r.wrap.b32 %d, %a, %b, %c;", three, [&](const Row& x) { return both(x) >> (x[2] & 31); });
    check("shf.l.clamp.b32 %d, %a, %b, %c;", three,
          [&](const Row& x) { return x[2] >= 32 ? x[0] : (both(x) << x[2]) >> 32; });
    check("shf.r.clamp.b32 %d, %a, %b, %c;", three, [&](const Row& x) { return x[2] >= 32 ? x[1] : both(x) >> x[2]; });
}

TEST_F(Bits, Counts) {
    for (const int bits : {32, 64}) {
        const std::string width = std::to_string(bits);
        const Shape shape{32, {bits}};
        const auto top = [](u64 x) {  // the highest bit that is set, -1 for none
            int k = 63;
            while (k >= 0 && (x >> k & 1) == 0) {
                --k;
            }
            return k;
        };
        const auto plain = [&](u64 x) {
            return sign_extended(x, bits) < 0 ? ~static_cast<u64>(sign_extended(x, bits)) : x;
        };
        check("clz.b" + width + " %d, %a;", shape, [&](const Row& x) { return bits - 1 - top(x[0]); });
        check("popc.b" + width + " %d, %a;", shape, [&](const Row& x) {
            int sum = 0;
            for (int k = 0; k < bits; ++k) {
                sum += static_cast<int>(x[0] >> k & 1);
            }
            return sum;
        });
        check("brev.b" + width + " %d, %a;", {bits, {bits}}, [&](const Row& x) {
            u64 r = 0;
            for (int k = 0; k < bits; ++k) {
                r = r << 1 | (x[0] >> k & 1);
            }
            return r;
        });
        check("bfind.u" + width + " %d, %a;", shape, [&](const Row& x) { return top(x[0]); });
        check("bfind.s" + width + " %d, %a;", shape, [&](const Row& x) { return top(plain(x[0])); });
        check("bfind.shiftamt.u" + width + " %d, %a;", shape,
              [&](const Row& x) { return top(x[0]) < 0 ? -1 : bits - 1 - top(x[0]); });
        check("bfind.shiftamt.s" + width + " %d, %a;", shape,
              [&](const Row& x) { return top(plain(x[0])) < 0 ? -1 : bits - 1 - top(plain(x[0])); });
    }
}

/// The loops by which the PTX manual defines bfe and bfi.
TEST_F(Bits, Fields) {
    for (const int bits : {32, 64}) {
        for (const bool is_signed : {false, true}) {
            check("bfe." + std::string(is_signed ? "s" : "u") + std::to_string(bits) + " %d, %a, %b, %c;",
                  {bits, {bits, 32, 32}}, [&](const Row& x) {
                      const int pos = static_cast<int>(x[1] & 0xff);
                      const int len = static_cast<int>(x[2] & 0xff);
                      const u64 sign = is_signed && len != 0 ? x[0] >> std::min(pos + len - 1, bits - 1) & 1 : 0;
                      u64 r = 0;
                      for (int k = 0; k < bits; ++k) {
                          r |= (k < len && pos + k < bits ? x[0] >> (pos + k) & 1 : sign) << k;
                      }
                      return r;
                  });
        }
        check("bfi.b" + std::to_string(bits) + " %d, %a, %b, %c, %z;", {bits, {bits, bits, 32, 32}}, [&](const Row& x) {
            const int pos = static_cast<int>(x[2] & 0xff);
            const int len = static_cast<int>(x[3] & 0xff);
            u64 r = x[1];
            for (int k = 0; k < len && pos + k < bits; ++k) {
                r = (r & ~(u64{1} << (pos + k))) | (x[0] >> k & 1) << (pos + k);
            }
            return r;
        });
    }
    for (const bool wrap : {false, true}) {
        check("bmsk." + std::string(wrap ? "wrap" : "clamp") + ".b32 %d, %a, %b;", {32, {32, 32}}, [&](const Row& x) {
            const u64 pos = wrap ? x[0] & 31 : std::min<u64>(x[0], 32);
            const u64 len = wrap ? x[1] & 31 : std::min<u64>(x[1], 32);
            u64 r = 0;
            for (u64 k = pos; k < pos + len && k < 32; ++k) {
                r |= u64{1} << k;
            }
            return r;
        });
    }
}

TEST_F(Bits, Permutations) {
    const Shape three{32, {32, 32, 32}};
    const auto byte = [](const Row& x, int k) { return (k < 4 ? x[0] >> (8 * k) : x[1] >> (8 * k - 32)) & 0xff; };
    check("prmt.b32 %d, %a, %b, %c;", three, [&](const Row& x) {
        u64 r = 0;
        for (int k = 0; k < 4; ++k) {
            const int select = static_cast<int>(x[2] >> (4 * k) & 15);
            const u64 value = byte(x, select & 7);
            r |= ((select & 8) == 0 ? value : (value & 0x80) != 0 ? 0xff : 0) << (8 * k);
        }
        return r;
    });
    // The tables of the PTX manual: which bytes, the highest first, for the low two bits of c.
    const struct {
        const char* mode;
        const char* bytes[4];
    } kModes[] = {{"f4e", {"3210", "4321", "5432", "6543"}}, {"b4e", {"5670", "6701", "7012", "0123"}},
                  {"rc8", {"0000", "1111", "2222", "3333"}}, {"ecl", {"3210", "3211", "3222", "3333"}},
                  {"ecr", {"0000", "1110", "2210", "3210"}}, {"rc16", {"1010", "3232", "1010", "3232"}}};
    for (const auto& m : kModes) {
        check(std::string("prmt.b32.") + m.mode + " %d, %a, %b, %c;", three, [&](const Row& x) {
            u64 r = 0;
            for (int k = 0; k < 4; ++k) {
                r = r << 8 | byte(x, m.bytes[x[2] & 3][k] - '0');
            }
            return r;
        });
    }
}

}  // namespace

}  // namespace axfire::test
