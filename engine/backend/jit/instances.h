// SPDX-License-Identifier: Apache-2.0
// The kernels for an adder and a multiplier: built with the program, compiled for them, or the general ones.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/backend/cpu/kernels.h"

namespace axfire {

struct InstanceRequest {
    AdderSpec add;
    MultiplierSpec mul;
    Part part;
};

/// What the user is told while kernels are compiled: one line.
using Notice = std::function<void(const std::string&)>;

/// Whether kernels may be compiled; the results are the same bits. `automatic` compiles where there is a compiler.
enum class Jit : unsigned char { automatic, off, required };

/// Kernels for each request, compiled side by side where they are not there yet. Where they cannot be compiled the
/// general ones serve, after a notice; Jit::required throws InputError then.
std::vector<const Instance*> find_instances(const std::vector<InstanceRequest>& requests, Jit jit,
                                            const Notice& notice);

/// What a source begins with: of the lists from which the functors choose a unit, one adder and one multiplier are
/// left. To compile all units and throw them away takes much longer.
std::string only_units(AdderId add, MultiplierId mul);

/// A spec as the initialiser of a constant, without the model that it names.
std::string initialiser(const AdderSpec& spec);
std::string initialiser(const MultiplierSpec& spec);

/// The source of an instance, for the compiler.
std::string instance_source(const InstanceRequest& request, const char* isa);

}  // namespace axfire
