// SPDX-License-Identifier: Apache-2.0
// A multiply-accumulate the way that simulators of approximate hardware usually have it: one call for each operation,
// on one number at a time, with loops and branches where the hardware has them. It knows nothing of the engine's units,
// and so is a baseline for the time and a check of the result at once.
#pragma once

namespace axfire::bench {

/// acc + x * w in binary32: the product correctly rounded, the sum by a lower-part OR adder of k approximate bits in
/// the pipeline of docs/arithmetic.md (no guard bits, truncation).
float scalar_loa_mac(float acc, float x, float w, int k);

/// out[o] = sum over i, ascending, of x[i] * w[i][o], by scalar_loa_mac from +0.
/// x: [inputs]; w: [inputs][outputs], row-major; out: [outputs].
void scalar_loa_linear(const float* x, const float* w, float* out, int inputs, int outputs, int k);

}  // namespace axfire::bench
