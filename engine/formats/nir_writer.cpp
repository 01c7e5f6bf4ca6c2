// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/nir_writer.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/atomic_file.h"
#include "engine/formats/hdf5.h"
#include "engine/network/check.h"
#include "neurons/model_info.h"

namespace axfire {
namespace {

constexpr unsigned kDeflate = 4;
constexpr const char* kNirVersion = "1.0.8";  // the version of the reference package that the layout follows

/// A parameter of ours and the NIR field that holds it. Of others the default alone can be written.
struct Field {
    const char* parameter;
    const char* nir;
};

struct NeuronType {
    const char* model;
    const char* nir;
    std::vector<Field> fields;
};

const std::vector<NeuronType>& neuron_types() {
    static const Field kCommon[] = {{"r", "r"}, {"v_leak", "v_leak"}};
    static const Field kFire[] = {{"v_threshold", "v_threshold"}, {"v_reset", "v_reset"}};
    static const Field kSynapse[] = {{"tau_syn", "tau_syn"}, {"tau_mem", "tau_mem"}, {"w_in", "w_in"}};
    static const std::vector<NeuronType> types{
        {"if", "IF", {kCommon[0], kFire[0], kFire[1]}},
        {"i", "I", {kCommon[0]}},
        {"lif", "LIF", {{"tau_mem", "tau"}, kCommon[0], kCommon[1], kFire[0], kFire[1]}},
        {"li", "LI", {{"tau_mem", "tau"}, kCommon[0], kCommon[1]}},
        {"cubalif", "CubaLIF", {kSynapse[0], kSynapse[1], kSynapse[2], kCommon[0], kCommon[1], kFire[0], kFire[1]}},
        {"cubali", "CubaLI", {kSynapse[0], kSynapse[1], kSynapse[2], kCommon[0], kCommon[1]}}};
    return types;
}

std::vector<std::int64_t> wide(const Shape& shape) {
    return {shape.begin(), shape.end()};
}

std::vector<std::int64_t> wide(const std::array<std::size_t, 2>& pair) {
    return {static_cast<std::int64_t>(pair[0]), static_cast<std::int64_t>(pair[1])};
}

/// One value for each element, where there may be one for all.
template <class T>
std::vector<T> spread(const std::vector<T>& values, std::size_t count) {
    return values.size() == count ? values : std::vector<T>(count, values.at(0));
}

/// Writes the type and the fields of one node into its group.
struct NodeWriter {
    hid_t group;
    const Node& node;
    const Shape& in;   // of its first source; its own for the input
    const Shape& out;  // of the node

    void operator()(const nodes::Input&) const {
        type("Input");
        integers("shape", wide(out));
    }

    void operator()(const nodes::Output&) const {
        type("Output");
        keep_shape();
        integers("shape", wide(out));
    }

    void operator()(const nodes::Linear& linear) const {
        if (in.size() != 1) {
            refuse(fmt::format("an input of shape {}, where NIR's takes a vector; put a flatten node before it",
                               to_string(in)));
        }
        type(linear.bias.empty() ? "Linear" : "Affine");
        tensor("weight", linear.weight);
        tensor("bias", linear.bias);
    }

    void operator()(const nodes::Conv2d& conv) const {
        require_image();
        type("Conv2d");
        tensor("weight", conv.weight);
        const std::size_t channels = conv.weight.shape[0];
        tensor("bias", conv.bias.empty() ? Tensor{{channels}, std::vector<float>(channels)} : conv.bias);
        integers("input_shape", wide(Shape{in[1], in[2]}));
        integers("stride", wide(conv.stride));
        integers("dilation", wide(conv.dilation));
        hdf5::write_scalar(group, "groups", static_cast<std::int64_t>(conv.groups));
        if (conv.pad_same) {
            hdf5::write_strings(group, "padding", {"same"}, {});
        } else {
            require_symmetric(conv.pad_begin, conv.pad_end);
            integers("padding", wide(conv.pad_begin));
        }
    }

    void operator()(const nodes::Pool2d& pool) const {
        require_image();
        if (pool.kind == nodes::Pool2d::Kind::maximum) {
            refuse("a maximum over windows");
        }
        if (pool.extra_end != std::array<std::size_t, 2>{0, 0}) {
            refuse("windows that reach past the padding");
        }
        if (pool.dilation != std::array<std::size_t, 2>{1, 1}) {
            refuse("windows with gaps (dilation)");
        }
        require_symmetric(pool.pad_begin, pool.pad_end);
        const bool average = pool.kind == nodes::Pool2d::Kind::average;
        if (average && !pool.count_include_pad && pool.pad_begin != std::array<std::size_t, 2>{0, 0}) {
            refuse("an average that leaves padding out (count_include_pad off)");
        }
        type(average ? "AvgPool2d" : "SumPool2d");
        integers("kernel_size", wide(pool.kernel));
        integers("stride", wide(pool.stride));
        integers("padding", wide(pool.pad_begin));
    }

    void operator()(const nodes::Flatten& flatten) const {
        type("Flatten");
        integers("input_type", wide(in));
        hdf5::write_scalar(group, "start_dim", std::int64_t{flatten.start_dim});
        hdf5::write_scalar(group, "end_dim", std::int64_t{flatten.end_dim});
    }

    template <class Other>
    void operator()(const Other&) const {
        refuse("a type of node");
    }

    void operator()(const nodes::Scale& scale) const {
        if (scale.divide) {
            refuse("a division");
        }
        type("Scale");
        elementwise("scale", scale.scale.data);
    }

    void operator()(const nodes::Threshold& threshold) const {
        type("Threshold");
        elementwise("threshold", threshold.threshold.data);
    }

