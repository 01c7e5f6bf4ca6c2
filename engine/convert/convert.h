// SPDX-License-Identifier: Apache-2.0
// From a trained conventional network to a spiking one.
#pragma once

#include <string>
#include <vector>

#include "engine/convert/activations.h"
#include "engine/convert/to_spiking.h"

namespace axfire {

/// How the scales of the populations are chosen.
enum class ConversionMethod : std::uint8_t {
    maximum,            ///< the largest activation (Diehl et al., IJCNN 2015)
    percentile,         ///< a percentile of the activations above 0 (Rueckauer et al., Front. Neurosci. 2017)
    threshold_balance,  ///< the largest input current of the spiking network, layer by layer (Sengupta et al., 2019)
    rmp,                ///< a fraction of that (Han et al., CVPR 2020)
    calibrate,          ///< least squared error for the steps, then corrections (Li et al., ICML 2021)
    qcfs,               ///< the learned thresholds of qcfs activations (Bu et al., ICLR 2022), else the percentile
};

struct ConvertOptions {
    ConversionMethod method = ConversionMethod::percentile;
    double percentile = 99.9;
    double rmp_factor = 0.8;
    double v_init = 0.5;  ///< of every neuron, in thresholds
    bool average_for_max = false;
};

/// What became of one activation.
struct LayerConversion {
    std::string name;
    std::size_t neurons;
    double scale;           ///< activation that a spike in every step stands for; the mean where channels differ
    double threshold;       ///< of the neurons; likewise
    double expected_rate;   ///< mean over neurons and samples of the spikes a step that the activations ask for
    double measured_rate;   ///< what the spiking network has
    double relative_error;  ///< |scale rate - activation| / |activation|, Euclidean norms over neurons and samples
};

struct Conversion {
    Network network;
    std::vector<LayerConversion> layers;
    std::uint64_t multiply_accumulates = 0;  ///< of the conventional network, for a sample
};

/// Converts a network whose batch normalisation is folded already, with the statistics of the calibration samples.
/// `progress` is told what is being done. Throws InputError: nodes without spiking counterpart, activations that are 0
/// for all samples, a percentile out of range.
Conversion convert(const Network& network, const Calibration& calibration, const ConvertOptions& options,
                   const std::function<void(const std::string&)>& progress);

}  // namespace axfire
