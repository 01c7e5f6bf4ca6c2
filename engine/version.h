// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace axfire {

/// The project's version; the build sets it.
#ifndef AXFIRE_VERSION
#define AXFIRE_VERSION "unknown"
#endif
inline constexpr const char* kVersion = AXFIRE_VERSION;

}  // namespace axfire
