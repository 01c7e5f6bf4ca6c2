// SPDX-License-Identifier: Apache-2.0
// CUDA C++ kernels through NVRTC and the interpreter: the PTX that the compiler really writes.
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>

#include "tests/cuda/instruction.h"
#include "tests/cuda/nvrtc.h"

namespace axfire::test {

namespace {

class Kernels : public CudaTest {
protected:
    void SetUp() override {
        AXFIRE_NEEDS_NVRTC();
        start();
    }

    static std::vector<float> random_floats(size_t count) {
        auto random = axfire::testing::test_random(count);
        std::vector<float> values(count);
        for (float& x : values) {
            x = std::ldexp(static_cast<float>(static_cast<s32>(random())), static_cast<int>(random() % 8) - 34);
        }
        return values;
    }
};

constexpr const char* kTiledProduct = R"(
constexpr int kTile = 16;
extern "C" __global__ void k(const float* a, const float* b, float* c, int m, int n, int depth) {
    __shared__ float tile_a[kTile][kTile], tile_b[kTile][kTile + 1];
    const int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
    float sum = 0;
    for (int first = 0; first < depth; first += kTile) {
        const int at_a = first + threadIdx.x, at_b = first + threadIdx.y;
        tile_a[threadIdx.y][threadIdx.x] = row < m && at_a < depth ? a[row * depth + at_a] : 0;
        tile_b[threadIdx.y][threadIdx.x] = column < n && at_b < depth ? b[at_b * n + column] : 0;
        LOADED
        for (int i = 0; i < min(kTile, depth - first); ++i) sum += tile_a[threadIdx.y][i] * tile_b[i][threadIdx.x];
        USED
    }
    if (row < m && column < n) c[row * n + column] = sum;
})";

/// Every order of sizes around the tile's 16.
TEST_F(Kernels, TiledMatrixProduct) {
    const CUfunction f =
        load(compile_cuda(kTiledProduct, {"--fmad=false", "-DLOADED=__syncthreads();", "-DUSED=__syncthreads();"}));
    for (const auto& [m, n, depth] : {std::array{16, 16, 16}, {1, 1, 1}, {17, 33, 50}, {40, 5, 31}, {3, 64, 16}}) {
        const std::vector<float> a = random_floats(static_cast<size_t>(m * depth));
        const std::vector<float> b = random_floats(static_cast<size_t>(depth * n));
        CUdeviceptr da = upload(a);
        CUdeviceptr db = upload(b);
        CUdeviceptr dc = upload(std::vector<float>(static_cast<size_t>(m * n)));
        int sizes[] = {m, n, depth};
        void* parameters[] = {&da, &db, &dc, &sizes[0], &sizes[1], &sizes[2]};
        ASSERT_EQ(cu.cuLaunchKernel(f, (n + 15) / 16, (m + 15) / 16, 1, 16, 16, 1, 0, nullptr, parameters, nullptr),
                  CUDA_SUCCESS);
        const std::vector<float> c = download<float>(dc, static_cast<size_t>(m * n));
        for (int row = 0; row < m; ++row) {
            for (int column = 0; column < n; ++column) {
                float sum = 0;
                for (int i = 0; i < depth; ++i) {
                    sum += a[static_cast<size_t>(row * depth + i)] * b[static_cast<size_t>(i * n + column)];
                }
                ASSERT_EQ(std::memcmp(&sum, &c[static_cast<size_t>(row * n + column)], 4), 0) << row << ", " << column;
            }
        }
    }
}

TEST_F(Kernels, MissingBarriersAreCaught) {
    for (const char* missing : {"LOADED", "USED"}) {
        std::vector<std::string> options = {"--fmad=false", "-DLOADED=", "-DUSED="};
        options[std::string(missing) == "LOADED" ? 2 : 1] += "__syncthreads();";
        const CUfunction f = load(compile_cuda(kTiledProduct, options));
        CUdeviceptr data = upload(random_floats(4 * 32 * 32));
        CUdeviceptr out = upload(random_floats(32 * 32));
        int size = 32;
        void* parameters[] = {&data, &data, &out, &size, &size, &size};
        ::testing::internal::CaptureStderr();
        ASSERT_EQ(cu.cuLaunchKernel(f, 2, 2, 1, 16, 16, 1, 0, nullptr, parameters, nullptr), CUDA_SUCCESS);
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED) << missing;
        EXPECT_NE(::testing::internal::GetCapturedStderr().find("data race"), std::string::npos) << missing;
        start();
    }
}

