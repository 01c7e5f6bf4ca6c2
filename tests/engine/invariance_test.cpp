// SPDX-License-Identifier: Apache-2.0
// One result for every way to cut the work, and another one as soon as anything that matters is different.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "arith/error.h"
#include "engine/simulation/runner.h"
#include "tests/engine/networks.h"

namespace axfire::test {

namespace {

/// Analog samples from a seeded generator, in place of files.
class RandomImages : public Dataset {
public:
    std::size_t size() const override { return 40; }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        std::mt19937 random(static_cast<unsigned>(i));
        Sample sample;
        sample.label = static_cast<std::int32_t>(i % 5);
        for (int k = 0; k < 2 * 9 * 9; ++k) {
            sample.values.push_back(static_cast<float>(random() % 256) / 255.0f);
        }
        return sample;
    }

private:
    std::vector<std::size_t> shape_{2, 9, 9};
};

Tensor random_tensor(Shape shape, unsigned seed) {
    std::mt19937 random(seed);
    Tensor t;
    t.data.resize(element_count(shape));
    for (float& x : t.data) {
        x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 2000.0f;
    }
    t.shape = std::move(shape);
    return t;
}

Network small_network() {
    nodes::Conv2d conv;
    conv.weight = random_tensor({20, 2, 3, 3}, 1);
    conv.bias = random_tensor({20}, 2);
    conv.pad_begin = conv.pad_end = {1, 1};
    nodes::Linear linear{random_tensor({5, 20 * 3 * 3}, 3), {}};
    nodes::Pool2d pool;
    pool.kernel = pool.stride = {3, 3};
    Conventions how;
    how.reset = Reset::subtract;
    return chain({2, 9, 9},
                 {{"conv", conv},
                  {"if1", nodes::Neuron{"if", {20, 9, 9}, {{"v_threshold", {1.0}}}}},
                  {"pool", pool},
                  {"flat", nodes::Flatten{}},
                  {"fc", linear},
                  neuron("lif", "lif", 5, {{"tau_mem", {0.004}}, {"v_threshold", {0.5}}})},
                 how);
}

std::uint64_t hash_of(const Network& network, Encoding encoding, std::uint64_t seed, unsigned threads,
                      std::size_t batch, SimulationOptions options = {}, std::size_t memory = 0,
                      Schedule* schedule = nullptr, std::size_t samples = 40) {
    options.input_events = encoding != Encoding::direct;
    const Simulation simulation(network, options);
    RunOptions o;
    o.encoder = {encoding, BinEvents::count, 12, 1.0, seed, 1.0};
    o.samples = samples;
    o.threads = threads;
    o.batch = batch;
    o.memory = memory;
    const RunTotals totals = run_samples(simulation, RandomImages(), o, [](auto, const RunTotals&) {});
    if (schedule != nullptr) {
        *schedule = totals.schedule;
    }
    return totals.result_hash;
}

}  // namespace

TEST(Invariance, ThreadsAndBatchChangeNothing) {
    const Network network = small_network();
    for (const Encoding encoding : {Encoding::direct, Encoding::poisson}) {
        const std::uint64_t hash = hash_of(network, encoding, 1, 1, 1);
        for (const unsigned threads : {1u, 2u, 5u}) {
            for (const std::size_t batch : {1u, 7u, 32u, 100u}) {
                EXPECT_EQ(hash_of(network, encoding, 1, threads, batch), hash)
                    << threads << " threads, batch " << batch;
            }
        }
    }
}

