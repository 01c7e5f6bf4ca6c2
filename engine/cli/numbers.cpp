// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/numbers.h"

#include <bit>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire::cli {

u32 parse_float(const std::string& text) {
    const std::string prefix = "bits:";
    if (text.starts_with(prefix)) {
        std::string digits = text.substr(prefix.size());
        if (digits.starts_with("0x")) {
            digits = digits.substr(2);
        }
        u32 bits = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
        if (error == std::errc{} && end == digits.data() + digits.size()) {
            return bits;
        }
    } else if (!text.empty()) {
        char* end = nullptr;
        const float value = std::strtof(text.c_str(), &end);
        if (*end == '\0') {
            return std::bit_cast<u32>(value);
        }
    }
    throw InputError(
        fmt::format("'{}' is not a number; write 1.5, 0x1.8p0, inf, nan or the bits as bits:3fc00000", text));
}

std::string float_text(u32 bits) {
    return fmt::format("{}", std::bit_cast<float>(bits));
}

}  // namespace axfire::cli
