// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set, with AXFIRE_ISA naming it. Only raw views here: whatever the standard library
// has inline would be compiled for this instruction set and could be linked into code for all.
#include "engine/backend/cpu/kernels.h"

#include "synapses/conv2d.h"
#include "synapses/elementwise.h"
#include "synapses/linear.h"
#include "synapses/pool2d.h"

#define AXFIRE_TEXT_(x) #x
#define AXFIRE_TEXT(x) AXFIRE_TEXT_(x)

namespace axfire::AXFIRE_ISA {

namespace {

/// A kernel functor as a plain function.
template <class Kernel, class Args>
void run(Args& args) {
    Kernel{args}();
}

template <class Add, class Mul>
constexpr ProjectionKernels projections() {
    return {run<Linear<true, Add, Mul>, LinearArgs>,    run<Linear<false, Add, Mul>, LinearArgs>,
            run<Conv2dEvents<Add, Mul>, Conv2dArgs>,    run<Conv2dDense<Add, Mul>, Conv2dArgs>,
            run<Pool2dEvents<Add, Mul>, Pool2dArgs>,    run<Pool2dDense<Add, Mul>, Pool2dArgs>,
            run<AddSignals<Add, Mul>, ElementwiseArgs>, run<ScaleSignal<Add, Mul>, ElementwiseArgs>};
}

template <class Add, class Mul>
constexpr NeuronKernels neurons() {
#define AXFIRE_UPDATE(model) run<NeuronUpdate<model, Add, Mul>, NeuronArgs>,
    return {{AXFIRE_MODELS(AXFIRE_UPDATE)}};
#undef AXFIRE_UPDATE
}

/// out[i] = f(a[i], b[i]) in full lane groups, then one by one.
template <class F>
AXFIRE_FN void map(const F& f, const u32* a, const u32* b, u32* out, std::size_t n) {
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        store(out + i, f(load(a + i), load(b + i)));
    }
    for (; i < n; ++i) {
        out[i] = f(a[i], b[i]);
    }
}

struct ConvertEach {
    const Format& format;
    Rounding rounding;
    template <class U>
    AXFIRE_FN U operator()(const U& x, const U&) const {
        return convert_call(format, rounding, x);
    }
};
struct AddEach {
    const AdderSpec& spec;
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b) const {
        return fp_add_call(spec, a, b);
    }
};
struct MulEach {
    const MultiplierSpec& spec;
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b) const {
        return fp_mul_call(spec, a, b);
    }
};

void convert_all(const Format& format, Rounding rounding, const u32* in, u32* out, std::size_t n) {
    map(ConvertEach{format, rounding}, in, in, out, n);
}
void add_all(const AdderSpec& spec, const u32* acc, const u32* x, u32* out, std::size_t n) {
    map(AddEach{spec}, acc, x, out, n);
}
void mul_all(const MultiplierSpec& spec, const u32* a, const u32* b, u32* out, std::size_t n) {
    map(MulEach{spec}, a, b, out, n);
}

}  // namespace

const CpuKernels kKernels = {
    AXFIRE_TEXT(AXFIRE_ISA),
    kLanes,
    {{projections<AnyAdd, AnyMul>(), projections<AnyAdd, NativeMul>()},
     {projections<NativeAdd, AnyMul>(), projections<NativeAdd, NativeMul>()}},
    {{neurons<AnyAdd, AnyMul>(), neurons<AnyAdd, NativeMul>()},
     {neurons<NativeAdd, AnyMul>(), neurons<NativeAdd, NativeMul>()}},
    convert_all,
    add_all,
    mul_all,
};

}  // namespace axfire::AXFIRE_ISA
