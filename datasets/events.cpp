// SPDX-License-Identifier: Apache-2.0
#include "datasets/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "arith/error.h"
#include "datasets/recordings.h"
#include "datasets/shapes.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

using datasets::Recording;
using datasets::Shape;

std::vector<Recording> list_folder(const fs::path& folder) {
    const datasets::RecordingFiles files{"events", {".bin", ".bs2"}};
    std::vector<Recording> recordings;
    std::size_t folders = 0;
    for (const auto& entry : datasets::entries_of(folder, "events: needs a recording, or a folder of recordings")) {
        std::error_code error;
        if (entry.is_directory(error)) {
            ++folders;
        } else if (files.holds(entry.path())) {
            recordings.push_back({kNoLabel, entry.path()});
        }
    }
    if (folders > 0 && !recordings.empty()) {
        throw InputError(
            fmt::format("{}: {} recordings beside {} folders; events: takes recordings in class folders 0, 1, ... or, "
                        "without labels, recordings alone",
                        folder.string(), recordings.size(), folders));
    }
    if (folders > 0) {
        return datasets::list_class_folders(folder, files);
    }
    if (recordings.empty()) {
        throw InputError(fmt::format("{}: no {} recordings and no class folders 0, 1, ... in this folder",
                                     folder.string(), files.pattern()));
    }
    std::sort(recordings.begin(), recordings.end(),
              [](const Recording& a, const Recording& b) { return a.path.string() < b.path.string(); });
    return recordings;
}

/// The sensor of an input node {2,H,W}.
std::optional<Sensor> sensor_of(const Shape& input_shape) {
    if (input_shape.size() != 3 || input_shape[0] != 2) {
        return std::nullopt;
    }
    if (input_shape[1] > kMaxAerSide || input_shape[2] > kMaxAerSide) {
        throw InputError(fmt::format("the network's input is {}, but events: reads sensors of at most {}x{} pixels",
                                     datasets::shape_text(input_shape), kMaxAerSide, kMaxAerSide));
    }
    return Sensor{static_cast<std::uint32_t>(input_shape[1]), static_cast<std::uint32_t>(input_shape[2])};
}

Sensor smallest_sensor(const std::vector<Recording>& recordings) {
    Sensor sensor{1, 1};
    for (const Recording& recording : recordings) {
        const Sensor needed = measure_aer(recording.path).sensor;
        sensor.height = std::max(sensor.height, needed.height);
        sensor.width = std::max(sensor.width, needed.width);
    }
    return sensor;
}

}  // namespace

std::unique_ptr<Dataset> open_events(const fs::path& path, const Shape& input_shape) {
    std::vector<Recording> recordings;
    std::error_code error;
    if (fs::is_directory(path, error)) {
        recordings = list_folder(path);
    } else {
        check_aer(path);
        recordings.push_back({kNoLabel, path});
    }
    const std::optional<Sensor> known = sensor_of(input_shape);
    const Sensor sensor = known ? *known : smallest_sensor(recordings);
    return datasets::make_recordings(std::move(recordings), sensor, std::nullopt, input_shape);
}

}  // namespace axfire
