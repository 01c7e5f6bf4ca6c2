// SPDX-License-Identifier: Apache-2.0
// What a run names as an arithmetic: one FP adder or FP multiplier, with every constant of its pipeline. Plain data
// that kernels are compiled for; its text is read and written by spec_text.h.
#pragma once

#include "arith/format.h"
#include "arith/model.h"
#include "arith/unit.h"
#include "arith/unit_lists.h"  // generated from the files in adders/ and multipliers/

namespace axfire {

/// In which order a projection's terms are summed; each groups by input index, so an absent input leaves its place
/// empty.
enum class Order : std::uint8_t {
    sequential,  ///< from +0, by ascending index
    tree,        ///< a binary tree over the indices: neighbours first
    blocked,     ///< each block of n indices by itself, sequentially from +0; then the blocks' sums, left to right
};

/// An FP adder: the pipeline of docs/arithmetic.md around a significand adder.
struct AdderSpec {
    AdderId unit = AdderId::exact;
    Parameters parameters = {};
    Format format = kFp32;
    Rounding rounding = Rounding::rne;
    bool exact_subtraction = false;  ///< `subtract=exact`: only effective additions go through the circuit
    bool zero_bypass = false;        ///< `zero_bypass=on`: x + (+-0) = x without the circuit
    u32 guard = 0;                   ///< `guard=n`: bits kept below the last place, the lowest of them sticky
    bool round_sum = false;          ///< `round=...` or guard bits: an approximate sum is rounded instead of truncated
    Order order = Order::sequential;
    u32 block = 0;         ///< indices in a block, `order=blocked:n`
    ModelUse model_use{};  ///< with AdderId::model
    const UnitModel* model = nullptr;
    friend constexpr bool operator==(const AdderSpec&, const AdderSpec&) = default;
};

/// An FP multiplier: the pipeline of docs/arithmetic.md around a significand multiplier.
struct MultiplierSpec {
    MultiplierId unit = MultiplierId::exact;
    Parameters parameters = {};
    Format format = kFp32;
    Rounding rounding = Rounding::rne;
    bool round_product = false;        ///< `round=...`: an approximate product is rounded instead of truncated
    bool tabulated = false;            ///< a built-in unit or a circuit whose products are looked up by the fractions
    ModelUse model_use{};              ///< with MultiplierId::model
    const UnitModel* model = nullptr;  ///< with MultiplierId::model, and where tabulated
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

}  // namespace axfire
