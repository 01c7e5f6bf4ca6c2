// SPDX-License-Identifier: Apache-2.0
// PTX text as a row of tokens.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

/// PTX that the interpreter cannot read, or an instruction that it does not know.
struct PtxError : std::runtime_error {
    PtxError(u32 line, const std::string& what) : std::runtime_error("line " + std::to_string(line) + ": " + what) {}
};

/// A word (identifier, directive, opcode with its modifiers, register, number), a quoted string, or one character.
struct Token {
    std::string_view text;
    u32 line = 0;

    bool is(std::string_view other) const { return text == other; }
    bool is_number() const { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }
};

/// The tokens of `source`, which must outlive them; the last one is empty.
std::vector<Token> tokenize(std::string_view source);

/// An integer (decimal, 0x, 0b, octal) or the bits of a 0f/0d literal. Throws PtxError.
u64 parse_number(const Token& token);

}  // namespace axfire::cuda_double
