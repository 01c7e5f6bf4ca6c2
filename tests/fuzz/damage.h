// SPDX-License-Identifier: Apache-2.0
// Damage to the bytes of a file.
#pragma once

#include <algorithm>
#include <cstring>
#include <iterator>
#include <random>

#include "tests/datasets/support.h"

namespace axfire::testing {

/// A few of: a bit flipped, a byte set, a word set to an extreme, a stretch zeroed, copied or cut out, the end cut off.
inline Bytes damaged(Bytes bytes, std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random() % n); };
    for (std::size_t changes = 1 + below(below(4) == 0 ? 40 : 3); changes > 0 && bytes.size() > 64; --changes) {
        // Half of the changes hit the first two KiB and what they lead to: headers rather than weights.
        const std::size_t at = below(2) == 0 ? below(bytes.size()) : below(std::min<std::size_t>(bytes.size(), 8192));
        const std::size_t length = std::min(bytes.size() - at, 1 + below(below(3) == 0 ? 2000 : 16));
        switch (below(8)) {
            case 0:
            case 1:
                bytes[at] ^= static_cast<std::uint8_t>(1U << below(8));
                break;
            case 2:
                bytes[at] = static_cast<std::uint8_t>(random());
                break;
            case 3:
            case 4: {
                constexpr std::uint64_t kExtremes[] = {0,    1, 0x7f, 0xff, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff,
                                                       ~0ULL};
                const std::uint64_t word = kExtremes[below(std::size(kExtremes))];
                std::memcpy(bytes.data() + at, &word,
                            std::min<std::size_t>(bytes.size() - at, std::size_t{1} << below(4)));
                break;
            }
            case 5:
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, 0);
                break;
            case 6: {
                const std::size_t from = below(bytes.size() - length + 1);
                std::memmove(bytes.data() + at, bytes.data() + from, length);
                break;
            }
            default:
                if (below(2) == 0) {
                    bytes.resize(at + 1);
                } else {
                    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
                }
        }
    }
    return bytes;
}

}  // namespace axfire::testing
