// SPDX-License-Identifier: Apache-2.0
// Sums by approximate adders in fewer instructions, for ordinary operands.
#pragma once

#include "arith/fp_add.h"

namespace axfire {

/// True where `ordinary_sum` serves.
AXFIRE_FN constexpr bool has_ordinary_sum(const AdderSpec& s) {
    return s.unit != AdderId::exact && s.unit != AdderId::model && s.format.exponent_bits == 8 && s.guard == 0 &&
           !s.round_sum;
}

// What a unit may say of itself for the short form's sake; without it the short form takes a few instructions more.
/// The circuit does not tell its operands apart: `static constexpr bool kCommutes = true`.
template <class Unit>
concept Commutes = requires {
    Unit::kCommutes;
};
/// Only the k lowest bits are approximate, k the first parameter: `static constexpr bool kExactUpperPart = true`. Then
/// the sum of numbers in two's complement of 32 bits is one of 32 bits, too, where the upper part has room.
template <class Unit>
concept HasExactUpperPart = requires {
    Unit::kExactUpperPart;
};

AXFIRE_FN constexpr bool commutes(const AdderSpec& s) {
    bool found = false;
#define AXFIRE_CASE(unit_name) found = found || (s.unit == AdderId::unit_name && Commutes<adders::unit_name>);
    AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    return found;
}

AXFIRE_FN constexpr bool sums_in_32_bits(const AdderSpec& s) {
    bool found = false;
#define AXFIRE_CASE(unit_name) found = found || (s.unit == AdderId::unit_name && HasExactUpperPart<adders::unit_name>);
    AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    return found && s.parameters.value[0] <= s.format.fraction_bits + 1u;
}

/// Exponent fields of what is ordinary: from this one on, and by so much more.
AXFIRE_FN constexpr u32 least_ordinary_field(u32 m) {
    return m + 2;
}
AXFIRE_FN constexpr u32 ordinary_reach(const AdderSpec& s) {
    const u32 m = s.format.fraction_bits;
    return ((m == 23 ? 150u : 253u) - least_ordinary_field(m)) << 23;
}

/// circuit_sum in a third of the instructions, for operands whose larger exponent is so far from both ends that neither
/// subnormals nor overflow play a part: what is smaller by 2^m or more counts as 0 whatever it is, a sum cannot
/// underflow by cancellation. Two zeros are right, too, in a circuit that gives 0 for them. That does not hold where
/// `reach`, the larger exponent's distance from the least, is above `ordinary_reach`, or for a NaN.
///
/// Significands become integers, and the sum a number again, by the processor's conversions: with the larger exponent
/// set to that of 2^m, the smaller operand is shifted and rounded down (an arithmetic shift) by being converted.
template <class U>
AXFIRE_FN U ordinary_sum(const AdderSpec& s, const U& acc, const U& x, U& reach) {
    const u32 m = s.format.fraction_bits;
    const u32 n = m + 3;
    U high, low;
    if (commutes(s)) {
        by_magnitude(acc, x, high, low);
    } else {
        const U swap = lt(acc & kInfinityBits, x & kInfinityBits);
        high = select(swap, x, acc);
        low = select(swap, acc, x);
    }
    const U negative = high & low & kSignBit;  // both: then they are added as positive numbers
    const U field = high & kInfinityBits;
    const U one = splat<U>((127u + m) << 23);
    const bool keeps_zero = (first_lane(circuit_add(s, U{}, U{}, n, U{})) & ((1u << n) - 1)) == 0;
    const U any_bit = commutes(s) ? high : high | low;  // by exponent a zero may be `high` beside a subnormal number
    const U scale = keeps_zero ? difference_where(any_bit, ~kSignBit, field, one) : field - one;  // 0 for two zeros
    const U scaled = low - scale;
    const U a = to_int_down<U>(as_float((high - scale) ^ negative));
    // Of b nothing is left below 2. With m = 23 exponents of 2 and more are those with the top bit, as long as none is
    // so small that it wraps.
    const U counts = m == 23 ? scaled : ~lt(magnitude(low), field - ((m - 1) << 23));
    const U b = to_int_down_where(counts, 0x40000000u, as_float(scaled ^ negative));
    U sum = circuit_add(s, a, b, n, U{} - ((high ^ low) >> 31));
    if (!sums_in_32_bits(s)) {
        sum = shift_right_signed(sum << (32 - n), splat<U>(32 - n));
    }
    const U packed = (float_bits_truncated(sum) & ~((1u << (23 - m)) - 1)) + scale;
    const U finite = select(eq(sum, U{}), U{}, packed) | negative;
    reach = scale + ((127u + m - least_ordinary_field(m)) << 23);
    return s.zero_bypass ? select(is_zero(x), acc, select(is_zero(acc), x, finite)) : finite;
}

/// `strange` where the sum does not hold in every lane.
template <class U>
AXFIRE_FN U ordinary_sum(const AdderSpec& s, const U& acc, const U& x, bool& strange) {
    U reach;
    const U sum = ordinary_sum(s, acc, x, reach);
    strange = any_above_or_nan(reach, ordinary_reach(s), as_float(acc), as_float(x));
    return sum;
}

}  // namespace axfire
