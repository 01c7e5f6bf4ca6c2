// SPDX-License-Identifier: Apache-2.0
// What the driver double keeps: its settings, devices and memory; and what every function of the API begins with.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cuda_double/device_memory.h"
#include "tests/support/cuda_double/driver/abi.h"
#include "tests/support/cuda_double/driver/limits.h"
#include "tests/support/cuda_double/driver/stream.h"
#include "tests/support/cuda_double/ptx/program.h"

struct CUctx_st {
    axfire::cuda_double::Device* device;
};

struct CUfunc_st {
    std::weak_ptr<CUmod_st> module;
    const axfire::cuda_double::Function* function;
    axfire::cuda_double::u32 dynamic_shared_limit;
};

struct CUmod_st {
    axfire::cuda_double::Device* device;
    axfire::cuda_double::Module program;
    std::vector<std::unique_ptr<CUfunc_st>> functions;
};

namespace axfire::cuda_double {

/// From the environment, read by cuInit. docs: README.md.
struct Settings {
    int devices = 1;
    int version = kDriverVersion;
    u64 memory = u64{1} << 30;
    u32 capability = 90;
    u64 budget = 20'000'000'000u;
    u64 watched = u64{16} << 20;
    bool eager = false;
    struct Failure {
        std::string function;
        u64 call;
        CUresult error;
    };
    std::vector<Failure> failures;

    static Settings from_environment();
};

struct Device {
    int ordinal = 0;
    CUctx_st context{this};
    int retained = 0;
    CUresult error = CUDA_SUCCESS;  ///< of a kernel: stays until the context is given up
    std::shared_ptr<CUstream_st> default_stream;
    std::vector<std::shared_ptr<CUstream_st>> streams;
    std::map<CUmodule, std::shared_ptr<CUmod_st>> modules;
    std::set<CUevent> events;
    int captures = 0;

    explicit Device(int n);
    /// Gives up all that the context has; says what was not freed.
    void reset(DeviceMemory& memory);
};

struct State {
    std::recursive_mutex mutex;
    bool is_initialised = false;
    Settings settings;
    std::map<std::string, u64> calls;  ///< of every function
    std::vector<std::unique_ptr<Device>> devices;
    DeviceMemory memory;
    std::map<void*, std::unique_ptr<u8[]>> host_memory;
    std::set<CUgraph> graphs;
    std::set<CUgraphExec> graph_executables;
};

State& state();

/// The context of the calling thread, or null.
CUcontext& current_context();

enum class Needs : u8 { nothing, initialised, context };

/// Counts the call, fails it where the settings say so, and checks what the function needs.
CUresult begin_call(const char* function, Needs needs);

/// The body of a function of the API.
template <class Body>
CUresult api(const char* function, Needs needs, Body body) {
    const std::lock_guard lock(state().mutex);
    const CUresult result = begin_call(function, needs);
    return result != CUDA_SUCCESS ? result : body();
}

inline Device& current_device() {
    return *current_context()->device;
}

/// The stream of a handle, of the current device; null if there is none such.
CUstream_st* find_stream(CUstream handle);

/// One line on stderr.
void say(const std::string& line);

/// "CUDA_ERROR_..." or null.
const char* error_name(CUresult error);

}  // namespace axfire::cuda_double

/// A function that the library exports.
#define AXFIRE_CUDA_API extern "C" __attribute__((visibility("default")))
