// SPDX-License-Identifier: Apache-2.0
// The functions of the CUDA driver that are used, from a library that is loaded where there is one. No toolkit is
// needed to build: the few types are declared here, as NVIDIA's cuda.h has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace axfire::cuda {

using Result = int;
using DeviceNumber = int;
using Address = unsigned long long;
using ContextHandle = struct ContextTag*;
using ModuleHandle = struct ModuleTag*;
using FunctionHandle = struct FunctionTag*;
using StreamHandle = struct StreamTag*;
using EventHandle = struct EventTag*;
using GraphHandle = struct GraphTag*;
using GraphExecHandle = struct GraphExecTag*;

inline constexpr Result kSuccess = 0;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kInvalidImage = 200;
inline constexpr Result kNoBinaryForGpu = 209;
inline constexpr Result kUnsupportedPtx = 222;

enum class DeviceAttribute : int {
    clock_khz = 13,
    multiprocessors = 16,
    memory_clock_khz = 36,
    memory_bus_bits = 37,
    major = 75,  ///< of the compute capability
    minor = 76,
};

// X(name, as the library exports it, parameters)
#define AXFIRE_CUDA_FUNCTIONS(X)                                                                                   \
    X(cuInit, cuInit, (unsigned))                                                                                  \
    X(cuDriverGetVersion, cuDriverGetVersion, (int*))                                                              \
    X(cuDeviceGetCount, cuDeviceGetCount, (int*))                                                                  \
    X(cuDeviceGet, cuDeviceGet, (DeviceNumber*, int))                                                              \
    X(cuDeviceGetName, cuDeviceGetName, (char*, int, DeviceNumber))                                                \
    X(cuDeviceTotalMem, cuDeviceTotalMem_v2, (std::size_t*, DeviceNumber))                                         \
    X(cuDeviceGetAttribute, cuDeviceGetAttribute, (int*, DeviceAttribute, DeviceNumber))                           \
    X(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, (ContextHandle*, DeviceNumber))                          \
    X(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, (DeviceNumber))                                     \
    X(cuCtxSynchronize, cuCtxSynchronize, ())                                                                      \
    X(cuCtxSetCurrent, cuCtxSetCurrent, (ContextHandle))                                                           \
    X(cuModuleLoadData, cuModuleLoadData, (ModuleHandle*, const void*))                                            \
    X(cuModuleUnload, cuModuleUnload, (ModuleHandle))                                                              \
    X(cuModuleGetFunction, cuModuleGetFunction, (FunctionHandle*, ModuleHandle, const char*))                      \
    X(cuLaunchKernel, cuLaunchKernel,                                                                              \
      (FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, StreamHandle, void**, \
       void**))                                                                                                    \
    X(cuMemAlloc, cuMemAlloc_v2, (Address*, std::size_t))                                                          \
    X(cuMemFree, cuMemFree_v2, (Address))                                                                          \
    X(cuMemHostAlloc, cuMemHostAlloc, (void**, std::size_t, unsigned))                                             \
    X(cuMemFreeHost, cuMemFreeHost, (void*))                                                                       \
    X(cuMemGetInfo, cuMemGetInfo_v2, (std::size_t*, std::size_t*))                                                 \
    X(cuMemcpyHtoD, cuMemcpyHtoD_v2, (Address, const void*, std::size_t))                                          \
    X(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, (Address, const void*, std::size_t, StreamHandle))                  \
    X(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, (void*, Address, std::size_t, StreamHandle))                        \
    X(cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2, (Address, Address, std::size_t, StreamHandle))                      \
    X(cuMemsetD32Async, cuMemsetD32Async, (Address, unsigned, std::size_t, StreamHandle))                          \
    X(cuStreamCreate, cuStreamCreate, (StreamHandle*, unsigned))                                                   \
    X(cuStreamDestroy, cuStreamDestroy_v2, (StreamHandle))                                                         \
    X(cuStreamSynchronize, cuStreamSynchronize, (StreamHandle))                                                    \
    X(cuStreamWaitEvent, cuStreamWaitEvent, (StreamHandle, EventHandle, unsigned))                                 \
    X(cuEventCreate, cuEventCreate, (EventHandle*, unsigned))                                                      \
    X(cuEventDestroy, cuEventDestroy_v2, (EventHandle))                                                            \
    X(cuEventRecord, cuEventRecord, (EventHandle, StreamHandle))                                                   \
    X(cuEventElapsedTime, cuEventElapsedTime, (float*, EventHandle, EventHandle))                                  \
    X(cuLaunchHostFunc, cuLaunchHostFunc, (StreamHandle, void (*)(void*), void*))                                  \
    X(cuEventSynchronize, cuEventSynchronize, (EventHandle))                                                       \
    X(cuGetErrorName, cuGetErrorName, (Result, const char**))                                                      \
    X(cuGetErrorString, cuGetErrorString, (Result, const char**))

// Those of graphs, which older drivers lack: nullptr there.
#define AXFIRE_CUDA_GRAPH_FUNCTIONS(X)                                                                      \
    X(cuStreamBeginCapture, cuStreamBeginCapture_v2, (StreamHandle, int))                                   \
    X(cuStreamEndCapture, cuStreamEndCapture, (StreamHandle, GraphHandle*))                                 \
    X(cuGraphInstantiate, cuGraphInstantiateWithFlags, (GraphExecHandle*, GraphHandle, unsigned long long)) \
    X(cuGraphLaunch, cuGraphLaunch, (GraphExecHandle, StreamHandle))                                        \
    X(cuGraphDestroy, cuGraphDestroy, (GraphHandle))                                                        \
    X(cuGraphExecDestroy, cuGraphExecDestroy, (GraphExecHandle))

/// The table of functions.
struct Driver {
#define AXFIRE_MEMBER(name, symbol, parameters) Result(*name) parameters = nullptr;
    AXFIRE_CUDA_FUNCTIONS(AXFIRE_MEMBER)
    AXFIRE_CUDA_GRAPH_FUNCTIONS(AXFIRE_MEMBER)
#undef AXFIRE_MEMBER
    bool has_graphs = false;
    int version = 0;      ///< of the newest CUDA that it is for: 12040 is 12.4
    std::string library;  ///< its name
    std::string lacking;  ///< why nothing can be called; empty where all is well
};

/// The driver that the environment variable AXFIRE_CUDA_DRIVER names, else libcuda.so.1, initialised. Loaded once;
/// where that fails `lacking` says why.
const Driver& driver();

/// A call that failed. The text names the call and the driver's error.
struct Error : std::runtime_error {
    Error(const char* call, Result code);
    Result code;
};

/// Throws Error unless the result of `call` is success.
void check(const char* call, Result result);

/// One function of the driver, called and checked: AXFIRE_CUDA(cuMemFree, address).
#define AXFIRE_CUDA(function, ...) ::axfire::cuda::check(#function, ::axfire::cuda::driver().function(__VA_ARGS__))

}  // namespace axfire::cuda
