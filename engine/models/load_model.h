// SPDX-License-Identifier: Apache-2.0
// Units that lie in files: users' C and C++ models, compiled and tried first, and look-up tables.
#pragma once

#include "arith/spec_text.h"

namespace axfire {

/// The unit that a reference means; a file is loaded once and stays. A C or C++ model is compiled (or taken from the
/// cache) and tried in a child process. Throws InputError: no such file or function, a compile error (with the file's
/// own line), a model that crashes, does not end, has undefined behaviour or gives different results for the same
/// operands, a table that is damaged or of another form, N unknown.
LoadedModel load_model(const ModelReference& reference);

}  // namespace axfire
