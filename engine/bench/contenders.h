// SPDX-License-Identifier: Apache-2.0
// The arithmetics that are timed.
#pragma once

#include <string>
#include <vector>

#include "arith/spec.h"

namespace axfire::bench {

/// A mul and an add, as the report names them.
struct Contender {
    std::string name;
    MultiplierSpec mul;
    AdderSpec add;
};

/// The arithmetics that a report shows by default, one with a look-up table among them; with `every_unit` all adders
/// beside an exact multiplier and all multipliers beside loa(k=12), at the parameters of the catalogue's examples.
std::vector<Contender> default_contenders(bool every_unit);

/// "mul + add", with "(table)" where the multiplier is tabulated.
Contender contender(const MultiplierSpec& mul, const AdderSpec& add);

}  // namespace axfire::bench
