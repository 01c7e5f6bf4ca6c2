// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/error_numbers.h"

#include <cmath>

#include <fmt/format.h>

namespace axfire::cli {

namespace {

std::string decimals(double value, int digits, double least, bool sign) {
    const double size = std::abs(value);
    if (size != 0 && (size < least || size >= 1e9)) {
        return sign ? fmt::format("{:+.5g}", value) : fmt::format("{:.5g}", value);
    }
    value = value == 0 ? 0 : value;  // no -0
    return sign && value != 0 ? fmt::format("{:+.{}f}", value, digits) : fmt::format("{:.{}f}", value, digits);
}

}  // namespace

std::string percent(double fraction) {
    return decimals(100 * fraction, 4, 0.01, false) + " %";
}
std::string percent_with_sign(double fraction) {
    return decimals(100 * fraction, 4, 0.01, true) + " %";
}
std::string plain(double value) {
    return decimals(value, 5, 0.001, false);
}
std::string with_sign(double value) {
    return decimals(value, 5, 0.001, true);
}
std::string whole(double value) {
    return value == std::floor(value) && std::abs(value) < 0x1p53 ? fmt::format("{:.0f}", value) : plain(value);
}

}  // namespace axfire::cli
