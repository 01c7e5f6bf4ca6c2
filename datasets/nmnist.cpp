// SPDX-License-Identifier: Apache-2.0
#include "datasets/nmnist.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <tuple>

#include "arith/error.h"
#include "datasets/aer.h"
#include "datasets/shapes.h"
#include "datasets/time_step.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

constexpr Sensor kSensor{34, 34};
constexpr std::uint64_t kDurationUs = 340'000;  // three saccades of 100 ms each, and a margin

struct Recording {
    std::int32_t label;
    fs::path path;
};

/// The entries of a folder that are not hidden.
std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    std::vector<fs::directory_entry> entries;
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (!entry->path().filename().string().starts_with('.')) {
            entries.push_back(*entry);
        }
    }
    if (error) {
        throw InputError(fmt::format("{}: {}; nmnist: needs a folder that holds one folder per class", folder.string(),
                                     error.message()));
    }
    return entries;
}

std::int32_t label_of(const fs::path& class_folder) {
    const std::string name = class_folder.filename().string();
    std::int32_t label = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), label);
    if (error != std::errc{} || end != name.data() + name.size() || name.front() == '-') {
        throw InputError(
            fmt::format("{}: folder name '{}' is not a class number; nmnist: needs the folder that holds "
                        "the class folders 0, 1, ...",
                        class_folder.string(), name));
    }
    return label;
}

std::vector<Recording> list_recordings(const fs::path& folder) {
    std::vector<Recording> recordings;
    for (const auto& class_folder : entries_of(folder)) {
        std::error_code error;
        if (!class_folder.is_directory(error)) {
            continue;
        }
        const std::int32_t label = label_of(class_folder.path());
        const std::size_t before = recordings.size();
        for (const auto& file : entries_of(class_folder.path())) {
            if (file.path().extension() == ".bin") {
                recordings.push_back({label, file.path()});
            }
        }
        if (recordings.size() == before) {
            throw InputError(fmt::format("{}: no *.bin recordings in this class folder", class_folder.path().string()));
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

class Nmnist final : public Dataset {
public:
    Nmnist(const fs::path& folder, const std::vector<std::size_t>& input_shape)
        : recordings_(list_recordings(folder)),
          shape_(datasets::adopt_shape({2, kSensor.height, kSensor.width}, input_shape)) {}

    std::size_t size() const override { return recordings_.size(); }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return true; }
    std::uint32_t default_steps(double dt_ms) const override {
        return datasets::steps_covering(kDurationUs, datasets::picoseconds(dt_ms));
    }
    Sample load(std::size_t i) const override {
        const Recording& recording = recordings_.at(i);
        Sample sample;
        sample.label = recording.label;
        sample.events = read_aer(recording.path, kSensor);
        return sample;
    }

private:
    std::vector<Recording> recordings_;
    std::vector<std::size_t> shape_;
};

}  // namespace

std::unique_ptr<Dataset> open_nmnist(const fs::path& folder, const std::vector<std::size_t>& input_shape) {
    return std::make_unique<Nmnist>(folder, input_shape);
}

}  // namespace axfire
