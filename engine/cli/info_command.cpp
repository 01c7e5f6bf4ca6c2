// SPDX-License-Identifier: Apache-2.0
#include <hdf5.h>

#include <thread>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "datasets/sample.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/cli/commands.h"
#include "engine/version.h"
#include "neurons/model_info.h"

namespace axfire::cli {

namespace {

template <class List>
std::string names(const List& units) {
    std::string text;
    for (const UnitInfo* u : units) {
        text += (text.empty() ? "" : ", ") + std::string(u->name);
    }
    return text;
}

void info_command() {
    const CpuKernels& kernels = cpu_kernels();
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    std::string models;
    for (const ModelInfo* const* m = all_models(); *m != nullptr; ++m) {
        models += (models.empty() ? "" : ", ") + std::string((*m)->name);
    }
    fmt::print("axfire {}\n", kVersion);
    fmt::print("device       cpu: {} threads, {} kernels of {} lanes\n", std::thread::hardware_concurrency(),
               kernels.isa, kernels.lanes);
    fmt::print("HDF5         {}.{}.{}\n", major, minor, release);
    fmt::print("adders       {}\n", names(all_adders()));
    fmt::print("multipliers  {}\n", names(all_multipliers()));
    fmt::print("neurons      {}\n", models);
    fmt::print("data         {}\n", known_data_specs());
}

}  // namespace

void add_info(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("info", "What this build and this machine can do");
    sub->callback(info_command);
}

}  // namespace axfire::cli
