// SPDX-License-Identifier: Apache-2.0
// Keras models: small ones, as Keras lays its files out, beside sums written down in Keras' own order of axes.
#include "engine/formats/keras_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "arith/error.h"
#include "engine/formats/hdf5.h"
#include "engine/formats/load_network.h"
#include "tests/engine/networks.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_folder.h"

namespace axfire {
namespace {

using testing::TemporaryFolder;

struct KerasFile {
    Hdf5Handle file = hdf5::create_memory_file();
    std::string layers;

    KerasFile& layer(const std::string& type, const std::string& name, const std::string& config = "") {
        layers += (layers.empty() ? "" : ", ") + ("{\"class_name\": \"" + type + "\", \"config\": {\"name\": \"" +
                                                  name + "\"" + (config.empty() ? "" : ", " + config) + "}}");
        return *this;
    }
    KerasFile& weight(const std::string& layer, const std::string& what, const std::vector<float>& values,
                      const hdf5::Dims& dims) {
        hdf5::write_dataset(file, "model_weights/" + layer + "/" + layer + "/" + what + ":0", values, dims);
        return *this;
    }
    std::filesystem::path write(const TemporaryFolder& folder, const std::string& kind = "Sequential") {
        hdf5::write_attribute(file, "keras_version", "2.11.0");
        hdf5::write_attribute(
            file, "model_config",
            "{\"class_name\": \"" + kind + "\", \"config\": {\"name\": \"m\", \"layers\": [" + layers + "]}}");
        const std::vector<unsigned char> image = hdf5::file_image(file);
        return folder.write("m.h5", {image.begin(), image.end()});
    }
};

std::vector<float> random_values(std::size_t n, std::mt19937_64& random) {
    std::vector<float> values(n);
    for (float& v : values) {
        v = (static_cast<float>(random() % 65) - 32) / 32;
    }
    return values;
}

std::string error_of(KerasFile& f, const std::string& kind = "Sequential") {
    const TemporaryFolder folder;
    try {
        load_network(f.write(folder, kind));
    } catch (const InputError& e) {
        EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
        return e.what();
    }
    return "";
}

TEST(Keras, ASequentialModelIsComputedInItsOwnOrder) {
    std::mt19937_64 random = testing::test_random();
    constexpr std::size_t H = 5, W = 4, C = 3, F = 2, M = 2;  // image, filters, depth multiplier
    const auto kernel = random_values(3 * 3 * C * F, random);
    const auto bias = random_values(F, random);
    const auto depthwise = random_values(2 * 2 * F * M, random);
    const auto gamma = random_values(F * M, random), beta = random_values(F * M, random);
    const auto mean = random_values(F * M, random);
    const std::vector<float> variance{0.5F, 1, 2, 0.25F};
    const auto dense = random_values(2 * 1 * F * M * 3, random);
    KerasFile f;
    f.layer("InputLayer", "in", "\"batch_input_shape\": [null, 5, 4, 3]")
        .layer("Conv2D", "c",
               "\"filters\": 2, \"kernel_size\": [3, 3], \"strides\": [1, 1], \"padding\": \"same\", \"data_format\": "
               "\"channels_last\", \"activation\": \"relu\", \"use_bias\": true")
        .layer("MaxPooling2D", "p", "\"pool_size\": [2, 2], \"strides\": [2, 2], \"padding\": \"same\"")
        .layer("DepthwiseConv2D", "d", "\"strides\": [1, 1], \"padding\": \"valid\", \"use_bias\": false")
        .layer("BatchNormalization", "b", "\"epsilon\": 0.5, \"axis\": [3]")
        .layer("Dropout", "o")
        .layer("Flatten", "f")
        .layer("Dense", "y", "\"units\": 3, \"use_bias\": false, \"activation\": \"tanh\"");
    f.weight("c", "kernel", kernel, {3, 3, C, F}).weight("c", "bias", bias, {F});
    f.weight("d", "depthwise_kernel", depthwise, {2, 2, F, M});
    f.weight("b", "gamma", gamma, {F * M}).weight("b", "beta", beta, {F * M});
    f.weight("b", "moving_mean", mean, {F * M}).weight("b", "moving_variance", variance, {F * M});
    f.weight("y", "kernel", dense, {2 * 1 * F * M, 3});
    const TemporaryFolder folder;
    const Network network = load_network(f.write(folder));

    const auto x = random_values(H * W * C, random);  // [y][x][channel]
    double conv[H][W][F];
    for (int y = 0; y < int(H); ++y) {
        for (int c = 0; c < int(W); ++c) {
            for (std::size_t o = 0; o < F; ++o) {
                double sum = bias[o];
                for (int ky = 0; ky < 3; ++ky) {
                    for (int kx = 0; kx < 3; ++kx) {
                        const int iy = y + ky - 1, ix = c + kx - 1;
                        for (std::size_t i = 0; i < C && iy >= 0 && iy < int(H) && ix >= 0 && ix < int(W); ++i) {
                            sum += double(x[(std::size_t(iy) * W + std::size_t(ix)) * C + i]) *
                                   kernel[((std::size_t(ky) * 3 + std::size_t(kx)) * C + i) * F + o];
                        }
                    }
                }
                conv[y][c][o] = std::max(0.0, sum);
            }
        }
    }
    double pooled[3][2][F];  // five rows in windows of two: the last has one
    for (std::size_t y = 0; y < 3; ++y) {
        for (std::size_t c = 0; c < 2; ++c) {
            for (std::size_t o = 0; o < F; ++o) {
                pooled[y][c][o] = 0;
                for (std::size_t k = 0; k < 4; ++k) {
                    if (2 * y + k / 2 < H) {
                        pooled[y][c][o] = std::max(pooled[y][c][o], conv[2 * y + k / 2][2 * c + k % 2][o]);
                    }
                }
            }
        }
    }
    std::vector<double> flat;  // [y][x][channel]
    for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t i = 0; i < F; ++i) {
            for (std::size_t m = 0; m < M; ++m) {
                double sum = 0;
                for (std::size_t k = 0; k < 4; ++k) {
                    sum += pooled[y + k / 2][k % 2][i] * depthwise[(k * F + i) * M + m];
                }
                const std::size_t n = i * M + m;
                flat.push_back((sum - mean[n]) / std::sqrt(variance[n] + 0.5) * gamma[n] + beta[n]);
            }
        }
    }
    std::vector<float> channels_first(x.size());
    for (std::size_t i = 0; i < C; ++i) {
        for (std::size_t p = 0; p < H * W; ++p) {
            channels_first[i * H * W + p] = x[p * C + i];
        }
    }
    SimulationOptions options;
    options.input_events = false;
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    const SampleResult result = simulation.run(test::constant_input(channels_first, 1), {}, workspace);
    for (std::size_t o = 0; o < 3; ++o) {
        double sum = 0;
        for (std::size_t i = 0; i < flat.size(); ++i) {
            sum += flat[i] * dense[i * 3 + o];
        }
        EXPECT_NEAR(result.readout[o], std::tanh(sum), 1e-5);
    }
}

