// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/cases.h"

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

Case linear_case(Numbers& numbers) {
    return {"512 to 512", "MAC", chain({kFeatures}, linear(numbers, kFeatures, kFeatures)), analog(numbers, kFeatures),
            false};
}
Case conv_case(Numbers& numbers) {
    return {"32 to 32 channels, 3x3 on 16x16", "MAC", chain({32, 16, 16}, conv(numbers, 32, 32, 1)),
            analog(numbers, 32 * 16 * 16), false};
}
Case depthwise_case(Numbers& numbers) {
    return {"64 channels, 3x3 on 32x32", "MAC", chain({64, 32, 32}, conv(numbers, 64, 64, 64)),
            analog(numbers, 64 * 32 * 32), false};
}
Case linear_spikes_case(Numbers& numbers) {
    return {"512 to 512, 10 % active", "event", chain({kFeatures}, linear(numbers, kFeatures, kFeatures)),
            spikes(numbers, kFeatures, 20, kActive), true};
}
Case conv_spikes_case(Numbers& numbers) {
    return {"32 to 32 channels, 3x3 on 16x16, 10 % active", "event", chain({32, 16, 16}, conv(numbers, 32, 32, 1)),
            spikes(numbers, 32 * 16 * 16, 10, kActive), true};
}
Case neuron_case(Numbers& numbers, const char* model, std::map<std::string, std::vector<double>> parameters) {
    constexpr std::size_t kNeurons = 16384;
    Case c{"16384 neurons", "update", chain({kNeurons}, neurons(model, kNeurons, std::move(parameters))),
           analog(numbers, kNeurons), false};
    c.sample.steps = 20;
    return c;
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

}  // namespace axfire::bench
