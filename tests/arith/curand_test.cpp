// SPDX-License-Identifier: Apache-2.0
// Philox against cuRAND's host generator, which needs no GPU. Compiled where CUDA's headers are, run where its library
// is; nothing is linked.
#include <gtest/gtest.h>

#include "arith/philox.h"

#if __has_include(<curand.h>)
#define AXFIRE_HAS_CURAND 1
#elif __has_include("/usr/local/cuda/include/curand.h") && __has_include(<cuda_runtime.h>)
#define AXFIRE_HAS_CURAND 1
#endif

#if defined(AXFIRE_HAS_CURAND)
#include <dlfcn.h>

#if __has_include(<curand.h>)
#include <curand.h>
#else
#include "/usr/local/cuda/include/curand.h"
#endif

#include <vector>

namespace axfire::testing {
namespace {

void* curand_library() {
    for (const char* name : {"libcurand.so.10", "libcurand.so", "/usr/local/cuda/lib64/libcurand.so.10",
                             "/usr/local/cuda/lib/libcurand.so.10"}) {
        if (void* library = dlopen(name, RTLD_NOW)) {
            return library;
        }
    }
    return nullptr;
}

/// Output j of the host generator is word j % 4 of counter {j / 262144, (j / 4) % 65536}.
u32 host_word(u64 seed, u64 j) {
    return philox_block(seed, (j / 4) % 65536, j / 262144).word[j % 4];
}

TEST(Curand, HostGeneratorGivesTheSameWordsAndUniforms) {
    void* library = curand_library();
    if (library == nullptr) {
        GTEST_SKIP() << "no libcurand here: the generator is held by the known answers alone";
    }
    const auto create =
        reinterpret_cast<decltype(&curandCreateGeneratorHost)>(dlsym(library, "curandCreateGeneratorHost"));
    const auto set_seed = reinterpret_cast<decltype(&curandSetPseudoRandomGeneratorSeed)>(
        dlsym(library, "curandSetPseudoRandomGeneratorSeed"));
    const auto generate = reinterpret_cast<decltype(&curandGenerate)>(dlsym(library, "curandGenerate"));
    const auto uniform = reinterpret_cast<decltype(&curandGenerateUniform)>(dlsym(library, "curandGenerateUniform"));
    const auto destroy = reinterpret_cast<decltype(&curandDestroyGenerator)>(dlsym(library, "curandDestroyGenerator"));
    ASSERT_TRUE(create && set_seed && generate && uniform && destroy);
    const std::size_t count = 600000;  // past two turns of the interleaving
    for (const u64 seed : {u64{0}, u64{1234}, 0x123456789abcdef0u}) {
        for (const bool floats : {false, true}) {
            curandGenerator_t generator{};
            if (create(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10) != CURAND_STATUS_SUCCESS) {
                GTEST_SKIP() << "this libcurand makes no host generator";
            }
            ASSERT_EQ(set_seed(generator, seed), CURAND_STATUS_SUCCESS);
            std::vector<u32> words(count);
            std::vector<float> uniforms(count);
            const auto status =
                floats ? uniform(generator, uniforms.data(), count) : generate(generator, words.data(), count);
            ASSERT_EQ(status, CURAND_STATUS_SUCCESS);
            for (std::size_t j = 0; j < count; ++j) {
                if (floats) {
                    ASSERT_EQ(uniforms[j], philox_uniform(host_word(seed, j))) << "seed " << seed << ", output " << j;
                } else {
                    ASSERT_EQ(words[j], host_word(seed, j)) << "seed " << seed << ", output " << j;
                }
            }
            destroy(generator);
        }
    }
}

}  // namespace
}  // namespace axfire::testing
#else
TEST(Curand, HostGeneratorGivesTheSameWordsAndUniforms) {
    GTEST_SKIP() << "built without CUDA's headers: the generator is held by the known answers alone";
}
#endif
