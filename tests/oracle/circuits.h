// SPDX-License-Identifier: Apache-2.0
// All circuits by name, with what the pipelines need to know about each.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/oracle/adders/ama5.h"
#include "tests/oracle/adders/eta1.h"
#include "tests/oracle/adders/exact.h"
#include "tests/oracle/adders/loa.h"
#include "tests/oracle/adders/trunc0.h"
#include "tests/oracle/multipliers/bam.h"
#include "tests/oracle/multipliers/drum.h"
#include "tests/oracle/multipliers/exact.h"
#include "tests/oracle/multipliers/mitchell.h"
#include "tests/oracle/multipliers/trunc.h"

namespace axfire::oracle {

/// (a, b, n, parameters): the (n+1)-bit sum or the 2n-bit product of n-bit integers.
using Circuit = u64 (*)(u64, u64, unsigned, const Parameters&);

struct AdderCircuit {
    const char* name;
    Circuit circuit;
};

inline constexpr AdderCircuit kAdders[] = {
    {"exact", adders::exact}, {"loa", adders::loa},       {"ama5", adders::ama5},
    {"eta1", adders::eta1},   {"trunc0", adders::trunc0},
};

struct MultiplierCircuit {
    const char* name;
    Circuit circuit;
    bool logarithmic;  ///< delivers an exponent carry and M fraction bits, none of which `P >> p` may drop
    int block;         ///< index of the parameter that gives the width of a tile (0 there: one p-bit array), or -1
};

inline constexpr MultiplierCircuit kMultipliers[] = {
    {"exact", multipliers::exact, false, -1}, {"mitchell", multipliers::mitchell, true, -1},
    {"drum", multipliers::drum, false, -1},   {"trunc", multipliers::trunc, false, 1},
    {"bam", multipliers::bam, false, 2},
};

template <class Entry, std::size_t N>
const Entry& by_name(const Entry (&table)[N], std::string_view name) {
    for (const Entry& entry : table) {
        if (name == entry.name) {
            return entry;
        }
    }
    throw std::out_of_range("no circuit of the name " + std::string(name) + " under tests/oracle: add one");
}

inline const AdderCircuit& adder(std::string_view name) {
    return by_name(kAdders, name);
}
inline const MultiplierCircuit& multiplier(std::string_view name) {
    return by_name(kMultipliers, name);
}

}  // namespace axfire::oracle
