// SPDX-License-Identifier: Apache-2.0
#include "engine/record/population_name.h"

#include <fmt/format.h>

namespace axfire {

std::string population_name(std::string_view node) {
    if (node.empty()) {
        return "%";
    }
    const bool dots = node.find_first_not_of('.') == std::string_view::npos;
    std::string result;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const char c = node[i];
        if (c == '/' || c == '%' || c == '\0' || (dots && i == 0)) {
            result += fmt::format("%{:02X}", static_cast<unsigned>(c));
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace axfire
