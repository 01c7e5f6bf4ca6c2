// SPDX-License-Identifier: Apache-2.0
// The FP multiplier: an exact or approximate significand multiplier in its floating-point pipeline.
#pragma once

#include "arith/convert.h"
#include "arith/spec.h"
#include "arith/wide.h"

namespace axfire {

/// A product below 2^55 with its leading one brought to bit 30, and a sticky bit; `lead` is where it was.
template <class U>
AXFIRE_FN U normalise_wide(const Wide<U>& product, U& lead) {
    const U top = (product.hi << 8) | (product.lo >> 24);
    const U low = product.lo & 0xffffffu;
    lead = select(~eq(top, U{}), leading_one(top) + 24u, leading_one(low | eq(low, U{})));
    const Wide<U> p = wide_shl_lanes(product, 62u - lead);
    return p.hi | (~eq(p.lo, U{}) & 1u);
}

/// Units that form the fractions' sum. What stands above the fractions, the exponents, must come out as its exact sum
/// and the carry.
template <class Unit>
concept AddsFractions = requires(u32 x, Parameters p) {
    Unit::template add_fractions<u32>(x, x, x, p);
};
/// Units whose result is normalised as it is: nothing is dropped by `P >> p`.
template <class Unit>
inline constexpr bool kIsLogarithmic = AddsFractions<Unit> || requires {
    Unit::kLogarithmic;
};

/// A built-in unit as an n-bit circuit.
template <class Unit>
struct UnitCircuit {
    const Parameters& parameters;
    template <class U>
    AXFIRE_FN Wide<U> operator()(const U& a, const U& b, u32 n) const {
        return Unit::mul(a, b, n, parameters);
    }
};

/// A user's circuit or table. Of its result 2n bits count.
struct ModelCircuit {
    const UnitModel& model;
    const ModelUse& use;
    template <class U>
    AXFIRE_FN Wide<U> operator()(const U& a, const U& b, u32 n) const {
        Wide<U> p{};
        if (use.kind == ModelKind::table) {
            p.lo = table_entry(model, use, a, b, n);
            return p;
        }
        evaluate(model, a, b, p.lo, p.hi);
        const u64 mask = n < 32 ? (u64{1} << (2 * n)) - 1 : ~u64{0};
        return {p.hi & static_cast<u32>(mask >> 32), p.lo & static_cast<u32>(mask)};
    }
};

/// An n-bit circuit over p-bit operands: direct for p <= n, else a 2x2 tiling of n-bit blocks whose partial products
/// are added exactly.
template <class Circuit, class U>
AXFIRE_FN Wide<U> tiled_product(const Circuit& circuit, const U& a, const U& b, u32 p, u32 n) {
    if (p <= n) {
        return circuit(a, b, n);
    }
    const u32 mask = (1u << n) - 1;
    const U al = a & mask, ah = a >> n, bl = b & mask, bh = b >> n;
    const Wide<U> ll = circuit(al, bl, n);
    const Wide<U> mid = wide_add(circuit(ah, bl, n), circuit(al, bh, n));
    const Wide<U> hh = circuit(ah, bh, n);
    return wide_add(ll, wide_add(wide_shl(mid, n), wide_shl(hh, 2 * n)));
}

/// The width of the blocks in which a unit is used for significands of p bits.
template <class Unit>
AXFIRE_FN constexpr u32 block_width(const Parameters& parameters, u32 p) {
    if constexpr (requires { Unit::kBlockParameter; }) {
        return parameters.value[Unit::kBlockParameter] != 0 ? parameters.value[Unit::kBlockParameter] : p;
    } else {
        return p;
    }
}

/// Exponent and significand (leading one in bit 30, sticky in bit 0) of a product before rounding.
template <class U>
struct ProductParts {
    U exponent;
    U significand;
};

/// A product P of significands. `whole`: all of P counts; else P >> p. `exponent` is that of 2^(2m).
template <class U>
AXFIRE_FN ProductParts<U> product_parts(Wide<U> product, u32 m, bool whole, bool narrow, const U& exponent) {
    const u32 p = m + 1;
    if (narrow) {  // below 2^24: the conversion is exact
        const U kept = whole ? product.lo : product.lo >> p << p;
        const U bits = as_bits<U>(to_float(kept));
        return {exponent + (bits >> 23) - (127 + 2 * m), (((bits & 0x7fffffu) | 0x800000u) << 7) & ~eq(kept, U{})};
    }
    if (!whole) {
        product.lo = product.lo >> p << p;
    }
    U lead;
    const U significand = normalise_wide(product, lead);
    return {exponent + lead - (2 * m), significand & ~eq(product.hi | product.lo, U{})};
}

/// A built-in unit's product; `exponent` is that of a product of significands in [1, 2).
template <class Unit, class U>
AXFIRE_FN ProductParts<U> unit_product(const MultiplierSpec& s, const U& exponent, const U& ma, const U& mb) {
    const u32 m = s.format.fraction_bits;
    const u32 p = m + 1;
    constexpr bool kLogarithmic = kIsLogarithmic<Unit>;
    if (s.tabulated) {
        const Wide<U> entry{U{}, table_entry(*s.model, s.model_use, ma, mb, m)};
        return product_parts(entry, m, kLogarithmic || s.round_product, true, exponent);
    }
    if constexpr (AddsFractions<Unit>) {
        const u32 mask = (1u << m) - 1;
        const U sum = Unit::add_fractions(ma & mask, mb & mask, m, s.parameters);
        return {exponent + (sum >> m), ((sum & mask) | (1u << m)) << (30 - m)};
    } else {
        const u32 n = block_width<Unit>(s.parameters, p);
        const Wide<U> product = tiled_product(UnitCircuit<Unit>{s.parameters}, ma, mb, p, n);
        if (kLogarithmic || s.round_product || 2 * p <= 24) {
            return product_parts(product, m, kLogarithmic || s.round_product, 2 * p <= 24, exponent);
        }
        // p bits are kept: leading one in bit p-1 for a product of 2 and more, in bit p-2 for a smaller one.
        const U kept = wide_shr_low(product, p) & ((1u << p) - 1);
        const U bits = as_bits<U>(to_float(kept));
        const U significand = (((bits & 0x7fffffu) | 0x800000u) << 7) & ~eq(kept, U{});
        return {exponent + (bits >> 23) - (127 + m - 1), significand};
    }
}

/// The product by a user's circuit or a table from a file.
template <class U>
AXFIRE_FN ProductParts<U> model_product(const MultiplierSpec& s, const U& exponent, const U& ma, const U& mb) {
    const u32 m = s.format.fraction_bits;
    const u32 p = m + 1;
    const u32 n = s.model_use.bits;
    const bool whole = s.round_product || s.model_use.whole_product;
    if (s.tabulated || s.model_use.by_fraction) {
        const Wide<U> entry{U{}, table_entry(*s.model, s.model_use, ma, mb, m)};
        return product_parts(entry, m, whole, m <= 8, exponent);
    }
    const Wide<U> product = tiled_product(ModelCircuit{*s.model, s.model_use}, ma, mb, p, n);
    return product_parts(product, m, whole, p <= n && 2 * n <= 24, exponent);
}

/// The correctly rounded product of two finite numbers.
template <class U>
AXFIRE_FN U exact_product(const MultiplierSpec& s, const U& sign, const U& exponent, const Unpacked<U>& a,
                          const Unpacked<U>& b, const U& random) {
    const Wide<U> product = wide_mul(a.significand, b.significand);
    const U two = ~lt(product.hi, splat<U>(0x8000));  // bit 47
    const U shifted = (product.hi << 15) | (product.lo >> 17);
    const U below = (product.hi << 16) | (product.lo >> 16);
    const U lost = select(two, product.lo & 0x1ffffu, product.lo & 0xffffu);
    const U significand = select(two, shifted, below) | (~eq(lost, U{}) & 1u);
    return round_pack(s.format, s.rounding, sign, exponent + (two & 1u), significand, false, random);
}

/// True where one binary32 product and one rounding give the correctly rounded product.
AXFIRE_FN constexpr bool multiplies_in_binary32(const MultiplierSpec& s) {
    const Format& f = s.format;
    return f.exponent_bits == 8 ? f.fraction_bits <= 7 && (s.rounding == Rounding::rne || s.rounding == Rounding::rna)
                                : f.fraction_bits <= 11;
}

/// True where `nearest_product` serves.
AXFIRE_FN constexpr bool has_nearest_product(const MultiplierSpec& s) {
    return s.unit == MultiplierId::exact && multiplies_in_binary32(s) && rounds_nearest(s.format, s.rounding);
}

/// The exact product in few instructions; a NaN may have the processor's payload.
template <class U>
AXFIRE_FN U nearest_product(const MultiplierSpec& s, const U& a, const U& b) {
    return round_nearest(s.format, as_bits<U>(as_float(a) * as_float(b)));
}

/// The product by a built-in unit of the significands `ma` and `mb`.
template <class U>
AXFIRE_FN ProductParts<U> built_in_product(const MultiplierSpec& s, const U& exponent, const U& ma, const U& mb) {
    ProductParts<U> parts{};
#define AXFIRE_CASE(unit_name)                                                                 \
    if (s.unit == MultiplierId::unit_name && MultiplierId::unit_name != MultiplierId::exact) { \
        parts = unit_product<multipliers::unit_name>(s, exponent, ma, mb);                     \
    }
    AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    return parts;
}

/// a * b of the format (binary32 bits), operand A first. `random`: the word of a stochastic rounding.
template <class U>
AXFIRE_FN U fp_mul(const MultiplierSpec& s, const U& a, const U& b, const U& random = U{}) {
    const Format& f = s.format;
    if (s.unit == MultiplierId::model &&
        s.model_use.kind == ModelKind::operation) {  // a whole operation: nothing bypasses it
        U lo, hi;
        evaluate(*s.model, a, b, lo, hi);
        return convert(f, s.rounding, lo, random);
    }
    if (s.unit == MultiplierId::exact && multiplies_in_binary32(s)) {
        return convert(f, s.rounding, as_bits<U>(as_float(a) * as_float(b)), random);
    }
    const Unpacked<U> ua = unpack(f, a);
    const Unpacked<U> ub = unpack(f, b);
    const U sign = ua.sign ^ ub.sign;
    const U exponent = ua.exponent + ub.exponent - (kExponentOffset + 127);
    U finite;
    if (s.unit == MultiplierId::exact) {
        finite = exact_product(s, sign, exponent, ua, ub, random);
    } else {
        const u32 align = 23 - f.fraction_bits;
        const U ma = ua.significand >> align;
        const U mb = ub.significand >> align;
        const ProductParts<U> parts =
            s.unit == MultiplierId::model ? model_product(s, exponent, ma, mb) : built_in_product(s, exponent, ma, mb);
        const U nonzero = ~(is_zero(a) | is_zero(b));
        finite = round_pack(f, s.round_product ? s.rounding : Rounding::rz, sign, parts.exponent,
                            parts.significand & nonzero, !s.round_product, random);
    }
    const U infinite = is_infinite(a) | is_infinite(b);
    const U nan = is_nan(a) | is_nan(b) | (infinite & (is_zero(a) | is_zero(b)));
    const U infinity = overflow_result(f, Rounding::rne, sign);
    return select(nan, splat<U>(kCanonicalNan), select(infinite, infinity, finite));
}

}  // namespace axfire