TEST_F(Kernels, BarrierInABranchIsCaught) {
    const CUfunction f = load(compile_cuda(R"(
        extern "C" __global__ void k(int* out) {
            if (threadIdx.x < 32) __syncthreads();
            out[threadIdx.x] = 1;
            __syncthreads();
            out[threadIdx.x ^ 32] += 1;
        })"));
    const auto [result, said] = fails(f, 1, 64, 0, upload(std::vector<int>(64)));
    EXPECT_EQ(result, CUDA_ERROR_LAUNCH_FAILED);
    EXPECT_NE(said.find("a barrier that not all threads of the block reach"), std::string::npos) << said;
}

TEST_F(Kernels, WriteOutOfBoundsIsCaught) {
    const CUfunction f = load(compile_cuda(
        R"(extern "C" __global__ void k(int* out, int count) {
            const int i = blockIdx.x * blockDim.x + threadIdx.x;
            if (i <= count) out[i] = i;
        })"));
    const auto [result, said] = fails(f, 4, 32, 0, upload(std::vector<int>(100)), 100);
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_NE(said.find("past the end of an allocation of 400 bytes"), std::string::npos) << said;
    EXPECT_NE(said.find("block (3,0,0), thread (4,0,0)"), std::string::npos) << said;
}

/// A lost --fmad=false shows in the results.
TEST_F(Kernels, FusedMultiplyAddIsSeen) {
    const std::string source = R"(extern "C" __global__ void k(const float* x, float* y) {
        y[threadIdx.x] = x[threadIdx.x] * x[threadIdx.x] + x[32 + threadIdx.x]; })";
    std::vector<float> x(64, 1 + 0x1p-12f);
    std::fill(x.begin() + 32, x.end(), -(1 + 0x1p-11f));
    for (const bool fused : {false, true}) {
        const std::string ptx = compile_cuda(source, {fused ? "--fmad=true" : "--fmad=false"});
        EXPECT_EQ(ptx.find("fma.rn") != std::string::npos, fused);
        const CUdeviceptr y = upload(std::vector<float>(32));
        ASSERT_EQ(launch(load(ptx), 1, 32, 0, upload(x), y), CUDA_SUCCESS);
        EXPECT_EQ(download<float>(y, 32), std::vector<float>(32, fused ? 0x1p-24f : 0.0f));
    }
}

/// Functions that are called, structures by value, recursion, local arrays, a switch.
TEST_F(Kernels, DeviceFunctions) {
    const std::string source = R"(
        struct Pair { int a[5]; double b; };
        __constant__ int table[4] = {3, 1, 4, 1};
        __device__ unsigned counter;
        __device__ __noinline__ Pair turned(Pair p, int by) {
            Pair q;
            for (int i = 0; i < 5; ++i) q.a[(i + by) % 5] = p.a[i];
            q.b = p.b + by;
            return q;
        }
        __device__ __noinline__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
        __device__ __noinline__ int chosen(int x) {
            switch (x % 8) { case 0: return 5; case 1: return x * x; case 2: return -x; case 3: return table[x & 3];
                             case 4: return x / 3; case 5: return x % 7; case 6: return x << 2; default: return 0; }
        }
        __device__ __noinline__ int mixed(const int* given, int by) {
            int own[4];
            for (int i = 0; i < 4; ++i) own[(i + by) & 3] = given[i] * i;
            return own[0] + given[by & 3];
        }
        extern "C" __global__ void k(int* out, Pair start) {
            const int i = threadIdx.x;
            const Pair p = turned(start, i);
            out[i] = p.a[0] + 10 * p.a[i % 5] + (int)p.b + 1000 * fibonacci(i % 10) + 100000 * chosen(i);
            int local[4] = {i, i + 1, i * i, 7};
            out[i] += mixed(local, i);
            atomicAdd(&counter, i);
            __syncthreads();
            if (i == 0) out[63] = counter;
        })";
    for (const char* target : {"compute_75", "compute_80", "compute_90"}) {
        struct Pair {
            int a[5];
            double b;
        };
        const Pair start_value{{1, 2, 3, 4, 5}, 0.5};
        const CUdeviceptr out = upload(std::vector<int>(64));
        const CUfunction f = load(compile_cuda(source, {"--fmad=false", std::string("--gpu-architecture=") + target}));
        ASSERT_EQ(launch(f, 1, 63, 0, out, start_value), CUDA_SUCCESS);
        const std::vector<int> got = download<int>(out, 64);
        const int table[] = {3, 1, 4, 1};
        const int fibonacci[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34};
        for (int i = 0; i < 63; ++i) {
            const int chosen[] = {5, i * i, -i, table[i & 3], i / 3, i % 7, i << 2, 0};
            const int local[] = {i, i + 1, i * i, 7};
            const int mixed = local[(4 - i % 4) % 4] * ((4 - i % 4) % 4) + local[i & 3];
            const auto turned = [&](int k) { return start_value.a[((k - i) % 5 + 5) % 5]; };
            EXPECT_EQ(got[static_cast<size_t>(i)],
                      turned(0) + 10 * turned(i % 5) + i + 1000 * fibonacci[i % 10] + 100000 * chosen[i % 8] + mixed)
                << i << ", " << target;
        }
        EXPECT_EQ(got[63], 62 * 63 / 2);
    }
}

