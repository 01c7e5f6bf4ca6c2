// SPDX-License-Identifier: Apache-2.0
// The driver double as a program sees it: a shared library, loaded by name.
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/cuda_double/driver/abi.h"

namespace axfire::test {

using std::size_t;

/// The library's functions by their exported names.
struct Driver {
    void* library = dlopen(AXFIRE_CUDA_DOUBLE, RTLD_NOW | RTLD_LOCAL);

    template <class F>
    F* find(const char* name) const {
        void* f = library == nullptr ? nullptr : dlsym(library, name);
        if (f == nullptr) {
            throw std::runtime_error(std::string(name) + " is not in " AXFIRE_CUDA_DOUBLE);
        }
        return reinterpret_cast<F*>(f);
    }

#define AXFIRE_FUNCTION(name, ...) CUresult (*name)(__VA_ARGS__) = find<CUresult(__VA_ARGS__)>(#name)
    AXFIRE_FUNCTION(cuInit, unsigned);
    AXFIRE_FUNCTION(cuDriverGetVersion, int*);
    AXFIRE_FUNCTION(cuDeviceGetCount, int*);
    AXFIRE_FUNCTION(cuDeviceGet, CUdevice*, int);
    AXFIRE_FUNCTION(cuDeviceGetName, char*, int, CUdevice);
    AXFIRE_FUNCTION(cuDeviceGetUuid, CUuuid*, CUdevice);
    AXFIRE_FUNCTION(cuDeviceTotalMem_v2, size_t*, CUdevice);
    AXFIRE_FUNCTION(cuDeviceGetAttribute, int*, CUdevice_attribute, CUdevice);
    AXFIRE_FUNCTION(cuDevicePrimaryCtxRetain, CUcontext*, CUdevice);
    AXFIRE_FUNCTION(cuDevicePrimaryCtxRelease_v2, CUdevice);
    AXFIRE_FUNCTION(cuDevicePrimaryCtxReset_v2, CUdevice);
    AXFIRE_FUNCTION(cuCtxSetCurrent, CUcontext);
    AXFIRE_FUNCTION(cuCtxGetCurrent, CUcontext*);
    AXFIRE_FUNCTION(cuCtxSynchronize);
    AXFIRE_FUNCTION(cuModuleLoadData, CUmodule*, const void*);
    AXFIRE_FUNCTION(cuModuleLoadDataEx, CUmodule*, const void*, unsigned, CUjit_option*, void**);
    AXFIRE_FUNCTION(cuModuleUnload, CUmodule);
    AXFIRE_FUNCTION(cuModuleGetFunction, CUfunction*, CUmodule, const char*);
    AXFIRE_FUNCTION(cuModuleGetGlobal_v2, CUdeviceptr*, size_t*, CUmodule, const char*);
    AXFIRE_FUNCTION(cuFuncGetAttribute, int*, CUfunction_attribute, CUfunction);
    AXFIRE_FUNCTION(cuFuncSetAttribute, CUfunction, CUfunction_attribute, int);
    AXFIRE_FUNCTION(cuLaunchKernel, CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                    CUstream, void**, void**);
    AXFIRE_FUNCTION(cuOccupancyMaxActiveBlocksPerMultiprocessor, int*, CUfunction, int, size_t);
    AXFIRE_FUNCTION(cuMemAlloc_v2, CUdeviceptr*, size_t);
    AXFIRE_FUNCTION(cuMemFree_v2, CUdeviceptr);
    AXFIRE_FUNCTION(cuMemGetInfo_v2, size_t*, size_t*);
    AXFIRE_FUNCTION(cuMemHostAlloc, void**, size_t, unsigned);
    AXFIRE_FUNCTION(cuMemFreeHost, void*);
    AXFIRE_FUNCTION(cuMemcpyHtoD_v2, CUdeviceptr, const void*, size_t);
    AXFIRE_FUNCTION(cuMemcpyDtoH_v2, void*, CUdeviceptr, size_t);
    AXFIRE_FUNCTION(cuMemcpyDtoD_v2, CUdeviceptr, CUdeviceptr, size_t);
    AXFIRE_FUNCTION(cuMemcpyHtoDAsync_v2, CUdeviceptr, const void*, size_t, CUstream);
    AXFIRE_FUNCTION(cuMemcpyDtoHAsync_v2, void*, CUdeviceptr, size_t, CUstream);
    AXFIRE_FUNCTION(cuMemcpyDtoDAsync_v2, CUdeviceptr, CUdeviceptr, size_t, CUstream);
    AXFIRE_FUNCTION(cuMemsetD8_v2, CUdeviceptr, unsigned char, size_t);
    AXFIRE_FUNCTION(cuMemsetD32_v2, CUdeviceptr, unsigned, size_t);
    AXFIRE_FUNCTION(cuMemsetD8Async, CUdeviceptr, unsigned char, size_t, CUstream);
    AXFIRE_FUNCTION(cuMemsetD32Async, CUdeviceptr, unsigned, size_t, CUstream);
    AXFIRE_FUNCTION(cuStreamCreate, CUstream*, unsigned);
    AXFIRE_FUNCTION(cuStreamDestroy_v2, CUstream);
    AXFIRE_FUNCTION(cuStreamSynchronize, CUstream);
    AXFIRE_FUNCTION(cuStreamQuery, CUstream);
    AXFIRE_FUNCTION(cuStreamWaitEvent, CUstream, CUevent, unsigned);
    AXFIRE_FUNCTION(cuLaunchHostFunc, CUstream, CUhostFn, void*);
    AXFIRE_FUNCTION(cuEventCreate, CUevent*, unsigned);
    AXFIRE_FUNCTION(cuEventDestroy_v2, CUevent);
    AXFIRE_FUNCTION(cuEventRecord, CUevent, CUstream);
    AXFIRE_FUNCTION(cuEventSynchronize, CUevent);
    AXFIRE_FUNCTION(cuEventQuery, CUevent);
    AXFIRE_FUNCTION(cuEventElapsedTime, float*, CUevent, CUevent);
    AXFIRE_FUNCTION(cuStreamBeginCapture_v2, CUstream, int);
    AXFIRE_FUNCTION(cuStreamEndCapture, CUstream, CUgraph*);
    AXFIRE_FUNCTION(cuGraphInstantiateWithFlags, CUgraphExec*, CUgraph, unsigned long long);
    AXFIRE_FUNCTION(cuGraphLaunch, CUgraphExec, CUstream);
    AXFIRE_FUNCTION(cuGraphExecDestroy, CUgraphExec);
    AXFIRE_FUNCTION(cuGraphDestroy, CUgraph);
    AXFIRE_FUNCTION(cuGetErrorName, CUresult, const char**);
    AXFIRE_FUNCTION(cuGetErrorString, CUresult, const char**);
    AXFIRE_FUNCTION(cuGetProcAddress_v2, const char*, void**, int, std::uint64_t, int*);
#undef AXFIRE_FUNCTION
};

inline const Driver& driver() {
    static const Driver d;
    return d;
}

/// Tests with a context on device 0, given up at the end.
class CudaTest : public ::testing::Test {
protected:
    void SetUp() override { start(); }

