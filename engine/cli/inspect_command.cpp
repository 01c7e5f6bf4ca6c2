// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "engine/cli/commands.h"
#include "engine/formats/atomic_file.h"
#include "engine/report/inspect.h"
#include "engine/report/membrane.h"
#include "engine/report/raster.h"

namespace axfire::cli {

namespace {

struct InspectFlags {
    std::string file;
    std::string raster;
    std::string membrane;
    std::uint64_t sample = 0;
    std::vector<std::string> layers;
    std::vector<std::size_t> neurons;
    bool json = false;
};

/// Pictures replace what is there.
void write_text(const std::string& path, const std::string& text) {
    write_file_atomically(path, reinterpret_cast<const unsigned char*>(text.data()), text.size(), true);
}

void inspect_command(const InspectFlags& f) {
    const RunSummary summary = read_run(f.file);
    if (!f.raster.empty()) {
        write_text(f.raster, raster_svg(RunReader(f.file), {.sample = f.sample, .populations = f.layers}));
    }
    if (!f.membrane.empty()) {
        MembraneOptions options;
        options.sample = f.sample;
        options.population = f.layers.empty() ? "" : f.layers.front();
        options.neurons = f.neurons;
        write_text(f.membrane, membrane_svg(RunReader(f.file), options));
    }
    fmt::print("{}", f.json ? inspect_json(summary) + "\n" : inspect_text(summary));
}

}  // namespace

void add_inspect(CLI::App& app) {
    auto f = std::make_shared<InspectFlags>();
    CLI::App* sub = app.add_subcommand("inspect", "What a run file holds: a table, and pictures");
    sub->add_option("RUN", f->file, "Run file, finished or not")->required();
    sub->add_option("--raster", f->raster, "Write a spike raster of one sample as SVG");
    sub->add_option("--membrane", f->membrane, "Write membrane traces of one sample as SVG");
    sub->add_option("--sample", f->sample, "Sample of the pictures, from 0")->capture_default_str();
    sub->add_option("--layers", f->layers, "Layers of the pictures; default: all that were recorded")->delimiter(',');
    sub->add_option("--neurons", f->neurons, "Neurons of the membrane picture")->delimiter(',');
    sub->add_flag("--json", f->json, "Print the table as JSON");
    sub->footer("Example: axfire inspect run.h5 --raster raster.svg --sample 3");
    sub->callback([f] { inspect_command(*f); });
}

}  // namespace axfire::cli
