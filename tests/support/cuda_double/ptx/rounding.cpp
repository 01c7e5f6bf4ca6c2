// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/rounding.h"

#include <cfenv>

namespace axfire::cuda_double {

namespace {

/// The call through a pointer keeps the compiler from moving arithmetic over the changes of mode.
template <int kMode>
void run_rounded(Warp& w, const Instruction& i, u32 mask) {
    std::fesetround(kMode);
    i.inner(w, i, mask);
    std::fesetround(FE_TONEAREST);
}

}  // namespace

void decode_rounding(Decode& d) {
    constexpr Handler kHandlers[] = {nullptr, run_rounded<FE_TOWARDZERO>, run_rounded<FE_DOWNWARD>,
                                     run_rounded<FE_UPWARD>};
    const int mode = d.take_one_of({"rn", "rz", "rm", "rp"});
    if (mode > 0 && d.i.run != nullptr) {
        d.i.inner = d.i.run;
        d.i.run = kHandlers[mode];
    }
}

}  // namespace axfire::cuda_double
