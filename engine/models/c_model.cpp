// SPDX-License-Identifier: Apache-2.0
#include "engine/models/c_model.h"

#include <fstream>
#include <future>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/jit/cache.h"
#include "engine/backend/jit/compiler.h"
#include "engine/backend/jit/embedded.h"
#include "engine/models/trial.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWrapper = "engine/backend/jit/model/wrapper.h";

const char* wrapper_text() {
    for (const EmbeddedFile& file : embedded_headers()) {
        if (std::string_view(file.path) == kWrapper) {
            return file.text;
        }
    }
    return "";
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// What it takes to compile a model.
struct ModelSource {
    const ModelReference& reference;
    fs::path file;  ///< absolute
    bool cpp;

    std::string name() const { return reference.file + ":" + reference.function; }

    std::vector<std::string> common_flags() const {
        std::vector<std::string> flags = kernel_flags(cpu_kernels().isa);
        flags.insert(flags.end(), {"-x", cpp ? "c++" : "c", cpp ? "-std=gnu++20" : "-std=gnu17", "-w",
                                   "-fno-diagnostics-show-caret", "-fno-diagnostics-show-option"});
        return flags;
    }
};

ModelSource locate(const ModelReference& reference) {
    const fs::path file = fs::absolute(reference.file).lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        throw InputError(fmt::format("'{}' is not a file: a model is named as file.c:function", reference.file));
    }
    if (file.string().find_first_of("\"\\\n") != std::string::npos) {
        throw InputError(fmt::format(
            "'{}': rename the file; its path holds a quotation mark, a backslash or a line end", reference.file));
    }
    const std::string ending = file.extension().string();
    const bool c = ending == ".c" || ending == ".h";
    const bool cpp = ending == ".cpp" || ending == ".cc" || ending == ".cxx" || ending == ".hpp";
    if (!c && !cpp) {
        throw InputError(
            fmt::format("'{}': a model is a C file (.c, .h) or a C++ file (.cpp, .cc, .cxx, .hpp)", reference.file));
    }
    return {reference, file, cpp};
}

std::string key_of(const ModelSource& source) {
    ContentHash hash;
    hash.add("model").add(source.file.string()).add(read_file(source.file)).add(source.reference.function);
    hash.add(fmt::format("{} {}", source.reference.bits, source.reference.adder));
    hash.add(wrapper_text()).add(compiler().command).add(compiler().version);
    for (const std::string& flag : source.common_flags()) {
        hash.add(flag);
    }
    return hash.hex();
}

/// A message with the file's name as the user wrote it.
std::string as_given(const ModelSource& source, std::string text) {
    if (const std::size_t at = text.find(source.file.string()); at != std::string::npos) {
        text.replace(at, source.file.string().size(), source.reference.file);
    }
    return text;
}

/// What the compiler says, in one line with the user's own file and line.
InputError compile_error(const ModelSource& source, const ProcessResult& result) {
    if (result.outcome == ProcessResult::Outcome::timeout) {
        return InputError(fmt::format("{}: the compiler does not end", source.name()));
    }
    std::string line = first_error(result.errors);
    const bool missing =
        line.find("undeclared") != std::string::npos || line.find("not declared") != std::string::npos ||
        result.errors.find("undefined reference to `" + source.reference.function) != std::string::npos;
    if (missing && line.find(source.reference.function) != std::string::npos &&
        !line.starts_with(source.file.string())) {
        return InputError(fmt::format("'{}' has no function '{}'", source.reference.file, source.reference.function));
    }
    if (line.find("axfire: ") != std::string::npos || line.find("too many arguments") != std::string::npos ||
        line.find("too few arguments") != std::string::npos) {
        return InputError(
            fmt::format("{}: a model is float f(float, float), or a function of two unsigned integers to "
                        "an unsigned integer",
                        source.name()));
    }
    return InputError(fmt::format("{}: does not compile: {}", source.name(), as_given(source, line)));
}

