// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace axfire::cuda_double {

namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%' || c == '.';
}

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
    std::vector<Token> tokens;
    u32 line = 1;
    std::size_t i = 0;
    const auto at = [&](std::size_t k) { return k < source.size() ? source[k] : '\0'; };
    while (i < source.size() && source[i] != '\0') {
        const char c = source[i];
        if (c == '\n') {
            ++line;
            ++i;
        } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            ++i;
        } else if (c == '/' && at(i + 1) == '/') {
            i = std::min(source.find('\n', i), source.size());
        } else if (c == '/' && at(i + 1) == '*') {
            const std::size_t end = source.find("*/", i + 2);
            if (end == std::string_view::npos) {
                throw PtxError(line, "a comment has no end");
            }
            line += static_cast<u32>(std::count(source.begin() + i, source.begin() + end, '\n'));
            i = end + 2;
        } else if (c == '"') {
            const std::size_t end = source.find('"', i + 1);
            if (end == std::string_view::npos) {
                throw PtxError(line, "a string has no end");
            }
            tokens.push_back({source.substr(i, end + 1 - i), line});
            i = end + 1;
        } else {
            std::size_t end = i + 1;
            if (is_word(c)) {
                // "::" is part of a modifier (L2::128B), a single colon ends a label.
                while (is_word(at(end)) || (at(end) == ':' && at(end + 1) == ':')) {
                    end += at(end) == ':' ? 2 : 1;
                }
            }
            tokens.push_back({source.substr(i, end - i), line});
            i = end;
        }
    }
    tokens.push_back({{}, line});
    return tokens;
}

u64 parse_number(const Token& token) {
    std::string_view digits = token.text;
    int base = 10;
    if (digits.size() > 2 && digits[0] == '0') {
        switch (digits[1]) {
            case 'x':
            case 'X':
            case 'f':
            case 'F':
            case 'd':
            case 'D':
                base = 16;
                digits.remove_prefix(2);
                break;
            case 'b':
            case 'B':
                base = 2;
                digits.remove_prefix(2);
                break;
            default:
                base = 8;
        }
    }
    if (!digits.empty() && digits.back() == 'U') {
        digits.remove_suffix(1);
    }
    u64 value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        throw PtxError(token.line, "'" + std::string(token.text) + "' is not a number that is supported");
    }
    return value;
}

}  // namespace axfire::cuda_double
