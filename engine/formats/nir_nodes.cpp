// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/nir_nodes.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <fmt/format.h>

namespace axfire {
namespace {

using Pair = std::array<std::size_t, 2>;

constexpr double kMaxInteger = 2147483647;

/// The group of one node.
struct Group {
    const Hdf5Reader& file;
    const std::string& path;

    std::string at(const char* field) const { return path + "/" + field; }
    bool has(const char* field) const { return file.has(at(field)); }

    /// Numbers that must be finite.
    Hdf5Array<double> doubles(const char* field) const { return finite(field, file.doubles(at(field))); }

    Tensor tensor(const char* field) const {
        Hdf5Array<float> array = finite(field, file.floats(at(field)));
        return {std::move(array.dims), std::move(array.values)};
    }

    /// Whole numbers from `least` on; files hold them as integers or as floats.
    std::vector<double> whole(const char* field, double least) const {
        std::vector<double> values = file.doubles(at(field)).values;
        for (const double value : values) {
            if (!(value >= least && value <= kMaxInteger && value == std::floor(value))) {
                file.fail(at(field), fmt::format("holds {} where a whole number from {} on is expected", value, least));
            }
        }
        return values;
    }

    double whole_number(const char* field, double least) const {
        const std::vector<double> values = whole(field, least);
        if (values.size() != 1) {
            file.fail(at(field), fmt::format("holds {} numbers where one is expected", values.size()));
        }
        return values[0];
    }

    /// Rows and columns: one number for both, or two.
    Pair pair(const char* field, double least) const {
        const std::vector<double> values = whole(field, least);
        if (values.size() != 1 && values.size() != 2) {
            file.fail(at(field), fmt::format("holds {} numbers where one or two are expected", values.size()));
        }
        return {static_cast<std::size_t>(values.front()), static_cast<std::size_t>(values.back())};
    }

    Shape shape(const char* field) const {
        const std::vector<double> values = whole(field, 1);
        return {values.begin(), values.end()};
    }

