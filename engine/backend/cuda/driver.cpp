// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda/driver.h"

#include <dlfcn.h>

#include <cstdlib>

#include <fmt/format.h>

namespace axfire::cuda {

namespace {

std::string describe(const Driver& d, Result code) {
    const char* name = nullptr;
    const char* text = nullptr;
    if (d.cuGetErrorName(code, &name) != kSuccess || d.cuGetErrorString(code, &text) != kSuccess) {
        return fmt::format("error {}", code);
    }
    return fmt::format("{} ({})", text, name);
}

Driver load() {
    Driver d;
    const char* const named = std::getenv("AXFIRE_CUDA_DRIVER");
    d.library = named != nullptr ? named : "libcuda.so.1";
    void* const handle = dlopen(d.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        d.lacking = named != nullptr ? fmt::format("AXFIRE_CUDA_DRIVER={} cannot be loaded: {}", named, dlerror())
                                     : "no NVIDIA driver is installed (libcuda.so.1 was not found)";
        return d;
    }
    const auto find = [&](auto& member, const char* symbol) {
        member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(handle, symbol));
        if (member == nullptr && d.lacking.empty()) {
            d.lacking = fmt::format("{} has no {}: the driver is too old", d.library, symbol);
        }
    };
#define AXFIRE_FIND(name, symbol, parameters) find(d.name, #symbol);
    AXFIRE_CUDA_FUNCTIONS(AXFIRE_FIND)
#undef AXFIRE_FIND
    d.has_graphs = true;
    const auto find_optional = [&](auto& member, const char* symbol) {
        member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(handle, symbol));
        d.has_graphs = d.has_graphs && member != nullptr;
    };
#define AXFIRE_FIND(name, symbol, parameters) find_optional(d.name, #symbol);
    AXFIRE_CUDA_GRAPH_FUNCTIONS(AXFIRE_FIND)
#undef AXFIRE_FIND
    if (d.lacking.empty()) {
        if (const Result result = d.cuInit(0); result != kSuccess) {
            d.lacking = fmt::format("cuInit: {}", describe(d, result));
        }
        d.cuDriverGetVersion(&d.version);
    }
    return d;
}

}  // namespace

const Driver& driver() {
    static const Driver d = load();
    return d;
}

Error::Error(const char* call, Result failed)
    : std::runtime_error(fmt::format("CUDA: {}: {}", call, describe(driver(), failed))), code(failed) {}

void check(const char* call, Result result) {
    if (result != kSuccess) {
        throw Error(call, result);
    }
}

}  // namespace axfire::cuda
