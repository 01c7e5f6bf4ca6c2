// SPDX-License-Identifier: Apache-2.0
// Streams, events and graphs of the driver double: nothing is done before something waits for it.
#include <algorithm>
#include <cstring>
#include <functional>

#include "tests/cuda/driver.h"

namespace axfire::test {

namespace {

class Streams : public CudaTest {
protected:
    void SetUp() override {
        start();
        ASSERT_EQ(cu.cuStreamCreate(&a, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuStreamCreate(&b, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuEventCreate(&event, CU_EVENT_DEFAULT), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuMemHostAlloc(&pinned_bytes, 4 * kCount, 0), CUDA_SUCCESS);
        pinned = static_cast<std::uint32_t*>(pinned_bytes);
        std::fill(pinned, pinned + kCount, 1);
        ASSERT_EQ(cu.cuMemAlloc_v2(&data, 4 * kCount), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuMemsetD32_v2(data, 2, kCount), CUDA_SUCCESS);
        ASSERT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
    }

    void TearDown() override {
        if (pinned_bytes != nullptr && cu.cuMemFreeHost(pinned_bytes) != CUDA_SUCCESS) {
            ADD_FAILURE() << "page-locked memory was not freed";
        }
        CudaTest::TearDown();
    }

    CUresult fill(std::uint32_t value, CUstream stream) { return cu.cuMemsetD32Async(data, value, kCount, stream); }
    CUresult fetch(CUstream stream) { return cu.cuMemcpyDtoHAsync_v2(pinned, data, 4 * kCount, stream); }

    static constexpr size_t kCount = 16;
    CUstream a = nullptr;
    CUstream b = nullptr;
    CUevent event = nullptr;
    void* pinned_bytes = nullptr;
    std::uint32_t* pinned = nullptr;
    CUdeviceptr data = 0;
};

TEST_F(Streams, AHostThatDoesNotWaitSeesOldBytes) {
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(fetch(a), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 1);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 7);
}

/// A page-locked source is read when the copy is done, an ordinary one at once.
TEST_F(Streams, SourcesOfUploads) {
    std::vector<std::uint32_t> ordinary(kCount, 30);
    EXPECT_EQ(cu.cuMemcpyHtoDAsync_v2(data, ordinary.data(), 4, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyHtoDAsync_v2(data + 4, pinned, 4, a), CUDA_SUCCESS);
    ordinary[0] = 31;
    pinned[0] = 41;
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    const auto got = download<std::uint32_t>(data, 2);
    EXPECT_EQ(got[0], 30);
    EXPECT_EQ(got[1], 41);
    // To ordinary memory the copy is complete at once.
    EXPECT_EQ(fill(9, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyDtoHAsync_v2(ordinary.data(), data, 4, a), CUDA_SUCCESS);
    EXPECT_EQ(ordinary[0], 9);
}

TEST_F(Streams, OneStreamDoesNotWaitForAnother) {
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(fetch(b), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(b), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 2);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
}

/// An upload that does not wait for what reads the old bytes comes too early, where the double is eager.
TEST_F(Streams, EagerCopiesFindWhatDoesNotWait) {
    const char* ptx =
        ".version 9.0\n.target sm_75\n.visible .entry k(.param .u64 p) { .reg .b64 %rd<2>; .reg .b32 %r<2>;"
        "ld.param.u64 %rd0, [p]; ld.global.u32 %r0, [%rd0]; st.global.u32 [%rd0+4], %r0; ret; }";
    const CUfunction f = load(ptx);
    setenv("AXFIRE_CUDA_DOUBLE_EAGER", "1", 1);
    ASSERT_EQ(cu.cuInit(0), CUDA_SUCCESS);
    void* parameters[] = {&data};
    for (const bool waits : {false, true}) {
        EXPECT_EQ(cu.cuMemsetD32_v2(data, 2, kCount), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
        pinned[0] = 7;
        EXPECT_EQ(cu.cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, a, parameters, nullptr), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuEventRecord(event, a), CUDA_SUCCESS);
        if (waits) {
            EXPECT_EQ(cu.cuStreamWaitEvent(b, event, 0), CUDA_SUCCESS);
        }
        EXPECT_EQ(cu.cuMemcpyHtoDAsync_v2(data, pinned, 4, b), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
        EXPECT_EQ(download<std::uint32_t>(data, 2)[1], waits ? 2 : 7);
    }
    unsetenv("AXFIRE_CUDA_DOUBLE_EAGER");
    ASSERT_EQ(cu.cuInit(0), CUDA_SUCCESS);
}

TEST_F(Streams, UnlessAnEventSaysSo) {
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(event, a), CUDA_SUCCESS);
    EXPECT_EQ(fill(8, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamWaitEvent(b, event, 0), CUDA_SUCCESS);
    EXPECT_EQ(fetch(b), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(b), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 7);  // up to the event and no further
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(download<std::uint32_t>(data, 1)[0], 8);
}

TEST_F(Streams, TheDefaultStreamIsInOrderWithBlockingStreams) {
    CUstream blocking = nullptr;
    ASSERT_EQ(cu.cuStreamCreate(&blocking, CU_STREAM_DEFAULT), CUDA_SUCCESS);
    EXPECT_EQ(fill(7, blocking), CUDA_SUCCESS);
    EXPECT_EQ(fetch(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 7);
    EXPECT_EQ(fill(8, nullptr), CUDA_SUCCESS);
    EXPECT_EQ(fetch(blocking), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(blocking), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 8);
    EXPECT_EQ(cu.cuStreamDestroy_v2(blocking), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamDestroy_v2(blocking), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Streams, EventsAndQueries) {
    CUevent end = nullptr;
    CUevent untimed = nullptr;
    ASSERT_EQ(cu.cuEventCreate(&end, 0), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventQuery(event), CUDA_SUCCESS);  // never recorded
    EXPECT_EQ(cu.cuEventRecord(event, a), CUDA_SUCCESS);
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(end, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(untimed, a), CUDA_SUCCESS);
    float ms = -1;
    EXPECT_EQ(cu.cuEventElapsedTime(&ms, event, end), CUDA_ERROR_NOT_READY);
    EXPECT_EQ(cu.cuEventSynchronize(end), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventElapsedTime(&ms, event, end), CUDA_SUCCESS);
    EXPECT_GE(ms, 0);
    EXPECT_EQ(cu.cuEventElapsedTime(&ms, event, untimed), CUDA_ERROR_INVALID_HANDLE);
    int queries = 1;
    while (cu.cuEventQuery(untimed) == CUDA_ERROR_NOT_READY && queries < 100) {
        ++queries;
    }
    EXPECT_EQ(queries, 2);
    EXPECT_EQ(cu.cuEventDestroy_v2(end), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventDestroy_v2(end), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(fill(8, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamQuery(a), CUDA_ERROR_NOT_READY);
    EXPECT_EQ(cu.cuStreamQuery(a), CUDA_SUCCESS);
}

TEST_F(Streams, HostFunctionsComeInTheirOrder) {
    const auto copy = [](void* bytes) {
        static_cast<std::uint32_t*>(bytes)[1] = static_cast<std::uint32_t*>(bytes)[0];
    };
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyDtoHAsync_v2(pinned, data, 4, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuLaunchHostFunc(a, copy, pinned), CUDA_SUCCESS);
    EXPECT_EQ(pinned[1], 1);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(pinned[1], 7);
}

/// Memory that is freed while work on it waits: the release waits for the work.
TEST_F(Streams, ReleaseWaits) {
    EXPECT_EQ(fill(7, a), CUDA_SUCCESS);
    EXPECT_EQ(fetch(a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemFree_v2(data), CUDA_SUCCESS);
    EXPECT_EQ(pinned[0], 7);
}

TEST_F(Streams, Graphs) {
    const char* ptx =
        ".version 9.0\n.target sm_75\n.visible .entry k(.param .u64 p) { .reg .b64 %rd<2>; .reg .b32 %r<2>;"
        "ld.param.u64 %rd0, [p]; ld.global.u32 %r0, [%rd0]; mul.lo.u32 %r0, %r0, 3;"
        "st.global.u32 [%rd0], %r0; ret; }";
    const CUfunction f = load(ptx);
    CUevent joined = nullptr;
    ASSERT_EQ(cu.cuEventCreate(&joined, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuStreamBeginCapture_v2(a, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyHtoDAsync_v2(data, pinned, 4, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(event, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamWaitEvent(b, event, 0), CUDA_SUCCESS);
    void* parameters[] = {&data};
    EXPECT_EQ(cu.cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, b, parameters, nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(joined, b), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamWaitEvent(a, joined, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyDtoHAsync_v2(pinned + 1, data, 4, a), CUDA_SUCCESS);
    // What waits is not allowed meanwhile.
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_EQ(cu.cuEventSynchronize(joined), CUDA_ERROR_CAPTURED_EVENT);
    EXPECT_EQ(cu.cuMemcpyDtoH_v2(pinned, data, 4), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    CUgraph graph = nullptr;
    CUgraphExec executable = nullptr;
    ASSERT_EQ(cu.cuStreamEndCapture(a, &graph), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuGraphDestroy(graph), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(pinned[1], 1);  // captured, not done
    for (const std::uint32_t value : {5u, 6u}) {
        pinned[0] = value;
        EXPECT_EQ(cu.cuGraphLaunch(executable, a), CUDA_SUCCESS);
        EXPECT_NE(pinned[1], 3 * value);
        EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
        EXPECT_EQ(pinned[1], 3 * value);
    }
    EXPECT_EQ(cu.cuGraphExecDestroy(executable), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuGraphExecDestroy(executable), CUDA_ERROR_INVALID_VALUE);
}

/// A graph reads ordinary memory when it is launched.
TEST_F(Streams, GraphsReadTheirSourcesLate) {
    std::uint32_t ordinary = 5;
    CUgraph graph = nullptr;
    CUgraphExec executable = nullptr;
    ASSERT_EQ(cu.cuStreamBeginCapture_v2(a, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuMemcpyHtoDAsync_v2(data, &ordinary, 4, a), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuStreamEndCapture(a, &graph), CUDA_SUCCESS);
    ASSERT_EQ(cu.cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
    ordinary = 6;
    EXPECT_EQ(cu.cuGraphLaunch(executable, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(download<std::uint32_t>(data, 1)[0], 6);
    EXPECT_EQ(cu.cuGraphExecDestroy(executable), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuGraphDestroy(graph), CUDA_SUCCESS);
}

TEST_F(Streams, CapturesThatDoNotEndWell) {
    CUgraph graph = nullptr;
    EXPECT_EQ(cu.cuStreamBeginCapture_v2(nullptr, 0), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_EQ(cu.cuStreamEndCapture(a, &graph), CUDA_ERROR_ILLEGAL_STATE);
    ASSERT_EQ(cu.cuStreamBeginCapture_v2(a, 0), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuEventRecord(event, a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamWaitEvent(b, event, 0), CUDA_SUCCESS);
    EXPECT_EQ(fill(1, b), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamEndCapture(b, &graph), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
    EXPECT_EQ(cu.cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    EXPECT_EQ(cu.cuStreamSynchronize(a), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuStreamSynchronize(b), CUDA_SUCCESS);
    EXPECT_EQ(download<std::uint32_t>(data, 1)[0], 2);
}

/// A kernel may use page-locked memory by the host's address.
TEST_F(Streams, KernelsReachPageLockedMemory) {
    const char* ptx =
        ".version 9.0\n.target sm_75\n.visible .entry k(.param .u64 p) { .reg .b64 %rd<2>;"
        "ld.param.u64 %rd0, [p]; st.global.u32 [%rd0+8], 77; ret; }";
    EXPECT_EQ(launch(load(ptx), 1, 1, 0, reinterpret_cast<CUdeviceptr>(pinned)), CUDA_SUCCESS);
    EXPECT_EQ(pinned[2], 1);
    EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
    EXPECT_EQ(pinned[2], 77);
    std::uint32_t ordinary = 0;
    const auto [result, said] = fails(load(ptx), 1, 1, 0, reinterpret_cast<CUdeviceptr>(&ordinary));
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
}

}  // namespace

}  // namespace axfire::test
