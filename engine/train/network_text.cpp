// SPDX-License-Identifier: Apache-2.0
#include "engine/train/network_text.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <toml.hpp>

#include "arith/error.h"
#include "engine/network/conventions.h"
#include "neurons/model_info.h"

namespace axfire::train {

namespace {

/// Builds the nodes of a description one after the other.
class Builder {
public:
    Builder(const std::string& where, const Shape& input) : where_(where), input_(input) {}

    DescribedNetwork build(const toml::value& root) {
        for (const auto& [key, value] : root.as_table()) {
            if (key == "input") {
                input_ = extents(value);
            } else if (key == "conventions") {
                conventions(value);
            } else if (key != "layer") {
                fail(value, fmt::format("'{}' is unknown; there are input, conventions and [[layer]]", key));
            }
        }
        if (!root.contains("layer") || !root.at("layer").is_array() || root.at("layer").as_array().empty()) {
            throw InputError(fmt::format("{}: needs at least one [[layer]]", where_));
        }
        if (input_.empty()) {
            throw InputError(fmt::format("{}: needs input = [channels, height, width]", where_));
        }
        add("input", nodes::Input{input_}, input_);
        for (const toml::value& layer : root.at("layer").as_array()) {
            this->layer(layer);
        }
        const std::string last = done_.network.nodes.back().name;
        add("output", nodes::Output{{}}, shape_.at(last));
        done_.network.edges.push_back({index_.at(last), index_.at("output")});
        for (const auto& [from, to] : later_) {
            if (!index_.contains(from.name)) {
                fail(*from.where, fmt::format("there is no layer '{}'", from.name));
            }
            done_.network.edges.push_back({index_.at(from.name), to});
        }
        return std::move(done_);
    }

private:
    struct Reference {
        std::string name;
        const toml::value* where;
    };

    [[noreturn]] void fail(const toml::value& at, const std::string& what) const {
        throw InputError(fmt::format("{}:{}: {}", where_, at.location().line(), what));
    }

    Shape extents(const toml::value& value) const {
        Shape shape;
        if (!value.is_array()) {
            fail(value, "a list of whole numbers is expected here");
        }
        for (const toml::value& v : value.as_array()) {
            shape.push_back(whole(v));
        }
        return shape;
    }
    std::size_t whole(const toml::value& value) const {
        if (!value.is_integer() || value.as_integer() < 0 || value.as_integer() > 1000000000) {
            fail(value, "a whole number is expected here");
        }
        return static_cast<std::size_t>(value.as_integer());
    }
    double real(const toml::value& value) const {
        if (value.is_integer()) {
            return static_cast<double>(value.as_integer());
        }
        if (!value.is_floating()) {
            fail(value, "a number is expected here");
        }
        return value.as_floating();
    }
    std::string text(const toml::value& value) const {
        if (!value.is_string()) {
            fail(value, "a text in quotation marks is expected here");
        }
        return value.as_string().str;
    }
    bool truth(const toml::value& value) const {
        if (!value.is_boolean()) {
            fail(value, "true or false is expected here");
        }
        return value.as_boolean();
    }
    std::size_t whole(const toml::value& layer, const char* key) const {
        if (!layer.contains(key)) {
            fail(layer, fmt::format("a layer of type {} needs {}", text(layer.at("type")), key));
        }
        return whole(layer.at(key));
    }
    /// One number for both axes, or two.
    std::array<std::size_t, 2> pair(const toml::value& layer, const char* key, std::array<std::size_t, 2> other) const {
        if (!layer.contains(key)) {
            return other;
        }
        const toml::value& value = layer.at(key);
        if (!value.is_array()) {
            return {whole(value), whole(value)};
        }
        const Shape both = extents(value);
        if (both.size() != 2) {
            fail(value, fmt::format("{} is one number, or two", key));
        }
        return {both[0], both[1]};
    }

