// SPDX-License-Identifier: Apache-2.0
// Every one of the 2^32 binary32 inputs through the elementary functions of one argument, over SIMD lanes, against the
// binary64 functions of the C library; whether neighbours keep their order; and a checksum, so that builds, instruction
// sets and devices can be compared. Powers: as many random pairs as asked for.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "arith/elementary.h"
#include "tests/oracle/number.h"
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

/// What was found over a range of inputs. Errors in ulps of the exact value, infinity taken as 2^128.
struct Findings {
    double error = 0, subnormal_error = 0;  ///< largest, by whether the exact result is subnormal
    u32 at = 0, subnormal_at = 0;
    u64 not_rounded = 0;  ///< results other than the nearest number
    u64 wrong = 0;        ///< NaN, infinity or sign out of place
    u64 turns = 0;        ///< neighbours in the wrong order
    u64 checksum = 0;     ///< sum of (2 x + 1)(bits of f(x) + 1), modulo 2^64
};

void note(Findings& f, u32 x, u32 bits, double exact) {
    if (std::isnan(exact) || oracle::is_nan(bits)) {
        f.wrong += !std::isnan(exact) || bits != oracle::kCanonicalNan;
        return;
    }
    const float got = oracle::to_float(bits);
    const float nearest = static_cast<float>(exact);
    f.wrong += std::signbit(got) != std::signbit(exact);
    f.not_rounded += got != nearest;
    if (got == nearest) {
        return;  // no error to count above half an ulp
    }
    if (std::isinf(exact)) {
        ++f.wrong;
        return;
    }
    const double magnitude = std::fabs(exact);
    const int exponent = std::max(std::min(std::ilogb(magnitude), 127), -126);
    const double value = std::isinf(got) ? std::copysign(0x1p128, got) : double{got};
    const double error = std::ldexp(std::fabs(value - exact), 23 - exponent);
    double& largest = magnitude < 0x1p-126 ? f.subnormal_error : f.error;
    if (error > largest) {
        largest = error;
        (magnitude < 0x1p-126 ? f.subnormal_at : f.at) = x;
    }
}

template <class Function>
Findings over_range(const Function& function, double (*exact)(double), u64 first, u64 end) {
    Findings f;
    const bool first_of_sign = first % (u64{1} << 31) == 0;
    float before = first_of_sign ? NAN : oracle::to_float(function(splat<U>(static_cast<u32>(first) - 1))[0]);
    for (u64 x = first; x < end; x += kWidth) {
        U lanes;
        for (u32 i = 0; i < kWidth; ++i) {
            lanes[i] = static_cast<u32>(x) + i;
        }
        const U results = function(lanes);
        for (u32 i = 0; i < kWidth; ++i) {
            const u32 bits = results[i];
            note(f, lanes[i], bits, exact(double{oracle::to_float(lanes[i])}));
            f.checksum += (2 * u64{lanes[i]} + 1) * (u64{bits} + 1);
            const float value = oracle::to_float(bits);
            f.turns += oracle::is_negative(lanes[i]) ? before < value : before > value;
            before = value;
        }
    }
    return f;
}

void add(Findings& sum, const Findings& f) {
    if (f.error > sum.error) {
        sum.error = f.error;
        sum.at = f.at;
    }
    if (f.subnormal_error > sum.subnormal_error) {
        sum.subnormal_error = f.subnormal_error;
        sum.subnormal_at = f.subnormal_at;
    }
    sum.not_rounded += f.not_rounded;
    sum.wrong += f.wrong;
    sum.turns += f.turns;
    sum.checksum += f.checksum;
}

/// Ranges of 2^24 inputs, dealt out to all processors.
template <class Function>
Findings over_all(const Function& function, double (*exact)(double)) {
    constexpr u64 kRange = u64{1} << 24;
    const unsigned count = std::max(1u, std::thread::hardware_concurrency());
    std::vector<Findings> parts(count);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < count; ++t) {
        threads.emplace_back([&, t] {
            for (u64 range = t; range < (u64{1} << 32) / kRange; range += count) {
                add(parts[t], over_range(function, exact, range * kRange, (range + 1) * kRange));
            }
        });
    }
    Findings sum;
    for (unsigned t = 0; t < count; ++t) {
        threads[t].join();
        add(sum, parts[t]);
    }
    return sum;
}