TEST(Invariance, ThreadsThatShareASampleChangeNothing) {
    // Layers large enough to be cut: rows of a convolution, with lanes along channels and along rows, and outputs.
    nodes::Conv2d narrow;
    narrow.weight = random_tensor({3, 2, 33, 33}, 1);
    narrow.bias = random_tensor({3}, 2);
    narrow.pad_begin = narrow.pad_end = {16, 16};
    nodes::Conv2d wide;
    wide.weight = random_tensor({300, 3, 5, 5}, 3);
    wide.stride = {1, 2};
    wide.pad_begin = wide.pad_end = {3, 2};
    wide.dilation = {2, 1};
    const nodes::Linear linear{random_tensor({200, 300 * 7 * 5}, 4), random_tensor({200}, 5)};
    const Network network = chain({2, 9, 9},
                                  {{"narrow", narrow},
                                   {"relu", nodes::Neuron{"relu", {3, 9, 9}, {}}},
                                   {"wide", wide},
                                   {"relu2", nodes::Neuron{"relu", {300, 7, 5}, {}}},
                                   {"flat", nodes::Flatten{}},
                                   {"fc", linear},
                                   neuron("relu3", "relu", 200, {})},
                                  {});
    for (const char* const add : {"loa(k=12)@fp32", "exact@bf16/sr"}) {
        const SimulationOptions options = arithmetic(add, "exact@fp32", "exact@fp32", "exact@fp32");
        const std::uint64_t hash = hash_of(network, Encoding::direct, 1, 1, 32, options, 0, nullptr, 3);
        for (const unsigned threads : {2u, 3u, 7u, 20u}) {
            Schedule schedule{};
            EXPECT_EQ(hash_of(network, Encoding::direct, 1, threads, 32, options, 0, &schedule, 3), hash)
                << threads << " threads, " << add;
            EXPECT_EQ(schedule.threads, std::min(threads, 3u));
            EXPECT_EQ(schedule.threads_of_sample, std::max(1u, threads / 3));
        }
    }
}

TEST(Invariance, MemoryDecidesTheStepsAtOnceAndChangesNothing) {
    const Network network = small_network();
    Schedule unbounded{};
    const std::uint64_t hash = hash_of(network, Encoding::poisson, 1, 2, 32, {}, 0, &unbounded);
    EXPECT_EQ(unbounded.steps_at_once, 12u);
    EXPECT_GT(unbounded.parts, 1u);
    std::size_t least = unbounded.bytes;  // that is not refused
    std::set<std::size_t> steps;
    for (std::size_t memory = unbounded.bytes; memory > 0; memory -= std::min(memory, unbounded.bytes / 50)) {
        Schedule schedule{};
        try {
            EXPECT_EQ(hash_of(network, Encoding::poisson, 1, 2, 32, {}, memory, &schedule), hash) << memory;
        } catch (const InputError& e) {
            EXPECT_NE(std::string(e.what()).find("--memory"), std::string::npos) << e.what();
            break;
        }
        EXPECT_LE(schedule.bytes, memory);
        least = memory;
        steps.insert(schedule.steps_at_once);
    }
    EXPECT_LT(least, unbounded.bytes * 2 / 3);
    EXPECT_GT(steps.size(), 4u);
}

TEST(Invariance, SeedWeightAndAdderChangeTheResult) {
    const Network network = small_network();
    const std::uint64_t hash = hash_of(network, Encoding::poisson, 1, 2, 32);
    EXPECT_NE(hash_of(network, Encoding::poisson, 2, 2, 32), hash);
    EXPECT_NE(hash_of(network, Encoding::poisson, 1, 2, 32,
                      arithmetic("loa(k=12)@fp32", "exact@fp32", "exact@fp32", "exact@fp32")),
              hash);
    EXPECT_NE(hash_of(network, Encoding::poisson, 1, 2, 32,
                      arithmetic("exact@fp32", "exact@fp32", "exact@bf16", "exact@fp32")),
              hash);
    Network other = network;
    std::get<nodes::Linear>(other.nodes[5].kind).weight.data[7] += 0.25f;
    EXPECT_NE(hash_of(other, Encoding::poisson, 1, 2, 32), hash);
    // Direct input draws nothing: the seed does not matter.
    EXPECT_EQ(hash_of(network, Encoding::direct, 1, 2, 32), hash_of(network, Encoding::direct, 2, 2, 32));
}

TEST(Invariance, OrderOfNodesAndEdgesInTheFileChangesNothing) {
    const Network network = small_network();
    Network shuffled = network;
    std::mt19937 random(5);
    std::vector<std::size_t> to(network.nodes.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
        to[i] = i;
    }
    std::shuffle(to.begin(), to.end(), random);
    for (std::size_t i = 0; i < to.size(); ++i) {
        shuffled.nodes[to[i]] = network.nodes[i];
    }
    for (Edge& e : shuffled.edges) {
        e = {to[e.from], to[e.to]};
    }
    std::shuffle(shuffled.edges.begin(), shuffled.edges.end(), random);
    EXPECT_EQ(hash_of(shuffled, Encoding::poisson, 1, 2, 32), hash_of(network, Encoding::poisson, 1, 2, 32));
}

}  // namespace axfire::test
