// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set, as tables of functions.
#pragma once

#include <cstddef>

#include "neurons/update.h"
#include "synapses/views.h"

namespace axfire {

#define AXFIRE_COUNT(model) +1
inline constexpr unsigned kModelCount = 0 AXFIRE_MODELS(AXFIRE_COUNT);
#undef AXFIRE_COUNT

/// Projections with one kind of adder and of multiplier.
struct ProjectionKernels {
    void (*linear_events)(LinearArgs&);
    void (*linear_dense)(LinearArgs&);
    void (*conv2d_events)(Conv2dArgs&);
    void (*conv2d_dense)(Conv2dArgs&);
    void (*pool2d_events)(Pool2dArgs&);
    void (*pool2d_dense)(Pool2dArgs&);
    void (*add_signals)(ElementwiseArgs&);
    void (*scale_signal)(ElementwiseArgs&);
};

/// Neuron updates with one kind of adder and of multiplier, by ModelId.
struct NeuronKernels {
    void (*update[kModelCount])(NeuronArgs&);
};

struct CpuKernels {
    const char* isa;                     ///< "baseline", "avx2" or "avx512"
    unsigned lanes;                      ///< elements in one SIMD register
    ProjectionKernels projection[2][2];  ///< [adder: any, exact@fp32][multiplier: any, exact@fp32]
    NeuronKernels neuron[2][2];
    void (*convert)(const Format&, Rounding, const u32* in, u32* out, std::size_t n);
    void (*add)(const AdderSpec&, const u32* acc, const u32* x, u32* out, std::size_t n);
    void (*mul)(const MultiplierSpec&, const u32* a, const u32* b, u32* out, std::size_t n);

    const ProjectionKernels& projections(const AdderSpec& add_spec, const MultiplierSpec& mul_spec) const {
        return projection[add_spec == AdderSpec{}][mul_spec == MultiplierSpec{}];
    }
    const NeuronKernels& neurons(const AdderSpec& add_spec, const MultiplierSpec& mul_spec) const {
        return neuron[add_spec == AdderSpec{}][mul_spec == MultiplierSpec{}];
    }
};

/// The kernels of the best instruction set that this processor has, or of the one that the environment variable
/// AXFIRE_ISA names. Throws InputError for one that it does not have.
const CpuKernels& cpu_kernels();

namespace baseline {
extern const CpuKernels kKernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const CpuKernels kKernels;
}
namespace avx512 {
extern const CpuKernels kKernels;
}
#endif

}  // namespace axfire
