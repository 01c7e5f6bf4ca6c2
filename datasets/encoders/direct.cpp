// SPDX-License-Identifier: Apache-2.0
#include "datasets/encoders/encoders.h"

namespace axfire::encoders {

void encode_direct(const Job& job, EncodedSample& out) {
    out.constant = job.sample.frames == 0;
    const std::size_t frames = out.constant ? 1 : out.steps;
    out.values.assign(job.sample.values.begin(),
                      job.sample.values.begin() + static_cast<std::ptrdiff_t>(frames * job.size));
}

}  // namespace axfire::encoders
