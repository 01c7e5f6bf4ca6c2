// SPDX-License-Identifier: Apache-2.0
// The names of formats and roundings.
#include <charconv>

#include <fmt/format.h>

#include "arith/error.h"
#include "arith/spec_parts.h"
#include "arith/spec_text.h"

namespace axfire {

namespace {

struct NamedFormat {
    const char* name;
    Format format;
};
constexpr NamedFormat kFormats[] = {{"fp32", kFp32},       {"tf32", kTf32},           {"bf16", kBf16},
                                    {"fp16", kFp16},       {"dlfloat16", kDlfloat16}, {"fp8_e4m3", kFp8E4m3},
                                    {"fp8_e5m2", kFp8E5m2}};
constexpr const char* kFormatChoices =
    "fp32, tf32, bf16, fp16, dlfloat16, fp8_e4m3, fp8_e5m2 or e<E>m<M> with E 2..8 and M 1..23";
constexpr const char* kRoundings[] = {"rne", "rna", "rz", "ru", "rd", "odd", "sr"};  // in the order of the enum

}  // namespace

Format parse_format(std::string_view text) {
    for (const NamedFormat& f : kFormats) {
        if (text == f.name) {
            return f.format;
        }
    }
    if (text == "e4m3fn") {
        return kFp8E4m3;
    }
    Format f;
    const char* const end = text.data() + text.size();
    if (text.starts_with('e')) {
        const auto e = std::from_chars(text.data() + 1, end, f.exponent_bits);
        if (e.ec == std::errc{} && e.ptr != end && *e.ptr == 'm') {
            const auto m = std::from_chars(e.ptr + 1, end, f.fraction_bits);
            if (m.ec == std::errc{} && m.ptr == end && f.exponent_bits >= 2 && f.exponent_bits <= 8 &&
                f.fraction_bits >= 1 && f.fraction_bits <= 23) {
                return f;
            }
        }
    }
    throw SpecError(fmt::format("format '{}' is unknown; choose one of {}", text, kFormatChoices));
}

Rounding parse_rounding(std::string_view text) {
    return static_cast<Rounding>(choose("rounding", text, kRoundings));
}

std::string to_string(Rounding rounding) {
    return kRoundings[static_cast<std::size_t>(rounding)];
}

std::string to_string(const Format& format) {
    Format plain = format;
    plain.subnormals = Subnormals::gradual;
    plain.overflow = Overflow::infinity;
    for (const NamedFormat& f : kFormats) {
        if (plain == f.format) {
            return f.name;
        }
    }
    return fmt::format("e{}m{}", format.exponent_bits, format.fraction_bits);
}

}  // namespace axfire
