// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/jit/compiler.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "engine/backend/isa_flags.h"  // generated
#include "engine/backend/jit/cache.h"

namespace axfire {

namespace {

/// The first line of `command --version`; empty if it cannot be run.
std::string version_of(const std::string& command) {
    const WorkFolder folder(cache_folder());
    ProcessOptions options;
    options.output = folder.path() / "version";
    options.seconds = 20;
    const ProcessResult result = run_process({command, "--version"}, options);
    std::string line;
    if (result.outcome == ProcessResult::Outcome::finished && result.status == 0) {
        std::ifstream in(options.output);
        std::getline(in, line);
    }
    return line;
}

Compiler find_compiler() {
    if (const char* const named = std::getenv("AXFIRE_CXX"); named != nullptr) {
        if (const std::string version = version_of(named); !version.empty()) {
            return {named, version, ""};
        }
        return {"", "", fmt::format("AXFIRE_CXX={} cannot be run", named)};
    }
    for (const char* const command : {"c++", "g++", "clang++"}) {
        if (const std::string version = version_of(command); !version.empty()) {
            return {command, version, ""};
        }
    }
    return {"", "", "no C++ compiler was found: install g++, or name one in AXFIRE_CXX"};
}

}  // namespace

const Compiler& compiler() {
    static const Compiler found = find_compiler();
    return found;
}

std::vector<std::string> kernel_flags(const std::string& isa) {
    std::vector<std::string> flags = kArithmeticFlags;
    for (const IsaFlags& entry : kIsaFlags) {
        if (entry.isa == isa) {
            flags.insert(flags.end(), entry.flags.begin(), entry.flags.end());
        }
    }
    return flags;
}

ProcessResult compile(const std::vector<std::string>& arguments, double seconds) {
    std::vector<std::string> words{compiler().command};
    words.insert(words.end(), arguments.begin(), arguments.end());
    ProcessOptions options;
    options.seconds = seconds;
    return run_process(words, options);
}

std::string first_error(const std::string& messages) {
    std::size_t at = 0;
    while (at < messages.size()) {
        const std::size_t end = std::min(messages.find('\n', at), messages.size());
        const std::string line = messages.substr(at, end - at);
        if (line.find("error") != std::string::npos) {
            return line;
        }
        at = end + 1;
    }
    return messages.substr(0, messages.find('\n'));
}

}  // namespace axfire
