// SPDX-License-Identifier: Apache-2.0
#include "tests/gpu/limits.h"

#include <algorithm>
#include <sstream>

#include "engine/backend/cuda/module.h"

namespace axfire::test {

namespace {

/// Instructions of the kernel k0 that compute, in a text of PTX.
int count_instructions(const std::string& ptx) {
    std::istringstream lines(ptx.substr(ptx.find(".entry k0")));
    int count = 0;
    for (std::string line; std::getline(lines, line) && line != "}";) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        if (word.starts_with('@')) {
            words >> word;
        }
        const std::string operation = word.substr(0, word.find('.'));
        static const char* const kOthers[] = {"ld", "st", "mov", "cvta", "bra",   "ret", "ret;",
                                              "{",  "(",  ")",   "call", "param", "//"};
        const bool computes = !operation.empty() && operation.front() >= 'a' && operation.front() <= 'z' &&
                              std::find(std::begin(kOthers), std::end(kOthers), operation) == std::end(kOthers) &&
                              word.find('.') != std::string::npos;
        count += computes;
    }
    return count;
}

/// x[0] op x[1] op ... of so many operations.
int count_chain(const std::string& opening, const std::string& operation, int operations, int capability) {
    std::string source = opening +
                         "#include \"arith/functors.h\"\n"
                         "void axfire::device_model(const UnitModel&, u32, u32, u32&, u32&) {}\n"
                         "namespace axfire::gpu {\n" +
                         operation +
                         "extern \"C\" __global__ void k0(const u32* x, u32* out) {\n"
                         "    u32 y = x[0];\n";
    for (int i = 1; i <= operations; ++i) {
        source += "    y = operation(y, x[" + std::to_string(i) + "], " + std::to_string(i) + ");\n";
    }
    source += "    out[0] = y;\n}}\n";
    std::vector<std::string> flags = cuda::device_flags();
    const std::vector<int>& known = cuda::nvrtc().architectures;
    int target = known.front();
    for (const int architecture : known) {
        target = architecture <= capability ? std::max(target, architecture) : target;
    }
    flags.push_back("--gpu-architecture=compute_" + std::to_string(target));
    return count_instructions(cuda::compile_device_code(source, cuda::device_headers(), flags).code);
}

double of_one(const std::string& opening, const std::string& operation, int capability) {
    constexpr int kMore = 8;
    return (count_chain(opening, operation, 1 + kMore, capability) - count_chain(opening, operation, 1, capability)) /
           static_cast<double>(kMore);
}

}  // namespace

double instructions_of(const AdderSpec& spec, int capability) {
    const std::string unit = spec == AdderSpec{} ? "NativeAdd" : "FixedAdd<kSpec>";
    return of_one(cuda::device_units(spec.unit, MultiplierId::exact),
                  "constexpr AdderSpec kSpec" + initialiser(spec) +
                      ";\n__device__ u32 operation(u32 a, u32 b, u32 i) {\n    const RandomSite site;\n    return " +
                      unit + "(kSpec, site)(a, b, Draw<u32>{site, 0, i, Role::sum});\n}\n",
                  capability);
}

double instructions_of(const MultiplierSpec& spec, int capability) {
    const std::string unit = spec == MultiplierSpec{} ? "NativeMul" : "FixedMul<kSpec>";
    return of_one(cuda::device_units(AdderId::exact, spec.unit),
                  "constexpr MultiplierSpec kSpec" + initialiser(spec) +
                      ";\n__device__ u32 operation(u32 a, u32 b, u32 i) {\n    const RandomSite site;\n    return " +
                      unit + "(kSpec, site)(a, b, Draw<u32>{site, 0, i, Role::product});\n}\n",
                  capability);
}

}  // namespace axfire::test
