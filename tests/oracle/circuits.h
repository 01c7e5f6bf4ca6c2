// SPDX-License-Identifier: Apache-2.0
// All circuits by name, with what the pipelines need to know about each.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/oracle/adders/aca.h"
#include "tests/oracle/adders/ama5.h"
#include "tests/oracle/adders/copy.h"
#include "tests/oracle/adders/eta1.h"
#include "tests/oracle/adders/eta2.h"
#include "tests/oracle/adders/exact.h"
#include "tests/oracle/adders/gear.h"
#include "tests/oracle/adders/heaa.h"
#include "tests/oracle/adders/herloa.h"
#include "tests/oracle/adders/hoaaned.h"
#include "tests/oracle/adders/hoeraa.h"
#include "tests/oracle/adders/ldca.h"
#include "tests/oracle/adders/loa.h"
#include "tests/oracle/adders/loawa.h"
#include "tests/oracle/adders/lzta.h"
#include "tests/oracle/adders/mherloa.h"
#include "tests/oracle/adders/oloca.h"
#include "tests/oracle/adders/seta.h"
#include "tests/oracle/adders/trunc0.h"
#include "tests/oracle/adders/trunc1.h"
#include "tests/oracle/multipliers/almloa.h"
#include "tests/oracle/multipliers/almmaa3.h"
#include "tests/oracle/multipliers/almsoa.h"
#include "tests/oracle/multipliers/bam.h"
#include "tests/oracle/multipliers/drmitchell.h"
#include "tests/oracle/multipliers/dropped.h"
#include "tests/oracle/multipliers/drum.h"
#include "tests/oracle/multipliers/essm.h"
#include "tests/oracle/multipliers/exact.h"
#include "tests/oracle/multipliers/kulkarni.h"
#include "tests/oracle/multipliers/lmul.h"
#include "tests/oracle/multipliers/mbm.h"
#include "tests/oracle/multipliers/mitchell.h"
#include "tests/oracle/multipliers/mitchw.h"
#include "tests/oracle/multipliers/realm.h"
#include "tests/oracle/multipliers/roba.h"
#include "tests/oracle/multipliers/ssm.h"
#include "tests/oracle/multipliers/trunc.h"

namespace axfire::oracle {

/// (a, b, n, parameters): the (n+1)-bit sum or the 2n-bit product of n-bit integers.
using Circuit = u64 (*)(u64, u64, unsigned, const Parameters&);

struct AdderCircuit {
    const char* name;
    Circuit circuit;
};

inline constexpr AdderCircuit kAdders[] = {
    {"exact", adders::exact},   {"loa", adders::loa},         {"loawa", adders::loawa},   {"eta1", adders::eta1},
    {"heaa", adders::heaa},     {"oloca", adders::oloca},     {"hoeraa", adders::hoeraa}, {"hoaaned", adders::hoaaned},
    {"herloa", adders::herloa}, {"mherloa", adders::mherloa}, {"seta", adders::seta},     {"ama5", adders::ama5},
    {"ldca", adders::ldca},     {"lzta", adders::lzta},       {"trunc0", adders::trunc0}, {"trunc1", adders::trunc1},
    {"copy", adders::copy},     {"gear", adders::gear},       {"aca", adders::aca},       {"eta2", adders::eta2},
};

struct MultiplierCircuit {
    const char* name;
    Circuit circuit;
    bool logarithmic;  ///< delivers an exponent carry and M fraction bits, none of which `P >> p` may drop
    int block;         ///< index of the parameter that gives the width of a tile (0 there: one p-bit array), or -1
};

inline constexpr MultiplierCircuit kMultipliers[] = {
    {"exact", multipliers::exact, false, -1},
    {"mitchell", multipliers::mitchell, true, -1},
    {"mitchw", multipliers::mitchw, true, -1},
    {"almsoa", multipliers::almsoa, true, -1},
    {"almloa", multipliers::almloa, true, -1},
    {"almmaa3", multipliers::almmaa3, true, -1},
    {"drmitchell", multipliers::drmitchell, true, -1},
    {"mbm", multipliers::mbm, true, -1},
    {"realm", multipliers::realm, true, -1},
    {"lmul", multipliers::lmul, true, -1},
    {"drum", multipliers::drum, false, -1},
    {"roba", multipliers::roba, false, -1},
    {"ssm", multipliers::ssm, false, -1},
    {"essm", multipliers::essm, false, -1},
    {"trunc", multipliers::trunc, false, 1},
    {"bam", multipliers::bam, false, 2},
    {"kulkarni", multipliers::kulkarni, false, -1},
    {"dropped", multipliers::dropped, false, -1},
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
