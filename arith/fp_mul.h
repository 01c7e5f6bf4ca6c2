// SPDX-License-Identifier: Apache-2.0
// The FP multiplier: an exact or approximate significand multiplier in its floating-point pipeline.
#pragma once

#include "arith/convert.h"
#include "arith/spec.h"
#include "arith/wide.h"

namespace axfire {

/// P >> p, with the leading one of P (below 2^48) brought to bit 30 and a sticky bit; `lead` is where it was.
template <class U>
AXFIRE_FN U normalise_wide(const Wide<U>& product, U& lead) {
    const U top = (product.hi << 8) | (product.lo >> 24);
    const U high = ~eq(top, U{});
    lead = select(high, leading_one(top) + 24u, leading_one(product.lo & 0xffffffu));
    const Wide<U> p = wide_shl_lanes(product, 47u - lead);
    return (p.hi << 15) | (p.lo >> 17) | (~eq(p.lo & 0x1ffffu, U{}) & 1u);
}

/// The unit as an n-bit circuit over p-bit operands: direct for p <= n, else a 2x2 tiling of n-bit blocks whose partial
/// products are added exactly.
template <class Unit, class U>
AXFIRE_FN Wide<U> tiled_product(const U& a, const U& b, u32 p, u32 n, const Parameters& parameters) {
    if (p <= n) {
        return Unit::mul(a, b, n, parameters);
    }
    const u32 mask = (1u << n) - 1;
    const U al = a & mask, ah = a >> n, bl = b & mask, bh = b >> n;
    const Wide<U> ll = Unit::mul(al, bl, n, parameters);
    const Wide<U> mid = wide_add(Unit::mul(ah, bl, n, parameters), Unit::mul(al, bh, n, parameters));
    const Wide<U> hh = Unit::mul(ah, bh, n, parameters);
    return wide_add(ll, wide_add(wide_shl(mid, n), wide_shl(hh, 2 * n)));
}

/// Exponent and significand (leading one in bit 30, sticky in bit 0) of a product before rounding.
template <class U>
struct ProductParts {
    U exponent;
    U significand;
};

/// `exponent` is that of a product of significands in [1, 2).
template <class Unit, class U>
AXFIRE_FN ProductParts<U> unit_product(const MultiplierSpec& s, const U& exponent, const U& ma, const U& mb) {
    const u32 m = s.format.fraction_bits;
    const u32 p = m + 1;
    if constexpr (requires { Unit::template add_fractions<U>(ma, mb, m, s.parameters); }) {
        const u32 mask = (1u << m) - 1;
        const U sum = Unit::add_fractions(ma & mask, mb & mask, m, s.parameters);
        return {exponent + (sum >> m), ((sum & mask) | (1u << m)) << (30 - m)};
    } else {
        u32 n = p;
        if constexpr (requires { Unit::kBlockParameter; }) {
            n = s.parameters.value[Unit::kBlockParameter] != 0 ? s.parameters.value[Unit::kBlockParameter] : p;
        }
        const Wide<U> product = tiled_product<Unit>(ma, mb, p, n, s.parameters);
        if (s.round_product) {
            U lead;
            const U significand = normalise_wide(product, lead);
            return {exponent + lead - (2 * m), significand & ~eq(product.hi | product.lo, U{})};
        }
        // p bits are kept: leading one in bit p-1 for a product of 2 and more, in bit p-2 for a smaller one.
        const U kept = wide_shr_low(product, p) & ((1u << p) - 1);
        const U bits = as_bits<U>(to_float(kept));
        const U significand = (((bits & 0x7fffffu) | 0x800000u) << 7) & ~eq(kept, U{});
        return {exponent + (bits >> 23) - (127 + m - 1), significand};
    }
}

/// a * b of the format (binary32 bits), operand A first.
template <class U>
AXFIRE_FN U fp_mul(const MultiplierSpec& s, const U& a, const U& b) {
    const Format& f = s.format;
    const Unpacked<U> ua = unpack(f, a);
    const Unpacked<U> ub = unpack(f, b);
    const U sign = ua.sign ^ ub.sign;
    const U exponent = ua.exponent + ub.exponent - (kExponentOffset + 127);
    U finite;
    if (s.unit == MultiplierId::exact) {
        const Wide<U> product = wide_mul(ua.significand, ub.significand);
        const U two = ~lt(product.hi, splat<U>(0x8000));  // bit 47
        const U shifted = (product.hi << 15) | (product.lo >> 17);
        const U below = (product.hi << 16) | (product.lo >> 16);
        const U lost = select(two, product.lo & 0x1ffffu, product.lo & 0xffffu);
        finite =
            round_pack(f, s.rounding, sign, exponent + (two & 1u), select(two, shifted, below) | (~eq(lost, U{}) & 1u));
    } else {
        const u32 align = 23 - f.fraction_bits;
        const U ma = ua.significand >> align;
        const U mb = ub.significand >> align;
        ProductParts<U> parts{};
#define AXFIRE_CASE(unit_name)                                                                 \
    if (s.unit == MultiplierId::unit_name && MultiplierId::unit_name != MultiplierId::exact) { \
        parts = unit_product<multipliers::unit_name>(s, exponent, ma, mb);                     \
    }
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        const U nonzero = ~(is_zero(a) | is_zero(b));
        finite = round_pack(f, s.round_product ? s.rounding : Rounding::rz, sign, parts.exponent,
                            parts.significand & nonzero, !s.round_product);
    }
    const U infinite = is_infinite(a) | is_infinite(b);
    const U nan = is_nan(a) | is_nan(b) | (infinite & (is_zero(a) | is_zero(b)));
    const U infinity = overflow_result(f, Rounding::rne, sign);
    return select(nan, splat<U>(kCanonicalNan), select(infinite, infinity, finite));
}

}  // namespace axfire
