// SPDX-License-Identifier: Apache-2.0
// cuRAND's device generator, compiled from its own header, against the generator of arith/philox.h.
#include <filesystem>
#include <fstream>

#include "arith/philox.h"
#include "tests/device/device.h"

namespace axfire::test {

namespace {

/// "13", by the header of a toolkit.
std::string version_of(const std::string& toolkit) {
    std::ifstream header(toolkit + "/cuda.h");
    for (std::string line; std::getline(header, line);) {
        if (const std::string begin = "#define CUDA_VERSION "; line.starts_with(begin)) {
            return std::to_string(std::stoi(line.substr(begin.size())) / 1000);
        }
    }
    return "unknown";
}

TEST(DeviceCurand, GivesTheNumbersOfPhilox) {
    AXFIRE_NEEDS_DEVICE();
    const std::string toolkit = "/usr/local/cuda/include";
    if (!std::filesystem::exists(toolkit + "/curand_kernel.h")) {
        GTEST_SKIP() << "no curand_kernel.h here: the generator is held by its known answers and the host's tests";
    }
    if (const std::string version = version_of(toolkit); !cuda::nvrtc().version.starts_with(version + ".")) {
        GTEST_SKIP() << toolkit << " is of CUDA " << version << ", NVRTC of " << cuda::nvrtc().version;
    }
    const std::string source =
        "#include <curand_kernel.h>\n"
        "extern \"C\" __global__ void k0(unsigned long long seed, unsigned long long first, unsigned* words,\n"
        "                              float* uniforms, unsigned n) {\n"
        "    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "    if (i < n) {\n"
        "        curandStatePhilox4_32_10_t state;\n"
        "        curand_init(seed, first + i % 7, i / 7 * 3, &state);\n"
        "        words[i] = curand(&state);\n"
        "        uniforms[i] = curand_uniform(&state);\n"
        "    }\n"
        "}\n";
    const cuda::Context context(cuda::choose_device());
    const cuda::Module module(compile_for_device(
        source, {}, {"--fmad=false", "--include-path=" + toolkit, "--include-path=" + toolkit + "/cccl"}));
    const cuda::Stream stream;
    constexpr u32 kCount = 500;
    const cuda::Memory words(kCount * sizeof(u32)), uniforms(kCount * sizeof(float));
    for (u64 seed : {u64{0}, u64{20240613}, u64{0x123456789abcdef0}}) {
        for (u64 first : {u64{0}, u64{59999}, u64{1} << 33}) {
            cuda::Address to_words = words.address(), to_uniforms = uniforms.address();
            u32 count = kCount;
            void* parameters[] = {&seed, &first, &to_words, &to_uniforms, &count};
            AXFIRE_CUDA(cuLaunchKernel, module.function("k0"), (kCount + 127) / 128, 1, 1, 128, 1, 1, 0,
                        stream.handle(), parameters, nullptr);
            std::vector<u32> word(kCount);
            std::vector<float> uniform(kCount);
            AXFIRE_CUDA(cuMemcpyDtoHAsync, word.data(), to_words, kCount * sizeof(u32), stream.handle());
            AXFIRE_CUDA(cuMemcpyDtoHAsync, uniform.data(), to_uniforms, kCount * sizeof(float), stream.handle());
            stream.synchronize();
            for (u32 i = 0; i < kCount; ++i) {
                const u64 n = i / 7 * 3;
                ASSERT_EQ(word[i], philox_word(seed, first + i % 7, n)) << seed << ", " << first << ", " << i;
                ASSERT_EQ(uniform[i], philox_uniform(philox_word(seed, first + i % 7, n + 1))) << i;
            }
        }
    }
}

}  // namespace

}  // namespace axfire::test
