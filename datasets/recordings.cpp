// SPDX-License-Identifier: Apache-2.0
#include "datasets/recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <tuple>
#include <utility>

#include "arith/error.h"
#include "datasets/shapes.h"
#include "datasets/time_step.h"

namespace axfire::datasets {

namespace {

namespace fs = std::filesystem;

std::int32_t label_of(const fs::path& class_folder, std::string_view kind) {
    const std::string name = class_folder.filename().string();
    std::int32_t label = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), label);
    if (error != std::errc{} || end != name.data() + name.size() || name.front() == '-') {
        throw InputError(
            fmt::format("{}: folder name '{}' is not a class number; {}: needs the folder that holds the class "
                        "folders 0, 1, ...",
                        class_folder.string(), name, kind));
    }
    return label;
}

class Recordings final : public Dataset {
public:
    Recordings(std::vector<Recording> recordings, Sensor sensor, std::optional<std::uint64_t> duration_us,
               const Shape& input_shape)
        : recordings_(std::move(recordings)),
          sensor_(sensor),
          duration_us_(duration_us),
          shape_(adopt_shape({2, sensor.height, sensor.width}, input_shape)) {}

    std::size_t size() const override { return recordings_.size(); }
    const Shape& shape() const override { return shape_; }
    bool has_events() const override { return true; }
    std::uint32_t default_steps(double dt_ms) const override {
        return steps_covering(duration_us_ ? *duration_us_ : longest_us(), picoseconds(dt_ms));
    }
    Sample load(std::size_t i) const override {
        const Recording& recording = recordings_.at(i);
        Sample sample;
        sample.label = recording.label;
        sample.events = read_aer(recording.path, sensor_);
        return sample;
    }

private:
    /// From 0 to just after the last event of all.
    std::uint64_t longest_us() const {
        std::uint32_t last_us = 0;
        for (const Recording& recording : recordings_) {
            last_us = std::max(last_us, measure_aer(recording.path).last_us);
        }
        return std::uint64_t{last_us} + 1;
    }

    std::vector<Recording> recordings_;
    Sensor sensor_;
    std::optional<std::uint64_t> duration_us_;
    Shape shape_;
};

}  // namespace

bool RecordingFiles::holds(const fs::path& path) const {
    return std::find(extensions.begin(), extensions.end(), path.extension().string()) != extensions.end();
}

std::string RecordingFiles::pattern() const {
    std::string text;
    for (const std::string_view extension : extensions) {
        text += fmt::format("{}*{}", text.empty() ? "" : " or ", extension);
    }
    return text;
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder, std::string_view needs) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    std::vector<fs::directory_entry> entries;
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (!entry->path().filename().string().starts_with('.')) {
            entries.push_back(*entry);
        }
    }
    if (error) {
        throw InputError(fmt::format("{}: {}; {}", folder.string(), error.message(), needs));
    }
    return entries;
}

std::vector<Recording> list_class_folders(const fs::path& folder, const RecordingFiles& files) {
    const std::string needs = fmt::format("{}: needs a folder that holds one folder per class", files.kind);
    std::vector<Recording> recordings;
    for (const auto& class_folder : entries_of(folder, needs)) {
        std::error_code error;
        if (!class_folder.is_directory(error)) {
            continue;
        }
        const std::int32_t label = label_of(class_folder.path(), files.kind);
        const std::size_t before = recordings.size();
        for (const auto& file : entries_of(class_folder.path(), needs)) {
            if (files.holds(file.path())) {
                recordings.push_back({label, file.path()});
            }
        }
        if (recordings.size() == before) {
            throw InputError(fmt::format("{}: no {} recordings in this class folder", class_folder.path().string(),
                                         files.pattern()));
        }
    }
    if (recordings.empty()) {
        throw InputError(fmt::format("{}: no class folders 0, 1, ... in this folder", folder.string()));
    }
    const auto key = [](const Recording& r) {
        return std::tuple(r.label, r.path.filename().string(), r.path.string());
    };
    std::sort(recordings.begin(), recordings.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return recordings;
}

std::unique_ptr<Dataset> make_recordings(std::vector<Recording> recordings, Sensor sensor,
                                         std::optional<std::uint64_t> duration_us, const Shape& input_shape) {
    return std::make_unique<Recordings>(std::move(recordings), sensor, duration_us, input_shape);
}

}  // namespace axfire::datasets
