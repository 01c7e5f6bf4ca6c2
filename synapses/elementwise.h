// SPDX-License-Identifier: Apache-2.0
// Element by element: the sums of several projections, scaled signals.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// out = a + b with the adder; where one is absent the other passes, unchanged. `out` may be `a`.
template <class Add, class Mul>
struct AddSignals {
    const ElementwiseArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add);
        const Lanes none = splat<Lanes>(kAbsent);
        for (u32 i = 0; i < a.count; i += kLanes) {
            const Lanes x = load(a.a + i);
            const Lanes y = load(a.b + i);
            const Lanes sum = Add::finish(add(add.operand(x), add.operand(y)));
            store(a.out + i, select(eq(x, none), y, select(eq(y, none), x, sum)));
        }
    }
};

/// out = a * b with the multiplier, b the factor in its format; by exactly 1 no operation; absent stays absent.
template <class Add, class Mul>
struct ScaleSignal {
    const ElementwiseArgs& a;

    void operator()() const {
        const Mul mul(a.arithmetic.mul);
        const Lanes none = splat<Lanes>(kAbsent);
        for (u32 i = 0; i < a.count; i += kLanes) {
            const Lanes x = load(a.a + i);
            const Lanes s = load(a.b + i);
            const Lanes product = canonical_nan(mul(mul.operand(x), s));
            store(a.out + i, select(eq(x, none) | eq(s, splat<Lanes>(kOneBits)), x, product));
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
