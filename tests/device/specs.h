// SPDX-License-Identifier: Apache-2.0
// A setting of a unit that a run takes.
#pragma once

#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "tests/engine/run_samples.h"
#include "tests/support/settings.h"

namespace axfire::test {

inline bool is_allowed(const AdderSpec& spec) {
    return testing::input_error([&] { parse_adder(to_string(spec)); }).empty();
}
inline bool is_allowed(const MultiplierSpec& spec) {
    return testing::input_error([&] { parse_multiplier(to_string(spec)); }).empty();
}

/// Of one unit in a format, with the parameters in the middle of what is allowed.
template <class Spec, class Id>
Spec spec_of(Id unit, const Format& format) {
    Spec spec;
    spec.unit = unit;
    spec.format = format;
    const u32 width = std::is_same_v<Id, AdderId> ? format.fraction_bits + 3 : format.precision();
    const std::vector<Parameters> settings = testing::settings(unit, width);
    for (std::size_t i = settings.size() / 2; i < settings.size(); ++i) {
        spec.parameters = settings[i];
        if (is_allowed(spec)) {
            break;
        }
    }
    EXPECT_TRUE(is_allowed(spec)) << initialiser(spec);
    return spec;
}

}  // namespace axfire::test
