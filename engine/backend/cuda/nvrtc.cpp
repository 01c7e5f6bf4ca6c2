// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda/nvrtc.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/backend/cuda/driver.h"

namespace axfire::cuda {

namespace {

using Program = struct ProgramTag*;

// X(name, parameters)
#define AXFIRE_NVRTC_FUNCTIONS(X)                                                                            \
    X(nvrtcVersion, (int*, int*))                                                                            \
    X(nvrtcGetNumSupportedArchs, (int*))                                                                     \
    X(nvrtcGetSupportedArchs, (int*))                                                                        \
    X(nvrtcCreateProgram, (Program*, const char*, const char*, int, const char* const*, const char* const*)) \
    X(nvrtcCompileProgram, (Program, int, const char* const*))                                               \
    X(nvrtcDestroyProgram, (Program*))                                                                       \
    X(nvrtcGetProgramLogSize, (Program, std::size_t*))                                                       \
    X(nvrtcGetProgramLog, (Program, char*))                                                                  \
    X(nvrtcGetPTXSize, (Program, std::size_t*))                                                              \
    X(nvrtcGetPTX, (Program, char*))                                                                         \
    X(nvrtcGetCUBINSize, (Program, std::size_t*))                                                            \
    X(nvrtcGetCUBIN, (Program, char*))

struct Functions {
#define AXFIRE_MEMBER(name, parameters) int(*name) parameters = nullptr;
    AXFIRE_NVRTC_FUNCTIONS(AXFIRE_MEMBER)
#undef AXFIRE_MEMBER
};

struct Loaded {
    Functions call;
    Nvrtc facts;
};

std::vector<std::string> candidates() {
    if (const char* const named = std::getenv("AXFIRE_NVRTC"); named != nullptr) {
        return {named};
    }
    std::vector<int> majors{13, 12};
    if (driver().lacking.empty() && driver().version / 1000 < 13) {
        std::reverse(majors.begin(), majors.end());  // a driver takes no code of a newer major version
    }
    std::vector<std::string> names;
    for (const int major : majors) {
        for (const char* const folder : {"", "/usr/local/cuda/lib64/", "/usr/local/cuda/lib/"}) {
            names.push_back(fmt::format("{}libnvrtc.so.{}", folder, major));
        }
    }
    return names;
}

Loaded load() {
    Loaded l;
    void* handle = nullptr;
    for (const std::string& name : candidates()) {
        if (handle == nullptr) {
            handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
            l.facts.library = name;
        }
    }
    if (handle == nullptr) {
        l.facts.lacking = std::getenv("AXFIRE_NVRTC") != nullptr
                              ? fmt::format("AXFIRE_NVRTC={} cannot be loaded", l.facts.library)
                              : "no libnvrtc.so.13 or .12 was found, which compiles the kernels: install NVRTC of the "
                                "CUDA toolkit, or name its library in AXFIRE_NVRTC";
        return l;
    }
    const auto find = [&](auto& member, const char* name) {
        member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(handle, name));
        if (member == nullptr && l.facts.lacking.empty()) {
            l.facts.lacking = fmt::format("{} has no {}: it is too old", l.facts.library, name);
        }
    };
#define AXFIRE_FIND(name, parameters) find(l.call.name, #name);
    AXFIRE_NVRTC_FUNCTIONS(AXFIRE_FIND)
#undef AXFIRE_FIND
    if (l.facts.lacking.empty()) {
        int major = 0, minor = 0, count = 0;
        l.call.nvrtcVersion(&major, &minor);
        l.facts.version = fmt::format("{}.{}", major, minor);
        l.call.nvrtcGetNumSupportedArchs(&count);
        l.facts.architectures.resize(static_cast<std::size_t>(count));
        l.call.nvrtcGetSupportedArchs(l.facts.architectures.data());
    }
    return l;
}

const Loaded& loaded() {
    static const Loaded l = load();
    return l;
}

/// A text or code that the compiler hands out by size and content.
std::string fetch(Program program, int (*size_of)(Program, std::size_t*), int (*get)(Program, char*)) {
    std::size_t size = 0;
    size_of(program, &size);
    std::string bytes(size, '\0');
    get(program, bytes.data());
    return bytes;
}

/// The line of the log that tells the first error.
std::string first_line_of_error(const std::string& log) {
    std::size_t at = log.find("error");
    at = at == std::string::npos ? 0 : log.rfind('\n', at);
    at = at == std::string::npos ? 0 : at + (log[at] == '\n');
    return log.substr(at, log.find('\n', at) - at);
}

}  // namespace

const Nvrtc& nvrtc() {
    return loaded().facts;
}

DeviceCode compile_device_code(const std::string& source, const std::vector<Header>& headers,
                               const std::vector<std::string>& options) {
    if (!nvrtc().lacking.empty()) {
        throw InputError(nvrtc().lacking);
    }
    const Functions& call = loaded().call;
    std::vector<const char*> names, texts, words;
    for (const Header& header : headers) {
        names.push_back(header.name);
        texts.push_back(header.text);
    }
    for (const std::string& option : options) {
        words.push_back(option.c_str());
    }
    Program program = nullptr;
    call.nvrtcCreateProgram(&program, source.c_str(), "kernels.cu", static_cast<int>(headers.size()), texts.data(),
                            names.data());
    const int result = call.nvrtcCompileProgram(program, static_cast<int>(words.size()), words.data());
    const std::string log = fetch(program, call.nvrtcGetProgramLogSize, call.nvrtcGetProgramLog);
    const bool machine_code = std::any_of(options.begin(), options.end(), [](const std::string& option) {
        return option.find("=sm_") != std::string::npos;
    });
    std::string code;
    if (result == 0) {
        code = machine_code ? fetch(program, call.nvrtcGetCUBINSize, call.nvrtcGetCUBIN)
                            : fetch(program, call.nvrtcGetPTXSize, call.nvrtcGetPTX);
    }
    call.nvrtcDestroyProgram(&program);
    if (result != 0) {
        throw InputError(fmt::format("NVRTC {} cannot compile kernels: {}", nvrtc().version, first_line_of_error(log)));
    }
    return {code, log};
}

}  // namespace axfire::cuda
