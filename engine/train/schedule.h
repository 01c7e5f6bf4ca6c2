// SPDX-License-Identifier: Apache-2.0
// The learning rate over time.
#pragma once

#include <cmath>
#include <cstdint>

namespace axfire::train {

enum class ScheduleKind : std::uint8_t {
    constant,
    step,     ///< times `factor` every `every` epochs
    cosine,   ///< half a cosine from the rate to 0 over all steps; Loshchilov and Hutter, ICLR 2017
    plateau,  ///< times `factor` once the loss has not fallen for `every` epochs
};

struct ScheduleOptions {
    ScheduleKind kind = ScheduleKind::cosine;
    double rate = 1e-3;
    double factor = 0.1;
    std::uint32_t every = 10;   ///< epochs
    std::uint64_t warm_up = 0;  ///< steps over which the rate rises from 0
};

/// What `plateau` remembers; a checkpoint keeps it.
struct PlateauState {
    double best = 0;
    std::uint32_t waited = 0;  ///< epochs since
    double factor = 1;
    bool any = false;

    void end_epoch(const ScheduleOptions& o, double loss) {
        if (!any || loss < best) {
            any = true;
            best = loss;
            waited = 0;
        } else if (++waited >= o.every) {
            waited = 0;
            factor *= o.factor;
        }
    }
};

/// The rate of a step. `step` counts over all epochs, of which there are `steps` in each.
inline double rate_at(const ScheduleOptions& o, const PlateauState& plateau, std::uint64_t step, std::uint64_t steps,
                      std::uint64_t epochs) {
    double rate = o.rate;
    if (o.kind == ScheduleKind::step) {
        for (std::uint64_t e = o.every; e <= step / steps; e += o.every) {
            rate *= o.factor;
        }
    } else if (o.kind == ScheduleKind::cosine) {
        const double part = static_cast<double>(step) / static_cast<double>(steps * epochs);
        rate *= 0.5 * (1 + std::cos(part * 3.14159265358979323846));
    } else if (o.kind == ScheduleKind::plateau) {
        rate *= plateau.factor;
    }
    return step < o.warm_up ? rate * static_cast<double>(step + 1) / static_cast<double>(o.warm_up) : rate;
}

}  // namespace axfire::train