bool report(const char* name, const Findings& f, double bound, double subnormal_bound, u64 checksum) {
    std::printf(
        "%-8s %.4f ulp at %s (%.9g); subnormal %.4f at %s; %llu not the nearest, %llu wrong, %llu turns; %016llx\n",
        name, f.error, hex(f.at).c_str(), double{oracle::to_float(f.at)}, f.subnormal_error,
        hex(f.subnormal_at).c_str(), static_cast<unsigned long long>(f.not_rounded),
        static_cast<unsigned long long>(f.wrong), static_cast<unsigned long long>(f.turns),
        static_cast<unsigned long long>(f.checksum));
    std::fflush(stdout);
    const bool right = f.error <= bound && f.subnormal_error <= subnormal_bound && f.wrong == 0 && f.turns == 0 &&
                       f.checksum == checksum;
    if (!right) {
        std::printf("  WRONG: at most %.2f and %.2f ulp, none wrong, no turn, %016llx\n", bound, subnormal_bound,
                    static_cast<unsigned long long>(checksum));
    }
    return right;
}

double exact_exp(double x) {
    return std::exp(x);
}
double exact_log(double x) {
    return std::log(x);
}
double exact_sigmoid(double x) {
    return x < -40 ? std::exp(x) : 1 / (1 + std::exp(-x));  // e^-40 < 2^-57
}
double exact_tanh(double x) {
    return std::tanh(x);
}

/// Random bases of all exponents (even draws) or between 1/2 and 2, with results from 2^-153 to 2^129.
bool check_powers(u64 count) {
    std::mt19937_64 random(20240613);
    const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
    Findings f;
    for (u64 i = 0; i < count; i += kWidth) {
        U x;
        U y;
        for (u32 lane = 0; lane < kWidth; ++lane) {
            x[lane] = lane % 2 == 0 ? static_cast<u32>(1 + random() % (oracle::kInfinity - 1))
                                    : 0x3f000000u + static_cast<u32>(random() & 0xffffffu);
            const double log2 = std::log2(double{oracle::to_float(x[lane])});
            y[lane] = oracle::to_bits(static_cast<float>((282 * uniform() - 153) / (log2 == 0 ? 1 : log2)));
        }
        const U results = fp_pow(x, y);
        for (u32 lane = 0; lane < kWidth; ++lane) {
            note(f, x[lane], results[lane],
                 std::pow(double{oracle::to_float(x[lane])}, double{oracle::to_float(y[lane])}));
        }
    }
    return report("pow", f, 0.69, 0.81, 0);
}

}  // namespace
}  // namespace axfire::testing

int main(int count, char** arguments) {
    using namespace axfire;
    using namespace axfire::testing;
    if (count > 2) {
        std::fprintf(stderr, "usage: %s [number of random powers]\n", arguments[0]);
        return 2;
    }
    bool right = check_powers(count == 2 ? std::strtoull(arguments[1], nullptr, 0) : 100'000'000);
    right = report("exp", over_all([](const U& x) { return fp_exp(x); }, exact_exp), 0.65, 0.78, 0x75ea60cd57f84816) &&
            right;
    right =
        report("log", over_all([](const U& x) { return fp_log(x); }, exact_log), 0.51, 0, 0xefa1a2efd66bc916) && right;
    right = report("sigmoid", over_all([](const U& x) { return fp_sigmoid(x); }, exact_sigmoid), 1.55, 0.78,
                   0xb80edfcc97576ea9) &&
            right;
    right =
        report("tanh", over_all([](const U& x) { return fp_tanh(x); }, exact_tanh), 1.49, 0.5, 0xab505c84a5fb2220) &&
        right;
    std::printf(right ? "all right\n" : "WRONG\n");
    return right ? 0 : 1;
}
