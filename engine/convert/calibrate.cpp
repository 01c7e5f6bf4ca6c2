// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/calibrate.h"

namespace axfire {

void calibrate_conversion(Network&, const Topology&, const std::vector<std::size_t>&, const Calibration&, SpikingPlan&,
                          const std::function<void(const std::string&)>&) {}

}  // namespace axfire
