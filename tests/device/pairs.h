// SPDX-License-Identifier: Apache-2.0
// Functions of two words over many pairs, on the device.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "engine/backend/cuda/module.h"
#include "tests/device/device.h"

namespace axfire::test {

/// A kernel k0(a, b, out, count).
class PairKernel {
public:
    /// k0 is an operation by the unit of a spec.
    template <class Spec>
    explicit PairKernel(const Spec& spec) : PairKernel(source_of(spec), cuda::device_flags()) {}

    PairKernel(const std::string& source, std::vector<std::string> flags) {
        flags.push_back("--gpu-architecture=compute_75");
        ptx_ = cuda::compile_device_code(source, cuda::device_headers(), flags).code;
        module_.emplace_back(ptx_);
    }

    const std::string& ptx() const { return ptx_; }

    /// The first pair for which the kernel and the host differ, or nothing.
    template <class Host>
    std::string first_difference(const std::vector<std::pair<u32, u32>>& pairs, Host host) const {
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
        AXFIRE_CUDA(cuLaunchKernel, module_[0].function("k0"), (n + 127) / 128, 1, 1, 128, 1, 1, 0, stream.handle(),
                    parameters, nullptr);
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
    static std::string source_of(const AdderSpec& spec) {
        return source(spec.unit, MultiplierId::exact, "AdderSpec", initialiser(spec),
                      "FixedAdd<kSpec>::finish(FixedAdd<kSpec>(kSpec, site)(a[i], b[i], draw))");
    }
    static std::string source_of(const MultiplierSpec& spec) {
        return source(AdderId::exact, spec.unit, "MultiplierSpec", initialiser(spec),
                      "canonical_nan(FixedMul<kSpec>(kSpec, site)(a[i], b[i], draw))");
    }
    static std::string source(AdderId add, MultiplierId mul, const std::string& type, const std::string& spec,
                              const std::string& operation) {
        return cuda::device_units(add, mul) +
               "#include \"arith/functors.h\"\n"
               "void axfire::device_model(const UnitModel&, u32, u32, u32&, u32&) {}\n"
               "namespace axfire::gpu {\n"
               "constexpr " +
               type + " kSpec" + spec +
               ";\n"
               "extern \"C\" __global__ void k0(const u32* a, const u32* b, u32* out, u32 n) {\n"
               "    const u32 i = blockIdx.x * blockDim.x + threadIdx.x;\n"
               "    const RandomSite site;\n"
               "    const Draw<u32> draw{site, i, 0, Role::sum};\n"
               "    if (i < n) { out[i] = " +
               operation + "; }\n}\n}\n";
    }

    std::string ptx_;
    cuda::Context context_{cuda::choose_device()};
    std::vector<cuda::Module> module_;
};

}  // namespace axfire::test
