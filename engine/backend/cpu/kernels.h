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
    void (*multiply_signals)(ElementwiseArgs&);
};

/// Neuron updates with one kind of adder and of multiplier, by ModelId.
struct NeuronKernels {
    void (*update[kModelCount])(NeuronArgs&);
};

/// What an instance holds beside `add` and `mul`.
enum class Part : unsigned char { both, projections, neurons, neither };

/// Kernels for one adder and one multiplier.
struct Instance {
    ProjectionKernels projections;
    NeuronKernels neurons;
    void (*add)(const AdderSpec&, const u32* acc, const u32* x, u32* out, std::size_t n);
    void (*mul)(const MultiplierSpec&, const u32* a, const u32* b, u32* out, std::size_t n);
};

/// An instance that was built with the program.
struct BuiltInstance {
    AdderSpec add;
    MultiplierSpec mul;
    bool any_parameters;  ///< serves the adder's unit with any values of its parameters
    Instance instance;
};

struct CpuKernels {
    const char* isa;   ///< "baseline", "avx2" or "avx512"
    unsigned lanes;    ///< elements in one SIMD register
    Instance general;  ///< every arithmetic, at the price of a call for each operation
    const BuiltInstance* built;
    unsigned built_count;
    void (*convert)(const Format&, Rounding, const u32* in, u32* out, std::size_t n);
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
