// SPDX-License-Identifier: Apache-2.0
// ONNX: trained conventional networks, opset 9 to 20.
#pragma once

#include <filesystem>

#include "engine/network/network.h"

namespace axfire {

/// Reads an ONNX model (opset 9 to 20; docs/network_format.md lists the operators) as a network of stateless nodes, to
/// be run for one step. Only what the output depends on is imported; what does not depend on the input is computed.
/// Throws InputError: a damaged file, an operator that is not supported (all of them, with their nodes), no or several
/// inputs or outputs, a shape that is not known or does not fit.
Network parse_onnx(const std::filesystem::path& file);

/// True if the file can be an ONNX model: the name ends in .onnx.
bool is_onnx(const std::filesystem::path& file);

}  // namespace axfire
