// SPDX-License-Identifier: Apache-2.0
// What a network is refused with.
#pragma once

#include <string>

#include "arith/error.h"
#include "tests/support/networks.h"

namespace axfire::testing {

/// The message of the InputError that analyse() throws; empty if it throws none.
inline std::string refusal(const Network& network) {
    try {
        analyse(network);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

inline std::string refusal(const NetworkBuilder& builder) {
    return refusal(builder.network);
}

#define EXPECT_REFUSED(builder, text) EXPECT_NE(refusal(builder).find(text), std::string::npos) << refusal(builder)

}  // namespace axfire::testing
