// SPDX-License-Identifier: Apache-2.0
// The constants of the elementary functions.
// Made by: python3 scripts/elementary_constants.py > arith/elementary_constants.h
#pragma once

namespace axfire::elementary {

inline constexpr float kLog2E = 0x1.715476p+0f;
inline constexpr float kLn2High = 0x1.62e4p-1f;  ///< 16 bits: times an integer of 8 bits it is exact
inline constexpr float kLn2Low = 0x1.7f7d1cp-20f;

/// e^r = 1 + r + r^2 (kExp0 + kExp1 r + ...), |r| <= ln(2)/2.
/// Relative error of the whole below 2^-28.0.
inline constexpr float kExp0 = 0x1.fffff8p-2f;
inline constexpr float kExp1 = 0x1.55548ep-3f;
inline constexpr float kExp2 = 0x1.555b96p-5f;
inline constexpr float kExp3 = 0x1.123bdp-7f;
inline constexpr float kExp4 = 0x1.685352p-10f;

/// 2/3 in two parts, the first of 12 bits.
inline constexpr float kTwoThirdsHigh = 0x1.556p-1f;
inline constexpr float kTwoThirdsLow = -0x1.555556p-14f;

/// log((1+s)/(1-s)) = 2s + s^3 (2/3 + z (kLog0 + kLog1 z + ...)), z = s^2, (1+s)/(1-s) <= sqrt(2).
/// Relative error of the whole below 2^-36.7.
inline constexpr float kLog0 = 0x1.999a02p-2f;
inline constexpr float kLog1 = 0x1.2451d4p-2f;
inline constexpr float kLog2 = 0x1.dfbd08p-3f;

/// Above it, tanh comes from the exponential function.
inline constexpr float kTanhBound = 0x1.19999ap-1f;

/// tanh(x) = x + x u (kTanh0 + kTanh1 u + ...), u = x^2, |x| <= kTanhBound.
/// Relative error of the whole below 2^-29.6.
inline constexpr float kTanh0 = -0x1.55554ap-2f;
inline constexpr float kTanh1 = 0x1.110cfcp-3f;
inline constexpr float kTanh2 = -0x1.b92268p-5f;
inline constexpr float kTanh3 = 0x1.590fcep-6f;
inline constexpr float kTanh4 = -0x1.9a449ep-8f;

}  // namespace axfire::elementary
