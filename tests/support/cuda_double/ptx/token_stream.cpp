// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/token_stream.h"

namespace axfire::cuda_double {

Token TokenStream::next() {
    if (at_end()) {
        throw PtxError(peek().line, "the text ends too early");
    }
    return tokens_[at_++];
}

bool TokenStream::take(std::string_view text) {
    if (!peek().is(text)) {
        return false;
    }
    ++at_;
    return true;
}

void TokenStream::expect(std::string_view text) {
    if (!take(text)) {
        throw PtxError(peek().line, "'" + std::string(text) + "' is expected, not '" + std::string(peek().text) + "'");
    }
}

void TokenStream::skip_line() {
    const u32 line = tokens_[at_ - 1].line;
    while (!at_end() && peek().line == line) {
        ++at_;
    }
}

void TokenStream::skip_braces() {
    expect("{");
    for (int depth = 1; depth > 0;) {
        const Token token = next();
        depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
    }
}

u64 TokenStream::number() {
    const bool negative = take("-");
    const u64 value = parse_number(next());
    return negative ? 0 - value : value;
}

u32 TokenStream::count_in_angles() {
    expect("<");
    const u32 count = static_cast<u32>(number());
    expect(">");
    return count;
}

Operand TokenStream::list(std::string_view end) {
    Operand o;
    o.form = Operand::Form::list;
    while (!take(end)) {
        o.parts.push_back(operand());
        if (!peek().is(end)) {
            expect(",");
        }
    }
    return o;
}

Operand TokenStream::address() {
    Operand o;
    o.form = Operand::Form::address;
    if (!peek().is_number() && !peek().is("-")) {
        o.name = next().text;
    }
    while (!take("]")) {
        take("+");
        o.value += number();
    }
    return o;
}

Operand TokenStream::operand() {
    if (take("[")) {
        return address();
    }
    if (take("{")) {
        return list("}");
    }
    if (take("(")) {
        return list(")");
    }
    Operand o;
    o.negated = take("!");
    if (peek().is_number() || peek().is("-")) {
        o.form = Operand::Form::number;
        o.value = number();
        return o;
    }
    o.name = next().text;
    if (take("|")) {
        Operand pair;
        pair.form = Operand::Form::pair;
        pair.parts.push_back(o);
        pair.parts.push_back(operand());
        return pair;
    }
    if (take("+")) {
        throw PtxError(peek().line, "'" + o.name + "+...' as an operand is not supported");
    }
    return o;
}

Statement TokenStream::statement() {
    Statement s;
    s.line = peek().line;
    if (take("@")) {
        s.guard_negated = take("!");
        s.guard = next().text;
    }
    s.opcode = next().text;
    while (!take(";")) {
        s.operands.push_back(operand());
        if (!peek().is(";")) {
            expect(",");
        }
    }
    return s;
}

}  // namespace axfire::cuda_double
