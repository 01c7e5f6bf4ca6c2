// SPDX-License-Identifier: Apache-2.0
// Products by approximate multipliers in fewer instructions, for ordinary operands.
#pragma once

#include "arith/fp_mul.h"

namespace axfire {

/// True where `ordinary_product` serves.
AXFIRE_FN constexpr bool has_ordinary_product(const MultiplierSpec& s) {
    return s.unit != MultiplierId::exact && s.unit != MultiplierId::model && s.format.exponent_bits == 8 &&
           !s.round_product;
}

/// An operand as a short form takes it.
template <class U>
struct OrdinaryOperand {
    U bits;   ///< its bits; of a zero those of a one of its sign, which passes for an ordinary number
    U field;  ///< its exponent field less an offset; far above them all for what is neither a normal number nor a zero
    U keep;   ///< what stays of a product: all, or for a zero the sign
};

template <class U>
AXFIRE_FN OrdinaryOperand<U> ordinary_operand(const U& x, u32 offset) {
    const U zero = eq(magnitude(x), U{});
    const U bits = x | (zero & kOneBits);
    const U field = bits << 1 >> 24;
    const U normal = lt(field - 1u, splat<U>(254));
    return {bits, select(normal, field - offset, splat<U>(0x1000)), ~zero | kSignBit};
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

/// number / 2^f times the signs and powers of two of a and b.
template <class U>
AXFIRE_FN U with_exponents(const FloatOf<U>& number, u32 f, const U& a, const U& b, bool may_be_zero) {
    const U bits = as_bits<U>(number);
    const U product = bits + (a & ~0x7fffffu) + ((b & ~0x7fffffu) - ((254 + f) << 23));
    return may_be_zero ? select(eq(bits, U{}), (a ^ b) & kSignBit, product) : product;
}

/// The product of ordinary operands by a built-in unit. It may have bits below the last place.
template <class Unit, class U>
AXFIRE_FN U ordinary_bits(const MultiplierSpec& s, const U& a, const U& b) {
    const u32 m = s.format.fraction_bits;
    const u32 p = m + 1;
    const u32 align = 23 - m;
    const U ma = ((a & 0x7fffffu) | 0x800000u) >> align;
    const U mb = ((b & 0x7fffffu) | 0x800000u) >> align;
    if (s.tabulated) {
        const U entry = table_entry(*s.model, s.model_use, ma, mb, m);
        return kIsLogarithmic<Unit> ? with_exponents(to_float(entry), 2 * m, a, b, true)
                                    : with_exponents(to_float(entry >> p), m - 1, a, b, true);
    }
    if constexpr (AddsFractions<Unit>) {
        // Carries only run upwards: signs and exponents are added in the same go.
        return (Unit::add_fractions(a >> align, b >> align, m, s.parameters) << align) - kOneBits;
    } else if constexpr (GivesSignificand<Unit>) {
        const U sum = Unit::significand(a & 0x7fffffu, b & 0x7fffffu, s.parameters);
        return with_exponents(to_float_truncated(sum), 23, a, b, false);
    } else {
        bool keeps_lead = false;
        if constexpr (requires { Unit::keeps_lead(p, s.parameters); }) {
            keeps_lead = p <= block_width<Unit>(s.parameters, p) && Unit::keeps_lead(p, s.parameters);
        }
        if constexpr (ShortensOperands<Unit>) {
            if (keeps_lead && 2 * Unit::bits_kept(p, s.parameters) <= p) {  // binary32 holds all of the product
                const U x = Unit::shortened(a >> align, p, s.parameters) << align;
                const U y = Unit::shortened(b >> align, p, s.parameters) << align;
                return as_bits<U>(as_float(x) * as_float(y));
            }
        }
        return with_exponents(to_float(upper_half<Unit>(s, ma, mb, p)), m - 1, a, b, !keeps_lead);
    }
}

/// A built-in unit's product in fewer instructions, for normal operands and products, and for zeros. `strange`: not 0
/// in the other lanes, among them those of some products near the ends of the exponent's range.
template <class U>
AXFIRE_FN U ordinary_product(const MultiplierSpec& s, const U& a, const U& b, U& strange) {
    // The product's exponent is the operands' sum, up to p lower or 2 higher: in a normal number's field.
    const OrdinaryOperand<U> x = ordinary_operand(a, 127 + 24);
    const OrdinaryOperand<U> y = ordinary_operand(b, 1);
    strange = outside(x.field + y.field, 254 - 2 - 24 - 1);
    U product{};
#define AXFIRE_CASE(unit_name)                                                                 \
    if (s.unit == MultiplierId::unit_name && MultiplierId::unit_name != MultiplierId::exact) { \
        product = ordinary_bits<multipliers::unit_name>(s, x.bits, y.bits);                    \
    }
    AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    const u32 align = 23 - s.format.fraction_bits;
    return product & ~((1u << align) - 1) & x.keep & y.keep;
}

}  // namespace axfire
