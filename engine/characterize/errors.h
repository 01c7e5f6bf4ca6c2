// SPDX-License-Identifier: Apache-2.0
// Errors of an approximate unit, added up over operand pairs, and the figures made of them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "arith/lanes.h"

namespace axfire {

/// Error figures over a set of operand pairs, with e = approximate - exact. MED and NMED are from Liang, Han, Lombardi,
/// "New metrics for the reliability of approximate and probabilistic adders", IEEE Trans. Computers 62(9), 2013; the
/// others are those of EvoApproxLib (Mrazek et al., DATE 2017), where MED is called MAE and error_rate EP.
struct ErrorFigures {
    u64 pairs = 0;
    u64 not_finite = 0;     ///< pairs whose result is infinite or no number; only in pairs and error_rate
    double error_rate = 0;  ///< fraction of the pairs whose result is not the right one
    double med = 0;         ///< mean error distance: mean |e|
    double nmed = 0;        ///< med / the largest exact result
    double mred = 0;        ///< mean of |e / exact| over the pairs whose exact result is not 0; so are the three re_...
    double mse = 0;         ///< mean e^2
    double wce = 0;         ///< largest |e|
    double bias = 0;        ///< mean e
    double re_bias = 0;     ///< mean of e / exact
    double re_min = 0;      ///< least e / exact
    double re_max = 0;      ///< greatest e / exact
};

/// Sums over pairs. Of int64 values below 2^50 and up to 2^27 pairs every sum but the relative ones is exact.
template <class Value>
struct ErrorSums {
    using Sum = std::conditional_t<std::is_integral_v<Value>, __int128, double>;

    u64 pairs = 0;
    u64 not_finite = 0;
    u64 wrong = 0;
    u64 with_relative = 0;
    Sum absolute = 0;
    Sum directed = 0;
    Sum square = 0;
    Value worst = 0;
    double re_absolute = 0;
    double re_directed = 0;
    double re_min = std::numeric_limits<double>::infinity();
    double re_max = -std::numeric_limits<double>::infinity();

    /// One pair. Returns |e|, or |e / exact| if `relative` (0 where exact is).
    double add(Value approximate, Value exact, bool is_wrong, bool relative) {
        const Value e = approximate - exact;
        const Value distance = e < 0 ? -e : e;
        ++pairs;
        wrong += is_wrong;
        absolute += distance;
        directed += e;
        square += static_cast<Sum>(e) * e;
        worst = distance > worst ? distance : worst;
        if (exact == 0) {
            return relative ? 0 : static_cast<double>(distance);
        }
        const double r = static_cast<double>(e) / static_cast<double>(exact);
        ++with_relative;
        re_absolute += std::abs(r);
        re_directed += r;
        re_min = r < re_min ? r : re_min;
        re_max = r > re_max ? r : re_max;
        return relative ? std::abs(r) : static_cast<double>(distance);
    }

    void add_not_finite() {
        ++pairs;
        ++not_finite;
        ++wrong;
    }

    /// Appends the pairs of another part; the order of parts may show in the last bits of inexact sums.
    void merge(const ErrorSums& other);

    /// `largest`: the largest exact result that the pairs may have.
    ErrorFigures figures(double largest) const;
};

extern template struct ErrorSums<std::int64_t>;
extern template struct ErrorSums<double>;

/// Mean errors over the cells of a plane of operands.
struct ErrorGrid {
    u32 columns = 0;  ///< 0: not wanted
    u32 rows = 0;
    std::vector<double> sum;  ///< [rows][columns], row 0 at the lowest operand B
    std::vector<u64> count;   ///< [rows][columns]

    ErrorGrid() = default;
    ErrorGrid(u32 column_count, u32 row_count)
        : columns(column_count),
          rows(row_count),
          sum(std::size_t{column_count} * row_count),
          count(std::size_t{column_count} * row_count) {}

    void add(u32 column, u32 row, double error) {
        const std::size_t at = std::size_t{row} * columns + column;
        sum[at] += error;
        ++count[at];
    }
    void merge(const ErrorGrid& other);
    /// [rows][columns]; NaN where there was no pair.
    std::vector<double> means() const;
};

/// Independent pieces of a measurement. More would change the last bits of relative figures; the number of threads does
/// not, as pieces are merged in order.
inline constexpr u32 kPieces = 64;

/// What one piece of a measurement found.
template <class Value>
struct Tally {
    ErrorSums<Value> sums;
    ErrorGrid grid;
};

template <class Value>
Tally<Value> merged(std::vector<Tally<Value>>& pieces) {
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        pieces[0].sums.merge(pieces[i].sums);
        pieces[0].grid.merge(pieces[i].grid);
    }
    return std::move(pieces[0]);
}

}  // namespace axfire
