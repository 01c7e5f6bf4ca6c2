// SPDX-License-Identifier: Apache-2.0
#include "datasets/nmnist.h"

#include "datasets/recordings.h"

namespace axfire {

namespace {

constexpr Sensor kSensor{34, 34};
constexpr std::uint64_t kDurationUs = 340'000;  // three saccades of 100 ms each, and a margin

}  // namespace

std::unique_ptr<Dataset> open_nmnist(const std::filesystem::path& folder, const std::vector<std::size_t>& input_shape) {
    return datasets::make_recordings(datasets::list_class_folders(folder, {"nmnist", {".bin"}}), kSensor, kDurationUs,
                                     input_shape);
}

}  // namespace axfire
