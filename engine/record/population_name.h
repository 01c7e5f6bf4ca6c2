// SPDX-License-Identifier: Apache-2.0
// The names of nodes as names of HDF5 groups.
#pragma once

#include <string>
#include <string_view>

namespace axfire {

/// The HDF5 link name of a node: '/' and '%' become "%2F" and "%25", NUL "%00", and where the name is nothing but dots
/// the first becomes "%2E". The empty name becomes "%". Different names stay different.
std::string population_name(std::string_view node);

}  // namespace axfire
