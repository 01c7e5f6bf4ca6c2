// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/commands.h"
#include "engine/formats/load_network.h"
#include "engine/formats/model_file.h"
#include "engine/formats/nir_writer.h"

namespace axfire::cli {

namespace {

struct ExportFlags {
    std::string model;
    std::string output;
    bool force = false;
};

void export_command(const ExportFlags& f) {
    const Network network = load_network(f.model);
    const std::string extension = std::filesystem::path(f.output).extension();
    if (extension == ".nir") {
        write_nir(network, f.output, f.force);
    } else if (extension == ".h5") {
        write_model(network, f.output, f.force);
    } else {
        throw InputError(fmt::format("-o '{}': the name must end in .nir (NIR) or .h5 (model file)", f.output));
    }
}

}  // namespace

void add_export(CLI::App& app) {
    auto f = std::make_shared<ExportFlags>();
    CLI::App* sub = app.add_subcommand("export", "Write a network as another kind of file");
    sub->add_option("MODEL", f->model, "Network: NIR, ONNX, Keras (Sequential, .h5) or a model file of Axfire (.h5)")
        ->required();
    sub->add_option("-o,--output", f->output, "File to write: .nir or .h5")->required();
    sub->add_flag("--force", f->force, "Replace the file if it exists");
    sub->callback([f] { export_command(*f); });
}

}  // namespace axfire::cli
