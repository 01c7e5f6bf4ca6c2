// SPDX-License-Identifier: Apache-2.0
// Compares arrays of results bit for bit, and shows the first few differences with their operands.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/formats.h"

namespace axfire::testing {

inline std::string show(u32 x) {
    return hex(x);
}
inline std::string show(u64 x) {
    return std::to_string(x);
}
inline std::string show(const std::pair<u32, u32>& x) {
    return hex(x.first) + ", " + hex(x.second);
}

template <class Operand, class Result>
::testing::AssertionResult same(const std::vector<Operand>& operands, const std::vector<Result>& got,
                                const std::vector<Result>& want) {
    if (got.size() != operands.size() || want.size() != operands.size()) {
        return ::testing::AssertionFailure() << "sizes differ";
    }
    std::size_t wrong = 0;
    std::string text;
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (got[i] != want[i] && ++wrong <= 4) {
            text += "\n  (" + show(operands[i]) + "): got " + show(got[i]) + ", want " + show(want[i]);
        }
    }
    if (wrong == 0) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << wrong << " of " << got.size() << " differ" << text;
}

}  // namespace axfire::testing
