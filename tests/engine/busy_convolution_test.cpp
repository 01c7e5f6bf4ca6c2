// SPDX-License-Identifier: Apache-2.0
// Convolutions of so many events that they are made densely: bits and counts of the plain simulator.
#include "tests/engine/small_runs.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

constexpr std::size_t kChannels = 4, kHeight = 9, kWidth = 11;

/// Three steps: a silent one; spikes in the upper part of the image only, so that some sums are not reached; and
/// everywhere, each with that probability.
EncodedSample busy(std::mt19937_64& random, float probability, bool graded) {
    EncodedSample sample;
    sample.steps = 3;
    for (std::uint32_t t = 0; t < sample.steps; ++t) {
        sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
        for (std::uint32_t i = 0; i < kChannels * kHeight * kWidth; ++i) {
            const std::uint32_t y = i / kWidth % kHeight;
            if (t == 2 ? static_cast<float>(random() % 1000) < 1000 * probability : t == 1 && y < 6) {
                sample.index.push_back(i);
                sample.amplitude.push_back(graded && random() % 2 == 0 ? static_cast<float>(random() % 5) - 2 : 1);
            }
        }
    }
    sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
    return sample;
}

}  // namespace

TEST(BusyConvolution, GivesTheReferencesBitsAndCounts) {
    auto random = axfire::testing::test_random();
    std::uniform_real_distribution<float> unit(-1, 1);
    for (const std::size_t stride : {1u, 3u}) {
        for (const bool bias : {false, true}) {
            for (const bool graded : {false, true}) {
                for (const bool infinite : {false, true}) {
                    nodes::Conv2d node;
                    const std::size_t out = 18, taps = kChannels * 9;
                    node.weight = {{out, kChannels, 3, 3}, std::vector<float>(out * taps)};
                    for (float& w : node.weight.data) {
                        w = unit(random);
                    }
                    if (infinite) {  // 0 times which is not 0
                        node.weight.data[40] = INFINITY;
                    }
                    if (bias) {
                        node.bias = {{out}, std::vector<float>(out, 0.25F)};
                    }
                    node.stride = {stride, stride};
                    node.pad_begin = node.pad_end = {1, 1};
                    Network network = chain({kChannels, kHeight, kWidth}, {{"w", node}});
                    const std::size_t h = (kHeight - 1) / stride + 1, w = (kWidth - 1) / stride + 1;
                    network.nodes.insert(network.nodes.end() - 1,
                                         {"fires", nodes::Neuron{"if", {out, h, w}, {{"v_threshold", {1}}}}});
                    network.edges = {{0, 1}, {1, 2}, {2, 3}};
                    for (const float probability : {0.3F, 0.7F, 1.0F}) {
                        for (const bool multiplied : {false, true}) {
                            SimulationOptions options = with_adder("exact@fp32");
                            options.readout = Readout::spikes;
                            options.multiply_spikes = multiplied;
                            EXPECT_EQ(difference(network, busy(random, probability, graded), options), "")
                                << stride << bias << graded << infinite << probability << multiplied;
                        }
                    }
                }
            }
        }
    }
}

}  // namespace axfire::test