    void conventions(const toml::value& table) {
        Conventions& c = done_.network.conventions;
        const auto choose = [&](auto& place, const toml::value& value) {
            using E = std::remove_reference_t<decltype(place)>;
            const std::optional<E> found = find_choice<E>(text(value));
            if (!found) {
                fail(value, fmt::format("'{}' is unknown; there are {}", text(value), choice_list<E>()));
            }
            place = *found;
        };
        for (const auto& [key, value] : table.as_table()) {
            if (key == "dt_ms") {
                c.dt_ms = real(value);
            } else if (key == "reset") {
                choose(c.reset, value);
            } else if (key == "integrate") {
                choose(c.integrate, value);
            } else if (key == "fire") {
                choose(c.fire, value);
            } else if (key == "input_gain") {
                choose(c.input_gain, value);
            } else if (key == "cuba_order") {
                choose(c.cuba_order, value);
            } else if (key == "decay_gain") {
                choose(c.decay_gain, value);
            } else {
                fail(value, fmt::format("'{}' is no convention", key));
            }
        }
    }

    void add(const std::string& name, NodeKind kind, Shape shape) {
        index_[name] = done_.network.nodes.size();
        shape_[name] = std::move(shape);
        done_.network.nodes.push_back({name, std::move(kind)});
    }

    void check_keys(const toml::value& layer, const std::vector<std::string>& keys) const {
        for (const auto& [key, value] : layer.as_table()) {
            if (key != "type" && key != "name" && key != "from" &&
                std::find(keys.begin(), keys.end(), key) == keys.end()) {
                fail(value, fmt::format("a layer of type {} has no '{}'; there are type, name, from{}{}",
                                        text(layer.at("type")), key, keys.empty() ? "" : ", ", fmt::join(keys, ", ")));
            }
        }
    }

    void layer(const toml::value& layer) {
        if (!layer.is_table() || !layer.contains("type")) {
            fail(layer, "a [[layer]] needs a type");
        }
        const std::string type = text(layer.at("type"));
        const std::string name =
            layer.contains("name") ? text(layer.at("name")) : fmt::format("{}{}", type, ++numbers_[type]);
        if (index_.contains(name) || name == "output") {
            fail(layer, fmt::format("two layers are named '{}'", name));
        }
        std::vector<std::string> from;
        if (!layer.contains("from")) {
            from.push_back(done_.network.nodes.back().name);
        } else if (layer.at("from").is_array()) {
            for (const toml::value& v : layer.at("from").as_array()) {
                from.push_back(text(v));
            }
        } else {
            from.push_back(text(layer.at("from")));
        }
        if (from.empty() || !shape_.contains(from[0])) {
            fail(layer, fmt::format("the first source of layer '{}' must be a layer before it", name));
        }
        make(layer, type, name, from);
        for (const std::string& source : from) {
            later_.push_back({{source, &layer}, index_.at(name)});
        }
    }

    Shape image(const toml::value& layer, const Shape& in) const {
        if (in.size() != 3) {
            fail(layer, fmt::format("needs channels x height x width, but gets {}", to_string(in)));
        }
        return in;
    }

    void make(const toml::value& layer, const std::string& type, const std::string& name,
              const std::vector<std::string>& from) {
        const Shape in = shape_.at(from[0]);
        if (type == "linear") {
            check_keys(layer, {"out", "bias"});
            const std::size_t out = whole(layer, "out");
            const bool bias = !layer.contains("bias") || truth(layer.at("bias"));
            const std::size_t inputs = element_count(in);
            nodes::Linear linear{{{out, inputs}, std::vector<float>(out * inputs)}, {}};
            linear.bias = bias ? Tensor{{out}, std::vector<float>(out)} : Tensor{};
            add(name, std::move(linear), {out});
        } else if (type == "conv2d") {
            conv2d(layer, name, image(layer, in));
        } else if (type == "maxpool2d" || type == "avgpool2d" || type == "sumpool2d") {
            pool2d(layer, type, name, image(layer, in));
        } else if (type == "flatten") {
            check_keys(layer, {});
            add(name, nodes::Flatten{}, {element_count(in)});
        } else if (type == "batchnorm") {
            check_keys(layer, {});
            const std::size_t c = in[0];
            add(name,
                nodes::BatchNorm{{{c}, std::vector<float>(c, 1)},
                                 {{c}, std::vector<float>(c, 0)},
                                 {{c}, std::vector<float>(c, 0)},
                                 {{c}, std::vector<float>(c, 1)}},
                in);
        } else if (type == "dropout") {
            check_keys(layer, {"p"});
            const double p = layer.contains("p") ? real(layer.at("p")) : 0.5;
            if (!(p >= 0 && p < 1)) {
                fail(layer, fmt::format("p is {}; it must be at least 0 and below 1", p));
            }
            done_.dropout[name] = p;
            add(name, nodes::Neuron{"identity", in, {}}, in);
        } else if (type == "add") {
            check_keys(layer, {});
            add(name, nodes::Neuron{"identity", in, {}}, in);
        } else if (type == "concat") {
            concat(layer, name, from);
        } else if (type == "multiply") {
            check_keys(layer, {});
            add(name, nodes::Multiply{from}, in);
        } else if (type == "softmax") {
            check_keys(layer, {});
            add(name, nodes::Softmax{}, in);
        } else if (type == "shortcut") {
            shortcut(layer, name, image(layer, in));
        } else {
            neuron(layer, type, name, in);
        }
    }

