// SPDX-License-Identifier: Apache-2.0
#include "tests/gpu/limits.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include <fmt/format.h>

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

/// Of a kernel k0 with that body, which may call `functions`.
int count_kernel(const std::string& opening, const std::string& functions, const std::string& body, int capability) {
    const std::string source = opening +
                               "#include \"arith/functors.h\"\n"
                               "#include \"neurons/update.h\"\n"
                               "void axfire::device_model(const UnitModel&, u32, u32, u32&, u32&) {}\n"
                               "namespace axfire::gpu {\n" +
                               functions + "extern \"C\" __global__ void k0(const u32* x, u32* out) {\n" + body +
                               "}}\n";
    std::vector<std::string> flags = cuda::device_flags();
    const std::vector<int>& known = cuda::nvrtc().architectures;
    int target = known.front();
    for (const int architecture : known) {
        target = architecture <= capability ? std::max(target, architecture) : target;
    }
    flags.push_back("--gpu-architecture=compute_" + std::to_string(target));
    return count_instructions(cuda::compile_device_code(source, cuda::device_headers(), flags).code);
}

/// What one more `step`, in which @ stands for its number, adds to a kernel that begins and ends so.
double of_one(const std::string& opening, const std::string& functions, const std::string& begin,
              const std::string& step, const std::string& end, int capability) {
    const auto count = [&](int steps) {
        std::string body = begin;
        for (int i = 1; i <= steps; ++i) {
            body += std::regex_replace(step, std::regex("@"), std::to_string(i));
        }
        return count_kernel(opening, functions, body + end, capability);
    };
    constexpr int kMore = 8;
    return (count(1 + kMore) - count(1)) / static_cast<double>(kMore);
}

double of_operation(const std::string& opening, const std::string& operation, int capability) {
    return of_one(opening, operation, "u32 y = x[0];\n", "y = operation(y, x[@], @);\n", "out[0] = y;\n", capability);
}

std::string functor(const AdderSpec& spec, const std::string& name) {
    return spec == AdderSpec{} ? "NativeAdd" : "FixedAdd<" + name + ">";
}
std::string functor(const MultiplierSpec& spec, const std::string& name) {
    return spec == MultiplierSpec{} ? "NativeMul" : "FixedMul<" + name + ">";
}

}  // namespace

double instructions_of(const AdderSpec& spec, int capability) {
    return of_operation(cuda::device_units(spec.unit, MultiplierId::exact),
                        "constexpr AdderSpec kSpec" + initialiser(spec) +
                            ";\n__device__ u32 operation(u32 a, u32 b, u32 i) {\n    const RandomSite site;\n"
                            "    return " +
                            functor(spec, "kSpec") + "(kSpec, site)(a, b, Draw<u32>{site, 0, i, Role::sum});\n}\n",
                        capability);
}

double instructions_of(const MultiplierSpec& spec, int capability) {
    return of_operation(cuda::device_units(AdderId::exact, spec.unit),
                        "constexpr MultiplierSpec kSpec" + initialiser(spec) +
                            ";\n__device__ u32 operation(u32 a, u32 b, u32 i) {\n    const RandomSite site;\n"
                            "    return " +
                            functor(spec, "kSpec") + "(kSpec, site)(a, b, Draw<u32>{site, 0, i, Role::product});\n}\n",
                        capability);
}

double instructions_of_update(const std::string& model, const Conventions& how, const AdderSpec& add,
                              const MultiplierSpec& mul, int capability) {
    const std::string functions = fmt::format(
        "constexpr AdderSpec kAdd{};\nconstexpr MultiplierSpec kMul{};\n"
        "constexpr Conventions kHow{{{}, Reset({}), Integrate({}), Fire({}), InputGain({}), CubaOrder({}), "
        "DecayGain({})}};\n",
        initialiser(add), initialiser(mul), how.dt_ms, static_cast<int>(how.reset), static_cast<int>(how.integrate),
        static_cast<int>(how.fire), static_cast<int>(how.input_gain), static_cast<int>(how.cuba_order),
        static_cast<int>(how.decay_gain));
    std::string begin =
        "const RandomSite site;\n"
        "NeuronState<u32> s{x[0], x[1], x[2]};\n"
        "const NeuronOps<u32, " +
        functor(add, "kAdd") + ", " + functor(mul, "kMul") +
        "> op{{kAdd, site}, {kMul, site}, site, 0};\n"
        "u32 c[kMaxModelConstants];\n"
        "for (u32 i = 0; i < kMaxModelConstants; ++i) c[i] = x[3 + i];\n";
    return of_one(cuda::device_units(add.unit, mul.unit), functions, begin,
                  "out[@] = " + model +
                      "_model::update(op, kHow, c, s, x[100 + @], ~eq(x[100 + @], kAbsent));\n"
                      "out[100 + @] = s.v;\n",
                  "out[200] = s.current; out[201] = s.refractory;\n", capability);
}

}  // namespace axfire::test
