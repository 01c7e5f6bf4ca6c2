// SPDX-License-Identifier: Apache-2.0
// A unit that is not compiled in: a user's C or C++ model, or a look-up table.
#pragma once

#include "arith/lanes.h"

namespace axfire {

/// Elements that a model evaluates in one call of `lanes`.
inline constexpr u32 kModelLanes = 16;

/// What kernels call or read. A view; its owner outlives every spec.
struct UnitModel {
    const char* name;  ///< as a spec names it, without options: "dir/file.c:function", "table" or a built-in unit
    /// lo[i] + hi[i] 2^32 = f(a[i], b[i]) for kModelLanes elements; of a whole operation the bits are binary32's.
    void (*lanes)(const u32* a, const u32* b, u32* lo, u32* hi);
    void (*single)(const u32* a, const u32* b, u32* lo, u32* hi);  ///< the same for one element
    const u32* table;                                              ///< [2^t][2^t] products, row: operand A
    const std::uint16_t* short_table;  ///< the same in 16 bits, with one more behind, where ModelUse says so
    const std::uint16_t* finished;     ///< what a tabulated spec's `finished_product` reads
};

enum class ModelKind : unsigned char {
    circuit,    ///< an integer function of N-bit operands
    operation,  ///< float f(float, float): the whole FP operation
    table,      ///< the products of all N-bit operands
};

/// The constants of a unit that is a model: what a kernel may be compiled for.
struct ModelUse {
    ModelKind kind = ModelKind::circuit;
    u32 bits = 0;                ///< N
    bool whole_product = false;  ///< tables: products are normalised as they are, no `P >> p`
    bool by_fraction = false;    ///< tables: indexed by the M fraction bits (N = M), not by the significands
    bool short_entries = false;  ///< tables: every product is below 2^16
    friend constexpr bool operator==(const ModelUse&, const ModelUse&) = default;
};

#if defined(__CUDACC__)
/// A module's own functions stand in its source. There, and only there, `lanes` tells them apart: none for the adder's.
void device_model(const UnitModel& model, u32 a, u32 b, u32& lo, u32& hi);
#endif

/// f(a, b) of a model that is a function.
template <class U>
AXFIRE_FN void evaluate(const UnitModel& model, const U& a, const U& b, U& lo, U& hi) {
#if defined(__CUDACC__)
    return device_model(model, a, b, lo, hi);
#endif
    if constexpr (LaneTraits<U>::kWidth == 1) {
        model.single(&a, &b, &lo, &hi);
    } else {
        u32 in[2][kModelLanes] = {};
        u32 out[2][kModelLanes];
        memcpy(in[0], &a, sizeof a);
        memcpy(in[1], &b, sizeof b);
        model.lanes(in[0], in[1], out[0], out[1]);
        memcpy(&lo, out[0], sizeof lo);
        memcpy(&hi, out[1], sizeof hi);
    }
}

/// The entry of a table for two t-bit indices.
template <class U>
AXFIRE_FN U table_entry(const UnitModel& model, const ModelUse& use, const U& a, const U& b, u32 t) {
    const u32 mask = (1u << t) - 1;
    const U index = ((a & mask) << t) | (b & mask);
    return use.short_entries ? lookup(model.short_table, index) : lookup(model.table, index);
}

}  // namespace axfire
