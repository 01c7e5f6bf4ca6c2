// SPDX-License-Identifier: Apache-2.0
// From a data SPEC to its reader.
#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "arith/error.h"
#include "datasets/cifar10.h"
#include "datasets/events.h"
#include "datasets/hdf5_dataset.h"
#include "datasets/mnist.h"
#include "datasets/nmnist.h"
#include "datasets/sample.h"
#include "datasets/shd.h"

namespace axfire {

namespace {

using Shape = std::vector<std::size_t>;
using Rest = std::optional<std::string>;  // what follows the first colon; nothing without one

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";

std::optional<Split> split_named(std::string_view word) {
    if (word == "train") {
        return Split::train;
    }
    if (word == "test") {
        return Split::test;
    }
    return std::nullopt;
}

struct FolderAndSplit {
    std::string folder;
    std::optional<Split> split;
};

/// `DIR`, `DIR:train`, `DIR:test`; every other colon belongs to the path.
FolderAndSplit parse_folder_and_split(const std::string& rest) {
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string::npos && colon > 0) {
        if (const auto split = split_named(std::string_view(rest).substr(colon + 1))) {
            return {rest.substr(0, colon), *split};
        }
    }
    return {rest, std::nullopt};
}

/// One kind of data: its name, how its SPEC is written, and what opens it.
struct DataKind {
    std::string_view name;
    std::string_view form;
    bool path_required;
    bool hdf5;  // read by the HDF5 library
    std::unique_ptr<Dataset> (*open)(const Rest& rest, const Shape& input_shape);
};

std::unique_ptr<Dataset> open_fashion(const Rest& rest, const Shape& input_shape) {
    FolderAndSplit where{kFashionFolder, std::nullopt};
    if (rest) {
        if (const auto split = split_named(*rest)) {
            where.split = split;
        } else {
            where = parse_folder_and_split(*rest);
        }
    }
    const char* hint =
        where.folder == kFashionFolder
            ? "; install it with: apt-get install dataset-fashion-mnist"
            : "; fashion-mnist: takes DIR, DIR:train or DIR:test; without DIR, it reads Debian's package "
              "dataset-fashion-mnist";
    return open_mnist(where.folder, where.split.value_or(Split::test), input_shape, hint);
}

constexpr DataKind kDataKinds[] = {
    {"nmnist", "nmnist:DIR", true, false,
     [](const Rest& rest, const Shape& input_shape) { return open_nmnist(*rest, input_shape); }},
    {"mnist", "mnist:DIR[:train|test]", true, false,
     [](const Rest& rest, const Shape& input_shape) {
         const FolderAndSplit where = parse_folder_and_split(*rest);
         return open_mnist(where.folder, where.split.value_or(Split::test), input_shape,
                           "; mnist: takes DIR, DIR:train or DIR:test");
     }},
    {"fashion-mnist", "fashion-mnist[:DIR][:train|test]", false, false, open_fashion},
    {"cifar10", "cifar10:DIR[:train|test]", true, false,
     [](const Rest& rest, const Shape& input_shape) {
         const FolderAndSplit where = parse_folder_and_split(*rest);
         return open_cifar10(where.folder, where.split, input_shape);
     }},
    {"events", "events:FILE|DIR", true, false,
     [](const Rest& rest, const Shape& input_shape) { return open_events(*rest, input_shape); }},
    {"shd", "shd:FILE", true, true,
     [](const Rest& rest, const Shape& input_shape) { return open_shd(*rest, input_shape); }},
    {"hdf5", "hdf5:FILE", true, true,
     [](const Rest& rest, const Shape& input_shape) { return open_hdf5_dataset(*rest, input_shape); }},
};

}  // namespace

std::string known_data_specs() {
    std::string forms;
    for (const DataKind& kind : kDataKinds) {
        forms += forms.empty() ? "" : ", ";
        forms += kind.form;
    }
    return forms;
}

std::optional<std::string> hdf5_file_of(const std::string& spec) {
    const std::size_t colon = spec.find(':');
    for (const DataKind& kind : kDataKinds) {
        if (kind.hdf5 && colon != std::string::npos && kind.name == std::string_view(spec).substr(0, colon)) {
            return spec.substr(colon + 1);
        }
    }
    return std::nullopt;
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec, const std::vector<std::size_t>& input_shape) {
    const std::size_t colon = spec.find(':');
    const std::string name = spec.substr(0, colon);
    for (const DataKind& kind : kDataKinds) {
        if (kind.name != name) {
            continue;
        }
        const Rest rest = colon == std::string::npos ? Rest() : Rest(spec.substr(colon + 1));
        if (kind.path_required && !rest) {
            throw InputError(fmt::format("data '{}' needs a path: {}", spec, kind.form));
        }
        if (spec.ends_with(':')) {
            throw InputError(
                fmt::format("data '{}' ends with a colon that nothing follows; write {}", spec, kind.form));
        }
        return kind.open(rest, input_shape);
    }
    throw InputError(fmt::format("unknown data kind '{}'; known: {}", name, known_data_specs()));
}

}  // namespace axfire