    /// A field that is there but unknown could change what the node does.
    void allow_only(std::initializer_list<const char*> fields) const {
        constexpr const char* kDescriptions[] = {"type", "metadata", "input_type", "output_type", "name"};
        for (const std::string& name : file.children(path)) {
            const auto same = [&](const char* known) { return name == known; };
            if (std::none_of(fields.begin(), fields.end(), same) &&
                std::none_of(std::begin(kDescriptions), std::end(kDescriptions), same)) {
                file.fail(path + "/" + name,
                          fmt::format("is not a field of this node type, which has {}", fmt::join(fields, ", ")));
            }
        }
    }

private:
    template <class T>
    Hdf5Array<T> finite(const char* field, Hdf5Array<T> array) const {
        if (array.values.empty()) {
            file.fail(at(field), "holds no values");
        }
        for (const T value : array.values) {
            if (!std::isfinite(value)) {
                file.fail(at(field), fmt::format("holds the value {}; values must be finite in {}", value,
                                                 sizeof(T) == 4 ? "binary32" : "binary64"));
            }
        }
        return array;
    }
};

NodeKind read_input(const Group& group) {
    group.allow_only({"shape"});
    return nodes::Input{group.shape("shape")};
}

NodeKind read_output(const Group& group) {
    group.allow_only({"shape"});
    return nodes::Output{group.has("shape") ? group.shape("shape") : Shape{}};
}

NodeKind read_linear(const Group& group) {
    group.allow_only({"weight"});
    return nodes::Linear{group.tensor("weight"), {}};
}

NodeKind read_affine(const Group& group) {
    group.allow_only({"weight", "bias"});
    return nodes::Linear{group.tensor("weight"), group.tensor("bias")};
}

NodeKind read_conv2d(const Group& group) {
    group.allow_only({"input_shape", "weight", "bias", "stride", "padding", "dilation", "groups"});
    nodes::Conv2d conv;
    conv.weight = group.tensor("weight");
    if (conv.weight.shape.size() != 4) {
        group.file.fail(group.at("weight"), fmt::format("has the shape {}; it must be C_out x C_in/groups x K_h x K_w",
                                                        to_string(conv.weight.shape)));
    }
    if (group.has("bias")) {
        conv.bias = group.tensor("bias");
    }
    conv.stride = group.pair("stride", 1);
    conv.dilation = group.pair("dilation", 1);
    conv.groups = static_cast<std::size_t>(group.whole_number("groups", 1));
    // input_shape is not read: it is wrong in some files, and the shapes follow from the input node.
    if (!group.file.is_text(group.at("padding"))) {
        conv.pad_begin = conv.pad_end = group.pair("padding", 0);
        return conv;
    }
    const std::string padding = group.file.text(group.at("padding"));
    if (padding == "same") {
        conv.pad_same = true;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t pad = conv.dilation[axis] * (conv.weight.shape[2 + axis] - 1);
            conv.pad_begin[axis] = pad / 2;
            conv.pad_end[axis] = pad - pad / 2;
        }
    } else if (padding != "valid") {
        group.file.fail(group.at("padding"), fmt::format("is '{}'; it must be 'same', 'valid' or numbers", padding));
    }
    return conv;
}

NodeKind read_pool(const Group& group, nodes::Pool2d::Kind kind) {
    group.allow_only({"kernel_size", "stride", "padding"});
    nodes::Pool2d pool;
    pool.kind = kind;
    pool.kernel = group.pair("kernel_size", 1);
    pool.stride = group.pair("stride", 1);
    pool.pad_begin = pool.pad_end = group.pair("padding", 0);
    return pool;
}

NodeKind read_sum_pool(const Group& group) {
    return read_pool(group, nodes::Pool2d::Kind::sum);
}
NodeKind read_average_pool(const Group& group) {
    return read_pool(group, nodes::Pool2d::Kind::average);
}

NodeKind read_flatten(const Group& group) {
    group.allow_only({"start_dim", "end_dim"});
    return nodes::Flatten{static_cast<int>(group.whole_number("start_dim", -kMaxInteger)),
                          static_cast<int>(group.whole_number("end_dim", -kMaxInteger))};
}

NodeKind read_scale(const Group& group) {
    group.allow_only({"scale"});
    return nodes::Scale{group.tensor("scale")};
}

NodeKind read_threshold(const Group& group) {
    group.allow_only({"threshold"});
    return nodes::Threshold{group.tensor("threshold")};
}

NodeKind read_delay(const Group& group) {
    group.allow_only({"delay"});
    Hdf5Array<double> delay = group.doubles("delay");
    return nodes::Delay{std::move(delay.dims), std::move(delay.values)};
}

/// A NIR field and the parameter of ours that it becomes.
struct Field {
    const char* nir;
    const char* parameter;
    bool required = true;
};

/// A population; its shape is that of its parameters, of which some may be single numbers.
NodeKind read_neuron(const Group& group, const char* model, std::initializer_list<Field> fields) {
    nodes::Neuron neuron;
    neuron.model = model;
    const char* shaped_by = nullptr;
    for (const Field& field : fields) {
        if (!field.required && !group.has(field.nir)) {
            continue;
        }
        Hdf5Array<double> array = group.doubles(field.nir);
        const bool one = array.values.size() == 1;
        if (!one && shaped_by != nullptr && array.dims != neuron.shape) {
            group.file.fail(group.at(field.nir), fmt::format("has the shape {}, but {} has {}", to_string(array.dims),
                                                             shaped_by, to_string(neuron.shape)));
        }
        if (!one) {
            shaped_by = field.nir;
        }
        if (!one || (shaped_by == nullptr && neuron.shape.empty())) {
            neuron.shape = std::move(array.dims);
        }
        neuron.parameters[field.parameter] = std::move(array.values);
    }
    return neuron;
}

NodeKind read_if(const Group& group) {
    group.allow_only({"r", "v_threshold", "v_reset"});
    return read_neuron(group, "if", {{"r", "r"}, {"v_threshold", "v_threshold"}, {"v_reset", "v_reset", false}});
}

NodeKind read_i(const Group& group) {
    group.allow_only({"r"});
    return read_neuron(group, "i", {{"r", "r"}});
}

NodeKind read_lif(const Group& group) {
    group.allow_only({"tau", "r", "v_leak", "v_threshold", "v_reset"});
    return read_neuron(group, "lif",
                       {{"tau", "tau_mem"},
                        {"r", "r"},
                        {"v_leak", "v_leak"},
                        {"v_threshold", "v_threshold"},
                        {"v_reset", "v_reset", false}});
}

NodeKind read_li(const Group& group) {
    group.allow_only({"tau", "r", "v_leak"});
    return read_neuron(group, "li", {{"tau", "tau_mem"}, {"r", "r"}, {"v_leak", "v_leak"}});
}

NodeKind read_cubalif(const Group& group) {
    group.allow_only({"tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"});
    return read_neuron(group, "cubalif",
                       {{"tau_syn", "tau_syn"},
                        {"tau_mem", "tau_mem"},
                        {"r", "r"},
                        {"v_leak", "v_leak"},
                        {"v_threshold", "v_threshold"},
                        {"v_reset", "v_reset", false},
                        {"w_in", "w_in", false}});
}

NodeKind read_cubali(const Group& group) {
    group.allow_only({"tau_syn", "tau_mem", "r", "v_leak", "w_in"});
    return read_neuron(
        group, "cubali",
        {{"tau_syn", "tau_syn"}, {"tau_mem", "tau_mem"}, {"r", "r"}, {"v_leak", "v_leak"}, {"w_in", "w_in", false}});
}

struct Type {
    const char* name;
    NodeKind (*read)(const Group&);
};

constexpr Type kTypes[] = {
    {"Affine", read_affine},
    {"AvgPool2d", read_average_pool},
    {"Conv2d", read_conv2d},
    {"CubaLI", read_cubali},
    {"CubaLIF", read_cubalif},
    {"Delay", read_delay},
    {"Flatten", read_flatten},
    {"I", read_i},
    {"IF", read_if},
    {"Input", read_input},
    {"LI", read_li},
    {"LIF", read_lif},
    {"Linear", read_linear},
    {"Output", read_output},
    {"Scale", read_scale},
    {"SumPool2d", read_sum_pool},
    {"Threshold", read_threshold},
};

}  // namespace

std::optional<NodeKind> read_nir_node(const Hdf5Reader& file, const std::string& path, const std::string& type) {
    for (const Type& known : kTypes) {
        if (type == known.name) {
            return known.read(Group{file, path});
        }
    }
    return std::nullopt;
}

std::string supported_nir_types() {
    std::string list;
    for (const Type& known : kTypes) {
        list += (list.empty() ? "" : ", ") + std::string(known.name);
    }
    return list + ", NIRGraph";
}

}  // namespace axfire
