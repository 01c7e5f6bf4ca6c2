// SPDX-License-Identifier: Apache-2.0
// How a training went, epoch by epoch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace axfire::train {

struct EpochRecord {
    std::uint32_t epoch = 0;   ///< from 1
    double rate = 0;           ///< learning rate of its last step
    double loss = 0;           ///< mean over the training samples, each as it was when its batch was trained on
    double accuracy = 0;       ///< of the training samples, likewise
    double test_accuracy = 0;  ///< after the epoch; NaN without test data
    double gradient_norm = 0;  ///< mean over the steps
};

using TrainingLog = std::vector<EpochRecord>;

/// Loss and accuracies over the epochs as an SVG picture.
std::string curves(const TrainingLog& log, const std::string& title);

}  // namespace axfire::train
