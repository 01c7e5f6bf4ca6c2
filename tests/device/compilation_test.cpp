// SPDX-License-Identifier: Apache-2.0
// Every kernel and every unit as machine code of every architecture that is supported.
#include <regex>
#include <set>

#include "engine/backend/cuda/device/args.h"
#include "engine/backend/cuda/module.h"
#include "engine/backend/jit/embedded.h"
#include "tests/device/device.h"
#include "tests/device/lint.h"
#include "tests/device/specs.h"

namespace axfire::test {

namespace {

using Functors = std::vector<std::string>;

/// Kernels that hold units in all the ways there are: sums of every form and a neuron's update.
const Functors& kernels_of_sums() {
    static const Functors functors = {
        "LinearDense<Add, Mul>",           "LinearEvents<Add, Mul>",         "ConvolveImage<4, Add, Mul>",
        "ConvolveEvents<4, Add, Mul>",     "PoolEvents<Add, Mul>",           "SumSignals<Add, Mul>",
        "MultiplySignals<true, Add, Mul>", "Population<lif_model, Add, Mul>"};
    return functors;
}

/// All others.
const Functors& further_kernels() {
    static const Functors functors = [] {
        Functors list = {"CompactEvents",
                         "BringImage<Add, Mul>",
                         "ConvolveEvents<1, Add, Mul>",
                         "PoolImage<Add, Mul>",
                         "MultiplySignals<false, Add, Mul>",
                         "LrnPower<Add, Mul>",
                         "MaxPoolImage",
                         "MaxPoolEvents",
                         "Softmax",
                         "PassThreshold",
                         "MoveElements",
                         "TakeIntoDelay",
                         "EmitFromDelay",
                         "TakeArrived",
                         "DrawPoisson",
                         "FeedEvents",
                         "BeginSamples",
                         "ReadOut"};
#define AXFIRE_POPULATION(model) list.push_back("Population<" #model ", Add, Mul>");
        AXFIRE_MODELS(AXFIRE_POPULATION)
#undef AXFIRE_POPULATION
        return list;
    }();
    return functors;
}

/// The kernels for one adder and one multiplier.
std::string source_of(const AdderSpec& add, const MultiplierSpec& mul, const Functors& functors) {
    cuda::ModuleRequest request{add, mul, {}};
    for (const std::string& functor : functors) {
        request.kernels.push_back({functor, 0});
    }
    // Other tests hold the sizes of arguments against the host's.
    return std::regex_replace(cuda::module_source(request), std::regex(R"((AXFIRE_KERNEL\(k\d+, )0, (.*)\)\n)"),
                              "$1sizeof($2::Args), $2)\n");
}

/// What ptxas says of spilled registers, where it is not that there are none.
std::string spills(const std::string& log) {
    static const std::regex told(R"((\d+) bytes spill stores, (\d+) bytes spill loads)");
    const std::sregex_iterator first(log.begin(), log.end(), told);
    for (std::sregex_iterator at = first; at != std::sregex_iterator(); ++at) {
        if ((*at)[1] != "0" || (*at)[2] != "0") {
            return at->str();
        }
    }
    return first == std::sregex_iterator() ? "ptxas says nothing of spills: " + log.substr(0, 200) : "";
}

std::vector<std::string> flags_for(const std::string& architecture) {
    std::vector<std::string> flags = cuda::device_flags();
    flags.push_back("--gpu-architecture=" + architecture);
    return flags;
}

TEST(DeviceCompilation, EveryKernelIsTried) {
    std::set<std::string> tried, declared;
    for (const Functors* const list : {&kernels_of_sums(), &further_kernels()}) {
        for (const std::string& functor : *list) {
            tried.insert(functor.substr(0, functor.find('<')));
        }
    }
    static const std::regex declaration(R"(struct (\w+) \{\s*using Args)");
    for (const EmbeddedFile& file : embedded_headers()) {
        const std::string text = file.text;
        for (std::sregex_iterator at(text.begin(), text.end(), declaration); at != std::sregex_iterator(); ++at) {
            declared.insert((*at)[1]);
        }
    }
    EXPECT_EQ(tried, declared);
}

TEST(DeviceCompilation, SpillsAreSeen) {
    EXPECT_EQ(spills("ptxas info : 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"), "");
    EXPECT_NE(spills("0 bytes spill stores, 0 bytes spill loads\n 8 bytes spill stores, 0 bytes spill loads"), "");
    EXPECT_NE(spills("0 bytes spill stores, 10 bytes spill loads"), "");
    EXPECT_NE(spills(""), "");
    AXFIRE_NEEDS_DEVICE();
    std::vector<std::string> flags = flags_for("sm_75");
    flags.push_back("--ptxas-options=-v");
    flags.push_back("--maxrregcount=16");
    const std::string source = source_of({}, {}, {"Population<tanh_model, Add, Mul>"});
    EXPECT_NE(spills(cuda::compile_device_code(source, cuda::device_headers(), flags).log), "");
}

TEST(DeviceCompilation, PtxIsClean) {
    AXFIRE_NEEDS_DEVICE();
    for (const auto& [add, mul] : {std::pair{"exact@fp32", "exact@fp32"}, {"loa(k=12)@fp32", "drum(k=6)@bf16"}}) {
        for (const Functors* const functors : {&kernels_of_sums(), &further_kernels()}) {
            const std::string source = source_of(parse_adder(add), parse_multiplier(mul), *functors);
            const std::string ptx =
                cuda::compile_device_code(source, cuda::device_headers(), flags_for("compute_75")).code;
            EXPECT_EQ(lint(ptx), "") << add;
        }
    }
}

class MachineCode : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        AXFIRE_NEEDS_DEVICE();
        const std::vector<int>& known = cuda::nvrtc().architectures;
        if (std::find(known.begin(), known.end(), GetParam()) == known.end()) {
            GTEST_SKIP() << "NVRTC " << cuda::nvrtc().version << " does not know sm_" << GetParam();
        }
        if (real_device() && cuda::choose_device().capability != GetParam()) {
            GTEST_SKIP() << "the architectures of other devices were tried without one";
        }
    }

