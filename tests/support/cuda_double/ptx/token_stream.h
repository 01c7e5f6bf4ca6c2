// SPDX-License-Identifier: Apache-2.0
// Tokens read one after the other, and the operands that they form.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cuda_double/ptx/lexer.h"
#include "tests/support/cuda_double/ptx/statement.h"

namespace axfire::cuda_double {

class TokenStream {
public:
    explicit TokenStream(std::string_view source) : tokens_(tokenize(source)) {}

    const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
    bool at_end() const { return peek().text.empty(); }
    Token next();
    /// Takes the token if it is there.
    bool take(std::string_view text);
    void expect(std::string_view text);
    /// Skips what is left of the line on which the last token was.
    void skip_line();
    /// Skips the part in braces that begins here.
    void skip_braces();

    /// A number with its sign.
    u64 number();
    /// "<n>" after a name that declares several registers.
    u32 count_in_angles();
    /// An instruction, up to and with its semicolon.
    Statement statement();

private:
    Operand operand();
    Operand address();
    Operand list(std::string_view end);

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

}  // namespace axfire::cuda_double
