// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/keras_reader.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arith/error.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/keras_layouts.h"

namespace axfire {

namespace {

using Json = nlohmann::json;

/// A number of the configuration as an extent.
std::size_t extent(const Json& json) {
    const std::int64_t value = json.get<std::int64_t>();
    if (value < 1 || value > 1 << 24) {
        throw InputError(fmt::format("has the extent {}; it must be 1 to {}", value, 1 << 24));
    }
    return static_cast<std::size_t>(value);
}

std::array<std::size_t, 2> pair(const Json& json) {
    if (json.is_array() && json.size() == 2) {
        return {extent(json[0]), extent(json[1])};
    }
    return {extent(json), extent(json)};
}

class Reader {
public:
    explicit Reader(const std::filesystem::path& path) : file_(path) {}

    Network read() {
        const Json model = Json::parse(file_.text_attribute("/", "model_config"));
        if (model.at("class_name") != "Sequential") {
            throw InputError(
                fmt::format("is a Keras model of the kind {}; only Sequential ones are read, others as ONNX",
                            model.at("class_name").dump()));
        }
        const Json& config = model.at("config");
        const Json& layers = config.is_array() ? config : config.at("layers");
        check_supported(layers);
        for (const Json& layer : layers) {
            channels_first_ = channels_first_ || layer.at("config").value("data_format", "") == "channels_first";
        }
        for (const Json& layer : layers) {
            name_ = layer.at("config").at("name").get<std::string>();
            const std::string type = layer.at("class_name").get<std::string>();
            try {
                if (shape_.empty()) {
                    add_input(layer.at("config"));
                }
                importers().at(type)(*this, layer.at("config"));
            } catch (const InputError& error) {
                throw InputError(fmt::format("the layer '{}' ({}): {}", name_, type, error.what()));
            }
        }
        if (shape_.empty()) {
            throw InputError("has no layers");
        }
        add("output", nodes::Output{});
        network_.provenance = "Keras";
        return std::move(network_);
    }

private:
    using Import = std::function<void(Reader&, const Json&)>;

    static const std::map<std::string, Import>& importers() {
        using Kind = nodes::Pool2d::Kind;
        static const std::map<std::string, Import> table{
            {"InputLayer", [](Reader&, const Json&) {}},
            {"Dropout", [](Reader&, const Json&) {}},
            {"SpatialDropout2D", [](Reader&, const Json&) {}},
            {"GaussianNoise", [](Reader&, const Json&) {}},
            {"ActivityRegularization", [](Reader&, const Json&) {}},
            {"Conv2D", [](Reader& r, const Json& c) { r.convolution(c, false); }},
            {"DepthwiseConv2D", [](Reader& r, const Json& c) { r.convolution(c, true); }},
            {"Dense", [](Reader& r, const Json& c) { r.dense(c); }},
            {"BatchNormalization", [](Reader& r, const Json& c) { r.batch_normalization(c); }},
            {"Activation", [](Reader& r, const Json& c) { r.activation(c.at("activation").get<std::string>()); }},
            {"ReLU", [](Reader& r, const Json& c) { r.relu(c); }},
            {"LeakyReLU", [](Reader& r, const Json& c) { r.leaky_relu(c); }},
            {"Softmax", [](Reader& r, const Json&) { r.activation("softmax"); }},
            {"MaxPooling2D", [](Reader& r, const Json& c) { r.pool(c, Kind::maximum); }},
            {"AveragePooling2D", [](Reader& r, const Json& c) { r.pool(c, Kind::average); }},
            {"GlobalMaxPooling2D", [](Reader& r, const Json& c) { r.whole_image(c, Kind::maximum); }},
            {"GlobalAveragePooling2D", [](Reader& r, const Json& c) { r.whole_image(c, Kind::average); }},
            {"ZeroPadding2D", [](Reader& r, const Json& c) { r.zero_padding(c); }},
            {"Flatten", [](Reader& r, const Json&) { r.flatten(); }},
        };
        return table;
    }

    static void check_supported(const Json& layers) {
        std::string unknown;
        for (const Json& layer : layers) {
            const std::string type = layer.at("class_name").get<std::string>();
            if (!importers().contains(type)) {
                unknown += fmt::format("{}{} ('{}')", unknown.empty() ? "" : ", ", type,
                                       layer.at("config").at("name").get<std::string>());
            }
        }
        if (!unknown.empty()) {
            throw InputError(fmt::format("has layers that are not supported: {}", unknown));
        }
    }

    void add(std::string name, NodeKind kind) {
        std::replace(name.begin(), name.end(), '/', '.');
        network_.nodes.push_back({std::move(name), std::move(kind)});
        if (network_.nodes.size() > 1) {
            network_.edges.push_back({network_.nodes.size() - 2, network_.nodes.size() - 1});
        }
    }

