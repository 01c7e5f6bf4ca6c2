// SPDX-License-Identifier: Apache-2.0
// Every unit of the catalogue as device code: it compiles, holds nothing that rounds otherwise, and gives the bits of
// the host, which other tests compare with the oracle.
#include "engine/backend/cpu/kernels.h"
#include "tests/device/lint.h"
#include "tests/device/pairs.h"
#include "tests/device/specs.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

using testing::Pair;

/// In two formats.
template <class Spec, class Id>
std::vector<Spec> specs_of(Id unit) {
    return {spec_of<Spec>(unit, kFp32), spec_of<Spec>(unit, kBf16)};
}

std::vector<Pair> operands(const Format& format) {
    auto random = testing::test_random(format.fraction_bits);
    std::vector<Pair> pairs = testing::test_pairs(random, format, 200);
    for (std::size_t i = 200; i < pairs.size(); i += 1 + testing::samples(20) % 2) {  // edge pairs, thinned
        std::swap(pairs[i], pairs[random() % pairs.size()]);
    }
    pairs.resize(std::min<std::size_t>(pairs.size(), 1500));
    return pairs;
}

/// Compiled together; `host`: the general kernel.
template <class Spec, class Host>
void expect_host_bits(const std::vector<Spec>& specs, const Host& host) {
    const PairKernels kernels(specs);
    EXPECT_EQ(lint(kernels.ptx()), "");
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const std::vector<Pair> pairs = operands(specs[i].format);
        const auto on_host = [&](const u32* a, const u32* b, u32* out, std::size_t n) { host(specs[i], a, b, out, n); };
        EXPECT_EQ(kernels.first_difference(i, pairs, on_host), "") << initialiser(specs[i]);
    }
}

TEST(DeviceUnits, AddersGiveTheBitsOfTheHost) {
    AXFIRE_NEEDS_DEVICE();
    std::vector<AdderSpec> specs;
    for (const AdderId unit : testing::every_adder()) {
        const std::vector<AdderSpec> own = specs_of<AdderSpec>(unit);
        specs.insert(specs.end(), own.begin(), own.end());
    }
    specs.push_back({.unit = AdderId::loa, .parameters = {{4}}, .format = kFp16, .guard = 3, .round_sum = true});
    specs.push_back({.format = kFp8E4m3, .rounding = Rounding::odd});
    specs.push_back({.rounding = Rounding::rd});
    expect_host_bits(specs, cpu_kernels().general.add);
}

TEST(DeviceUnits, MultipliersGiveTheBitsOfTheHost) {
    AXFIRE_NEEDS_DEVICE();
    for (const MultiplierId unit : testing::every_multiplier()) {
        expect_host_bits(specs_of<MultiplierSpec>(unit), cpu_kernels().general.mul);
    }
    expect_host_bits(
        std::vector<MultiplierSpec>{{.format = kFp8E5m2, .rounding = Rounding::ru}, {.rounding = Rounding::rz}},
        cpu_kernels().general.mul);
    expect_host_bits(
        std::vector<MultiplierSpec>{
            {.unit = MultiplierId::drum, .parameters = {{4}}, .format = kFp16, .round_product = true}},
        cpu_kernels().general.mul);
}

/// A lost --fmad=false is seen twice: in the code, and in the bits of a function that must not be contracted.
TEST(DeviceUnits, ContractionIsNoticed) {
    AXFIRE_NEEDS_DEVICE();
    const std::string kernel =
        "#define AXFIRE_ISA gpu\n"
        "#include \"engine/backend/cuda/device/kernels.h\"\n"
        "namespace axfire::gpu {\n"
        "extern \"C\" __global__ void k0(const u32* a, const u32*, u32* out, u32 n) {\n"
        "    const u32 i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "    if (i < n) { out[i] = fp_tanh(a[i]); }\n"
        "}}\n";
    std::vector<Pair> pairs;
    for (u32 i = 0; i < 500; ++i) {
        pairs.emplace_back(0x3d800000u + i * 98765u, 0u);
    }
    const auto on_host = [](const u32* a, const u32*, u32* out, std::size_t n) {
        std::transform(a, a + n, out, [](u32 x) { return fp_tanh(x); });
    };
    for (const bool fused : {false, true}) {
        std::vector<std::string> flags = cuda::device_flags();
        *std::find(flags.begin(), flags.end(), "--fmad=false") = fused ? "--fmad=true" : "--fmad=false";
        const PairKernels compiled(kernel, flags);
        EXPECT_EQ(lint(compiled.ptx()).empty(), !fused);
        EXPECT_EQ(compiled.first_difference(0, pairs, on_host).empty(), !fused);
    }
}

}  // namespace

}  // namespace axfire::test
