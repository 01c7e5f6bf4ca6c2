// SPDX-License-Identifier: Apache-2.0
// A circuit that a device's compiler does not take: it uses a part of the library that devices lack.
#include <algorithm>
#include <cstdint>

std::uint64_t mul8u_unsuited(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::uint64_t>(std::max(a, b)) * std::min(a, b);
}
