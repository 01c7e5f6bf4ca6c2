// SPDX-License-Identifier: Apache-2.0
// What a run names as an arithmetic: one FP adder or FP multiplier, with every constant of its pipeline.
#pragma once

#include <string>
#include <string_view>

#include "arith/format.h"
#include "arith/unit.h"
#include "arith/unit_lists.h"  // generated from the files in adders/ and multipliers/

namespace axfire {

/// An FP adder: the pipeline of docs/arithmetic.md around a significand adder.
struct AdderSpec {
    AdderId unit = AdderId::exact;
    Parameters parameters = {};
    Format format = kFp32;
    Rounding rounding = Rounding::rne;
    bool exact_subtraction = false;  ///< `subtract=exact`: only effective additions go through the circuit
    bool zero_bypass = false;        ///< `zero_bypass=on`: x + (+-0) = x without the circuit
    friend constexpr bool operator==(const AdderSpec&, const AdderSpec&) = default;
};

/// An FP multiplier: the pipeline of docs/arithmetic.md around a significand multiplier.
struct MultiplierSpec {
    MultiplierId unit = MultiplierId::exact;
    Parameters parameters = {};
    Format format = kFp32;
    Rounding rounding = Rounding::rne;
    bool round_product = false;  ///< `round=...`: an approximate product is rounded instead of truncated
    friend constexpr bool operator==(const MultiplierSpec&, const MultiplierSpec&) = default;
};

/// The four units of a layer.
struct Arithmetic {
    MultiplierSpec synapse_mul;
    AdderSpec synapse_add;
    MultiplierSpec neuron_mul;
    AdderSpec neuron_add;
    friend constexpr bool operator==(const Arithmetic&, const Arithmetic&) = default;
};

/// Reads `<unit>[(param=value,...)]@<format>[/<rounding>]`.
/// Throws SpecError, whose text names the part, the value and the choices.
AdderSpec parse_adder(std::string_view text);
MultiplierSpec parse_multiplier(std::string_view text);

/// Reads a format: a preset (fp32, tf32, bf16, fp16, dlfloat16, fp8_e4m3, fp8_e5m2) or e<E>m<M>.
Format parse_format(std::string_view text);
Rounding parse_rounding(std::string_view text);

/// The canonical text: parse_adder(to_string(s)) == s.
std::string to_string(const AdderSpec& spec);
std::string to_string(const MultiplierSpec& spec);
std::string to_string(const Format& format);
std::string to_string(Rounding rounding);

}  // namespace axfire
