// SPDX-License-Identifier: Apache-2.0
// The setting in which the catalogue shows a unit.
#pragma once

#include "arith/catalogue.h"
#include "engine/characterize/circuit.h"

namespace axfire {

/// The unit's 8-bit circuit with each parameter at its default, or at 4 where it has none; 2, then the smallest value,
/// where the unit does not take that or would be exact with it.
Circuit example_circuit(AdderId id);
Circuit example_circuit(MultiplierId id);

}  // namespace axfire