TEST_F(Kernels, CallsThroughPointers) {
    const CUfunction f = load(compile_cuda(R"(
        typedef int (*Function)(int);
        __device__ __noinline__ int next(int x) { return x + 1; }
        __device__ __noinline__ int twice(int x) { return x * 2; }
        __device__ Function table[3] = {next, twice, nullptr};
        extern "C" __global__ void k(int* out, int which) {
            const Function chosen = table[(threadIdx.x + which) % 2], given = threadIdx.x > 3 ? next : twice;
            out[threadIdx.x] = chosen(threadIdx.x) + 100 * given(5) + (which == 2 ? table[2](1) : 0);
        })"));
    const CUdeviceptr out = upload(std::vector<int>(32));
    ASSERT_EQ(launch(f, 1, 32, 0, out, 0), CUDA_SUCCESS);
    const std::vector<int> got = download<int>(out, 32);
    for (int i = 0; i < 32; ++i) {
        EXPECT_EQ(got[static_cast<size_t>(i)], (i % 2 == 0 ? i + 1 : 2 * i) + 100 * (i > 3 ? 6 : 10));
    }
    const auto [result, said] = fails(f, 1, 32, 0, out, 2);
    EXPECT_EQ(result, CUDA_ERROR_LAUNCH_FAILED);
    EXPECT_NE(said.find("a pointer to no such function"), std::string::npos) << said;
}

/// Sums by shuffles and in dynamic shared memory; 64-bit and 128-bit arithmetic; shared bytes.
TEST_F(Kernels, ReductionsAndWideIntegers) {
    const CUfunction f = load(compile_cuda(R"(
        extern __shared__ unsigned char dynamic[];
        extern "C" __global__ void k(const unsigned* x, unsigned long long* out, int count) {
            unsigned long long* partial = reinterpret_cast<unsigned long long*>(dynamic);
            unsigned char* flags = dynamic + 8 * (blockDim.x / 32);
            unsigned long long sum = 0;
            for (int i = threadIdx.x; i < count; i += blockDim.x) sum += x[i] * 0x100000001ull;
            for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(~0u, sum, d);
            if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
            flags[threadIdx.x] = __popc(x[threadIdx.x % count]) & 1;
            __syncthreads();
            if (threadIdx.x == 0) {
                unsigned long long total = 0;
                for (int w = 0; w < blockDim.x / 32; ++w) total += partial[w];
                out[0] = total;
                unsigned parity = 0;
                for (int i = 0; i < blockDim.x; ++i) parity += flags[i];
                out[1] = parity;
                out[2] = __umul64hi(total, 0x123456789abcdefull);
                out[3] = __brevll(total) / 1000003 % 65537;
                out[4] = __byte_perm(x[0], x[1], 0x5140) + (unsigned)__clz(x[1]) + __funnelshift_l(x[0], x[1], 7);
            }
        })"));
    auto random = axfire::testing::test_random();
    std::vector<u32> x(777);
    for (u32& value : x) {
        value = static_cast<u32>(random());
    }
    const CUdeviceptr out = upload(std::vector<u64>(5));
    ASSERT_EQ(launch(f, 1, 256, 8 * 8 + 256, upload(x), out, 777), CUDA_SUCCESS);
    const std::vector<u64> got = download<u64>(out, 5);
    u64 total = 0;
    u64 parity = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        total += x[i] * 0x100000001u;
        parity += i < 256 ? static_cast<u64>(__builtin_parity(x[i])) : 0;
    }
    u64 reversed = 0;
    for (int k = 0; k < 64; ++k) {
        reversed |= (total >> k & 1) << (63 - k);
    }
    const u32 bytes = (x[0] & 0xff) | (x[1] & 0xff) << 8 | (x[0] >> 8 & 0xff) << 16 | (x[1] >> 8 & 0xff) << 24;
    EXPECT_EQ(got[0], total);
    EXPECT_EQ(got[1], parity);
    EXPECT_EQ(got[2], static_cast<u64>((static_cast<unsigned __int128>(total) * 0x123456789abcdefu) >> 64));
    EXPECT_EQ(got[3], reversed / 1000003 % 65537);
    EXPECT_EQ(got[4], bytes + static_cast<u32>(__builtin_clz(x[1])) + (x[1] << 7 | x[0] >> 25));
    // Without the dynamic memory that it needs, it is caught.
    const auto [result, said] = fails(f, 1, 256, 8 * 8, upload(x), upload(std::vector<u64>(5)), 777);
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_NE(said.find("of shared memory"), std::string::npos) << said;
}

/// What the compiler writes of a library function: a large argument takes the slow path, with its table and loop.
TEST_F(Kernels, LibraryFunctions) {
    const CUfunction f = load(compile_cuda(R"(
        extern "C" __global__ void k(const float* x, float* y) {
            const int i = threadIdx.x;
            y[i] = sinf(x[i]); y[32 + i] = expf(2.5f * (i - 16)); y[64 + i] = sqrtf(fabsf(x[i])); y[96 + i] = 1.0f / x[i];
            y[128 + i] = (float)(sin((double)x[i]) / 3.0); y[160 + i] = fmodf(x[i], 2.5f);
        })"));
    std::vector<float> x(32);
    for (int i = 0; i < 32; ++i) {
        x[static_cast<size_t>(i)] = std::ldexp(static_cast<float>(i % 2 == 0 ? i + 1 : -i), i);
    }
    const CUdeviceptr y = upload(std::vector<float>(192));
    ASSERT_EQ(launch(f, 1, 32, 0, upload(x), y), CUDA_SUCCESS);
    const std::vector<float> got = download<float>(y, 192);
    for (size_t i = 0; i < 32; ++i) {
        const double v = static_cast<double>(x[i]);
        EXPECT_NEAR(got[i], std::sin(v), 3e-7) << v;
        EXPECT_NEAR(got[32 + i] / std::exp(2.5 * (static_cast<double>(i) - 16)), 1, 1e-5);
        EXPECT_EQ(got[64 + i], std::sqrt(std::fabs(x[i])));
        EXPECT_EQ(got[96 + i], 1.0f / x[i]);
        EXPECT_NEAR(got[128 + i], std::sin(v) / 3.0, 3e-8);
        EXPECT_EQ(got[160 + i], std::fmod(x[i], 2.5f));
    }
}

TEST_F(Kernels, FailedAssertion) {
    const CUfunction f = load(compile_cuda(R"(
        extern "C" __global__ void k(int n) {
            if (!(threadIdx.x < n)) __assertfail("threadIdx.x < n", "kernel.cu", 3, "k", 1);
        })"));
    const auto [result, said] = fails(f, 1, 32, 0, 31);
    EXPECT_EQ(result, CUDA_ERROR_ASSERT);
    EXPECT_NE(said.find("assertion failed; block (0,0,0), thread (31,0,0)"), std::string::npos) << said;
}

/// Not a limit, a figure to look at: thread-instructions per second of integer and of memory-bound work.
TEST_F(Kernels, Speed) {
    const CUfunction integer = load(compile_cuda(R"(
        extern "C" __global__ void k(unsigned* out, int rounds) {
            unsigned x = threadIdx.x, y = blockIdx.x;
            #pragma unroll 1
            for (int i = 0; i < rounds; ++i) { x = x * 1664525u + y; y ^= x >> 13; y += x & 0xff00u; x ^= y << 5; }
            out[blockIdx.x * blockDim.x + threadIdx.x] = x + y;
        })"));
    const CUfunction product =
        load(compile_cuda(kTiledProduct, {"--fmad=false", "-DLOADED=__syncthreads();", "-DUSED=__syncthreads();"}));
    const unsigned scale = axfire::testing::samples(100) < 100 ? 1 : 10;
    const auto seconds = [&](auto run) {
        const auto begin = std::chrono::steady_clock::now();
        run();
        EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const CUdeviceptr out = upload(std::vector<u32>(1024));
    const double integer_time = seconds([&] { launch(integer, 4, 256, 0, out, static_cast<int>(200 * scale)); });
    CUdeviceptr data = upload(random_floats(96 * 96));
    CUdeviceptr result = upload(random_floats(96 * 96));
    int size = 96;
    void* parameters[] = {&data, &data, &result, &size, &size, &size};
    const double product_time = seconds([&] {
        for (unsigned k = 0; k < scale; ++k) {
            cu.cuLaunchKernel(product, 6, 6, 1, 16, 16, 1, 0, nullptr, parameters, nullptr);
        }
    });
    // The integer loop has about 11 instructions, a step of the product about 5.
    std::printf("[   speed  ] integer loop %.0f M, tiled product %.0f M thread-instructions/s (estimated)\n",
                1024.0 * 200 * scale * 11 / integer_time * 1e-6, 96.0 * 96 * 96 * 5 * scale / product_time * 1e-6);
}

}  // namespace

}  // namespace axfire::test
