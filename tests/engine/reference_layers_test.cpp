// SPDX-License-Identifier: Apache-2.0
// Each kind of layer of conventional networks by itself, in random settings, against the plain simulator.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "tests/engine/random_conventional.h"
#include "tests/engine/reference_run.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

/// input -> (something that leaves gaps) -> the layer -> identity, i -> output. The i population tells what did not
/// arrive from +0 where its adder is approximate.
struct OneLayer : RandomConventional {
    explicit OneLayer(std::mt19937_64 generator) { random = std::move(generator); }

    bool input_events = true;
    Shape input;

    template <class Layer>
    void build(Layer layer) {
        special_values = chance(0.2);
        conventions();
        input_events = chance(0.5);
        input = pick<Shape>({{7}, {2, 5, 6}, {3, 4, 4}, {1, 6, 5}, {4, 5}, {5, 3, 2}});
        std::size_t source = add(nodes::Input{input}, input, {});
        if (chance(0.3)) {
            source = scale(source);  // values, but not everywhere
        }
        const std::size_t last = layer(*this, source);
        const std::size_t values = add(neuron(shape[last], "identity"), shape[last], {last});
        add(neuron(shape[last], "i"), shape[last], {last});
        add(nodes::Output{}, shape[last], {values});
    }
};

struct Kind {
    const char* name;
    std::size_t (*layer)(OneLayer&, std::size_t);
};
void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

std::size_t image(OneLayer& r, std::size_t source) {
    return r.shape[source].size() == 1 ? r.drawn(source, {2, 3, 4}) : source;
}
template <std::size_t kModel>
std::size_t model(OneLayer& r, std::size_t source) {
    constexpr const char* kModels[] = {"relu", "clip",     "leaky_relu", "hard_sigmoid", "hard_swish",
                                       "qcfs", "identity", "negate",     "sigmoid",      "tanh"};
    return r.add(r.neuron(r.shape[source], kModels[kModel]), r.shape[source], {source});
}

constexpr Kind kKinds[] = {
    {"scale", [](OneLayer& r, std::size_t s) { return r.scale(s); }},
    {"bias", [](OneLayer& r, std::size_t s) { return r.addend(s); }},
    {"batchnorm", [](OneLayer& r, std::size_t s) { return r.batch_norm(s); }},
    {"multiply", [](OneLayer& r, std::size_t s) { return r.multiply(s); }},
    {"concat", [](OneLayer& r, std::size_t s) { return r.concat(s); }},
    {"rearrange", [](OneLayer& r, std::size_t s) { return r.rearrange(s); }},
    {"reshape", [](OneLayer& r, std::size_t s) { return r.reshape(s); }},
    {"pool", [](OneLayer& r, std::size_t s) { return r.pool(image(r, s)); }},
    {"lrn", [](OneLayer& r, std::size_t s) { return r.lrn(s); }},
    {"softmax", [](OneLayer& r, std::size_t s) { return r.softmax(s); }},
    {"relu", model<0>},
    {"clip", model<1>},
    {"leaky_relu", model<2>},
    {"hard_sigmoid", model<3>},
    {"hard_swish", model<4>},
    {"qcfs", model<5>},
    {"identity", model<6>},
    {"negate", model<7>},
    {"sigmoid", model<8>},
    {"tanh", model<9>},
};

class ReferenceLayers : public ::testing::TestWithParam<Kind> {};

std::string units(const SimulationOptions& options) {
    return to_string(options.arithmetic.synapse_add) + " " + to_string(options.arithmetic.synapse_mul) + " " +
           to_string(options.arithmetic.neuron_add) + " " + to_string(options.arithmetic.neuron_mul) +
           (options.multiply_spikes ? " multiply spikes" : "") + (options.input_events ? " events" : " analog");
}

void round_by_chance(RandomChoices& r, SimulationOptions& options) {
    const std::vector<std::string> adders{"exact@bf16/sr", "exact@fp32/sr", "exact(order=tree)@fp8_e5m2/sr",
                                          "exact(subnormals=flush)@e4m3/sr", "loa(k=4)@bf16/sr"};
    const std::vector<std::string> multipliers{"exact@bf16/sr", "exact@fp32/sr", "exact@fp8_e5m2/sr",
                                               "drum(k=4)@fp16/sr"};
    options.arithmetic = {parse_multiplier(r.pick(multipliers)), parse_adder(r.pick(adders)),
                          parse_multiplier(r.pick(multipliers)), parse_adder(r.pick(adders))};
}

TEST_P(ReferenceLayers, EqualThePlainSimulatorBitForBit) {
    const std::size_t count = testing::samples(600);
    std::size_t failures = 0;
    Compared compared;
    for (std::size_t n = 0; n < count && failures < 5; ++n) {
        OneLayer r(testing::test_random(n));
        r.build(GetParam().layer);
        const EncodedSample sample = random_sample(r, element_count(r.input), r.input_events);
        SimulationOptions options = random_options(r);
        options.input_events = r.input_events;
        if (n % 4 == 0) {
            round_by_chance(r, options);
        }
        std::string difference;
        try {
            difference = compare_with_reference(r.network, options, sample, compared);
        } catch (const std::exception& error) {
            difference = error.what();
        }
        if (!difference.empty()) {
            ++failures;
            ADD_FAILURE() << "network " << n << ": " << difference << "\n  " << units(options);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReferenceLayers, ::testing::ValuesIn(kKinds),
                         [](const ::testing::TestParamInfo<Kind>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace axfire::test
