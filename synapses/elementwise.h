// SPDX-License-Identifier: Apache-2.0
// Element by element: the sums of several projections, scaled signals.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// out = a + b with the adder; where one is absent the other passes, unchanged. `out` may be `a`.
template <class Add, class Mul>
struct AddSignals {
    ElementwiseArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add, a.arithmetic.site);
        a.operations = 0;
        for (u32 i = 0; i < a.count; i += kLanes) {
            const u32 both = ~sign_bits(block(add, i));
            const u32 lanes = a.count - i < kLanes ? a.count - i : kLanes;
            a.operations += static_cast<u32>(__builtin_popcount(both & ((1u << lanes) - 1)));
        }
    }

    /// A lane group of sums from element i on. Returns where no addition was made: one or both were absent.
    AXFIRE_FN Lanes block(const Add& add, u32 i) const {
        const Lanes none = splat<Lanes>(kAbsent);
        const Lanes x = load(a.a + i);
        const Lanes y = load(a.b + i);
        const auto draw = [&](Role role) { return Draw<Lanes>{a.arithmetic.site, lane_indices(i), a.operand, role}; };
        const Lanes left = add.operand(x, draw(Role::product));
        const Lanes right = add.operand(y, draw(Role::term));
        const Lanes sum = Add::finish(add(left, right, draw(Role::sum)));
        store(a.out + i, select(eq(x, none), y, select(eq(y, none), x, sum)));
        return eq(x, none) | eq(y, none);
    }
};

/// out = a * b with the multiplier; by exactly 1 no operation; absent where a is. b is a constant in the multiplier's
/// format or, with kSignals, another signal; absent where that is, too.
template <bool kSignals, class Add, class Mul>
struct ScaleSignal {
    const ElementwiseArgs& a;

    void operator()() const {
        const Mul mul(a.arithmetic.mul, a.arithmetic.site);
        for (u32 i = 0; i < a.count; i += kLanes) {
            block(mul, i);
        }
    }

    /// A lane group of products from element i on.
    AXFIRE_FN void block(const Mul& mul, u32 i) const {
        const Lanes none = splat<Lanes>(kAbsent);
        const Lanes x = load(a.a + i);
        Lanes s = load(a.b + i);
        Lanes absent = eq(x, none);
        if constexpr (kSignals) {
            absent |= eq(s, none);
            s = mul.operand(s, Draw<Lanes>{a.arithmetic.site, lane_indices(i), a.operand, Role::term});
        }
        const Lanes in = mul.operand(x, Draw<Lanes>{a.arithmetic.site, lane_indices(i), kInputOperand, Role::product});
        const Draw<Lanes> draw{a.arithmetic.site, lane_indices(i), a.operand, Role::product};
        const Lanes product = canonical_nan(mul(in, s, draw));
        store(a.out + i, select(absent, none, select(eq(s, splat<Lanes>(kOneBits)), x, product)));
    }
};

}  // namespace axfire::AXFIRE_ISA
