// SPDX-License-Identifier: Apache-2.0
#include <hdf5.h>

#include <thread>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "datasets/sample.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cuda/device.h"
#include "engine/backend/cuda/driver.h"
#include "engine/backend/cuda/nvrtc.h"
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

/// The CUDA devices, each with what it lacks.
void print_cuda() {
    const std::vector<cuda::DeviceInfo> devices = cuda::list_devices();
    if (devices.empty()) {
        fmt::print("device       cuda: none: {}\n",
                   cuda::driver().lacking.empty() ? "the driver finds no device" : cuda::driver().lacking);
    }
    for (const cuda::DeviceInfo& d : devices) {
        fmt::print("device       cuda:{}: {}, compute capability {}.{}, {} multiprocessors, {:.1f} GiB{}\n", d.number,
                   d.name, d.capability / 10, d.capability % 10, d.multiprocessors,
                   static_cast<double>(d.memory) / (1 << 30), d.unusable.empty() ? "" : "; not usable: " + d.unusable);
    }
    if (cuda::driver().lacking.empty()) {
        fmt::print("driver       {}: CUDA {}.{}\n", cuda::driver().library, cuda::driver().version / 1000,
                   cuda::driver().version % 1000 / 10);
    }
    fmt::print("NVRTC        {}\n", cuda::nvrtc().lacking.empty() ? cuda::nvrtc().version + " " + cuda::nvrtc().library
                                                                  : "none: " + cuda::nvrtc().lacking);
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
    print_cuda();
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
