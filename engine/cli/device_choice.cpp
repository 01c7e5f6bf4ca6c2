// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/device_choice.h"

#include <charconv>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire::cli {

DeviceChoice choose_device(const std::string& text) {
    if (text == "cpu") {
        return {{}, false, "as asked for"};
    }
    if (text == "auto") {
        try {
            const cuda::DeviceInfo device = cuda::choose_device();
            return {{device}, true, "the first usable device"};
        } catch (const InputError& none) {
            return {{}, true, none.what()};
        }
    }
    if (text == "cuda:all") {
        return {cuda::usable_devices(), false, "all that are usable"};
    }
    int number = -1;
    const bool numbered = text.starts_with("cuda:");
    const char* const end = text.data() + text.size();
    if (numbered) {
        const auto [rest, error] = std::from_chars(text.data() + 5, end, number);
        number = error == std::errc() && rest == end && number >= 0 ? number : -1;
    }
    if (text != "cuda" && number < 0) {
        throw InputError(fmt::format(
            "--device '{}' is unknown; choose auto, cpu, cuda or cuda:<number>, or cuda:all for every one", text));
    }
    return {{cuda::choose_device(number)}, false, "as asked for"};
}

}  // namespace axfire::cli
