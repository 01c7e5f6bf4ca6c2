// SPDX-License-Identifier: Apache-2.0
// Writes NIR files field by field, well-formed or not.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/formats/hdf5.h"

namespace axfire::testing {

using Edges = std::vector<std::pair<std::string, std::string>>;

/// A NIR file under construction; the destructor closes it.
class NirFile {
public:
    explicit NirFile(const std::filesystem::path& path) : file(hdf5::create_file(path, true)) {
        hdf5::write_strings(file, "/version", {"0.2.0"}, {});
        graph("/node");
    }

    NirFile& graph(const std::string& path) {
        hdf5::write_strings(file, path + "/type", {"NIRGraph"}, {});
        hdf5::create_group(file, path + "/nodes");
        return *this;
    }

    /// A node with its type; returns its path, for the fields.
    std::string node(const std::string& name, const std::string& type, const std::string& graph = "/node") {
        const std::string path = graph + "/nodes/" + name;
        hdf5::write_strings(file, path + "/type", {type}, {});
        return path;
    }

    NirFile& edges(const Edges& edges, const std::string& graph = "/node") {
        std::vector<std::string> names;
        for (const auto& [from, to] : edges) {
            names.push_back(from);
            names.push_back(to);
        }
        hdf5::write_strings(file, graph + "/edges", names, {edges.size(), 2});
        return *this;
    }

    template <class T>
    NirFile& field(const std::string& path, const std::vector<T>& values, const hdf5::Dims& dims) {
        hdf5::write_dataset(file, path, values, dims);
        return *this;
    }

    NirFile& number(const std::string& path, double value) {
        hdf5::write_scalar(file, path, value);
        return *this;
    }

    NirFile& input(const std::string& name, const std::vector<std::int64_t>& shape,
                   const std::string& graph = "/node") {
        return field(node(name, "Input", graph) + "/shape", shape, {shape.size()});
    }

    NirFile& output(const std::string& name, const std::vector<std::int64_t>& shape,
                    const std::string& graph = "/node") {
        return field(node(name, "Output", graph) + "/shape", shape, {shape.size()});
    }

    NirFile& linear(const std::string& name, std::size_t out, std::size_t in, const std::string& graph = "/node") {
        return field(node(name, "Linear", graph) + "/weight", std::vector<float>(out * in, 0.25F), {out, in});
    }

    NirFile& if_neurons(const std::string& name, std::size_t count, const std::string& graph = "/node") {
        const std::string path = node(name, "IF", graph);
        field(path + "/r", std::vector<float>(count, 1.0F), {count});
        return field(path + "/v_threshold", std::vector<float>(count, 1.0F), {count});
    }

    /// A convolution without padding.
    std::string conv(const std::string& name, std::size_t out, std::size_t in_per_group, std::size_t kernel) {
        std::string path = node(name, "Conv2d");
        const hdf5::Dims dims{out, in_per_group, kernel, kernel};
        field(path + "/weight", std::vector<float>(out * in_per_group * kernel * kernel, 0.5F), dims);
        field(path + "/bias", std::vector<float>(out, 0.0F), {out});
        return path;
    }

    void remove(const std::string& path) {
        const Hdf5Lock lock;
        H5Ldelete(file, path.c_str(), H5P_DEFAULT);
    }

    Hdf5Handle file;
};

}  // namespace axfire::testing
