// SPDX-License-Identifier: Apache-2.0
#include "engine/characterize/errors.h"

#include <algorithm>

namespace axfire {

template <class Value>
void ErrorSums<Value>::merge(const ErrorSums& other) {
    pairs += other.pairs;
    not_finite += other.not_finite;
    wrong += other.wrong;
    with_relative += other.with_relative;
    absolute += other.absolute;
    directed += other.directed;
    square += other.square;
    worst = std::max(worst, other.worst);
    re_absolute += other.re_absolute;
    re_directed += other.re_directed;
    re_min = std::min(re_min, other.re_min);
    re_max = std::max(re_max, other.re_max);
}

template <class Value>
ErrorFigures ErrorSums<Value>::figures(double largest) const {
    ErrorFigures f;
    f.pairs = pairs;
    f.not_finite = not_finite;
    if (pairs > 0) {
        f.error_rate = static_cast<double>(wrong) / static_cast<double>(pairs);
    }
    if (pairs > not_finite) {
        const double n = static_cast<double>(pairs - not_finite);
        f.med = static_cast<double>(absolute) / n;
        f.nmed = f.med / largest;
        f.mse = static_cast<double>(square) / n;
        f.wce = static_cast<double>(worst);
        f.bias = static_cast<double>(directed) / n;
    }
    if (with_relative > 0) {
        f.mred = re_absolute / static_cast<double>(with_relative);
        f.re_bias = re_directed / static_cast<double>(with_relative);
        f.re_min = re_min;
        f.re_max = re_max;
    }
    return f;
}

template struct ErrorSums<std::int64_t>;
template struct ErrorSums<double>;

void ErrorGrid::merge(const ErrorGrid& other) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += other.sum[i];
        count[i] += other.count[i];
    }
}

std::vector<double> ErrorGrid::means() const {
    std::vector<double> result(sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i) {
        result[i] = count[i] == 0 ? std::numeric_limits<double>::quiet_NaN() : sum[i] / static_cast<double>(count[i]);
    }
    return result;
}

}  // namespace axfire