    void add_input(const Json& config) {
        const char* const keys[] = {"batch_input_shape", "batch_shape"};
        const auto key =
            std::find_if(std::begin(keys), std::end(keys), [&](const char* k) { return config.contains(k); });
        if (key == std::end(keys)) {
            throw InputError("does not say the shape of its input; build the model before saving it");
        }
        const Json& given = config.at(*key);
        for (std::size_t axis = 1; axis < given.size(); ++axis) {
            if (!given[axis].is_number_integer()) {
                throw InputError("its input has an axis without a fixed extent");
            }
            shape_.push_back(extent(given[axis]));
        }
        if (shape_.size() != 1 && shape_.size() != 3) {
            throw InputError(fmt::format("its input is {}; only vectors and images are supported", to_string(shape_)));
        }
        if (shape_.size() == 3 && !channels_first_) {
            shape_ = {shape_[2], shape_[0], shape_[1]};
        }
        add("input", nodes::Input{shape_});
    }

    /// A weight of the current layer by the end of its name; its extents as Keras has them.
    Tensor weight(const std::string& what, bool required = true) const {
        const std::string group = "/model_weights/" + name_;
        std::vector<std::string> pending{group};
        while (!pending.empty()) {
            const std::string path = pending.back();
            pending.pop_back();
            if (!file_.has(path)) {
                continue;
            }
            if (file_.is_group(path)) {
                for (const std::string& child : file_.children(path)) {
                    pending.push_back(path + "/" + child);
                }
            } else if (path.ends_with("/" + what + ":0") || path.ends_with("/" + what)) {
                Hdf5Array<float> array = file_.floats(path);
                return {std::move(array.dims), std::move(array.values)};
            }
        }
        if (required) {
            throw InputError(fmt::format("its weight '{}' is not in the file", what));
        }
        return {};
    }

    void require_image() const {
        if (shape_.size() != 3) {
            throw InputError(fmt::format("gets {}, but takes images", to_string(shape_)));
        }
    }

    void pad(const Json& config, const std::array<std::size_t, 2>& span, const std::array<std::size_t, 2>& stride,
             std::array<std::size_t, 2>& begin, std::array<std::size_t, 2>& end) const {
        const KerasPadding padding = keras_padding(config.value("padding", "valid"), shape_, span, stride);
        begin = padding.begin;
        end = padding.end;
    }

    void convolution(const Json& config, bool depthwise) {
        require_image();
        const Tensor kernel = weight(depthwise ? "depthwise_kernel" : "kernel");
        nodes::Conv2d conv;
        conv.weight = keras_convolution_weight(kernel, depthwise);
        conv.groups = depthwise ? kernel.shape[2] : extent(config.value("groups", Json(1)));
        if (conv.weight.shape[1] * conv.groups != shape_[0]) {
            throw InputError(
                fmt::format("its kernel {} does not fit its input of {}", to_string(kernel.shape), to_string(shape_)));
        }
        if (config.value("use_bias", true)) {
            conv.bias = weight("bias");
        }
        conv.stride = pair(config.value("strides", Json(1)));
        conv.dilation = pair(config.value("dilation_rate", Json(1)));
        const auto span = [&](std::size_t axis) { return conv.dilation[axis] * (kernel.shape[axis] - 1) + 1; };
        pad(config, {span(0), span(1)}, conv.stride, conv.pad_begin, conv.pad_end);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            shape_[1 + axis] = window_output_size(shape_[1 + axis], kernel.shape[axis], conv.stride[axis],
                                                  conv.pad_begin[axis] + conv.pad_end[axis], conv.dilation[axis]);
        }
        shape_[0] = conv.weight.shape[0];
        add(name_, std::move(conv));
        activation(config.value("activation", "linear"));
    }

    void dense(const Json& config) {
        const Tensor kernel = weight("kernel");  // [in][out]
        if (kernel.shape.size() != 2 || shape_ != Shape{kernel.shape[0]}) {
            throw InputError(
                fmt::format("its kernel {} does not fit its input of {}", to_string(kernel.shape), to_string(shape_)));
        }
        nodes::Linear linear;
        linear.weight = keras_dense_weight(kernel);
        if (config.value("use_bias", true)) {
            linear.bias = weight("bias");
        }
        shape_ = {kernel.shape[1]};
        add(name_, std::move(linear));
        activation(config.value("activation", "linear"));
    }

    void batch_normalization(const Json& config) {
        nodes::BatchNorm norm;
        const std::size_t channels = shape_[0];
        norm.mean = weight("moving_mean");
        norm.variance = weight("moving_variance");
        norm.gamma = weight("gamma", config.value("scale", true));
        norm.beta = weight("beta", config.value("center", true));
        for (auto& [tensor, missing] : {std::pair{&norm.gamma, 1.0F}, std::pair{&norm.beta, 0.0F}}) {
            if (tensor->empty()) {
                *tensor = {{channels}, std::vector<float>(channels, missing)};
            }
        }
        norm.epsilon = config.value("epsilon", 1e-3);
        add(name_, std::move(norm));
    }

