// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/cases.h"

#include <cmath>

#include <fmt/format.h>

#include "arith/philox.h"

namespace axfire::bench {

namespace {

/// Numbers in [low, high), one behind the other.
class Numbers {
public:
    explicit Numbers(std::uint64_t seed) : seed_(seed) {}
    float next(float low, float high) {
        const PhiloxLanes<u32> counter{{n_++, 0, 0, 0}};
        const float unit = static_cast<float>(philox(counter, seed_).word[0] >> 8) * 0x1p-24f;
        return low + unit * (high - low);
    }
    std::vector<float> many(std::size_t n, float low, float high) {
        std::vector<float> values(n);
        for (float& x : values) {
            x = next(low, high);
        }
        return values;
    }

private:
    std::uint64_t seed_;
    u32 n_ = 0;
};

Network chain(const Shape& in, NodeKind layer) {
    Network network;
    network.nodes = {{"input", nodes::Input{in}}, {"layer", std::move(layer)}, {"output", nodes::Output{{}}}};
    network.edges = {{0, 1}, {1, 2}};
    return network;
}

EncodedSample analog(Numbers& numbers, std::size_t n) {
    EncodedSample sample;
    sample.steps = 1;
    sample.values = numbers.many(n, -1, 1);
    sample.constant = true;
    return sample;
}

/// Plain spikes: each of n inputs with that probability in each step.
EncodedSample spikes(Numbers& numbers, std::size_t n, std::uint32_t steps, float probability) {
    EncodedSample sample;
    sample.steps = steps;
    for (std::uint32_t t = 0; t < steps; ++t) {
        sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
        for (std::size_t i = 0; i < n; ++i) {
            if (numbers.next(0, 1) < probability) {
                sample.index.push_back(static_cast<std::uint32_t>(i));
                sample.amplitude.push_back(1);
            }
        }
    }
    sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
    return sample;
}

nodes::Linear linear(Numbers& numbers, std::size_t in, std::size_t out) {
    return {{{out, in}, numbers.many(out * in, -1, 1)}, {}};
}

nodes::Conv2d conv(Numbers& numbers, std::size_t in, std::size_t out, std::size_t groups) {
    nodes::Conv2d node;
    node.weight = {{out, in / groups, 3, 3}, numbers.many(out * (in / groups) * 9, -1, 1)};
    node.pad_begin = node.pad_end = {1, 1};
    node.groups = groups;
    return node;
}

nodes::Neuron neurons(const char* model, std::size_t n, std::map<std::string, std::vector<double>> parameters) {
    nodes::Neuron node{model, {n}, {}};
    node.parameters = std::move(parameters);
    return node;
}

constexpr std::size_t kFeatures = 512;
constexpr float kActive = 0.1f;

Case linear_of(Numbers& numbers, std::size_t n) {
    return {fmt::format("{0} to {0}", n), "MAC", chain({n}, linear(numbers, n, n)), analog(numbers, n), false};
}
Case linear_case(Numbers& numbers) {
    return linear_of(numbers, kFeatures);
}
Case conv_case(Numbers& numbers) {
    return {"32 to 32 channels, 3x3 on 16x16", "MAC", chain({32, 16, 16}, conv(numbers, 32, 32, 1)),
            analog(numbers, 32 * 16 * 16), false};
}
Case depthwise_case(Numbers& numbers) {
    return {"64 channels, 3x3 on 32x32", "MAC", chain({64, 32, 32}, conv(numbers, 64, 64, 64)),
            analog(numbers, 64 * 32 * 32), false};
}
Case linear_spikes_of(Numbers& numbers, std::size_t n, std::uint32_t steps, float active) {
    return {fmt::format("{0} to {0}, {1} steps, {2:g} % active", n, steps, 100 * active), "event",
            chain({n}, linear(numbers, n, n)), spikes(numbers, n, steps, active), true};
}
Case linear_spikes_case(Numbers& numbers) {
    return linear_spikes_of(numbers, kFeatures, 20, kActive);
}
Case conv_spikes_of(Numbers& numbers, float active) {
    return {fmt::format("32 to 32 channels, 3x3 on 16x16, 10 steps, {:g} % active", 100 * active), "event",
            chain({32, 16, 16}, conv(numbers, 32, 32, 1)), spikes(numbers, 32 * 16 * 16, 10, active), true};
}
Case conv_spikes_case(Numbers& numbers) {
    return conv_spikes_of(numbers, kActive);
}
Case neurons_of(Numbers& numbers, std::size_t n, const char* model,
                std::map<std::string, std::vector<double>> parameters) {
    Case c{fmt::format("{} neurons, 20 steps", n), "update", chain({n}, neurons(model, n, std::move(parameters))),
           analog(numbers, n), false};
    c.sample.steps = 20;
    return c;
}
Case neuron_case(Numbers& numbers, const char* model, std::map<std::string, std::vector<double>> parameters) {
    return neurons_of(numbers, 16384, model, std::move(parameters));
}
Case if_case(Numbers& numbers) {
    return neuron_case(numbers, "if", {{"v_threshold", {1.0}}});
}
Case lif_case(Numbers& numbers) {
    return neuron_case(numbers, "lif", {{"v_threshold", {1.0}}, {"tau_mem", {0.01}}});
}
Case cubalif_case(Numbers& numbers) {
    return neuron_case(numbers, "cubalif", {{"v_threshold", {1.0}}, {"tau_mem", {0.01}}, {"tau_syn", {0.005}}});
}

struct Entry {
    const char* name;
    Case (*make)(Numbers&);
};
constexpr Entry kCases[] = {{"linear", linear_case},
                            {"conv2d", conv_case},
                            {"depthwise", depthwise_case},
                            {"linear-spikes", linear_spikes_case},
                            {"conv2d-spikes", conv_spikes_case},
                            {"if", if_case},
                            {"lif", lif_case},
                            {"cubalif", cubalif_case}};

struct GrowthEntry {
    Growth growth;
    Case (*make)(Numbers&, double);
};
const std::vector<double> kPercentages = {0, 0.1, 1, 2, 5, 10, 20, 50, 100};
const GrowthEntry kGrowths[] = {
    {{"steps", "linear-spikes", {10, 20, 50, 100, 200, 500}},
     [](Numbers& numbers, double steps) {
         return linear_spikes_of(numbers, kFeatures, static_cast<std::uint32_t>(steps), kActive);
     }},
    {{"neurons", "lif", {1024, 4096, 16384, 65536, 262144}},
     [](Numbers& numbers, double n) {
         return neurons_of(numbers, static_cast<std::size_t>(n), "lif", {{"v_threshold", {1.0}}, {"tau_mem", {0.01}}});
     }},
    {{"synapses", "linear", {128.0 * 128, 256.0 * 256, 512.0 * 512, 1024.0 * 1024, 2048.0 * 2048}},
     [](Numbers& numbers, double n) { return linear_of(numbers, static_cast<std::size_t>(std::sqrt(n))); }},
    {{"active inputs, %", "linear-spikes", kPercentages},
     [](Numbers& numbers, double percent) {
         return linear_spikes_of(numbers, kFeatures, 20, static_cast<float>(percent / 100));
     }},
    {{"active inputs, %", "conv2d-spikes", kPercentages},
     [](Numbers& numbers, double percent) { return conv_spikes_of(numbers, static_cast<float>(percent / 100)); }},
};

}  // namespace

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (const Entry& entry : kCases) {
        names.emplace_back(entry.name);
    }
    return names;
}

Case make_case(const std::string& name, std::uint64_t seed) {
    const Entry* entry = kCases;
    while (name != entry->name) {
        ++entry;
    }
    Numbers numbers(seed);
    return entry->make(numbers);
}

std::vector<Growth> growths() {
    std::vector<Growth> all;
    for (const GrowthEntry& entry : kGrowths) {
        all.push_back(entry.growth);
    }
    return all;
}

Case make_growth_case(std::size_t growth, double value, std::uint64_t seed) {
    Numbers numbers(seed);
    return kGrowths[growth].make(numbers, value);
}

}  // namespace axfire::bench