TEST(Keras, WhatIsNotSupportedIsSaid) {  // one file in memory at a time
    {
        KerasFile lstm;
        lstm.layer("InputLayer", "in", "\"batch_input_shape\": [null, 4]").layer("LSTM", "l").layer("GRU", "g");
        EXPECT_NE(error_of(lstm).find("layers that are not supported: LSTM ('l'), GRU ('g')"), std::string::npos);
    }
    {
        KerasFile functional;
        EXPECT_NE(error_of(functional, "Functional").find("only Sequential ones are read"), std::string::npos);
    }
    {
        KerasFile unbuilt;
        unbuilt.layer("Dense", "d", "\"units\": 3");
        EXPECT_NE(error_of(unbuilt).find("does not say the shape of its input"), std::string::npos);
    }
    {
        KerasFile missing;
        missing.layer("Dense", "d", "\"batch_input_shape\": [null, 4]").weight("d", "bias", {1}, {1});
        EXPECT_NE(error_of(missing).find("the layer 'd' (Dense): its weight 'kernel' is not in the file"),
                  std::string::npos);
    }
    {
        KerasFile misfit;
        misfit.layer("Dense", "d", "\"batch_input_shape\": [null, 4]").weight("d", "kernel", {1, 2, 3}, {3, 1});
        EXPECT_NE(error_of(misfit).find("does not fit its input of 4"), std::string::npos);
    }
    {
        KerasFile swish;
        swish.layer("Dense", "d", "\"batch_input_shape\": [null, 1], \"use_bias\": false, \"activation\": \"swish\"")
            .weight("d", "kernel", {1}, {1, 1});
        EXPECT_NE(error_of(swish).find("its activation 'swish' is not supported"), std::string::npos);
    }
}

TEST(Keras, ADamagedConfigurationIsOneLine) {
    const TemporaryFolder folder;
    for (const char* text :
         {"", "{", "[]", "{\"class_name\": 3}", "{\"class_name\": \"Sequential\", \"config\": 5}",
          "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Dense\"}]}}"}) {
        const Hdf5Handle file = hdf5::create_memory_file();
        hdf5::write_attribute(file, "model_config", text);
        const std::vector<unsigned char> image = hdf5::file_image(file);
        try {
            parse_keras(folder.write("m.h5", {image.begin(), image.end()}));
            ADD_FAILURE() << text;
        } catch (const InputError& e) {
            EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
        }
    }
}

}  // namespace
}  // namespace axfire
