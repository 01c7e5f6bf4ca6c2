// SPDX-License-Identifier: Apache-2.0
// Declarations of variables and parameters.
#pragma once

#include <string>
#include <vector>

#include "tests/support/cuda_double/ptx/token_stream.h"

namespace axfire::cuda_double {

struct Declaration {
    std::string name;
    Type type;
    u32 alignment = 1;
    u64 count = 1;
    bool is_unsized = false;  ///< name[]
    u32 registers = 0;        ///< of "%r<registers>", 0 for a single one
    u32 line = 0;

    u64 bytes() const { return count * type.bytes; }
};

/// "[.align a] .type [.ptr ...] name[count]" after the state space.
Declaration parse_declaration(TokenStream& in);

/// A value in an initialiser: bytes, or the address of a variable plus a number.
struct Initialiser {
    std::string symbol;
    u64 value = 0;
};

/// "= ..." if it is there.
std::vector<Initialiser> parse_initialisers(TokenStream& in);

}  // namespace axfire::cuda_double
