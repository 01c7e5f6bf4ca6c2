// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/atomic_file.h"
#include "engine/formats/hdf5.h"
#include "engine/formats/model_file.h"
#include "engine/formats/model_writer.h"
#include "engine/network/check.h"
#include "engine/network/conventions.h"

namespace axfire {
namespace {

constexpr unsigned kDeflate = 4;

std::vector<std::uint64_t> wide(const Shape& shape) {
    return {shape.begin(), shape.end()};
}

std::vector<std::uint64_t> wide(const std::array<std::size_t, 2>& pair) {
    return {pair[0], pair[1]};
}

/// Writes the fields of one node into its group.
struct NodeWriter {
    hid_t group;
    const Node& node;

    void operator()(const nodes::Input& input) const { hdf5::write_attribute(group, "shape", wide(input.shape)); }

    void operator()(const nodes::Output& output) const { hdf5::write_attribute(group, "shape", wide(output.shape)); }

    void operator()(const nodes::Linear& linear) const {
        write("weight", linear.weight);
        write("bias", linear.bias);
    }

    void operator()(const nodes::Conv2d& conv) const {
        write("weight", conv.weight);
        write("bias", conv.bias);
        hdf5::write_attribute(group, "stride", wide(conv.stride));
        hdf5::write_attribute(group, "pad_begin", wide(conv.pad_begin));
        hdf5::write_attribute(group, "pad_end", wide(conv.pad_end));
        hdf5::write_attribute(group, "dilation", wide(conv.dilation));
        hdf5::write_attribute(group, "groups", std::uint64_t{conv.groups});
        hdf5::write_attribute(group, "pad_same", std::uint8_t{conv.pad_same});
    }

    void operator()(const nodes::Pool2d& pool) const {
        hdf5::write_attribute(group, "kernel", wide(pool.kernel));
        hdf5::write_attribute(group, "stride", wide(pool.stride));
        hdf5::write_attribute(group, "pad_begin", wide(pool.pad_begin));
        hdf5::write_attribute(group, "pad_end", wide(pool.pad_end));
        hdf5::write_attribute(group, "extra_end", wide(pool.extra_end));
        hdf5::write_attribute(group, "dilation", wide(pool.dilation));
        hdf5::write_attribute(group, "count_include_pad", std::uint8_t{pool.count_include_pad});
    }

    void operator()(const nodes::Flatten& flatten) const {
        hdf5::write_attribute(group, "start_dim", std::int32_t{flatten.start_dim});
        hdf5::write_attribute(group, "end_dim", std::int32_t{flatten.end_dim});
    }

    void operator()(const nodes::Reshape& reshape) const { hdf5::write_attribute(group, "shape", wide(reshape.shape)); }

    void operator()(const nodes::Rearrange& rearrange) const {
        hdf5::write_attribute(group, "shape", wide(rearrange.shape));
        hdf5::write_dataset(group, "source", rearrange.source, {rearrange.source.size()}, kDeflate);
        hdf5::write_attribute(group, "fill", double{rearrange.fill});
    }

    void operator()(const nodes::Concat& concat) const {
        hdf5::write_attribute(group, "axis", std::int32_t{concat.axis});
        hdf5::write_strings(group, "inputs", concat.inputs, {concat.inputs.size()});
    }

    void operator()(const nodes::Multiply& multiply) const {
        hdf5::write_strings(group, "inputs", multiply.inputs, {multiply.inputs.size()});
    }

    void operator()(const nodes::Scale& scale) const {
        write("scale", scale.scale);
        hdf5::write_attribute(group, "divide", std::uint8_t{scale.divide});
    }

    void operator()(const nodes::Bias& bias) const { write("bias", bias.bias); }

    void operator()(const nodes::BatchNorm& norm) const {
        write("gamma", norm.gamma);
        write("beta", norm.beta);
        write("mean", norm.mean);
        write("variance", norm.variance);
        hdf5::write_attribute(group, "epsilon", norm.epsilon);
    }

