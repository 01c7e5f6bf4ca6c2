// SPDX-License-Identifier: Apache-2.0
// A run's figures as text for the terminal, and as JSON for programs.
#pragma once

#include <string>

#include "engine/report/run_summary.h"

namespace axfire {

/// Several lines, the last ended: what the run was and found, then a table with a row for each layer.
std::string inspect_text(const RunSummary& run);
/// One JSON object, indented, with the same figures; null where a figure is not known.
std::string inspect_json(const RunSummary& run);

}  // namespace axfire