    void operator()(const nodes::Delay& delay) const {
        type("Delay");
        elementwise("delay", delay.delay_s);
    }

    void operator()(const nodes::Neuron& neuron) const {
        const auto& types = neuron_types();
        const auto found =
            std::find_if(types.begin(), types.end(), [&](const NeuronType& t) { return neuron.model == t.model; });
        const ModelInfo* model = find_model(neuron.model.c_str());
        if (found == types.end() || model == nullptr) {
            refuse("a neuron model that NIR does not have");
        }
        type(found->nir);
        for (unsigned i = 0; i < model->parameter_count; ++i) {
            const ModelParameter& parameter = model->parameters[i];
            const auto field = std::find_if(found->fields.begin(), found->fields.end(), [&](const Field& f) {
                return std::string_view(f.parameter) == parameter.name;
            });
            if (field != found->fields.end()) {
                elementwise(field->nir, values_of(neuron, parameter));
            } else if (values_of(neuron, parameter) != default_of(neuron, *model, parameter)) {
                refuse(fmt::format("a parameter {} that differs from its default", parameter.name));
            }
        }
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        throw InputError(fmt::format("{}: has {}, which NIR cannot express; write a model file (.h5) instead",
                                     describe(node), what));
    }

    /// The default of a parameter; one that is NaN stands for the value of v_leak.
    std::vector<double> default_of(const nodes::Neuron& neuron, const ModelInfo& model,
                                   const ModelParameter& parameter) const {
        if (!std::isnan(parameter.default_value)) {
            return std::vector<double>(element_count(out), parameter.default_value);
        }
        for (unsigned i = 0; i < model.parameter_count; ++i) {
            if (std::string_view(model.parameters[i].name) == "v_leak") {
                return values_of(neuron, model.parameters[i]);
            }
        }
        return {};
    }

    std::vector<double> values_of(const nodes::Neuron& neuron, const ModelParameter& parameter) const {
        const ModelInfo& model = *find_model(neuron.model.c_str());
        const auto given = neuron.parameters.find(parameter.name);
        return given != neuron.parameters.end() ? spread(given->second, element_count(out))
                                                : default_of(neuron, model, parameter);
    }

    void require_image() const {
        if (in.size() != 3) {
            refuse(fmt::format("an input of shape {} (NIR's is channels x height x width)", to_string(in)));
        }
    }

    void require_symmetric(const std::array<std::size_t, 2>& begin, const std::array<std::size_t, 2>& end) const {
        if (begin != end) {
            refuse(fmt::format("padding of {}, {} before and {}, {} after", begin[0], begin[1], end[0], end[1]));
        }
    }

    void keep_shape() const {
        if (in != out) {
            refuse(fmt::format("the shape {} for an input of {}", to_string(out), to_string(in)));
        }
    }

    void type(const char* name) const { hdf5::write_strings(group, "type", {name}, {}); }

    void integers(const char* name, const std::vector<std::int64_t>& values) const {
        hdf5::write_dataset(group, name, values, {values.size()});
    }

    void tensor(const char* name, const Tensor& tensor) const {
        if (tensor.empty()) {
            return;
        }
        for (const float value : tensor.data) {
            if (!std::isfinite(value)) {
                refuse(fmt::format("the value {} in its {}", value, name));
            }
        }
        hdf5::write_dataset(group, name, tensor.data, tensor.shape, kDeflate);
    }

    /// NIR reads the node's shape from its parameters, so that each is written in full.
    template <class T>
    void elementwise(const char* name, const std::vector<T>& values) const {
        keep_shape();
        hdf5::write_dataset(group, name, spread(values, element_count(out)), out, kDeflate);
    }
};

}  // namespace

void write_nir(const Network& network, const std::filesystem::path& file, bool overwrite) {
    const Topology topology = analyse(network);
    const Hdf5Lock lock;
    const Hdf5Handle memory = hdf5::create_memory_file();
    hdf5::write_strings(memory, "version", {kNirVersion}, {});
    const Hdf5Handle graph = hdf5::create_group(memory, "node");
    hdf5::write_strings(graph, "type", {"NIRGraph"}, {});
    const Hdf5Handle members = hdf5::create_group(graph, "nodes");
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const Hdf5Handle group = hdf5::create_group(members, network.nodes[i].name);
        for (const auto* sources : {&topology.feed_forward[i], &topology.recurrent[i]}) {
            for (const std::size_t source : *sources) {
                if (std::holds_alternative<nodes::Neuron>(network.nodes[i].kind) &&
                    topology.shape[source] != topology.shape[i]) {
                    throw InputError(fmt::format(
                        "{}: has the shape {} for an input of {}, which NIR cannot express; write a model file (.h5) "
                        "instead",
                        describe(network.nodes[i]), to_string(topology.shape[i]), to_string(topology.shape[source])));
                }
            }
        }
        const std::size_t first = !topology.feed_forward[i].empty() ? topology.feed_forward[i][0]
                                  : !topology.recurrent[i].empty()  ? topology.recurrent[i][0]
                                                                    : i;
        std::visit(NodeWriter{group, network.nodes[i], topology.shape[first], topology.shape[i]},
                   network.nodes[i].kind);
    }
    std::vector<std::string> names;
    for (const Edge& edge : network.edges) {
        names.push_back(network.nodes[edge.from].name);
        names.push_back(network.nodes[edge.to].name);
    }
    hdf5::write_strings(graph, "edges", names, {network.edges.size(), 2});
    const std::vector<unsigned char> image = hdf5::file_image(memory);
    write_file_atomically(file, image.data(), image.size(), overwrite);
}

}  // namespace axfire
