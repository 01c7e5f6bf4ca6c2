// SPDX-License-Identifier: Apache-2.0
// Runs a program as a user would and keeps what it says.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace axfire::testing {

struct CommandResult {
    int code;  ///< exit code, or 128 + signal
    std::string out;
    std::string err;
};

inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Runs a shell command line.
inline CommandResult run_command(const std::string& line) {
    const TemporaryFolder folder;
    const int status = std::system(("( " + line + " ) >" + (folder / "out") + " 2>" + (folder / "err")).c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, read_text(folder / "out"), read_text(folder / "err")};
}

}  // namespace axfire::testing
