// SPDX-License-Identifier: Apache-2.0
// `axfire arith characterize` as tests call it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include <fmt/format.h>

#include "tests/support/command.h"

namespace axfire::test {

inline axfire::testing::CommandResult arith(const std::string& arguments, const std::string& environment = "") {
    return axfire::testing::run_command(environment + " '" AXFIRE_BINARY "' arith " + arguments);
}

/// The figures; null, and a failed expectation, where there are none.
inline nlohmann::json characterize(const std::string& arguments) {
    const axfire::testing::CommandResult r = arith("characterize " + arguments + " --json");
    EXPECT_EQ(r.code, 0) << arguments << "\n" << r.err;
    return r.code == 0 ? nlohmann::json::parse(r.out) : nlohmann::json{};
}

/// The number with as many digits as `like` has: "+0.25", "4096", "1.8304e8".
inline std::string printed_like(double value, const std::string& like) {
    const std::size_t e = like.find('e');
    const int exponent = e == std::string::npos ? 0 : std::stoi(like.substr(e + 1));
    const std::string mantissa = like.substr(0, e);
    const std::size_t point = mantissa.find('.');
    const std::size_t decimals = point == std::string::npos ? 0 : mantissa.size() - point - 1;
    value /= std::pow(10.0, exponent);
    value = value == 0 ? 0 : value;
    const std::string text =
        like[0] == '+' ? fmt::format("{:+.{}f}", value, decimals) : fmt::format("{:.{}f}", value, decimals);
    return text + (e == std::string::npos ? "" : like.substr(e));
}

/// A figure has all the digits of a printed one; "" says nothing.
inline void expect_printed(const nlohmann::json& json, const char* key, double factor, const std::string& printed,
                           const std::string& what) {
    if (!printed.empty() && json.contains(key)) {
        EXPECT_EQ(printed_like(factor * json[key].get<double>(), printed), printed) << what << " " << key;
    } else {
        EXPECT_TRUE(printed.empty()) << what << " has no " << key;
    }
}

}  // namespace axfire::test
