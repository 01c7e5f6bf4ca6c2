// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace axfire {

/// Anything that the user can put right: a bad argument, file, format or unit. The text is one line that names the
/// thing, the value, what is allowed and the fix. The command prints it and exits with 2.
struct InputError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A spec that does not parse or whose values are out of range.
struct SpecError : InputError {
    using InputError::InputError;
};

}  // namespace axfire
