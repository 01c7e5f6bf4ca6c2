// SPDX-License-Identifier: Apache-2.0
#include "arith/spec_parts.h"

#include <charconv>

#include "arith/spec_text.h"

namespace axfire {

namespace {

/// Where the ( is that the last character closes; npos if nowhere.
std::size_t matching_parenthesis(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        depth += text[i] == ')' ? 1 : 0;
        if (text[i] == '(' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

}  // namespace

SpecParts split_spec(std::string_view text) {
    const auto fail = [&](const std::string& what) {
        throw SpecError(
            fmt::format("arithmetic '{}': {}; write <unit>[(param=value,...)]@<format>[/<rounding>], for "
                        "example loa(k=8)@fp32 or exact@e5m10/rz",
                        text, what));
    };
    SpecParts parts;
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) {
        fail("there is no @format");
    }
    std::string_view head = text.substr(0, at);
    std::string_view tail = text.substr(at + 1);
    if (const std::size_t slash = tail.find('/'); slash != std::string_view::npos) {
        parts.rounding = parse_rounding(tail.substr(slash + 1));
        parts.has_rounding = true;
        tail = tail.substr(0, slash);
    }
    parts.format_text = tail;
    parts.format = parse_format(tail);
    // A file's name may hold parentheses: the list of parameters is in the pair that ends the text.
    const bool closed = !head.empty() && head.back() == ')';
    const std::size_t open = closed ? matching_parenthesis(head) : head.find('(');
    if (open == std::string_view::npos && closed) {
        fail("the ) has no (");
    }
    if (open == std::string_view::npos || (!closed && head.find(':') != std::string_view::npos)) {
        parts.unit = head;
        return parts;
    }
    parts.unit = head.substr(0, open);
    if (!closed) {
        fail("the ( has no ) before the @");
    }
    std::string_view list = head.substr(open + 1, head.size() - open - 2);
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view item = list.substr(0, comma);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) {
            fail(fmt::format("'{}' is not param=value", item));
        }
        for (const auto& earlier : parts.arguments) {
            if (earlier.first == item.substr(0, equals)) {
                fail(fmt::format("'{}' is given twice", earlier.first));
            }
        }
        parts.arguments.emplace_back(item.substr(0, equals), item.substr(equals + 1));
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return parts;
}

u32 parse_whole(std::string_view what, std::string_view value, u32 min, u32 max) {
    u32 number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < min || number > max) {
        throw SpecError(
            fmt::format("{} '{}' is out of range; it is a whole number from {} to {}", what, value, min, max));
    }
    return number;
}

u32 parse_parameter(std::string_view unit, const ParameterInfo& p, std::string_view value, u32 n) {
    if (p.choices != nullptr) {
        std::string_view rest = p.choices;
        for (u32 number = 0; number <= p.max; ++number) {
            const std::size_t bar = rest.find('|');
            if (value == rest.substr(0, bar)) {
                return number;
            }
            rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
        }
        throw SpecError(fmt::format("{}: {}={} is unknown; {} ({}) is one of {}", unit, p.name, value, p.name,
                                    p.summary, p.choices));
    }
    u32 number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const u32 max = upper_bound(p, n);
    if (error != std::errc{} || end != value.data() + value.size() || number < p.min || number > max) {
        throw SpecError(fmt::format("{}: {}={} is out of range; {} ({}) is a whole number from {} to {} here", unit,
                                    p.name, value, p.name, p.summary, p.min, max));
    }
    return number;
}

std::string parameter_text(const ParameterInfo& p, u32 value) {
    if (p.choices == nullptr) {
        return fmt::format("{}", value);
    }
    std::string_view rest = p.choices;
    for (; value > 0; --value) {
        rest.remove_prefix(rest.find('|') + 1);
    }
    return std::string(rest.substr(0, rest.find('|')));
}

}  // namespace axfire
