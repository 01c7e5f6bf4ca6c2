// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gradients/neuron_constants.h"

#include <cmath>

#include "neurons/membrane.h"
#include "neurons/model_list.h"  // generated from the files in models/

namespace axfire::train {

namespace {

using Derive = void (*)(const double* parameters, const Conventions& how, double* constants);

Derive derive_of(const std::string& model) {
#define AXFIRE_DERIVE(type)          \
    if (model == type::kInfo.name) { \
        return type::derive;         \
    }
    AXFIRE_MODELS(AXFIRE_DERIVE)
#undef AXFIRE_DERIVE
    return nullptr;  // analyse() has refused unknown models
}

double parameter(const nodes::Neuron& node, const ModelInfo& info, const std::string& name, std::size_t n) {
    if (const auto it = node.parameters.find(name); it != node.parameters.end()) {
        return it->second[it->second.size() == 1 ? 0 : n];
    }
    for (unsigned i = 0; i < info.parameter_count; ++i) {
        if (name == info.parameters[i].name) {
            const double value = info.parameters[i].default_value;
            return std::isnan(value) ? parameter(node, info, "v_leak", n) : value;
        }
    }
    return 0;
}

}  // namespace

NeuronConstants::NeuronConstants(const nodes::Neuron& node, const Conventions& how, std::size_t neurons) {
    const ModelInfo& info = *find_model(node.model.c_str());
    const Derive derive = derive_of(node.model);
    std::vector<std::vector<float>> derived(info.constant_count, std::vector<float>(neurons));
    std::vector<float>& v_init = values["v_init"];
    for (std::size_t n = 0; n < neurons; ++n) {
        double p[kMaxModelParameters];
        double c[kMaxModelConstants];
        for (unsigned i = 0; i < info.parameter_count; ++i) {
            p[i] = parameter(node, info, info.parameters[i].name, n);
        }
        derive(p, how, c);
        for (unsigned i = 0; i < info.constant_count; ++i) {
            derived[i][n] = static_cast<float>(c[i]);
        }
        v_init.push_back(static_cast<float>(parameter(node, info, "v_init", n)));
    }
    for (unsigned i = 0; i < info.constant_count; ++i) {
        values[info.constants[i].name] = std::move(derived[i]);
    }
}

std::vector<float> NeuronConstants::operator[](const std::string& name) const {
    const auto it = values.find(name);
    return it == values.end() ? std::vector<float>{} : it->second;
}

}  // namespace axfire::train