    static void compile(const AdderSpec& add, const MultiplierSpec& mul, const Functors& functors) {
        std::vector<std::string> flags = flags_for("sm_" + std::to_string(GetParam()));
        flags.push_back("--ptxas-options=-v");
        const cuda::DeviceCode code =
            cuda::compile_device_code(source_of(add, mul, functors), cuda::device_headers(), flags);
        EXPECT_TRUE(
            code.code.starts_with("\x7f"
                                  "ELF"));
        EXPECT_EQ(spills(code.log), "") << to_string(add) << ", " << to_string(mul);
    }
};

TEST_P(MachineCode, OfEveryKernelWithoutSpills) {
    compile(parse_adder("loa(k=12)@fp32"), parse_multiplier("exact@fp32"), further_kernels());
}

/// An adder beside a multiplier; and what makes a sum or a rounding longer.
TEST_P(MachineCode, OfEveryUnitWithoutSpills) {
    const std::vector<AdderId> adders = testing::every_adder();
    const std::vector<MultiplierId> multipliers = testing::every_multiplier();
    for (std::size_t i = 0; i < std::max(adders.size(), multipliers.size()); ++i) {
        const AdderSpec add = i < adders.size() ? spec_of<AdderSpec>(adders[i], kFp32) : AdderSpec{};
        const MultiplierSpec mul =
            i < multipliers.size() ? spec_of<MultiplierSpec>(multipliers[i], kFp32) : MultiplierSpec{};
        compile(add, mul, kernels_of_sums());
    }
    compile(parse_adder("loa(k=3,guard=3,order=tree)@bf16/sr"), parse_multiplier("exact@bf16/sr"), kernels_of_sums());
}

INSTANTIATE_TEST_SUITE_P(DeviceCompilation, MachineCode, ::testing::Values(75, 80, 86, 89, 90, 100, 120),
                         [](const auto& i) { return "sm_" + std::to_string(i.param); });

}  // namespace

}  // namespace axfire::test
