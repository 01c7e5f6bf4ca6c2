// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "engine/formats/guarded_read.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/model_file.h"
#include "engine/network/conventions.h"
#include "neurons/model_info.h"

namespace axfire {
namespace {

/// The group of one node.
struct Group {
    const Hdf5Reader& file;
    const std::string& path;

    std::string at(const std::string& name) const { return path + "/" + name; }

    Tensor tensor(const char* name, bool required) const {
        if (!required && !file.has(at(name))) {
            return {};
        }
        Hdf5Array<float> array = file.floats(at(name));
        for (const float value : array.values) {
            if (!std::isfinite(value)) {
                file.fail(at(name), fmt::format("holds {}; values must be finite in binary32", value));
            }
        }
        return {std::move(array.dims), std::move(array.values)};
    }

    Shape sizes(const char* attribute) const {
        Shape shape;
        for (const std::int64_t value : file.integer_attribute(path, attribute)) {
            if (value < 0) {
                file.fail(path, fmt::format("the attribute '{}' holds {}; it must not be negative", attribute, value));
            }
            shape.push_back(static_cast<std::size_t>(value));
        }
        return shape;
    }

    std::array<std::size_t, 2> pair(const char* attribute) const {
        const Shape values = sizes(attribute);
        if (values.size() != 2) {
            file.fail(path,
                      fmt::format("the attribute '{}' holds {} values; it must hold 2", attribute, values.size()));
        }
        return {values[0], values[1]};
    }

    std::size_t size(const char* attribute) const {
        const Shape values = sizes(attribute);
        if (values.size() != 1) {
            file.fail(path,
                      fmt::format("the attribute '{}' holds {} values; it must hold 1", attribute, values.size()));
        }
        return values[0];
    }

    double number(const char* attribute) const {
        const std::vector<double> values = file.number_attribute(path, attribute);
        if (values.size() != 1 || !std::isfinite(values[0])) {
            file.fail(path, fmt::format("the attribute '{}' must be one finite number", attribute));
        }
        return values[0];
    }

