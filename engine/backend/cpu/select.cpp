// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/backend/cpu/kernels.h"

namespace axfire {

namespace {

const CpuKernels& choose() {
    const char* const wanted = std::getenv("AXFIRE_ISA");
    const std::string_view name = wanted != nullptr ? wanted : "";
    std::string available = "baseline";
    const CpuKernels* best = &baseline::kKernels;
    const CpuKernels* found = name == "baseline" ? best : nullptr;
    [[maybe_unused]] const auto offer = [&](bool has, const CpuKernels& kernels) {
        if (has) {
            best = &kernels;
            available += ", " + std::string(kernels.isa);
            found = name == kernels.isa ? best : found;
        }
    };
#if defined(__x86_64__)
    __builtin_cpu_init();
    offer(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"), avx2::kKernels);
    offer(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512cd"),
          avx512::kKernels);
#endif
    if (!name.empty() && found == nullptr) {
        throw InputError(fmt::format("AXFIRE_ISA={} is not an instruction set of this processor; choose one of {}",
                                     name, available));
    }
    return found != nullptr ? *found : *best;
}

}  // namespace

const CpuKernels& cpu_kernels() {
    static const CpuKernels& kernels = choose();
    return kernels;
}

}  // namespace axfire
