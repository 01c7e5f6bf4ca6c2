// SPDX-License-Identifier: Apache-2.0
// Exact addition, multiplication and conversion, correctly rounded into any format, by MPFR.
//
// rne, rz, ru and rd are MPFR's own (rounding at p bits, mpfr_check_range and mpfr_subnormalize under the format's
// exponent range). rna and odd choose between the two neighbours that rounding toward and away from zero give.
#pragma once

#include <mpfr.h>
#include <stdexcept>

#include "tests/oracle/number.h"

namespace axfire::oracle {

/// A number of MPFR's, freed with its owner.
class Real {
public:
    explicit Real(int precision) { mpfr_init2(value_, precision); }
    Real(const Real&) = delete;
    Real& operator=(const Real&) = delete;
    ~Real() { mpfr_clear(value_); }
    mpfr_ptr get() { return value_; }
    void set(u32 bits) { mpfr_set_flt(value_, to_float(bits), MPFR_RNDN); }

private:
    mpfr_t value_;
};

/// Rounds exact values into one format. A format without infinity is rounded as if the NaN's code were a number too;
/// overflow is decided afterwards.
class MpfrRounder {
public:
    explicit MpfrRounder(const Format& format)
        : format_(format),
          lower_(precision()),
          upper_(precision()),
          middle_(precision() + 1),
          a_(24),
          b_(24),
          c_(700) {}

    u32 convert(Rounding r, u32 bits) {
        if (is_nan(bits)) {
            return kCanonicalNan;
        }
        if (is_inf(bits)) {
            return beyond(is_negative(bits));
        }
        a_.set(bits);
        return round(r, a_.get());
    }

    u32 add(Rounding r, u32 a, u32 b) {
        a_.set(a);
        b_.set(b);
        mpfr_add(c_.get(), a_.get(), b_.get(), r == Rounding::rd ? MPFR_RNDD : MPFR_RNDN);  // exact
        return special(a, b) ? special_result() : round(r, c_.get());
    }

    u32 mul(Rounding r, u32 a, u32 b) {
        a_.set(a);
        b_.set(b);
        mpfr_mul(c_.get(), a_.get(), b_.get(), MPFR_RNDN);  // exact
        return special(a, b) ? special_result() : round(r, c_.get());
    }

    /// The value that the mode chooses, in the format's own subnormal and overflow handling.
    u32 round(Rounding r, mpfr_srcptr exact) {
        const bool negative = mpfr_signbit(exact) != 0;
        mpfr_ptr chosen = lower_.get();
        switch (r) {
            case Rounding::rne:
                round_by_mpfr(chosen, exact, MPFR_RNDN);
                break;
            case Rounding::rz:
                round_by_mpfr(chosen, exact, MPFR_RNDZ);
                break;
            case Rounding::ru:
                round_by_mpfr(chosen, exact, MPFR_RNDU);
                break;
            case Rounding::rd:
                round_by_mpfr(chosen, exact, MPFR_RNDD);
                break;
            case Rounding::rna:
                chosen = nearest_away(exact);
                break;
            case Rounding::odd:
                chosen = to_odd(exact);
                break;
            case Rounding::sr:
                throw std::logic_error("MPFR has no stochastic rounding");
        }
        const u32 magnitude = mpfr_inf_p(chosen) ? kInfinity : to_bits(mpfr_get_flt(chosen, MPFR_RNDN)) & ~kSignBit;
        if (magnitude > max_finite(format_, false)) {
            const bool inward =
                r == Rounding::rz || r == Rounding::odd || r == (negative ? Rounding::ru : Rounding::rd);
            return inward ? max_finite(format_, negative) : beyond(negative);
        }
        const bool subnormal = magnitude < compose(format_, false, std::int64_t{1} << format_.fraction_bits, emin());
        const bool flushed = subnormal && format_.subnormals == Subnormals::flush;
        return with_sign(negative, flushed ? 0 : magnitude);
    }

private:
    int precision() const { return static_cast<int>(format_.fraction_bits) + 1; }
    int emin() const { return min_exponent(format_); }

    u32 beyond(bool negative) const {
        if (format_.overflow == Overflow::saturate) {
            return max_finite(format_, negative);
        }
        return format_.finite ? kCanonicalNan : with_sign(negative, kInfinity);
    }

    bool special(u32 a, u32 b) const { return is_nan(a) || is_nan(b) || is_inf(a) || is_inf(b); }
    u32 special_result() {
        return mpfr_nan_p(c_.get()) ? kCanonicalNan : with_sign(mpfr_signbit(c_.get()) != 0, kInfinity);
    }

    void round_by_mpfr(mpfr_ptr to, mpfr_srcptr exact, mpfr_rnd_t mode) {
        const mpfr_exp_t old_min = mpfr_get_emin();
        const mpfr_exp_t old_max = mpfr_get_emax();
        int ternary = mpfr_set(to, exact, mode);
        // MPFR's significands lie in [1/2, 1): its exponents are one above ours.
        mpfr_set_emin(emin() - static_cast<int>(format_.fraction_bits) + 1);
        mpfr_set_emax(max_exponent(format_) + 1);
        ternary = mpfr_check_range(to, ternary, mode);
        mpfr_subnormalize(to, ternary, mode);
        mpfr_set_emin(old_min);
        mpfr_set_emax(old_max);
    }

    /// Both neighbours; an upper one beyond the largest exponent is taken as the next power of two.
    void bracket(mpfr_srcptr exact) {
        round_by_mpfr(lower_.get(), exact, MPFR_RNDZ);
        round_by_mpfr(upper_.get(), exact, MPFR_RNDA);
        if (mpfr_inf_p(upper_.get())) {
            mpfr_set_si_2exp(upper_.get(), mpfr_signbit(exact) ? -1 : 1, max_exponent(format_) + 1, MPFR_RNDN);
        }
    }

    mpfr_ptr nearest_away(mpfr_srcptr exact) {
        bracket(exact);
        mpfr_add(middle_.get(), lower_.get(), upper_.get(), MPFR_RNDN);  // exact: neighbours
        mpfr_div_2ui(middle_.get(), middle_.get(), 1, MPFR_RNDN);
        return mpfr_cmpabs(exact, middle_.get()) >= 0 ? upper_.get() : lower_.get();
    }

    mpfr_ptr to_odd(mpfr_srcptr exact) {
        bracket(exact);
        if (mpfr_cmp(lower_.get(), exact) == 0) {
            return lower_.get();
        }
        int exponent = emin();
        if (!mpfr_zero_p(lower_.get()) && mpfr_get_exp(lower_.get()) - 1 > exponent) {
            exponent = static_cast<int>(mpfr_get_exp(lower_.get())) - 1;
        }
        mpfr_mul_2si(middle_.get(), lower_.get(), static_cast<int>(format_.fraction_bits) - exponent, MPFR_RNDN);
        return mpfr_get_si(middle_.get(), MPFR_RNDN) % 2 != 0 ? lower_.get() : upper_.get();
    }

    Format format_;
    Real lower_, upper_, middle_, a_, b_, c_;
};

}  // namespace axfire::oracle
