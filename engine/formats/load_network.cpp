// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/load_network.h"

#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/guarded_read.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/keras_reader.h"
#include "engine/formats/model_file.h"
#include "engine/formats/nir_reader.h"
#include "engine/formats/onnx/reader.h"

namespace axfire {
namespace {

enum class Kind { model, nir, onnx, keras };

Kind kind_of(const std::filesystem::path& path) {
    if (is_onnx(path)) {
        return Kind::onnx;
    }
    const Hdf5Reader file(path);
    if (file.has_attribute("/", "format") && file.text_attribute("/", "format") == kModelFormat) {
        return Kind::model;
    }
    if (file.has_attribute("/", "model_config")) {
        return Kind::keras;
    }
    if (file.is_group("/node")) {
        return Kind::nir;
    }
    file.fail(
        "/",
        "is HDF5, but neither a model file (no attribute format = 'axfire-model'), nor NIR (no group /node), nor a "
        "Keras model (no attribute model_config)");
}

}  // namespace

Network load_network(const std::filesystem::path& file, const ConventionOverrides& overrides) {
    Network network = guarded_read(file, [&] {
        switch (kind_of(file)) {
            case Kind::onnx:
                return parse_onnx(file);
            case Kind::model:
                return parse_model(file);
            case Kind::keras:
                return parse_keras(file);
            case Kind::nir:
                break;
        }
        return parse_nir(file, {});
    });
    network.conventions = apply(overrides, network.conventions);
    if (!(network.conventions.dt_ms > 0) || !std::isfinite(network.conventions.dt_ms)) {
        throw InputError(
            fmt::format("the time step is {} ms; it must be finite and greater than 0", network.conventions.dt_ms));
    }
    try {
        analyse(network);
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", file.string(), error.what()));
    }
    return network;
}

}  // namespace axfire
