// SPDX-License-Identifier: Apache-2.0
// A representative set of kernels as machine code of every architecture that is supported.
#include "arith/spec_text.h"
#include "engine/backend/cuda/device/args.h"
#include "engine/backend/cuda/module.h"
#include "tests/device/device.h"
#include "tests/device/lint.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

cuda::ModuleRequest representative(const char* add, const char* mul) {
    return {parse_adder(add),
            parse_multiplier(mul),
            {{"LinearDense<Add, Mul>", sizeof(LinearArgs)},
             {"LinearEvents<Add, Mul>", sizeof(device::LinearEventsArgs)},
             {"CompactEvents", sizeof(device::CompactArgs)},
             {"ConvolveImage<4, Add, Mul>", sizeof(device::ConvolutionArgs)},
             {"ConvolveEvents<4, Add, Mul>", sizeof(device::ConvolutionArgs)},
             {"PoolEvents<Add, Mul>", sizeof(device::PoolArgs)},
             {"SumSignals<Add, Mul>", sizeof(device::SumArgs)},
             {"Population<lif_model, Add, Mul>", sizeof(device::PopulationArgs)},
             {"Population<tanh_model, Add, Mul>", sizeof(device::PopulationArgs)}}};
}

/// What ptxas says of spilled registers, where it is not that there are none.
std::string spills(const std::string& log) {
    std::size_t told = 0;
    for (std::size_t at = log.find("bytes spill stores"); at != std::string::npos;
         at = log.find("bytes spill stores", at + 1)) {
        ++told;
        if (log.compare(at - 2, 2, "0 ") != 0 || (at >= 3 && log[at - 3] >= '0' && log[at - 3] <= '9')) {
            return log.substr(log.rfind('\n', at) + 1, 120);
        }
    }
    return told == 0 ? "ptxas says nothing of spills: " + log.substr(0, 200) : "";
}

TEST(DeviceCompilation, PtxIsClean) {
    AXFIRE_NEEDS_DEVICE();
    std::vector<std::string> flags = cuda::device_flags();
    flags.push_back("--gpu-architecture=compute_75");
    for (const auto& [add, mul] : {std::pair{"exact@fp32", "exact@fp32"}, {"loa(k=12)@fp32", "drum(k=6)@bf16"}}) {
        const cuda::DeviceCode code =
            cuda::compile_device_code(cuda::module_source(representative(add, mul)), cuda::device_headers(), flags);
        EXPECT_EQ(lint(code.code), "") << add;
    }
}

TEST(DeviceCompilation, MachineCodeOfEveryArchitectureWithoutSpills) {
    AXFIRE_NEEDS_DEVICE();
    const std::string source = cuda::module_source(representative("loa(k=12)@fp32", "exact@fp32"));
    std::vector<int> architectures{75, 80, 86, 89, 90, 100, 120};
    if (testing::samples(100) < 100) {  // the compiler is the same under sanitizers
        architectures = {75, 120};
    }
    for (const int architecture : architectures) {
        const std::vector<int>& known = cuda::nvrtc().architectures;
        if (std::find(known.begin(), known.end(), architecture) == known.end()) {
            std::printf("[  note    ] NVRTC %s does not know sm_%d\n", cuda::nvrtc().version.c_str(), architecture);
            continue;
        }
        std::vector<std::string> flags = cuda::device_flags();
        flags.push_back("--gpu-architecture=sm_" + std::to_string(architecture));
        flags.push_back("--ptxas-options=-v");
        const cuda::DeviceCode code = cuda::compile_device_code(source, cuda::device_headers(), flags);
        EXPECT_EQ(code.code.compare(0, 4,
                                    "\x7f"
                                    "ELF"),
                  0)
            << architecture;
        EXPECT_EQ(spills(code.log), "") << architecture;
    }
}

}  // namespace

}  // namespace axfire::test
