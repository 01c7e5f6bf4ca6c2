// SPDX-License-Identifier: Apache-2.0
// What the PTX of exact kernels must not hold.
#pragma once

#include <regex>
#include <sstream>
#include <string>

namespace axfire::test {

/// The first instruction that rounds twice or not as the language says, or may be fused with another; or nothing.
inline std::string lint(const std::string& ptx) {
    static const std::regex forbidden(
        R"(\b(fma|mad)\.[a-z.]*f(32|64)|\.ftz\b|\.approx\b|\bdiv\.full\b|\b(add|sub|mul)(\.sat)?\.f(32|64)\b)");
    std::istringstream lines(ptx);
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_search(line, forbidden)) {
            return line;
        }
    }
    return "";
}

}  // namespace axfire::test