    void operator()(const nodes::Lrn& lrn) const {
        hdf5::write_attribute(group, "size", std::uint64_t{lrn.size});
        hdf5::write_attribute(group, "alpha", lrn.alpha);
        hdf5::write_attribute(group, "beta", lrn.beta);
        hdf5::write_attribute(group, "bias", lrn.bias);
    }

    void operator()(const nodes::Softmax& softmax) const {
        hdf5::write_attribute(group, "axis", std::int32_t{softmax.axis});
    }

    void operator()(const nodes::Threshold& threshold) const { write("threshold", threshold.threshold); }

    void operator()(const nodes::Delay& delay) const {
        hdf5::write_attribute(group, "shape", wide(delay.shape));
        hdf5::write_dataset(group, "delay", delay.delay_s, {delay.delay_s.size()}, kDeflate);
    }

    void operator()(const nodes::Neuron& neuron) const {
        hdf5::write_attribute(group, "shape", wide(neuron.shape));
        const Hdf5Handle parameters = hdf5::create_group(group, "parameters");
        for (const auto& [name, values] : neuron.parameters) {
            hdf5::write_dataset(parameters, name, values, {values.size()}, kDeflate);
        }
    }

private:
    void write(const char* name, const Tensor& tensor) const {
        if (tensor.empty()) {
            return;
        }
        for (const float value : tensor.data) {
            if (!std::isfinite(value)) {
                throw InputError(fmt::format("{}: its {} holds {}; a model file holds finite values only",
                                             describe(node), name, value));
            }
        }
        hdf5::write_dataset(group, name, tensor.data, tensor.shape, kDeflate);
    }
};

void write_conventions(hid_t file, const Conventions& conventions) {
    const Hdf5Handle group = hdf5::create_group(file, "conventions");
    hdf5::write_attribute(group, "dt_ms", conventions.dt_ms);
    hdf5::write_attribute(group, "reset", to_string(conventions.reset));
    hdf5::write_attribute(group, "integrate", to_string(conventions.integrate));
    hdf5::write_attribute(group, "fire", to_string(conventions.fire));
    hdf5::write_attribute(group, "input_gain", to_string(conventions.input_gain));
    hdf5::write_attribute(group, "cuba_order", to_string(conventions.cuba_order));
    hdf5::write_attribute(group, "decay_gain", to_string(conventions.decay_gain));
}

}  // namespace

void write_model_objects(const Network& network, const Hdf5Handle& file) {
    analyse(network);
    if (!(network.conventions.dt_ms > 0) || !std::isfinite(network.conventions.dt_ms)) {
        throw InputError(
            fmt::format("the time step is {} ms; it must be finite and greater than 0", network.conventions.dt_ms));
    }
    hdf5::write_attribute(file, "format", kModelFormat);
    hdf5::write_attribute(file, "version", std::int32_t{kModelVersion});
    hdf5::write_attribute(file, "provenance", network.provenance);
    write_conventions(file, network.conventions);
    const Hdf5Handle nodes = hdf5::create_group(file, "nodes");
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const Node& node = network.nodes[i];
        const Hdf5Handle group = hdf5::create_group(nodes, node.name);
        hdf5::write_attribute(group, "index", std::uint64_t{i});
        hdf5::write_attribute(group, "type", type_name(node));
        std::visit(NodeWriter{group, node}, node.kind);
    }
    std::vector<std::string> names;
    for (const Edge& edge : network.edges) {
        names.push_back(network.nodes[edge.from].name);
        names.push_back(network.nodes[edge.to].name);
    }
    hdf5::write_strings(file, "edges", names, {network.edges.size(), 2});
}

void write_model(const Network& network, const std::filesystem::path& file, bool overwrite) {
    const Hdf5Lock lock;
    const Hdf5Handle memory = hdf5::create_memory_file();
    write_model_objects(network, memory);
    const std::vector<unsigned char> image = hdf5::file_image(memory);
    write_file_atomically(file, image.data(), image.size(), overwrite);
}

}  // namespace axfire
