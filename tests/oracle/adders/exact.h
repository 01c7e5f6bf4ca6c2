// SPDX-License-Identifier: Apache-2.0
// The exact sum of two n-bit integers, n+1 bits.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 exact(u64 a, u64 b, unsigned n, const Parameters&) {
    return ripple_from(a, b, false, 0, n);
}

}  // namespace axfire::oracle::adders
