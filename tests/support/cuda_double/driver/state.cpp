// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/driver/state.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace axfire::cuda_double {

namespace {

u64 number(const char* variable, u64 otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 0);
}

/// "function:n:error", the error by its number or its name.
Settings::Failure parse_failure(const std::string& text) {
    std::stringstream in(text);
    std::string function;
    std::string call;
    std::string error;
    std::getline(in, function, ':');
    std::getline(in, call, ':');
    std::getline(in, error, ':');
    CUresult result = static_cast<CUresult>(std::strtol(error.c_str(), nullptr, 0));
    for (int code = 1; code < 1000; ++code) {
        const char* name = error_name(static_cast<CUresult>(code));
        if (name != nullptr && error == name) {
            result = static_cast<CUresult>(code);
        }
    }
    return {function, std::strtoull(call.c_str(), nullptr, 0), result == CUDA_SUCCESS ? CUDA_ERROR_UNKNOWN : result};
}

}  // namespace

Settings Settings::from_environment() {
    Settings s;
    s.devices = static_cast<int>(number("AXFIRE_CUDA_DOUBLE_DEVICES", 1));
    s.version = static_cast<int>(number("AXFIRE_CUDA_DOUBLE_VERSION", static_cast<u64>(s.version)));
    s.memory = number("AXFIRE_CUDA_DOUBLE_MEMORY", s.memory);
    s.capability = static_cast<u32>(number("AXFIRE_CUDA_DOUBLE_CAPABILITY", s.capability));
    s.budget = number("AXFIRE_CUDA_DOUBLE_BUDGET", s.budget);
    s.watched = number("AXFIRE_CUDA_DOUBLE_WATCHED", s.watched);
    s.eager = number("AXFIRE_CUDA_DOUBLE_EAGER", 0) != 0;
    if (const char* text = std::getenv("AXFIRE_CUDA_DOUBLE_FAIL"); text != nullptr && *text != '\0') {
        std::stringstream in(text);
        for (std::string part; std::getline(in, part, ',');) {
            s.failures.push_back(parse_failure(part));
        }
    }
    return s;
}

State& state() {
    static State* const s = new State;  // not destroyed: threads may still call at the end of the program
    return *s;
}

CUcontext& current_context() {
    thread_local CUcontext context = nullptr;
    return context;
}

Device::Device(int n) : ordinal(n), default_stream(std::make_shared<CUstream_st>()) {
    default_stream->device = this;
    default_stream->is_default = true;
}

void Device::reset(DeviceMemory& memory) {
    if (error == CUDA_SUCCESS) {
        drain(*this);
    }
    const auto [count, bytes] = memory.release(ordinal);
    if (count != 0) {
        say(std::to_string(count) + " allocations of " + std::to_string(bytes) + " bytes were not freed");
    }
    error = CUDA_SUCCESS;
    captures = 0;
    streams.clear();
    modules.clear();
    for (const CUevent event : events) {
        delete event;
    }
    events.clear();
    default_stream = std::make_shared<CUstream_st>();
    default_stream->device = this;
    default_stream->is_default = true;
}

CUresult begin_call(const char* function, Needs needs) {
    State& s = state();
    const std::string name = function;
    const u64 call = ++s.calls[name];
    for (const Settings::Failure& f : s.settings.failures) {
        if (f.call == call && (f.function == name || f.function + "_v2" == name)) {
            return f.error;
        }
    }
    if (needs == Needs::nothing) {
        return CUDA_SUCCESS;
    }
    if (!s.is_initialised) {
        return CUDA_ERROR_NOT_INITIALIZED;
    }
    if (needs == Needs::initialised) {
        return CUDA_SUCCESS;
    }
    const CUcontext context = current_context();
    if (context == nullptr || context->device->retained == 0) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    return context->device->error;
}

CUstream_st* find_stream(CUstream handle) {
    Device& device = current_device();
    if (reinterpret_cast<std::uintptr_t>(handle) <= 2) {  // null, CU_STREAM_LEGACY, CU_STREAM_PER_THREAD
        return device.default_stream.get();
    }
    for (const auto& stream : device.streams) {
        if (stream.get() == handle) {
            return handle;
        }
    }
    return nullptr;
}

void say(const std::string& line) {
    std::fprintf(stderr, "Axfire test double (no GPU): %s\n", line.c_str());
}

}  // namespace axfire::cuda_double