    /// Reads the settings in the environment and begins afresh.
    void start() {
        finish();
        ASSERT_EQ(cu.cuInit(0), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuCtxSetCurrent(context), CUDA_SUCCESS);
    }

    void set(const std::string& name, const std::string& value) {
        setenv(("AXFIRE_CUDA_DOUBLE_" + name).c_str(), value.c_str(), 1);
    }

    void TearDown() override {
        finish();
        for (const char* name : {"DEVICES", "MEMORY", "CAPABILITY", "FAIL", "BUDGET", "WATCHED"}) {
            unsetenv((std::string("AXFIRE_CUDA_DOUBLE_") + name).c_str());
        }
    }

    void finish() {
        if (context != nullptr) {
            ::testing::internal::CaptureStderr();  // of what was not freed
            cu.cuDevicePrimaryCtxReset_v2(0);
            cu.cuDevicePrimaryCtxRelease_v2(0);
            ::testing::internal::GetCapturedStderr();
        }
        context = nullptr;
    }

    template <class T>
    CUdeviceptr upload(const std::vector<T>& values) {
        CUdeviceptr address = 0;
        EXPECT_EQ(cu.cuMemAlloc_v2(&address, values.size() * sizeof(T)), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)), CUDA_SUCCESS);
        return address;
    }

    template <class T>
    std::vector<T> download(CUdeviceptr address, size_t count) {
        std::vector<T> values(count);
        EXPECT_EQ(cu.cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)), CUDA_SUCCESS);
        return values;
    }

    CUfunction load(const std::string& ptx, const char* kernel = "k") {
        char log[1024] = "";
        CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
        void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
        CUmodule module = nullptr;
        CUfunction function = nullptr;
        const CUresult result = cu.cuModuleLoadDataEx(&module, ptx.c_str(), 2, options, values);
        EXPECT_EQ(result, CUDA_SUCCESS) << log << "\n" << ptx;
        if (result == CUDA_SUCCESS) {
            EXPECT_EQ(cu.cuModuleGetFunction(&function, module, kernel), CUDA_SUCCESS);
        }
        return function;
    }

    /// One-dimensional; every argument is copied.
    template <class... A>
    CUresult launch(CUfunction f, unsigned blocks, unsigned threads, unsigned dynamic_shared, A... arguments) {
        void* parameters[] = {&arguments..., nullptr};
        return cu.cuLaunchKernel(f, blocks, 1, 1, threads, 1, 1, dynamic_shared, nullptr, parameters, nullptr);
    }

    /// The error of a kernel and what was said of it.
    template <class... A>
    std::pair<CUresult, std::string> fails(CUfunction f, unsigned blocks, unsigned threads, unsigned dynamic_shared,
                                           A... arguments) {
        ::testing::internal::CaptureStderr();
        EXPECT_EQ(launch(f, blocks, threads, dynamic_shared, arguments...), CUDA_SUCCESS);
        const CUresult result = cu.cuCtxSynchronize();
        const std::string said = ::testing::internal::GetCapturedStderr();
        start();
        return {result, said};
    }

    const Driver& cu = driver();
    CUcontext context = nullptr;
};

}  // namespace axfire::test
