// SPDX-License-Identifier: Apache-2.0
// Converts every one of the 2^32 binary32 inputs over SIMD lanes and compares with a table of the rounding boundaries
// from MPFR.
//
// A rounding is constant on the numbers strictly between a number of the format and the midpoint to its neighbour, so
// MPFR is asked at each number, at each midpoint, and once in each gap; a walk over the inputs in ascending order of
// magnitude then compares with the entry of the gap it is in.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "arith/convert.h"
#include "tests/oracle/mpfr_format.h"
#include "tests/support/formats.h"

namespace axfire::testing {
namespace {

#if defined(__AVX512F__)
using U = U32x16;
#elif defined(__AVX2__)
using U = U32x8;
#else
using U = U32x4;
#endif
constexpr u32 kWidth = LaneTraits<U>::kWidth;

/// From this input on, up to the next entry's, the result is this.
struct Entry {
    u64 first;
    u32 result;
};

/// The boundaries of one sign, ascending in magnitude; the last entry ends the table.
std::vector<Entry> boundaries(const Format& f, Rounding r, bool negative) {
    oracle::MpfrRounder mpfr(f);
    std::vector<Entry> table;
    const auto add = [&](u32 magnitude) {
        const u32 bits = oracle::with_sign(negative, magnitude);
        table.push_back({bits, mpfr.convert(r, bits)});
    };
    const auto add_with_gap = [&](double value) {  // the number and the gap above it
        const u32 magnitude = oracle::to_bits(static_cast<float>(value));
        add(magnitude);
        add(magnitude + 1);
    };
    const double last = oracle::to_float(oracle::max_finite(f, false));
    const double ulp = std::ldexp(1.0, oracle::max_exponent(f) - static_cast<int>(f.fraction_bits));
    for (u32 code = 0;; ++code) {
        const double here = oracle::to_float(oracle::number_of_code(f, code));
        const double next = here == last ? here + ulp : oracle::to_float(oracle::number_of_code(f, code + 1));
        add_with_gap(here);
        add_with_gap((here + next) / 2);
        if (here == last) {
            if (next < 0x1p128) {  // else infinity, which follows
                add_with_gap(next);
            }
            break;
        }
    }
    add(oracle::kInfinity);
    add(oracle::kInfinity + 1);  // NaNs
    table.push_back({(negative ? u64{1} << 32 : u64{1} << 31), 0});
    return table;
}

/// The number of inputs from first up to end whose result is not the wanted one; the first of them is printed.
u64 count_wrong(const Format& f, Rounding r, u64 first, u64 end, u32 want, bool report) {
    U ascending{};
    for (u32 i = 0; i < kWidth; ++i) {
        ascending[i] = i;
    }
    U differences{};
    u64 x = first;
    for (; x + kWidth <= end; x += kWidth) {
        differences |= convert(f, r, splat<U>(static_cast<u32>(x)) + ascending) ^ splat<U>(want);
    }
    const bool vectors_differ = any(differences);
    u64 wrong = 0;
    for (u64 y = vectors_differ ? first : x; y < end; ++y) {
        const u32 bits = static_cast<u32>(y);
        U operand = ascending;
        operand[0] = bits;
        const u32 got = convert(f, r, operand)[0];
        if (got != want && wrong++ == 0 && report) {
            std::printf("  %s/%s: %s gives %s, not %s\n", name(f).c_str(), name(r), hex(bits).c_str(), hex(got).c_str(),
                        hex(want).c_str());
        }
    }
    return vectors_differ && wrong == 0 ? 1 : wrong;
}

bool check(const Format& f, Rounding r) {
    const auto start = std::chrono::steady_clock::now();
    u64 wrong = 0;
    u64 inputs = 0;
    for (const bool negative : {false, true}) {
        const std::vector<Entry> table = boundaries(f, r, negative);
        for (std::size_t i = 0; i + 1 < table.size(); ++i) {
            if (table[i].first > table[i + 1].first) {
                std::printf("  the table of boundaries is not ascending\n");
                return false;
            }
            wrong += count_wrong(f, r, table[i].first, table[i + 1].first, table[i].result, wrong == 0);
            inputs += table[i + 1].first - table[i].first;
        }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%-22s %s  %llu inputs, %llu wrong, %.1f s\n", name(f).c_str(), name(r),
                static_cast<unsigned long long>(inputs), static_cast<unsigned long long>(wrong), seconds.count());
    std::fflush(stdout);
    return wrong == 0 && inputs == u64{1} << 32;
}

}  // namespace
}  // namespace axfire::testing

int main(int count, char** arguments) {
    using namespace axfire;
    using namespace axfire::testing;
    const bool all = count == 3 && std::strcmp(arguments[1], "--modes") == 0 && std::strcmp(arguments[2], "all") == 0;
    if (count != 1 && !all) {
        std::fprintf(stderr, "usage: %s [--modes all]\n", arguments[0]);
        return 2;
    }
    bool right = true;
    for (const Format& format : {kBf16, kFp16, kFp8E4m3, kFp8E5m2}) {
        for (const Format& f : with_options(format)) {
            for (const Rounding r : kModes) {
                if (all || (f == format && r == Rounding::rne)) {
                    right = check(f, r) && right;
                }
            }
        }
    }
    std::printf(right ? "all right\n" : "WRONG\n");
    return right ? 0 : 1;
}
