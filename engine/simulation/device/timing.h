// SPDX-License-Identifier: Apache-2.0
// How long the kernels of a batch take on a device, and what they have to do.
#pragma once

#include "engine/simulation/device/program.h"

namespace axfire {

/// A kernel of one node, all its launches together.
struct KernelTime {
    DeviceProgram::Kernel kernel;
    double milliseconds;  ///< as the device measures it, from the end of the kernel before
    u32 launches;
    std::size_t constants;  ///< bytes that it reads whatever the samples
    std::size_t signals;    ///< bytes of the samples that it reads and writes
};

struct LayerTime {
    double milliseconds;    ///< of all its kernels
    Counts counts;          ///< of all samples
    std::size_t constants;  ///< bytes that each step reads, whatever the samples
    std::size_t signals;    ///< bytes of what the layer is given and gives, in all steps of all samples
    u32 steps;              ///< in which it ran: one where it is steady
    std::vector<KernelTime> kernels;
};

struct StepTimes {
    std::vector<LayerTime> layers;    ///< by Simulation::layers()
    std::vector<KernelTime> between;  ///< of input and read-out
};

}  // namespace axfire