    void conv2d(const toml::value& layer, const std::string& name, const Shape& in) {
        check_keys(layer, {"out", "kernel", "stride", "pad", "dilation", "groups", "bias"});
        nodes::Conv2d conv;
        const std::size_t out = whole(layer, "out");
        const auto kernel = pair(layer, "kernel", {3, 3});
        conv.stride = pair(layer, "stride", {1, 1});
        conv.dilation = pair(layer, "dilation", {1, 1});
        if (layer.contains("pad") && layer.at("pad").is_string()) {
            if (text(layer.at("pad")) != "same" || conv.stride != std::array<std::size_t, 2>{1, 1}) {
                fail(layer, "pad is a number, two numbers or, with stride 1, \"same\"");
            }
            for (std::size_t axis = 0; axis < 2; ++axis) {
                const std::size_t whole = conv.dilation[axis] * (kernel[axis] - 1);
                conv.pad_begin[axis] = whole / 2;
                conv.pad_end[axis] = whole - whole / 2;
            }
        } else {
            conv.pad_begin = conv.pad_end = pair(layer, "pad", {0, 0});
        }
        conv.groups = layer.contains("groups") ? whole(layer.at("groups")) : 1;
        if (conv.groups == 0 || in[0] % conv.groups != 0 || out % conv.groups != 0 || out == 0) {
            fail(layer, fmt::format("{} channels to {} do not divide into {} groups", in[0], out, conv.groups));
        }
        const std::size_t group_in = in[0] / conv.groups;
        conv.weight = {{out, group_in, kernel[0], kernel[1]},
                       std::vector<float>(out * group_in * kernel[0] * kernel[1])};
        if (!layer.contains("bias") || truth(layer.at("bias"))) {
            conv.bias = {{out}, std::vector<float>(out)};
        }
        const Shape shape = windows(layer, in, out, kernel, conv.stride, conv.pad_begin, conv.pad_end, conv.dilation);
        add(name, std::move(conv), shape);
    }

    Shape windows(const toml::value& layer, const Shape& in, std::size_t channels,
                  const std::array<std::size_t, 2>& kernel, const std::array<std::size_t, 2>& stride,
                  const std::array<std::size_t, 2>& begin, const std::array<std::size_t, 2>& end,
                  const std::array<std::size_t, 2>& dilation) const {
        try {
            return {channels, window_output_size(in[1], kernel[0], stride[0], begin[0] + end[0], dilation[0]),
                    window_output_size(in[2], kernel[1], stride[1], begin[1] + end[1], dilation[1])};
        } catch (const InputError& e) {
            fail(layer, e.what());
        }
    }

    void pool2d(const toml::value& layer, const std::string& type, const std::string& name, const Shape& in) {
        check_keys(layer, {"kernel", "stride", "pad"});
        using Kind = nodes::Pool2d::Kind;
        nodes::Pool2d pool;
        pool.kind = type == "maxpool2d" ? Kind::maximum : type == "avgpool2d" ? Kind::average : Kind::sum;
        pool.kernel = pair(layer, "kernel", {2, 2});
        pool.stride = pair(layer, "stride", pool.kernel);
        pool.pad_begin = pool.pad_end = pair(layer, "pad", {0, 0});
        const Shape shape =
            windows(layer, in, in[0], pool.kernel, pool.stride, pool.pad_begin, pool.pad_end, pool.dilation);
        add(name, pool, shape);
    }

