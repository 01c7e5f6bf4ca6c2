// SPDX-License-Identifier: Apache-2.0
// Collections of event files: the folders that hold them, and the data set that reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "datasets/aer.h"
#include "datasets/sample.h"

namespace axfire::datasets {

/// One event file and the class that it shows.
struct Recording {
    std::int32_t label;
    std::filesystem::path path;
};

/// Which files of a folder are recordings, and how messages name the kind of data.
struct RecordingFiles {
    std::string_view kind;                     ///< "nmnist"
    std::vector<std::string_view> extensions;  ///< {".bin"}

    bool holds(const std::filesystem::path& path) const;
    /// "*.bin or *.bs2".
    std::string pattern() const;
};

/// The entries of a folder that are not hidden. Throws InputError that names a folder which cannot be listed, and
/// says what the kind `needs`.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder, std::string_view needs);

/// The recordings in the class folders of a folder, sorted by label, then file name (bytes). Files beside the class
/// folders are ignored. Throws InputError for a missing folder, one without class folders, a class folder without
/// recordings and one whose name is not a number.
std::vector<Recording> list_class_folders(const std::filesystem::path& folder, const RecordingFiles& files);

/// A data set of recordings with one sensor: shape {2,height,width} = (OFF,ON), y, x, or `input_shape` where that only
/// adds or merges axes. A sample lasts `duration_us`; without one, as long as the longest recording, for which
/// default_steps() reads them all.
std::unique_ptr<Dataset> make_recordings(std::vector<Recording> recordings, Sensor sensor,
                                         std::optional<std::uint64_t> duration_us,
                                         const std::vector<std::size_t>& input_shape);

}  // namespace axfire::datasets
