// SPDX-License-Identifier: Apache-2.0
// A user's C or C++ function as a unit.
#pragma once

#include <string>

#include "arith/model.h"
#include "arith/spec_text.h"

namespace axfire {

/// A function that was compiled, tried and loaded.
struct CompiledModel {
    bool whole_operation;  ///< float f(float, float)
    void (*lanes)(const u32* a, const u32* b, u32* lo, u32* hi);
    void (*single)(const u32* a, const u32* b, u32* lo, u32* hi);
};

/// See load_model().
CompiledModel load_c_model(const ModelReference& reference);

}  // namespace axfire
