// SPDX-License-Identifier: Apache-2.0
// Functions of two words over many pairs, on the device.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "engine/backend/cuda/module.h"
#include "tests/device/device.h"

namespace axfire::test {

/// Kernels k<n>(a, b, out, count), compiled from one source.
class PairKernels {
public:
    /// An operation by the unit of each spec.
    template <class Spec>
    explicit PairKernels(const std::vector<Spec>& specs) : PairKernels(source_of(specs), cuda::device_flags()) {}

    PairKernels(const std::string& source, std::vector<std::string> flags)
        : source_(source),
          flags_(std::move(flags)),
          code_(compile_for_device(source, cuda::device_headers(), flags_)),
          module_(code_) {}

    std::string ptx() const {
        if (!code_.starts_with("\x7f"
                               "ELF")) {
            return code_;
        }
        std::vector<std::string> flags = flags_;
        flags.push_back("--gpu-architecture=compute_75");
        return cuda::compile_device_code(source_, cuda::device_headers(), flags).code;
    }

    /// The first pair for which a kernel and the host differ, or nothing.
    template <class Host>
    std::string first_difference(std::size_t kernel, const std::vector<std::pair<u32, u32>>& pairs, Host host) const {
        const u32 n = static_cast<u32>(pairs.size());
        std::vector<u32> a(n), b(n), expected(n), found(n);
        for (u32 i = 0; i < n; ++i) {
            a[i] = pairs[i].first;
            b[i] = pairs[i].second;
        }
        host(a.data(), b.data(), expected.data(), n);
        const std::size_t bytes = n * sizeof(u32);
        const cuda::Memory on_device[3] = {cuda::Memory(bytes), cuda::Memory(bytes), cuda::Memory(bytes)};
        cuda::Address address[3] = {on_device[0].address(), on_device[1].address(), on_device[2].address()};
        const cuda::Stream stream;
        AXFIRE_CUDA(cuMemcpyHtoDAsync, address[0], a.data(), bytes, stream.handle());
        AXFIRE_CUDA(cuMemcpyHtoDAsync, address[1], b.data(), bytes, stream.handle());
        u32 count = n;
        void* parameters[] = {&address[0], &address[1], &address[2], &count};
        AXFIRE_CUDA(cuLaunchKernel, module_.function("k" + std::to_string(kernel)), (n + 127) / 128, 1, 1, 128, 1, 1, 0,
                    stream.handle(), parameters, nullptr);
        AXFIRE_CUDA(cuMemcpyDtoHAsync, found.data(), address[2], bytes, stream.handle());
        stream.synchronize();
        for (u32 i = 0; i < n; ++i) {
            if (found[i] != expected[i]) {
                std::ostringstream text;
                text << std::hex << a[i] << ", " << b[i] << " -> " << found[i] << ", not " << expected[i];
                return text.str();
            }
        }
        return "";
    }

private:
    /// Where all specs are of one unit the others are left out, which compiles sooner.
    template <class Spec>
    static std::string source_of(const std::vector<Spec>& specs) {
        constexpr bool kAdds = std::is_same_v<Spec, AdderSpec>;
        const bool one =
            std::all_of(specs.begin(), specs.end(), [&](const Spec& s) { return s.unit == specs[0].unit; });
        std::string source = "#define AXFIRE_ISA gpu\n";
        if constexpr (kAdds) {
            source = one ? cuda::device_units(specs[0].unit, MultiplierId::exact) : source;
        } else {
            source = one ? cuda::device_units(AdderId::exact, specs[0].unit) : source;
        }
        source +=
            "#include \"arith/functors.h\"\n"
            "void axfire::device_model(const UnitModel&, u32, u32, u32&, u32&) {}\n"
            "namespace axfire::gpu {\n";
        for (std::size_t i = 0; i < specs.size(); ++i) {
            const std::string n = std::to_string(i);
            const std::string unit = std::string(kAdds ? "FixedAdd" : "FixedMul") + "<kSpec" + n + ">";
            source += std::string("constexpr ") + (kAdds ? "AdderSpec" : "MultiplierSpec") + " kSpec" + n +
                      initialiser(specs[i]) + ";\n" + "extern \"C\" __global__ void k" + n +
                      "(const u32* a, const u32* b, u32* out, u32 n) {\n"
                      "    const u32 i = blockIdx.x * blockDim.x + threadIdx.x;\n"
                      "    const RandomSite site;\n"
                      "    const Draw<u32> draw{site, i, 0, Role::sum};\n"
                      "    if (i < n) { out[i] = " +
                      (kAdds ? unit + "::finish" : "canonical_nan") + "(" + unit + "(kSpec" + n +
                      ", site)(a[i], b[i], draw)); }\n}\n";
        }
        return source + "}\n";
    }

    std::string source_;
    std::vector<std::string> flags_;
    std::string code_;
    cuda::Context context_{cuda::choose_device()};
    cuda::Module module_;
};

}  // namespace axfire::test
