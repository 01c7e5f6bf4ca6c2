// SPDX-License-Identifier: Apache-2.0
// Trying a user's model before anything relies on it.
#pragma once

#include <filesystem>

#include "engine/models/c_model.h"

namespace axfire {

/// Runs the model over operands, edge values among them and all pairs of up to 8 bits: `checked`, a program built with
/// the sanitizers, and `library`, what will really be used, in another order and as lanes; both in child processes with
/// a time limit. Throws InputError that says what is wrong: undefined behaviour, a crash, no end, different results for
/// the same operands, a result of too many bits.
void try_model(const ModelReference& reference, const std::filesystem::path& checked,
               const std::filesystem::path& library, const std::filesystem::path& work);

/// Opens a compiled model. Throws InputError.
CompiledModel open_model(const std::filesystem::path& library);

}  // namespace axfire
