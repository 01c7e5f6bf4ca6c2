// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/scalar_library.h"

#include <dlfcn.h>

#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arith/error.h"
#include "engine/backend/isa_flags.h"  // generated
#include "engine/backend/jit/cache.h"
#include "engine/backend/jit/compiler.h"
#include "engine/backend/jit/embedded.h"

namespace axfire::bench {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSource =
    "#include \"engine/bench/scalar/library.h\"\n"
    "extern \"C\" const axfire::scalar::Library axfire_scalar __attribute__((visibility(\"default\")));\n"
    "extern \"C\" const axfire::scalar::Library axfire_scalar = axfire::scalar::kLibrary;\n";

#if defined(__aarch64__)
constexpr const char* kForThisMachine = "-mcpu=native";  // gcc and clang both take it
#else
constexpr const char* kForThisMachine = "-march=native";
#endif

std::vector<std::string> flags() {
    std::vector<std::string> words{"-O3", kForThisMachine};
    words.insert(words.end(), kArithmeticFlags.begin(), kArithmeticFlags.end());
    return words;
}

/// Throws InputError where it cannot be compiled or loaded.
const scalar::Library* compile_models() {
    if (compiler().command.empty()) {
        throw InputError(compiler().lacking);
    }
    const WorkFolder work(cache_folder());
    for (const EmbeddedFile& file : embedded_headers()) {
        const fs::path path = work.path() / file.path;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << file.text;
    }
    const fs::path source = work.path() / "scalar.cpp";
    std::ofstream(source, std::ios::binary) << kSource;
    const fs::path library = work.path() / "scalar.so";
    std::vector<std::string> words = flags();
    words.insert(words.end(), {"-std=c++20", "-shared", "-fPIC", "-fvisibility=hidden", "-w",
                               "-I" + work.path().string(), source.string(), "-o", library.string()});
    const ProcessResult result = compile(words);
    if (result.outcome != ProcessResult::Outcome::finished || result.status != 0) {
        throw InputError(fmt::format("{}: {}", compiler().command, first_error(result.errors)));
    }
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw InputError(dlerror());
    }
    return static_cast<const scalar::Library*>(dlsym(handle, "axfire_scalar"));
}

ScalarLibrary find(const Notice& notice) {
    try {
        return {compile_models(),
                fmt::format("{} {}, {}", compiler().command, fmt::join(flags(), " "), compiler().version)};
    } catch (const InputError& error) {
        notice(fmt::format("the scalar models as they were built with the program, not for this machine: {}",
                           error.what()));
        return {&scalar::kLibrary, "with the program, for any machine"};
    }
}

}  // namespace

const ScalarLibrary& scalar_library(const Notice& notice) {
    static const ScalarLibrary library = find(notice);
    return library;
}

}  // namespace axfire::bench