/// The files that a compiler's list of dependencies names, but for `first` of them: "<hash> <path>" a line.
std::string dependencies(const fs::path& list, const ModelSource& source, const fs::path& work) {
    std::string text = read_file(list);
    for (std::size_t at; (at = text.find("\\\n")) != std::string::npos;) {
        text.replace(at, 2, " ");
    }
    std::string notes;
    std::string word;
    const std::size_t colon = text.find(": ");
    const auto finish = [&] {
        if (!word.empty() && word != source.file.string() && !word.starts_with(work.string())) {
            notes += ContentHash().add(read_file(word)).hex() + " " + word + "\n";
        }
        word.clear();
    };
    for (std::size_t i = colon == std::string::npos ? text.size() : colon + 2; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            word += text[++i];
        } else if (text[i] == ' ' || text[i] == '\n') {
            finish();
        } else {
            word += text[i];
        }
    }
    finish();
    return notes;
}

bool unchanged(const std::string& notes) {
    std::istringstream lines(notes);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        if (ContentHash().add(read_file(line.substr(space + 1))).hex() != line.substr(0, space)) {
            return false;
        }
    }
    return true;
}

/// Compiles the library, and beside it the program that tries it, and tries it.
fs::path build(const ModelSource& source, const std::string& key) {
    const WorkFolder work(cache_folder());
    const fs::path main = work.path() / (source.cpp ? "model.cpp" : "model.c");
    std::ofstream(work.path() / "wrapper.h", std::ios::binary) << wrapper_text();
    std::ofstream(main, std::ios::binary) << "#include \"" << source.file.string() << "\"\n#include \"wrapper.h\"\n";

    std::vector<std::string> library = source.common_flags();
    const fs::path library_path = work.path() / "model.so";
    const fs::path list = work.path() / "model.d";
    library.insert(library.end(), {"-O3", "-shared", "-fPIC", "-fvisibility=hidden", "-fno-semantic-interposition",
                                   "-MMD", "-MF", list.string(), "-DAXFIRE_FUNCTION=" + source.reference.function,
                                   main.string(), "-o", library_path.string(), "-Wl,-z,defs", "-lm"});
    std::vector<std::string> trial = source.common_flags();
    const fs::path trial_path = work.path() / "trial";
    trial.insert(trial.end(),
                 {"-O1", "-g1", "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all",
                  "-DAXFIRE_TRIAL", "-DAXFIRE_FUNCTION=" + source.reference.function, main.string(), "-o",
                  trial_path.string(), "-lm"});
    // Variables without a value get a pattern, so that their use is seen.
    std::vector<std::string> with_pattern = trial;
    with_pattern.insert(with_pattern.begin(), "-ftrivial-auto-var-init=pattern");
    const auto good = [](const ProcessResult& r) {
        return r.outcome == ProcessResult::Outcome::finished && r.status == 0;
    };
    auto checked = std::async(std::launch::async, [&] {
        const ProcessResult r = compile(with_pattern);
        return good(r) ? r : compile(trial);
    });
    const ProcessResult compiled = compile(library);
    const ProcessResult trial_compiled = checked.get();
    if (!good(compiled)) {
        throw compile_error(source, compiled);
    }
    if (!good(trial_compiled)) {
        throw InputError(fmt::format("{} cannot be tried under the sanitizers: {}", source.name(),
                                     first_error(trial_compiled.errors)));
    }
    try {
        ModelReference tried = source.reference;
        if (open_model(library_path).whole_operation) {
            tried.bits = 0;
        } else if (tried.bits == 0) {
            throw InputError("say how many bits its operands have: file.c:function(bits=8)@format");
        }
        try_model(tried, trial_path, library_path, work.path());
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", source.name(), as_given(source, error.what())));
    }
    return store_in_cache(key, library_path, dependencies(list, source, work.path())).path;
}

}  // namespace

CompiledModel load_c_model(const ModelReference& reference) {
    const ModelSource source = locate(reference);
    if (compiler().command.empty()) {
        throw InputError(fmt::format("{} must be compiled: {}", source.name(), compiler().lacking));
    }
    const std::string key = key_of(source);
    if (const auto cached = find_in_cache(key); cached && unchanged(cached->notes)) {
        return open_model(cached->path);
    }
    return open_model(build(source, key));
}

}  // namespace axfire
