// SPDX-License-Identifier: Apache-2.0
// Specs as text: what users write and what results record.
#pragma once

#include <string>
#include <string_view>

#include "arith/spec.h"

namespace axfire {

/// A unit that lies in a file: `file.c:function`, or `table(file=...)`.
struct ModelReference {
    std::string file;
    std::string function;      ///< empty for a table
    u32 bits = 0;              ///< `bits=n`, or read from a name such as mul8u_...; 0: not said
    bool adder = false;        ///< else a multiplier
    bool by_fraction = false;  ///< a table: `index=fraction`
};
struct LoadedModel {
    ModelUse use;
    const UnitModel* model;
};

/// Finds the unit that a reference means. The engine loads files; the arithmetic itself knows none.
using ModelLoader = LoadedModel (*)(const ModelReference&);

/// Reads `<unit>[(param=value,...)]@<format>[/<rounding>]` or `<file>:<function>[(bits=N,...)]@<format>`.
/// Throws SpecError, whose text names the part, the value and the choices; for a file without a loader too.
AdderSpec parse_adder(std::string_view text, ModelLoader load = nullptr);
MultiplierSpec parse_multiplier(std::string_view text, ModelLoader load = nullptr);

/// The unit alone, with its ranges as an n-bit circuit: only unit, parameters and model are set. A @format may be
/// absent; it and the pipeline's options are read and mean nothing. Throws SpecError.
AdderSpec parse_adder_circuit(std::string_view text, u32 n, ModelLoader load = nullptr);
MultiplierSpec parse_multiplier_circuit(std::string_view text, u32 n, ModelLoader load = nullptr);

/// Reads a format: a preset (fp32, tf32, bf16, fp16, dlfloat16, fp8_e4m3 or e4m3fn, fp8_e5m2) or e<E>m<M>.
Format parse_format(std::string_view text);
Rounding parse_rounding(std::string_view text);

/// The canonical text: parse_adder(to_string(s)) == s.
std::string to_string(const AdderSpec& spec);
std::string to_string(const MultiplierSpec& spec);
std::string to_string(const Format& format);
std::string to_string(Rounding rounding);

}  // namespace axfire
