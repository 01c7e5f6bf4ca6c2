// SPDX-License-Identifier: Apache-2.0
// Truncation: the low k bits are zero and carry nothing.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 trunc0(u64 a, u64 b, unsigned n, const Parameters& p) {
    return ripple_from(a, b, false, p.value[0], n);
}

}  // namespace axfire::oracle::adders
