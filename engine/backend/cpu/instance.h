// SPDX-License-Identifier: Apache-2.0
// The kernels for one adder and one multiplier. Only raw views here: whatever the standard library has inline would be
// compiled for one instruction set and could be linked into code for all.
#pragma once

#include "engine/backend/cpu/kernels.h"
#include "synapses/conv2d_dense.h"
#include "synapses/conv2d_events.h"
#include "synapses/elementwise.h"
#include "synapses/linear.h"
#include "synapses/pool2d.h"

namespace axfire::AXFIRE_ISA {

/// A kernel functor as a plain function.
template <class Kernel, class Args>
void run(Args& args) {
    Kernel{args}();
}

/// out[i] = f(a[i], b[i], where i stands): full lane groups, then one by one.
template <class F>
AXFIRE_FN void map(const F& f, const u32* a, const u32* b, u32* out, std::size_t n) {
    const RandomSite site;
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        const Draw<Lanes> draw{site, lane_indices(static_cast<u32>(i)), 0, Role::sum};
        store(out + i, f(load(a + i), load(b + i), draw));
    }
    for (; i < n; ++i) {
        out[i] = f(a[i], b[i], Draw<u32>{site, static_cast<u32>(i), 0, Role::sum});
    }
}

template <class Add>
void add_all(const AdderSpec& spec, const u32* acc, const u32* x, u32* out, std::size_t n) {
    const Add add(spec, RandomSite{});
    const auto each = [&](const auto& a, const auto& b, const auto& draw) { return Add::finish(add(a, b, draw)); };
    map(each, acc, x, out, n);
}
template <class Mul>
void mul_all(const MultiplierSpec& spec, const u32* a, const u32* b, u32* out, std::size_t n) {
    const Mul mul(spec, RandomSite{});
    const auto each = [&](const auto& x, const auto& y, const auto& draw) { return canonical_nan(mul(x, y, draw)); };
    map(each, a, b, out, n);
}

template <class Add, class Mul>
constexpr ProjectionKernels make_projections() {
    return {run<Linear<true, Add, Mul>, LinearArgs>,          run<Linear<false, Add, Mul>, LinearArgs>,
            run<Conv2dEvents<Add, Mul>, Conv2dArgs>,          run<Conv2dDense<Add, Mul>, Conv2dArgs>,
            run<Pool2dEvents<Add, Mul>, Pool2dArgs>,          run<Pool2dDense<Add, Mul>, Pool2dArgs>,
            run<AddSignals<Add, Mul>, ElementwiseArgs>,       run<ScaleSignal<false, Add, Mul>, ElementwiseArgs>,
            run<ScaleSignal<true, Add, Mul>, ElementwiseArgs>};
}

template <class Add, class Mul>
constexpr NeuronKernels make_neurons() {
#define AXFIRE_UPDATE(model) run<NeuronUpdate<model, Add, Mul>, NeuronArgs>,
    return {{AXFIRE_MODELS(AXFIRE_UPDATE)}};
#undef AXFIRE_UPDATE
}

/// An instance of one part only compiles in half the time, one of neither sooner.
template <class Add, class Mul, Part kPart>
constexpr Instance make_instance() {
    Instance instance{{}, {}, add_all<Add>, mul_all<Mul>};
    if constexpr (kPart == Part::both || kPart == Part::projections) {
        instance.projections = make_projections<Add, Mul>();
    }
    if constexpr (kPart == Part::both || kPart == Part::neurons) {
        instance.neurons = make_neurons<Add, Mul>();
    }
    return instance;
}

}  // namespace axfire::AXFIRE_ISA
