// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/open_data.h"

#include <fmt/format.h>

#include "arith/error.h"
#include "datasets/normalised.h"
#include "engine/formats/probe.h"

namespace axfire::cli {

const Shape& input_shape(const Network& network) {
    for (const Node& node : network.nodes) {
        if (const auto* input = std::get_if<nodes::Input>(&node.kind)) {
            return input->shape;
        }
    }
    throw InputError("the network has no input");
}

std::unique_ptr<Dataset> open_data(const std::string& spec, const Shape& shape, const std::vector<double>& mean,
                                   const std::vector<double>& deviation) {
    if (const auto file = hdf5_file_of(spec)) {
        const auto try_it = [&] {
            const auto data = open_dataset(spec, shape);
            if (data->size() != 0) {
                data->load(0);
                data->load(data->size() - 1);
            }
        };
        require_success(probe_in_child(try_it, {}), *file);
    }
    std::unique_ptr<Dataset> data = open_dataset(spec, shape);
    if (data->size() == 0) {
        throw InputError(fmt::format("'{}' holds no samples", spec));
    }
    if (element_count(data->shape()) != element_count(shape)) {
        throw InputError(fmt::format("the samples of '{}' are {} and the network's input is {}", spec,
                                     to_string(data->shape()), to_string(shape)));
    }
    if (!mean.empty() || !deviation.empty()) {
        data = normalised(std::move(data), mean.empty() ? std::vector{0.0} : mean,
                          deviation.empty() ? std::vector{1.0} : deviation);
    }
    return data;
}

}  // namespace axfire::cli
