// SPDX-License-Identifier: Apache-2.0
// The driver double: devices, memory, modules, launches, errors that are asked for.
#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <thread>

#include "tests/cuda/driver.h"

namespace axfire::test {

namespace {

class DriverDouble : public CudaTest {
protected:
    static constexpr const char* kAddOne = R"(.version 9.0
.target sm_75
.address_size 64
.global .align 4 .u32 step = 1;
.visible .entry k(.param .u64 data, .param .u32 count)
{
    .reg .pred %p<2>; .reg .b32 %r<8>; .reg .b64 %rd<4>;
    .shared .align 4 .b8 unused[400];
    mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r0, %r0, %r1, %r2;
    ld.param.u32 %r3, [count]; setp.ge.u32 %p0, %r0, %r3; @%p0 bra $end;
    ld.param.u64 %rd0, [data]; mul.wide.u32 %rd1, %r0, 4; add.u64 %rd0, %rd0, %rd1;
    ld.u32 %r4, [%rd0]; ld.global.u32 %r5, [step]; add.u32 %r4, %r4, %r5; st.u32 [%rd0], %r4;
$end:
    ret;
}
)";

    int attribute(CUdevice_attribute a, CUdevice device = 0) {
        int value = -1;
        EXPECT_EQ(cu.cuDeviceGetAttribute(&value, a, device), CUDA_SUCCESS);
        return value;
    }

    size_t free_bytes() {
        size_t free = 0;
        size_t total = 0;
        EXPECT_EQ(cu.cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
        return free;
    }

    std::string said_by(const std::function<void()>& body) {
        ::testing::internal::CaptureStderr();
        body();
        return ::testing::internal::GetCapturedStderr();
    }
};

TEST_F(DriverDouble, SaysWhatItIs) {
    char name[100] = "";
    EXPECT_EQ(cu.cuDeviceGetName(name, sizeof name, 0), CUDA_SUCCESS);
    EXPECT_STREQ(name, "Axfire test double (no GPU)");
    EXPECT_EQ(cu.cuDeviceGetName(name, 7, 0), CUDA_SUCCESS);
    EXPECT_STREQ(name, "Axfire");
    int version = 0;
    EXPECT_EQ(cu.cuDriverGetVersion(&version), CUDA_SUCCESS);
    EXPECT_EQ(version, 13000);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_WARP_SIZE), 32);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK), 1024);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR), 9);
}

TEST_F(DriverDouble, ShapeFromTheEnvironment) {
    set("DEVICES", "3");
    set("MEMORY", "4096");
    set("CAPABILITY", "75");
    start();
    int count = 0;
    EXPECT_EQ(cu.cuDeviceGetCount(&count), CUDA_SUCCESS);
    EXPECT_EQ(count, 3);
    CUdevice device = -1;
    EXPECT_EQ(cu.cuDeviceGet(&device, 2), CUDA_SUCCESS);
    EXPECT_EQ(device, 2);
    EXPECT_EQ(cu.cuDeviceGet(&device, 3), CUDA_ERROR_INVALID_DEVICE);
    CUuuid first{};
    CUuuid second{};
    EXPECT_EQ(cu.cuDeviceGetUuid(&first, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuDeviceGetUuid(&second, 1), CUDA_SUCCESS);
    EXPECT_NE(std::memcmp(&first, &second, sizeof first), 0);
    size_t bytes = 0;
    EXPECT_EQ(cu.cuDeviceTotalMem_v2(&bytes, 1), CUDA_SUCCESS);
    EXPECT_EQ(bytes, 4096);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR), 7);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR), 5);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN), 65536);
    CUdeviceptr a = 0;
    CUdeviceptr b = 0;
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 5000), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 3000), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemAlloc_v2(&b, 2000), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cu.cuMemFree_v2(a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemAlloc_v2(&b, 2000), CUDA_SUCCESS);
    set("DEVICES", "0");
    EXPECT_EQ(cu.cuInit(0), CUDA_ERROR_NO_DEVICE);
    set("DEVICES", "1");
    EXPECT_EQ(cu.cuInit(0), CUDA_SUCCESS);
}

TEST_F(DriverDouble, ContextsAreNeeded) {
    finish();
    CUdeviceptr a = 0;
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 16), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(cu.cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
    start();
    // A context is current in one thread only.
    CUresult other = CUDA_SUCCESS;
    std::thread([&] { other = cu.cuMemAlloc_v2(&a, 16); }).join();
    EXPECT_EQ(other, CUDA_ERROR_INVALID_CONTEXT);
    CUcontext current = nullptr;
    EXPECT_EQ(cu.cuCtxGetCurrent(&current), CUDA_SUCCESS);
    EXPECT_EQ(current, context);
}

