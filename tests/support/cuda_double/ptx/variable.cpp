// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/variable.h"

#include <algorithm>

namespace axfire::cuda_double {

Declaration parse_declaration(TokenStream& in) {
    Declaration d;
    bool is_pointer = false;
    while (in.peek().text.starts_with(".")) {
        const Token token = in.next();
        if (token.is(".align")) {
            const u32 alignment = static_cast<u32>(in.number());
            d.alignment = is_pointer ? d.alignment : alignment;  // after .ptr it is that of what is pointed to
        } else if (token.is(".ptr")) {
            is_pointer = true;
        } else if (const auto type = parse_type(token.text.substr(1))) {
            d.type = *type;
        } else if (!is_pointer ||
                   !(token.is(".global") || token.is(".shared") || token.is(".const") || token.is(".local"))) {
            throw PtxError(token.line, "'" + std::string(token.text) + "' in a declaration is not supported");
        }
    }
    const Token name = in.next();
    d.name = name.text;
    d.line = name.line;
    if (d.type.bytes == 0) {
        throw PtxError(name.line, "'" + d.name + "' has no type");
    }
    d.alignment = std::max<u32>(d.alignment, d.type.bytes);
    if (in.peek().is("<")) {
        d.registers = in.count_in_angles();
    }
    while (in.take("[")) {
        if (in.take("]")) {
            d.is_unsized = true;
            d.count = 0;
        } else {
            d.count *= in.number();
            in.expect("]");
        }
    }
    return d;
}

std::vector<Initialiser> parse_initialisers(TokenStream& in) {
    std::vector<Initialiser> values;
    if (!in.take("=")) {
        return values;
    }
    const bool is_list = in.take("{");
    while (!in.peek().is("}") && !in.peek().is(";")) {
        Initialiser value;
        if (in.peek().is_number() || in.peek().is("-")) {
            value.value = in.number();
        } else {
            const bool is_generic = in.take("generic");
            if (is_generic) {
                in.expect("(");
            }
            value.symbol = in.next().text;
            if (is_generic) {
                in.expect(")");
            }
            if (in.take("+")) {
                value.value = in.number();
            }
        }
        values.push_back(value);
        if (!in.take(",")) {
            break;
        }
    }
    if (is_list) {
        in.expect("}");
    }
    return values;
}

}  // namespace axfire::cuda_double
