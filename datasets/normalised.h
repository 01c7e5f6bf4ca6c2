// SPDX-License-Identifier: Apache-2.0
// A data set whose values are shifted and scaled, as networks are often trained.
#pragma once

#include <memory>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// The same data set with each value x replaced by (x - mean) / deviation, computed in binary64 and rounded once to
/// binary32 (what is too large becomes an infinity). `mean` and `deviation` hold one number for all values, or one for
/// each channel, which is the first axis of data->shape(); a time axis stands before the channels and is not one.
/// Throws InputError with the number: data of events, another count, a mean that is not finite, a
/// standard deviation that is not finite and above 0.
std::unique_ptr<Dataset> normalised(std::unique_ptr<Dataset> data, const std::vector<double>& mean,
                                    const std::vector<double>& deviation);

}  // namespace axfire