    void concat(const toml::value& layer, const std::string& name, const std::vector<std::string>& from) {
        check_keys(layer, {"axis"});
        nodes::Concat concat{layer.contains("axis") ? static_cast<int>(layer.at("axis").as_integer()) : 0, from};
        Shape shape = shape_.at(from[0]);
        const std::optional<std::size_t> axis = resolve_axis(concat.axis, shape.size());
        for (std::size_t i = 1; axis && i < from.size(); ++i) {
            if (!shape_.contains(from[i]) || shape_.at(from[i]).size() != shape.size()) {
                fail(layer, fmt::format("'{}' cannot be joined to '{}'", from[i], from[0]));
            }
            shape[*axis] += shape_.at(from[i])[*axis];
        }
        add(name, concat, shape);
    }

    /// Every stride-th pixel, and channels of 0 behind: the parameter-free shortcut of He et al., CVPR 2016, option A.
    void shortcut(const toml::value& layer, const std::string& name, const Shape& in) {
        check_keys(layer, {"out", "stride"});
        const std::size_t out = whole(layer, "out");
        const std::size_t stride = layer.contains("stride") ? whole(layer.at("stride")) : 1;
        if (stride == 0 || out < in[0]) {
            fail(layer, fmt::format("out is at least the {} channels that come, stride at least 1", in[0]));
        }
        const Shape shape{out, (in[1] + stride - 1) / stride, (in[2] + stride - 1) / stride};
        nodes::Rearrange rearrange{shape, {}, 0};
        const std::size_t first = (out - in[0]) / 2;
        for (std::size_t c = 0; c < shape[0]; ++c) {
            for (std::size_t y = 0; y < shape[1]; ++y) {
                for (std::size_t x = 0; x < shape[2]; ++x) {
                    const bool inside = c >= first && c < first + in[0];
                    const std::size_t at = ((c - first) * in[1] + y * stride) * in[2] + x * stride;
                    rearrange.source.push_back(inside ? static_cast<std::uint32_t>(at) : nodes::Rearrange::kFill);
                }
            }
        }
        add(name, std::move(rearrange), shape);
    }

    void neuron(const toml::value& layer, const std::string& type, const std::string& name, const Shape& in) {
        const std::string model = type == "relu6" ? "clip" : type;
        const ModelInfo* info = find_model(model.c_str());
        if (info == nullptr) {
            fail(layer, fmt::format("the type '{}' is unknown; there are linear, conv2d, maxpool2d, avgpool2d, "
                                    "sumpool2d, flatten, batchnorm, dropout, add, concat, multiply, softmax, shortcut, "
                                    "relu6 and the neuron models",
                                    type));
        }
        nodes::Neuron neuron{model, in, {}};
        for (const auto& [key, value] : layer.as_table()) {
            if (key != "type" && key != "name" && key != "from") {
                neuron.parameters[key] = {real(value)};
            }
        }
        add(name, std::move(neuron), in);
    }

    std::string where_;
    Shape input_;
    DescribedNetwork done_;
    std::map<std::string, std::size_t> index_;
    std::map<std::string, Shape> shape_;
    std::map<std::string, int> numbers_;  ///< of the layers without a name, by type
    std::vector<std::pair<Reference, std::size_t>> later_;
};

}  // namespace

DescribedNetwork parse_network(const std::string& text, const std::string& where, const Shape& input) {
    toml::value root;
    try {
        std::istringstream stream(text);
        root = toml::parse(stream, where);
    } catch (const toml::syntax_error& error) {
        std::string what = error.what();  // a drawing over several lines; the first tells what is wrong
        throw InputError(fmt::format("{}:{}: {}", where, error.location().line(), what.substr(0, what.find('\n'))));
    }
    DescribedNetwork described = Builder(where, input).build(root);
    analyse(described.network);
    return described;
}

}  // namespace axfire::train
