// SPDX-License-Identifier: Apache-2.0
// What a unit (one file under adders/ or multipliers/) tells about itself, and the values of its parameters.
#pragma once

#include "arith/lanes.h"

namespace axfire {

inline constexpr unsigned kMaxParameters = 4;

/// The values of a unit's parameters, in the order in which the unit lists them.
struct Parameters {
    u32 value[kMaxParameters] = {};
    friend constexpr bool operator==(const Parameters&, const Parameters&) = default;
};

inline constexpr u32 kCircuitWidth = 0xffffffffu;       ///< as an upper bound: the width n of the circuit
inline constexpr u32 kTwiceCircuitWidth = 0xfffffffeu;  ///< ... the width 2n of its product
inline constexpr u32 kFractionWidth = 0xfffffffdu;      ///< ... the width n-1 of a significand's fraction

/// One integer parameter of a unit.
struct ParameterInfo {
    const char* name = nullptr;
    u32 min = 0;
    u32 max = 0;  ///< a number or one of the widths above; see upper_bound()
    bool has_default = false;
    u32 default_value = 0;
    const char* summary = nullptr;
    const char* choices = nullptr;  ///< the names of the values 0, 1, ... where they have names: "and|none"
};

/// The largest value of a parameter in a circuit of n bits.
constexpr u32 upper_bound(const ParameterInfo& p, u32 n) {
    return p.max == kCircuitWidth ? n : p.max == kTwiceCircuitWidth ? 2 * n : p.max == kFractionWidth ? n - 1 : p.max;
}

/// Metadata of a unit: `static constexpr UnitInfo kInfo` in its struct. A unit whose parameters depend on each other
/// also has `static constexpr const char* invalid(const Parameters&, u32 n)`: what is wrong with them at width n, or
/// nullptr.
struct UnitInfo {
    const char* name;  ///< also the struct's and the file's name
    const char* summary;
    const char* source;  ///< paper or design that defines it
    unsigned parameter_count;
    ParameterInfo parameters[kMaxParameters];
};

/// A product of up to 64 bits: hi * 2^32 + lo.
template <class U>
struct Wide {
    U hi;
    U lo;
};

}  // namespace axfire