    int axis(const char* attribute) const {
        const std::vector<std::int64_t> values = file.integer_attribute(path, attribute);
        if (values.size() != 1 || values[0] < std::numeric_limits<int>::min() ||
            values[0] > std::numeric_limits<int>::max()) {
            file.fail(path, fmt::format("the attribute '{}' must be one axis", attribute));
        }
        return static_cast<int>(values[0]);
    }
};

NodeKind read_conv2d(const Group& group) {
    nodes::Conv2d conv;
    conv.weight = group.tensor("weight", true);
    conv.bias = group.tensor("bias", false);
    conv.stride = group.pair("stride");
    conv.pad_begin = group.pair("pad_begin");
    conv.pad_end = group.pair("pad_end");
    conv.dilation = group.pair("dilation");
    conv.groups = group.size("groups");
    conv.pad_same = group.size("pad_same") != 0;
    return conv;
}

NodeKind read_pool(const Group& group, nodes::Pool2d::Kind kind) {
    nodes::Pool2d pool;
    pool.kind = kind;
    pool.kernel = group.pair("kernel");
    pool.stride = group.pair("stride");
    pool.pad_begin = group.pair("pad_begin");
    pool.pad_end = group.pair("pad_end");
    if (group.file.has_attribute(group.path, "extra_end")) {
        pool.extra_end = group.pair("extra_end");
    }
    if (group.file.has_attribute(group.path, "dilation")) {
        pool.dilation = group.pair("dilation");
    }
    pool.count_include_pad = group.size("count_include_pad") != 0;
    return pool;
}

NodeKind read_rearrange(const Group& group) {
    nodes::Rearrange rearrange;
    rearrange.shape = group.sizes("shape");
    for (const std::int64_t index : group.file.integers(group.at("source")).values) {
        if (index < 0 || index > std::numeric_limits<std::uint32_t>::max()) {
            group.file.fail(group.at("source"), fmt::format("holds {}; it must be an index of 32 bits", index));
        }
        rearrange.source.push_back(static_cast<std::uint32_t>(index));
    }
    rearrange.fill = static_cast<float>(group.number("fill"));
    return rearrange;
}

NodeKind read_batch_norm(const Group& group) {
    return nodes::BatchNorm{group.tensor("gamma", true), group.tensor("beta", true), group.tensor("mean", true),
                            group.tensor("variance", true), group.number("epsilon")};
}

NodeKind read_neuron(const Group& group, const std::string& model) {
    nodes::Neuron neuron{model, group.sizes("shape"), {}};
    for (const std::string& name : group.file.children(group.at("parameters"))) {
        neuron.parameters[name] = group.file.doubles(group.at("parameters/" + name)).values;
    }
    return neuron;
}

NodeKind read_node(const Group& group) {
    const std::string type = group.file.text_attribute(group.path, "type");
    if (type == "input") {
        return nodes::Input{group.sizes("shape")};
    }
    if (type == "output") {
        return nodes::Output{group.sizes("shape")};
    }
    if (type == "linear" || type == "affine") {
        return nodes::Linear{group.tensor("weight", true), group.tensor("bias", type == "affine")};
    }
    if (type == "conv2d") {
        return read_conv2d(group);
    }
    if (type == "sumpool2d" || type == "avgpool2d" || type == "maxpool2d") {
        return read_pool(group, type[0] == 's'   ? nodes::Pool2d::Kind::sum
                                : type[0] == 'a' ? nodes::Pool2d::Kind::average
                                                 : nodes::Pool2d::Kind::maximum);
    }
    if (type == "flatten") {
        return nodes::Flatten{group.axis("start_dim"), group.axis("end_dim")};
    }
    if (type == "reshape") {
        return nodes::Reshape{group.sizes("shape")};
    }
    if (type == "rearrange") {
        return read_rearrange(group);
    }
    if (type == "concat") {
        return nodes::Concat{group.axis("axis"), group.file.texts(group.at("inputs")).values};
    }
    if (type == "multiply") {
        return nodes::Multiply{group.file.texts(group.at("inputs")).values};
    }
    if (type == "scale") {
        const bool divide = group.file.has_attribute(group.path, "divide") && group.size("divide") != 0;
        return nodes::Scale{group.tensor("scale", true), divide};
    }
    if (type == "bias") {
        return nodes::Bias{group.tensor("bias", true)};
    }
    if (type == "batchnorm") {
        return read_batch_norm(group);
    }
    if (type == "lrn") {
        return nodes::Lrn{group.size("size"), group.number("alpha"), group.number("beta"), group.number("bias")};
    }
    if (type == "softmax") {
        return nodes::Softmax{group.axis("axis")};
    }
    if (type == "threshold") {
        return nodes::Threshold{group.tensor("threshold", true)};
    }
    if (type == "delay") {
        return nodes::Delay{group.sizes("shape"), group.file.doubles(group.at("delay")).values};
    }
    if (find_model(type.c_str()) != nullptr) {
        return read_neuron(group, type);
    }
    group.file.fail(group.path, fmt::format("has the type '{}', which this version does not know", type));
}

template <class E>
E read_choice(const Hdf5Reader& file, const char* name) {
    const std::string text = file.text_attribute("/conventions", name);
    const std::optional<E> value = find_choice<E>(text);
    if (!value) {
        file.fail("/conventions",
                  fmt::format("the attribute '{}' is '{}'; it must be one of {}", name, text, choice_list<E>()));
    }
    return *value;
}

Conventions read_conventions(const Hdf5Reader& file) {
    Conventions conventions;
    const std::vector<double> dt_ms = file.number_attribute("/conventions", "dt_ms");
    if (dt_ms.size() != 1 || !(dt_ms[0] > 0) || !std::isfinite(dt_ms[0])) {
        file.fail("/conventions", "the attribute 'dt_ms' must be one number, finite and greater than 0");
    }
    conventions.dt_ms = dt_ms[0];
    conventions.reset = read_choice<Reset>(file, "reset");
    conventions.integrate = read_choice<Integrate>(file, "integrate");
    conventions.fire = read_choice<Fire>(file, "fire");
    conventions.input_gain = read_choice<InputGain>(file, "input_gain");
    conventions.cuba_order = read_choice<CubaOrder>(file, "cuba_order");
    conventions.decay_gain = read_choice<DecayGain>(file, "decay_gain");
    return conventions;
}

void check_format(const Hdf5Reader& file) {
    if (!file.has_attribute("/", "format") || file.text_attribute("/", "format") != kModelFormat) {
        file.fail("/", fmt::format("its attribute 'format' is not '{}'; this is not a model file", kModelFormat));
    }
    const std::vector<std::int64_t> version = file.integer_attribute("/", "version");
    if (version != std::vector<std::int64_t>{kModelVersion}) {
        file.fail("/", fmt::format("is a model file of version {}; this program reads version {}: update it, or write "
                                   "the file anew",
                                   fmt::join(version, ","), kModelVersion));
    }
}

std::map<std::string, std::size_t> read_nodes(const Hdf5Reader& file, Network& network) {
    std::map<std::string, std::size_t> index_of;
    const std::vector<std::string> names = file.children("/nodes");
    network.nodes.resize(names.size());
    for (const std::string& name : names) {
        const std::string path = "/nodes/" + name;
        const Group group{file, path};
        const std::size_t index = group.size("index");
        if (index >= names.size() || !network.nodes[index].name.empty()) {
            file.fail(path, fmt::format("its index {} is too large or that of another node", index));
        }
        index_of[name] = index;
        network.nodes[index] = {name, read_node(group)};
    }
    return index_of;
}

}  // namespace

Network parse_model(const std::filesystem::path& path) {
    const Hdf5Reader file(path);
    check_format(file);
    Network network;
    network.provenance = file.text_attribute("/", "provenance");
    network.conventions = read_conventions(file);
    const std::map<std::string, std::size_t> index_of = read_nodes(file, network);
    const Hdf5Array<std::string> edges = file.texts("/edges");
    if (edges.dims.size() != 2 || edges.dims[1] != 2) {
        file.fail("/edges", fmt::format("has the shape {}; it must be edges x 2", to_string(edges.dims)));
    }
    for (std::size_t i = 0; i < edges.values.size(); i += 2) {
        const auto from = index_of.find(edges.values[i]);
        const auto to = index_of.find(edges.values[i + 1]);
        if (from == index_of.end() || to == index_of.end()) {
            file.fail("/edges", fmt::format("the edge '{}' -> '{}' names a node that is not there", edges.values[i],
                                            edges.values[i + 1]));
        }
        network.edges.push_back({from->second, to->second});
    }
    return network;
}

Network read_model(const std::filesystem::path& file) {
    return guarded_read(file, [&] { return parse_model(file); });
}

}  // namespace axfire
