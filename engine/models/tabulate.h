// SPDX-License-Identifier: Apache-2.0
// Multipliers as look-up tables over the fractions of their operands: the same bits, by one load.
#pragma once

#include "arith/spec.h"
#include "engine/models/table_file.h"

namespace axfire {

/// When a multiplier is tabulated. `automatic`: a model whose products can be finished
/// beforehand, or that is slower than its table, measured.
enum class TablePolicy : unsigned char { automatic, on, off };

/// Formats of at most this many fraction bits can be tabulated: 256 KiB.
inline constexpr u32 kMaxTableFraction = 8;

/// The spec, tabulated where the policy says so, and in any case a table from a file whose products can be finished
/// beforehand; its text and its results stay as they are. Throws SpecError where the policy is `on` and the multiplier
/// cannot be tabulated: too wide a format, a whole FP operation.
MultiplierSpec with_table(const MultiplierSpec& spec, TablePolicy policy);

/// All products of significands of the spec's format. Throws SpecError as above.
ProductTable tabulate(const MultiplierSpec& spec);

}  // namespace axfire
