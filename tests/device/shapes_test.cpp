// SPDX-License-Identifier: Apache-2.0
// Layers of ragged sizes, around those of warps and blocks, on the device and on the CPU.
#include "tests/device/compare.h"
#include "tests/engine/networks.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

class DeviceShapes : public ::testing::Test {
protected:
    Tensor random_tensor(Shape shape) {
        Tensor t;
        t.data.resize(element_count(shape));
        for (float& x : t.data) {
            x = static_cast<float>(static_cast<int>(random_() % 2001) - 1000) / 2000.0f;
        }
        t.shape = std::move(shape);
        return t;
    }

    /// `steps` steps, of events or of values.
    EncodedSample sample(std::size_t size, std::uint32_t steps, bool events, std::uint64_t number) {
        EncodedSample s;
        s.steps = steps;
        s.sample_index = number;
        if (!events) {
            s.constant = true;
            for (std::size_t i = 0; i < size; ++i) {
                s.values.push_back(static_cast<float>(random_() % 256) / 255.0f);
            }
            return s;
        }
        s.step_begin.push_back(0);
        for (std::uint32_t t = 0; t < steps; ++t) {
            for (u32 i = 0; t != 1 && i < size; ++i) {  // one step is silent
                if (random_() % 4 == 0) {
                    s.index.push_back(i);
                    s.amplitude.push_back(random_() % 5 == 0 ? 3.0f : 1.0f);
                }
            }
            s.step_begin.push_back(static_cast<std::uint32_t>(s.index.size()));
        }
        return s;
    }

    std::string compare_all(const Network& network, std::size_t inputs, bool events, std::size_t samples = 2) {
        SimulationOptions options = arithmetic("loa(k=12)@fp32", "exact@fp32", "exact@fp32", "exact@fp32");
        options.input_events = events;
        std::vector<EncodedSample> list;
        for (std::size_t i = 0; i < samples; ++i) {
            list.push_back(sample(inputs, events ? 3 : 2, events, 10 + i));
        }
        return compare(network, options, list);
    }

    std::mt19937_64 random_ = testing::test_random();
};

TEST_F(DeviceShapes, Linear) {
    AXFIRE_NEEDS_DEVICE();
    for (const bool events : {true, false}) {
        for (const auto& [in, out] :
             {std::pair{1, 1}, {31, 33}, {32, 32}, {255, 10}, {256, 128}, {257, 129}, {513, 17}, {70, 300}}) {
            const auto inputs = static_cast<std::size_t>(in), outputs = static_cast<std::size_t>(out);
            const nodes::Linear linear{random_tensor({outputs, inputs}),
                                       out % 2 != 0 ? random_tensor({outputs}) : Tensor{}};
            const Network network =
                chain({inputs}, {{"fc", linear}, neuron("if", "if", outputs, {{"v_threshold", {0.4}}})});
            EXPECT_EQ(compare_all(network, inputs, events), "") << in << " to " << out << (events ? ", events" : "");
        }
    }
}

TEST_F(DeviceShapes, Convolution) {
    AXFIRE_NEEDS_DEVICE();
    struct Case {
        std::size_t in, out, groups, height, width, kernel, stride, pad, dilation;
    };
    for (const bool events : {true, false}) {
        for (const Case& c :
             {Case{1, 1, 1, 1, 1, 1, 1, 0, 1}, Case{2, 33, 1, 7, 5, 3, 2, 1, 1}, Case{6, 6, 6, 9, 4, 3, 1, 1, 1},
              Case{4, 10, 2, 6, 11, 2, 3, 0, 2}, Case{3, 16, 1, 8, 8, 5, 1, 2, 1}, Case{2, 3, 1, 5, 17, 4, 2, 3, 1}}) {
            nodes::Conv2d conv;
            conv.weight = random_tensor({c.out, c.in / c.groups, c.kernel, c.kernel});
            conv.bias = c.out % 2 != 0 ? random_tensor({c.out}) : Tensor{};
            conv.groups = c.groups;
            conv.stride = {c.stride, c.stride};
            conv.pad_begin = conv.pad_end = {c.pad, c.pad};
            conv.dilation = {c.dilation, c.dilation};
            const auto extent = [&](std::size_t in) {
                return (in + 2 * c.pad - (c.kernel - 1) * c.dilation - 1) / c.stride + 1;
            };
            const Shape shape{c.out, extent(c.height), extent(c.width)};
            const Network network =
                chain({c.in, c.height, c.width},
                      {{"conv", conv}, {"if", nodes::Neuron{"if", shape, {{"v_threshold", {0.4}}}}}});
            EXPECT_EQ(compare_all(network, c.in * c.height * c.width, events), "")
                << c.in << " to " << c.out << ", kernel " << c.kernel << (events ? ", events" : "");
        }
    }
}

TEST_F(DeviceShapes, Pooling) {
    AXFIRE_NEEDS_DEVICE();
    for (const bool events : {true, false}) {
        for (const auto kind : {nodes::Pool2d::Kind::sum, nodes::Pool2d::Kind::average, nodes::Pool2d::Kind::maximum}) {
            for (const std::size_t size : {2, 5, 13}) {
                nodes::Pool2d pool;
                pool.kind = kind;
                pool.kernel = {2, size < 3 ? 2u : 3u};
                pool.stride = {2, 1};
                const Shape shape{3, (size - 2) / 2 + 1, size - pool.kernel[1] + 1};
                const Network network = chain(
                    {3, size, size}, {{"pool", pool}, {"if", nodes::Neuron{"if", shape, {{"v_threshold", {1.5}}}}}});
                EXPECT_EQ(compare_all(network, 3 * size * size, events), "")
                    << size << ", kind " << static_cast<int>(kind) << (events ? ", events" : "");
            }
        }
    }
}

/// Every model, in numbers around a warp, with a second source.
TEST_F(DeviceShapes, Populations) {
    AXFIRE_NEEDS_DEVICE();
    std::size_t n = 30;
    for (const ModelInfo* const* m = all_models(); *m != nullptr; ++m, ++n) {
        const ModelInfo& model = **m;
        std::map<std::string, std::vector<double>> parameters;
        for (unsigned i = 0; i < model.parameter_count; ++i) {
            const std::string name = model.parameters[i].name;
            if (model.parameters[i].required) {
                parameters[name] = {name.starts_with("tau") ? 0.004 : 0.5};
            }
        }
        const Network network = chain({n}, {neuron(model.name, model.name, n, parameters)});
        EXPECT_EQ(compare_all(network, n, false, 3), "") << model.name;
    }
}

}  // namespace

}  // namespace axfire::test