TEST_F(DriverDouble, FailuresThatAreAskedFor) {
    set("FAIL", "cuMemAlloc:2:CUDA_ERROR_OUT_OF_MEMORY,cuMemFree_v2:1:999,cuStreamCreate:1:nonsense");
    start();
    CUdeviceptr a = 0;
    CUstream stream = nullptr;
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 16), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 16), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cu.cuMemAlloc_v2(&a, 16), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemFree_v2(a), CUDA_ERROR_UNKNOWN);
    EXPECT_EQ(cu.cuMemFree_v2(a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamCreate(&stream, 0), CUDA_ERROR_UNKNOWN);
    set("FAIL", "cuInit:1:CUDA_ERROR_NO_DEVICE");
    EXPECT_EQ(cu.cuInit(0), CUDA_ERROR_NO_DEVICE);
}

TEST_F(DriverDouble, MemoryIsChecked) {
    const size_t before = free_bytes();
    std::vector<std::uint32_t> words(100);
    std::iota(words.begin(), words.end(), 0);
    const CUdeviceptr a = upload(words);
    const CUdeviceptr b = upload(std::vector<std::uint32_t>(100));
    EXPECT_EQ(before - free_bytes(), 800);
    EXPECT_EQ(cu.cuMemcpyDtoD_v2(b + 40, a, 200), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemsetD32_v2(b, 0x01020304, 5), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemsetD8_v2(b + 399, 0xab, 1), CUDA_SUCCESS);
    const auto got = download<std::uint32_t>(b, 100);
    EXPECT_EQ(got[4], 0x01020304);
    EXPECT_EQ(got[9], 0);
    EXPECT_EQ(got[59], 49);
    EXPECT_EQ(got[99], 0xab000000);
    const std::string said = said_by([&] {
        EXPECT_EQ(cu.cuMemcpyHtoD_v2(a + 4, words.data(), 400), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cu.cuMemcpyDtoH_v2(words.data(), a - 4, 8), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cu.cuMemsetD32_v2(a + 396, 0, 2), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cu.cuMemFree_v2(a + 4), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cu.cuMemFree_v2(a), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuMemFree_v2(a), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cu.cuMemcpyDtoH_v2(words.data(), a, 4), CUDA_ERROR_INVALID_VALUE);
    });
    EXPECT_NE(said.find("a copy of 400 bytes: 396 bytes before the end of an allocation of 400 bytes"),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("freed before"), std::string::npos) << said;
    // New memory holds no zeros by chance.
    CUdeviceptr c = 0;
    ASSERT_EQ(cu.cuMemAlloc_v2(&c, 4), CUDA_SUCCESS);
    EXPECT_EQ(download<std::uint32_t>(c, 1)[0], 0xa5a5a5a5);
}

TEST_F(DriverDouble, LeaksAreSaid) {
    upload(std::vector<std::uint32_t>(10));
    upload(std::vector<std::uint32_t>(20));
    load(kAddOne);  // its variable is no leak
    const std::string said = said_by([&] { EXPECT_EQ(cu.cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS); });
    EXPECT_NE(said.find("2 allocations of 120 bytes were not freed"), std::string::npos) << said;
    context = nullptr;
    start();
    EXPECT_EQ(said_by([&] { cu.cuDevicePrimaryCtxRelease_v2(0); }), "");
    context = nullptr;
}

TEST_F(DriverDouble, ModulesAndLaunches) {
    CUmodule module = nullptr;
    CUfunction f = nullptr;
    ASSERT_EQ(cu.cuModuleLoadData(&module, kAddOne), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuModuleGetFunction(&f, module, "none"), CUDA_ERROR_NOT_FOUND);
    ASSERT_EQ(cu.cuModuleGetFunction(&f, module, "k"), CUDA_SUCCESS);
    CUfunction again = nullptr;
    ASSERT_EQ(cu.cuModuleGetFunction(&again, module, "k"), CUDA_SUCCESS);
    EXPECT_EQ(f, again);
    CUdeviceptr step = 0;
    size_t bytes = 0;
    EXPECT_EQ(cu.cuModuleGetGlobal_v2(&step, &bytes, module, "none"), CUDA_ERROR_NOT_FOUND);
    ASSERT_EQ(cu.cuModuleGetGlobal_v2(&step, &bytes, module, "step"), CUDA_SUCCESS);
    EXPECT_EQ(bytes, 4);
    const CUdeviceptr data = upload(std::vector<std::uint32_t>(100, 5));
    EXPECT_EQ(launch(f, 4, 32, 0, data, 90u), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemsetD32_v2(step, 10, 1), CUDA_SUCCESS);
    EXPECT_EQ(launch(f, 4, 32, 0, data, 80u), CUDA_SUCCESS);
    const auto got = download<std::uint32_t>(data, 100);
    EXPECT_EQ(got[79], 16);
    EXPECT_EQ(got[89], 6);
    EXPECT_EQ(got[90], 5);
    EXPECT_EQ(launch(f, 1, 1025, 0, data, 1u), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(launch(f, 0, 32, 0, data, 1u), CUDA_ERROR_INVALID_VALUE);
    int value = 0;
    EXPECT_EQ(cu.cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, f), CUDA_SUCCESS);
    EXPECT_EQ(value, 400);
    // More than 48 KiB of shared memory has to be asked for.
    EXPECT_EQ(launch(f, 1, 32, 50000, data, 1u), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(cu.cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 240000),
              CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(cu.cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 50000), CUDA_SUCCESS);
    EXPECT_EQ(launch(f, 1, 32, 50000, data, 1u), CUDA_SUCCESS);
    int blocks = 0;
    EXPECT_EQ(cu.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, f, 512, 0), CUDA_SUCCESS);
    EXPECT_EQ(blocks, 4);
    EXPECT_EQ(cu.cuModuleUnload(module), CUDA_SUCCESS);
    EXPECT_EQ(launch(f, 1, 32, 0, data, 1u), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(said_by([&] { EXPECT_EQ(cu.cuMemsetD32_v2(step, 10, 1), CUDA_ERROR_INVALID_VALUE); }).empty(), false);
}

