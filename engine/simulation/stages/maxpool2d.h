// SPDX-License-Identifier: Apache-2.0
// The largest element of each window: a comparison, so that no unit takes part. Of spikes, those pass that come from
// the input of the window that has sent most.
#pragma once

#include "engine/simulation/stage.h"

namespace axfire {

std::unique_ptr<Stage> make_max_pool(const nodes::Pool2d& node, const StageContext& context);

}  // namespace axfire
