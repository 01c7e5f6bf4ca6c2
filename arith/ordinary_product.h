// SPDX-License-Identifier: Apache-2.0
// Products by approximate multipliers in fewer instructions, for ordinary operands.
#pragma once

#include "arith/fp_mul.h"

namespace axfire {

/// True where `ordinary_product` serves.
AXFIRE_FN constexpr bool has_ordinary_product(const MultiplierSpec& s) {
    return s.unit != MultiplierId::exact && s.unit != MultiplierId::model && s.format.exponent_bits == 8 &&
           !s.round_product && !s.tabulated;
}

/// The sign and the power of two of a normal number; a zero's and a subnormal number's are zeros.
template <class U>
AXFIRE_FN FloatOf<U> power_of(const U& x) {
    return as_float(x & ~0x7fffffu);
}

// In floating point operands have their leading one in bit p-1. A unit may have a form of its own for them: the shorter
// operands that it multiplies exactly (what stands above bit p-2 is left as it is), the upper half P >> p of the
// product, or the product of the fractions' numbers in units of 2^-23, below 4. `keeps_lead`: P is 2^(2p-2) or more.
template <class Unit>
concept ShortensOperands = requires(u32 x, Parameters p) {
    Unit::template shortened<u32>(x, x, p);
};
template <class Unit>
concept GivesUpperHalf = requires(u32 x, Parameters p) {
    Unit::template upper_half<u32>(x, x, x, p);
};
template <class Unit>
concept GivesSignificand = requires(u32 x, Parameters p) {
    Unit::template significand<u32>(x, x, p);
};

/// P >> p of two significands of p bits.
template <class Unit, class U>
AXFIRE_FN U upper_half(const MultiplierSpec& s, const U& ma, const U& mb, u32 p) {
    const u32 n = block_width<Unit>(s.parameters, p);
    if (p > n && n < 16) {  // as tiled_product, of which each part fits a lane
        const UnitCircuit<Unit> circuit{s.parameters};
        const U al = ma & ((1u << n) - 1), ah = ma >> n, bl = mb & ((1u << n) - 1), bh = mb >> n;
        const U mid = circuit(ah, bl, n).lo + circuit(al, bh, n).lo + (circuit(al, bl, n).lo >> n);
        return ((circuit(ah, bh, n).lo << (2 * n - p)) + (mid >> (p - n))) & ((1u << p) - 1);
    }
    if constexpr (ShortensOperands<Unit>) {
        return wide_mul_high(Unit::shortened(ma, p, s.parameters) << (32 - p), Unit::shortened(mb, p, s.parameters));
    } else {
        if constexpr (GivesUpperHalf<Unit>) {
            if (p <= n) {
                return Unit::upper_half(ma, mb, p, s.parameters);
            }
        }
        const Wide<U> product = tiled_product(UnitCircuit<Unit>{s.parameters}, ma, mb, p, n);
        return wide_shr_low(product, p) & ((1u << p) - 1);
    }
}

/// number / 2^f times the signs and powers of two of a and b, f up to 23: exact where the product is a normal number.
template <class U>
AXFIRE_FN U with_powers(const FloatOf<U>& number, u32 f, const U& a, const U& b) {
    const FloatOf<U> scaled = power_of(a) * as_float(splat<U>((127 - f) << 23));
    return as_bits<U>(number * power_of(b) * scaled);
}

/// The product of normal operands and zeros by a built-in unit. It may have bits below the last place. `strange`: some
/// lane has another operand, or a product that is no normal number and yet no zero.
template <class Unit, class U>
AXFIRE_FN U ordinary_bits(const MultiplierSpec& s, const U& a, const U& b, bool& strange) {
    const u32 m = s.format.fraction_bits;
    const u32 p = m + 1;
    const u32 align = 23 - m;
    U product;
    if constexpr (AddsFractions<Unit>) {
        // Carries only run upwards: signs and exponents are added in the same go. The powers' product, which is half of
        // the result or more, tells zeros and where exponents end.
        const U sum = (Unit::add_fractions(a >> align, b >> align, m, s.parameters) << align) - kOneBits;
        const U least = as_bits<U>(power_of(a) * power_of(b));
        product = select(is_zero(least), least, sum);
        strange = any_strange_product(a, b, least, product);
        return product;
    } else if constexpr (GivesSignificand<Unit>) {
        const U sum = Unit::significand(a & 0x7fffffu, b & 0x7fffffu, s.parameters);
        product = with_powers(to_float_truncated(sum), 23, a, b);
    } else {
        bool few_bits = false;  // binary32 holds all of the product
        if constexpr (ShortensOperands<Unit> && requires { Unit::keeps_lead(p, s.parameters); }) {
            few_bits = p <= block_width<Unit>(s.parameters, p) && Unit::keeps_lead(p, s.parameters) &&
                       2 * Unit::bits_kept(p, s.parameters) <= p;
        }
        if (few_bits) {
            if constexpr (ShortensOperands<Unit>) {
                const auto shortened = [&](const U& x) {
                    const U cut = Unit::shortened(x >> align, p, s.parameters) << align;
                    return as_float(select(eq(x & kInfinityBits, U{}), x, cut));
                };
                product = as_bits<U>(shortened(a) * shortened(b));
            }
        } else {
            const U ma = ((a & 0x7fffffu) | 0x800000u) >> align;
            const U mb = ((b & 0x7fffffu) | 0x800000u) >> align;
            product = with_powers(to_float(upper_half<Unit>(s, ma, mb, p)), m - 1, a, b);
        }
    }
    strange = any_strange_product(a, b, product);
    return product;
}

/// A built-in unit's product in fewer instructions, for normal operands and products, and for zeros. `strange` where
/// that does not hold in every lane.
template <class U>
AXFIRE_FN U ordinary_product(const MultiplierSpec& s, const U& a, const U& b, bool& strange) {
    U product{};
    strange = true;
#define AXFIRE_CASE(unit_name)                                                                 \
    if (s.unit == MultiplierId::unit_name && MultiplierId::unit_name != MultiplierId::exact) { \
        product = ordinary_bits<multipliers::unit_name>(s, a, b, strange);                     \
    }
    AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    const u32 align = 23 - s.format.fraction_bits;
    return product & ~((1u << align) - 1);
}

}  // namespace axfire
