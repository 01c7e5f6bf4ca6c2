// SPDX-License-Identifier: Apache-2.0
// The datasets and attributes of a run file, as docs/run_format.md specifies them.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

#include "engine/record/run_file.h"

namespace axfire {

/// Version of the schema; raised when a reader of the version before would misread a file.
inline constexpr std::uint32_t kRunFormat = 1;

/// Throws std::logic_error where two populations have one name, or the steps or dt are not positive.
void check_options(const RunFileOptions& options);

/// Everything that is known before the first sample. `created` is the time in ISO 8601.
void write_schema(hid_t file, const RunFileOptions& options, const std::string& created);

/// /axfire/samples/{readout, spikes_per_layer}, whose widths the first sample tells; nothing where they exist or have
/// width 0.
void create_sample_columns(hid_t file, std::size_t readout_width, std::size_t layers, unsigned deflate);

/// Sets the end of a membrane report to `frames` steps.
void write_report_time(hid_t file, const std::string& population, double frames, double dt_ms);

/// The totals of the layers and the summary. Throws std::logic_error when the layers are not those of the options.
void write_totals(hid_t file, const RunFileOptions& options, const std::vector<LayerTotals>& layers,
                  const std::string& summary, const Confusion& confusion);

}  // namespace axfire
