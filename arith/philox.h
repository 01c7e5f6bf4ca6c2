// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10, the counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
// with cuRAND's layout of key and counter, so that CPU and GPU draw the same numbers.
#pragma once

#include "arith/wide.h"

namespace axfire {

template <class U>
struct PhiloxLanes {
    U word[4];
};
using PhiloxBlock = PhiloxLanes<u32>;

/// The block of four words for a 128-bit counter and a 64-bit key.
template <class U>
AXFIRE_FN PhiloxLanes<U> philox(PhiloxLanes<U> counter, u64 key) {
    u32 k0 = static_cast<u32>(key);
    u32 k1 = static_cast<u32>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const Wide<U> p0 = wide_mul(counter.word[0], splat<U>(0xD2511F53u));
        const Wide<U> p1 = wide_mul(counter.word[2], splat<U>(0xCD9E8D57u));
        counter = {{p1.hi ^ counter.word[1] ^ k0, p1.lo, p0.hi ^ counter.word[3] ^ k1, p0.lo}};
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return counter;
}

/// Words 4*block .. 4*block+3 of a subsequence.
AXFIRE_FN PhiloxBlock philox_block(u64 seed, u64 subsequence, u64 block) {
    return philox<u32>({{static_cast<u32>(block), static_cast<u32>(block >> 32), static_cast<u32>(subsequence),
                         static_cast<u32>(subsequence >> 32)}},
                       seed);
}

/// Word n of a subsequence, as curand_init(seed, subsequence, n) gives it.
AXFIRE_FN u32 philox_word(u64 seed, u64 subsequence, u64 n) {
    return philox_block(seed, subsequence, n / 4).word[n % 4];
}

/// Uniform in (0, 1], as curand_uniform gives it: the word is rounded to binary32 first.
AXFIRE_FN float philox_uniform(u32 word) {
    return static_cast<float>(word) * 0x1p-32f + 0x1p-33f;
}

}  // namespace axfire
