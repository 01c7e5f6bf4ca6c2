// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/scalar_model.h"

#include <cstdint>
#include <cstring>

namespace axfire::bench {

namespace {

struct Parts {
    bool negative;
    int exponent;              ///< of a number in [1, 2), biased by 127; 0 for zero
    std::int64_t significand;  ///< 24 bits, 0 for zero
};

std::uint32_t bits_of(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

float float_of(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

Parts take_apart(float x) {
    const std::uint32_t bits = bits_of(x);
    Parts p{(bits >> 31) != 0, static_cast<int>((bits >> 23) & 0xff), static_cast<std::int64_t>(bits & 0x7fffff)};
    if (p.exponent != 0) {
        p.significand |= 0x800000;
    } else if (p.significand != 0) {  // subnormal
        p.exponent = 1;
        while ((p.significand & 0x800000) == 0) {
            p.significand <<= 1;
            --p.exponent;
        }
    }
    return p;
}

/// The 26-bit adder: its k low bits by OR, the AND of the two topmost of them carries.
std::int64_t lower_part_or(std::int64_t a, std::int64_t b, int k) {
    constexpr int kWidth = 26;
    constexpr std::int64_t kMask = (std::int64_t{1} << kWidth) - 1;
    a &= kMask;
    b &= kMask;
    std::int64_t sum = 0;
    int carry = 0;
    for (int i = 0; i < k; ++i) {
        sum |= (((a >> i) | (b >> i)) & 1) << i;
    }
    if (k > 0) {
        carry = static_cast<int>((a >> (k - 1)) & (b >> (k - 1)) & 1);
    }
    sum |= (((a >> k) + (b >> k) + carry) << k) & kMask;
    return (sum & (std::int64_t{1} << (kWidth - 1))) != 0 ? sum - (std::int64_t{1} << kWidth) : sum;
}

float add(float acc, float x, int k) {
    Parts a = take_apart(acc);
    Parts b = take_apart(x);
    if (a.exponent == 255 || b.exponent == 255) {  // infinity or NaN
        return acc + x;
    }
    if (a.exponent < b.exponent) {
        const Parts swapped = a;
        a = b;
        b = swapped;
    }
    const int distance = a.exponent - b.exponent;
    std::int64_t left = a.significand;
    std::int64_t right = b.significand;
    if (a.negative != b.negative) {
        if (a.negative) {
            left = -left;
        } else {
            right = -right;
        }
    }
    right = distance >= 23 ? 0 : right >> distance;
    std::int64_t sum = lower_part_or(left, right, k);
    const bool negative = sum < 0 || (a.negative && b.negative);
    if (sum < 0) {
        sum = -sum;
    }
    if (sum == 0) {
        return negative ? -0.0f : 0.0f;
    }
    int exponent = a.exponent;
    while (sum >= 0x1000000) {
        sum >>= 1;
        ++exponent;
    }
    while (sum < 0x800000) {
        sum <<= 1;
        --exponent;
    }
    if (exponent >= 255) {
        return float_of((negative ? 0x80000000u : 0u) | 0x7f800000u);
    }
    if (exponent < 1) {
        sum = exponent < -30 ? 0 : sum >> (1 - exponent);
        exponent = 0;
    }
    return float_of((negative ? 0x80000000u : 0u) | static_cast<std::uint32_t>(exponent) << 23 |
                    static_cast<std::uint32_t>(sum & 0x7fffff));
}

}  // namespace

float scalar_loa_mac(float acc, float x, float w, int k) {
    return add(acc, x * w, k);
}

void scalar_loa_linear(const float* x, const float* w, float* out, int inputs, int outputs, int k) {
    for (int o = 0; o < outputs; ++o) {
        float acc = 0;
        for (int i = 0; i < inputs; ++i) {
            acc = scalar_loa_mac(acc, x[i], w[static_cast<std::int64_t>(i) * outputs + o], k);
        }
        out[o] = acc;
    }
}

}  // namespace axfire::bench
