// SPDX-License-Identifier: Apache-2.0
// Another program, run to its end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace axfire {

struct ProcessResult {
    enum class Outcome { finished, signalled, timeout, not_started } outcome = Outcome::not_started;
    int status = 0;      ///< exit status, or the signal
    std::string errors;  ///< what it wrote to its standard error
};

struct ProcessOptions {
    std::filesystem::path input;   ///< its standard input; empty: none
    std::filesystem::path output;  ///< a file for its standard output; empty: discarded
    double seconds = 120;          ///< it is killed after this time
};

/// Runs arguments[0], found by PATH, and waits for it. It gets LC_ALL=C, so that its messages are in English.
ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

}  // namespace axfire