    void activation(const std::string& name) {
        if (name == "linear") {
            return;
        }
        static const std::map<std::string, nodes::Neuron> known{
            {"relu", {"relu", {}, {}}},
            {"relu6", {"clip", {}, {{"low", {0}}, {"high", {6}}}}},
            {"sigmoid", {"sigmoid", {}, {}}},
            {"tanh", {"tanh", {}, {}}},
            {"hard_sigmoid", {"hard_sigmoid", {}, {{"alpha", {0.2}}, {"beta", {0.5}}}}}};
        const std::string own = network_.nodes.back().name == name_ ? name_ + "." + name : name_;
        if (name == "softmax") {
            add(own, nodes::Softmax{shape_.size() == 3 ? 0 : -1});  // over the channels
            return;
        }
        const auto found = known.find(name);
        if (found == known.end()) {
            throw InputError(
                fmt::format("its activation '{}' is not supported; known are linear, relu, relu6, sigmoid, "
                            "tanh, hard_sigmoid and softmax",
                            name));
        }
        nodes::Neuron neuron = found->second;
        neuron.shape = shape_;
        add(own, std::move(neuron));
    }

    void relu(const Json& config) {
        const auto number = [&](const char* key) {
            const Json value = config.value(key, Json());
            return value.is_null() ? 0.0 : value.get<double>();
        };
        if (number("negative_slope") != 0 || number("threshold") != 0) {
            throw InputError("its negative_slope and threshold must be 0");
        }
        if (number("max_value") != 0) {
            add(name_, nodes::Neuron{"clip", shape_, {{"low", {0}}, {"high", {number("max_value")}}}});
        } else {
            add(name_, nodes::Neuron{"relu", shape_, {}});
        }
    }

    void leaky_relu(const Json& config) {
        const double alpha =
            config.contains("negative_slope") ? config.at("negative_slope").get<double>() : config.value("alpha", 0.3);
        add(name_, nodes::Neuron{"leaky_relu", shape_, {{"alpha", {alpha}}}});
    }

    void pool(const Json& config, nodes::Pool2d::Kind kind) {
        require_image();
        nodes::Pool2d node{kind, pair(config.value("pool_size", Json(2)))};
        const Json strides = config.value("strides", Json());
        node.stride = strides.is_null() ? node.kernel : pair(strides);
        node.count_include_pad = false;
        pad(config, node.kernel, node.stride, node.pad_begin, node.pad_end);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            shape_[1 + axis] = window_output_size(shape_[1 + axis], node.kernel[axis], node.stride[axis],
                                                  node.pad_begin[axis] + node.pad_end[axis], 1);
        }
        add(name_, node);
    }

    void whole_image(const Json& config, nodes::Pool2d::Kind kind) {
        require_image();
        nodes::Pool2d node{kind, {shape_[1], shape_[2]}, {shape_[1], shape_[2]}};
        add(name_, node);
        const bool keeps = config.value("keepdims", false);
        shape_ = keeps ? Shape{shape_[0], 1, 1} : Shape{shape_[0]};
        if (!keeps) {
            add(name_ + ".flat", nodes::Reshape{shape_});
        }
    }

    void zero_padding(const Json& config) {
        require_image();
        KerasPadding padding;
        const auto extent_of = [&](std::size_t axis, std::size_t side) {
            const Json& given = config.at("padding");
            const Json& one = given.is_array() ? given.at(axis) : given;
            const Json& number = one.is_array() ? one.at(side) : one;
            const std::int64_t value = number.get<std::int64_t>();
            if (value < 0 || value > 1 << 12) {
                throw InputError(fmt::format("its padding {} must be 0 to {}", value, 1 << 12));
            }
            return static_cast<std::size_t>(value);
        };
        for (std::size_t axis = 0; axis < 2; ++axis) {
            padding.begin[axis] = extent_of(axis, 0);
            padding.end[axis] = extent_of(axis, 1);
        }
        nodes::Rearrange node = zero_padded(shape_, padding);
        shape_ = node.shape;
        add(name_, std::move(node));
    }

    void flatten() {
        const std::size_t count = element_count(shape_);
        if (shape_.size() == 3 && shape_[0] > 1 && shape_[1] * shape_[2] > 1 && !channels_first_) {
            add(name_, channels_last(shape_));
        } else {
            add(name_, nodes::Reshape{{count}});
        }
        shape_ = {count};
    }

    const Hdf5Reader file_;
    Network network_;
    std::string name_;  ///< of the current layer
    Shape shape_;       ///< of its input, channels first
    bool channels_first_ = false;
};

}  // namespace

Network parse_keras(const std::filesystem::path& path) {
    try {
        Network network = Reader(path).read();
        network.provenance = path.filename().string() + " (Keras)";
        return network;
    } catch (const nlohmann::json::exception& error) {
        throw InputError(fmt::format("{}: its model_config is damaged: {}", path.string(), error.what()));
    } catch (const InputError& error) {
        const std::string text = error.what();
        throw InputError(text.starts_with(path.string()) ? text : fmt::format("{}: {}", path.string(), text));
    }
}

}  // namespace axfire