TEST_F(DriverDouble, ModulesThatCannotBeLoaded) {
    CUmodule module = nullptr;
    const std::string newer = std::string(kAddOne).replace(9, 3, "10.0");
    const std::string other_target = std::string(kAddOne).replace(std::string(kAddOne).find("sm_75"), 5, "sm_99");
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(cu.cuModuleLoadData(&module,
                                  "\x7f"
                                  "ELF"),
              CUDA_ERROR_NO_BINARY_FOR_GPU);
    EXPECT_EQ(cu.cuModuleLoadData(&module, newer.c_str()), CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
    EXPECT_EQ(cu.cuModuleLoadData(&module, other_target.c_str()), CUDA_ERROR_NO_BINARY_FOR_GPU);
    EXPECT_EQ(cu.cuModuleLoadData(&module, ".version 9.0\n.target sm_75\n.visible .entry k() { frobnicate; }"),
              CUDA_ERROR_INVALID_PTX);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("'frobnicate'"), std::string::npos);
}

/// A kernel's error spoils the context: every later call returns it.
TEST_F(DriverDouble, ErrorsStayUntilTheContextIsGivenUp) {
    const CUfunction f = load(kAddOne);
    const CUdeviceptr data = upload(std::vector<std::uint32_t>(10));
    const std::string said = said_by([&] {
        EXPECT_EQ(launch(f, 1, 32, 0, data, 11u), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    });
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    CUdeviceptr other = 0;
    EXPECT_EQ(cu.cuMemAlloc_v2(&other, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_EQ(launch(f, 1, 1, 0, data, 1u), CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    start();
    EXPECT_EQ(cu.cuMemAlloc_v2(&other, 4), CUDA_SUCCESS);
}

TEST_F(DriverDouble, MemoryOfAnotherDevice) {
    set("DEVICES", "2");
    start();
    const CUdeviceptr data = upload(std::vector<std::uint32_t>(32));
    CUcontext second = nullptr;
    ASSERT_EQ(cu.cuDevicePrimaryCtxRetain(&second, 1), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuCtxSetCurrent(second), CUDA_SUCCESS);
    const CUfunction f = load(kAddOne);
    const std::string said = said_by([&] {
        EXPECT_EQ(launch(f, 1, 32, 0, data, 32u), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    });
    EXPECT_NE(said.find("another device"), std::string::npos) << said;
    EXPECT_EQ(cu.cuDevicePrimaryCtxRelease_v2(1), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuCtxSetCurrent(context), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_F(DriverDouble, NamesAndAddresses) {
    const char* text = nullptr;
    EXPECT_EQ(cu.cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text), CUDA_SUCCESS);
    EXPECT_STREQ(text, "CUDA_ERROR_ILLEGAL_ADDRESS");
    EXPECT_EQ(cu.cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text), CUDA_SUCCESS);
    EXPECT_STREQ(text, "out of memory");
    EXPECT_EQ(cu.cuGetErrorName(static_cast<CUresult>(12345), &text), CUDA_ERROR_INVALID_VALUE);
    void* f = nullptr;
    int status = -1;
    EXPECT_EQ(cu.cuGetProcAddress_v2("cuMemAlloc", &f, 13000, 0, &status), CUDA_SUCCESS);
    EXPECT_EQ(f, reinterpret_cast<void*>(cu.cuMemAlloc_v2));
    EXPECT_EQ(cu.cuGetProcAddress_v2("cuInit", &f, 13000, 0, nullptr), CUDA_SUCCESS);
    EXPECT_EQ(f, reinterpret_cast<void*>(cu.cuInit));
    EXPECT_EQ(cu.cuGetProcAddress_v2("cuNothing", &f, 13000, 0, &status), CUDA_ERROR_NOT_FOUND);
}

}  // namespace

}  // namespace axfire::test
