// SPDX-License-Identifier: Apache-2.0
// NVRTC, loaded at run time where there is one: CUDA C++ to PTX. It needs no GPU.
#pragma once

#include <dlfcn.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace axfire::test {

/// The library, or null. AXFIRE_NVRTC names another one.
inline void* nvrtc_library() {
    static void* const library = [] {
        const char* chosen = std::getenv("AXFIRE_NVRTC");
        std::vector<std::string> names = {
            "libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda/lib/libnvrtc.so.13",
            "libnvrtc.so",    "/usr/local/cuda/lib64/libnvrtc.so",    "/usr/local/cuda/lib/libnvrtc.so"};
        if (chosen != nullptr) {
            names = {chosen};
        }
        void* handle = nullptr;
        for (const std::string& name : names) {
            handle = handle != nullptr ? handle : dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
        }
        return handle;
    }();
    return library;
}

/// PTX of a source; a failure of the test, with the compiler's log, where it does not compile.
inline std::string compile_cuda(const std::string& source, std::vector<std::string> options = {"--fmad=false"}) {
    using Program = void*;
    const auto find = [](const char* name) { return dlsym(nvrtc_library(), name); };
    const auto create =
        reinterpret_cast<int (*)(Program*, const char*, const char*, int, const char* const*, const char* const*)>(
            find("nvrtcCreateProgram"));
    const auto compile = reinterpret_cast<int (*)(Program, int, const char* const*)>(find("nvrtcCompileProgram"));
    const auto destroy = reinterpret_cast<int (*)(Program*)>(find("nvrtcDestroyProgram"));
    const auto text = [&](Program program, const char* size_name, const char* get_name) {
        std::size_t size = 0;
        reinterpret_cast<int (*)(Program, std::size_t*)>(find(size_name))(program, &size);
        std::string result(size, '\0');
        reinterpret_cast<int (*)(Program, char*)>(find(get_name))(program, result.data());
        return result.substr(0, result.find('\0'));
    };
    bool has_target = false;
    for (const std::string& option : options) {
        has_target = has_target || option.find("--gpu-architecture") == 0;
    }
    if (!has_target) {
        options.push_back("--gpu-architecture=compute_75");
    }
    std::vector<const char*> arguments;
    for (const std::string& option : options) {
        arguments.push_back(option.c_str());
    }
    Program program = nullptr;
    EXPECT_EQ(create(&program, source.c_str(), "kernel.cu", 0, nullptr, nullptr), 0);
    const int result = compile(program, static_cast<int>(arguments.size()), arguments.data());
    EXPECT_EQ(result, 0) << text(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
    std::string ptx = result == 0 ? text(program, "nvrtcGetPTXSize", "nvrtcGetPTX") : "";
    destroy(&program);
    return ptx;
}

}  // namespace axfire::test

/// Skips the test, saying so, where there is no NVRTC.
#define AXFIRE_NEEDS_NVRTC()                                                                                      \
    if (axfire::test::nvrtc_library() == nullptr) {                                                               \
        GTEST_SKIP() << "no libnvrtc.so.13: install the CUDA toolkit, or set AXFIRE_NVRTC to the library's path"; \
    }
