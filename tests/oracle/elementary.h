// SPDX-License-Identifier: Apache-2.0
// The elementary functions by MPFR, to 120 bits, and how far a binary32 number is from them.
#pragma once

#include "tests/oracle/mpfr_format.h"

namespace axfire::oracle {

class ElementaryOracle {
public:
    mpfr_srcptr exp(u32 x) {
        x_.set(x);
        mpfr_exp(y_.get(), x_.get(), MPFR_RNDN);
        return y_.get();
    }
    mpfr_srcptr log(u32 x) {
        x_.set(x);
        mpfr_log(y_.get(), x_.get(), MPFR_RNDN);
        return y_.get();
    }
    /// For x > 0.
    mpfr_srcptr pow(u32 x, u32 exponent) {
        x_.set(x);
        exponent_.set(exponent);
        mpfr_pow(y_.get(), x_.get(), exponent_.get(), MPFR_RNDN);
        return y_.get();
    }
    mpfr_srcptr sigmoid(u32 x) {
        x_.set(x ^ kSignBit);
        mpfr_exp(y_.get(), x_.get(), MPFR_RNDN);
        mpfr_add_ui(y_.get(), y_.get(), 1, MPFR_RNDN);
        mpfr_ui_div(y_.get(), 1, y_.get(), MPFR_RNDN);
        return y_.get();
    }
    mpfr_srcptr tanh(u32 x) {
        x_.set(x);
        mpfr_tanh(y_.get(), x_.get(), MPFR_RNDN);
        return y_.get();
    }

    /// |got - exact| in units of the last place of the exact value, 2^-149 at least. Infinity counts as 2^128; it and
    /// a value that rounds to it are no error of each other. A NaN where none is due, or the reverse, is infinitely
    /// off.
    double ulps(u32 got, mpfr_srcptr exact) {
        if (is_nan(got) || mpfr_nan_p(exact)) {
            return is_nan(got) && mpfr_nan_p(exact) ? 0 : INFINITY;
        }
        if (is_inf(got) && to_float(got) == mpfr_get_flt(exact, MPFR_RNDN)) {
            return 0;
        }
        const double value = is_inf(got) ? std::copysign(0x1p128, to_float(got)) : double{to_float(got)};
        const long exponent = mpfr_regular_p(exact) ? mpfr_get_exp(exact) - 1 : -126;
        mpfr_sub_d(difference_.get(), exact, value, MPFR_RNDN);
        const long place = exponent < -126 ? -149 : exponent > 127 ? 104 : exponent - 23;
        return std::ldexp(std::fabs(mpfr_get_d(difference_.get(), MPFR_RNDN)), static_cast<int>(-place));
    }

private:
    Real x_{24}, exponent_{24}, y_{120}, difference_{120};
};

}  // namespace axfire::oracle
