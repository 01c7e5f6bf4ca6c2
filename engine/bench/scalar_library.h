// SPDX-License-Identifier: Apache-2.0
// The scalar models as they are timed: compiled by the system's compiler with -O3, for this machine.
#pragma once

#include <string>

#include "engine/backend/jit/instances.h"
#include "engine/bench/scalar/library.h"

namespace axfire::bench {

struct ScalarLibrary {
    const scalar::Library* models;
    std::string compiled;  ///< by what and how: "c++ -O3 -march=native ..., g++ 12.2.0"
};

/// Compiles them, once in a process. Where that fails, the copy that the program was built with serves, after a notice.
/// Built with the program, even once for each instruction set, they would lack what a user's compiler makes of his own
/// machine. Not kept between runs: what "native" means depends on the machine, and it takes a second or two.
const ScalarLibrary& scalar_library(const Notice& notice);

}  // namespace axfire::bench
