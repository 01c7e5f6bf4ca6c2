// SPDX-License-Identifier: Apache-2.0
// The system's C and C++ compiler.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/backend/jit/process.h"

namespace axfire {

struct Compiler {
    std::string command;  ///< empty: there is none
    std::string version;  ///< its first line of --version
    std::string lacking;  ///< why there is none, and what to do
};

/// The compiler that the environment variable AXFIRE_CXX names, else the first of c++, g++ and clang++. Looked for
/// once.
const Compiler& compiler();

/// Flags of an instruction set and of the arithmetic.
std::vector<std::string> kernel_flags(const std::string& isa);

/// Runs the compiler.
ProcessResult compile(const std::vector<std::string>& arguments, double seconds = 120);

/// The first line of a compiler's messages that tells an error; all of the first line where none does.
std::string first_error(const std::string& messages);

}  // namespace axfire
