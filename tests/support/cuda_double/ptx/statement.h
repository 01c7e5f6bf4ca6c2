// SPDX-License-Identifier: Apache-2.0
// An instruction as it is written.
#pragma once

#include <string>
#include <vector>

#include "tests/support/cuda_double/ptx/lexer.h"

namespace axfire::cuda_double {

struct Operand {
    enum class Form : u8 {
        name,     ///< register, variable, label or function
        number,   ///< value
        address,  ///< [name + value], or [value] with no name
        list,     ///< {a, b} or (a, b): parts
        pair      ///< p|q: parts
    };
    Form form = Form::name;
    bool negated = false;  ///< !p
    std::string name;
    u64 value = 0;
    std::vector<Operand> parts;
};

struct Statement {
    u32 line = 0;
    std::string guard;  ///< a predicate's name, or ""
    bool guard_negated = false;
    std::string opcode;  ///< with its modifiers
    std::vector<Operand> operands;
};

}  // namespace axfire::cuda_double
