// SPDX-License-Identifier: Apache-2.0
// Random numbers, inputs and arithmetic for random networks.
#pragma once

#include <limits>
#include <random>

#include "arith/spec_text.h"
#include "engine/simulation/simulation.h"

namespace axfire::test {

struct RandomChoices {
    std::mt19937_64 random;
    bool special_values = false;  ///< NaN, infinities and the like among the values, now and then

    bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random) < p; }
    int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
    std::size_t index(std::size_t count) { return static_cast<std::size_t>(random() % count); }
    double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
    template <class T>
    T pick(const std::vector<T>& from) {
        return from[index(from.size())];
    }

    float special(bool zeros = true) {
        const float inf = std::numeric_limits<float>::infinity();
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const float x = pick<float>({inf, -inf, nan, 1e-42F, 3e38F, -1e-39F});
        return zeros && chance(0.3) ? pick<float>({0, -0.0F}) : x;
    }
    float value(double scale) {
        if (special_values && chance(0.01)) {
            return special();
        }
        const double x = std::normal_distribution<double>(0, scale)(random);
        return static_cast<float>(chance(0.3) ? std::round(x * 8) / 8 : x);
    }
};

/// A few steps of events or analog values.
inline EncodedSample random_sample(RandomChoices& r, std::size_t size, bool events) {
    EncodedSample s;
    s.sample_index = r.index(70000);
    s.steps = static_cast<std::uint32_t>(r.between(6, 22));
    if (events) {
        const double rate = r.pick<double>({0.05, 0.2, 0.5, 0.9});
        const bool graded = r.chance(0.5);
        s.step_begin.push_back(0);
        for (std::uint32_t t = 0; t < s.steps; ++t) {
            const bool quiet = r.chance(0.2);
            for (std::size_t i = 0; i < size; ++i) {
                if (!quiet && r.chance(rate)) {
                    s.index.push_back(static_cast<std::uint32_t>(i));
                    const float amplitude = graded && r.chance(0.4) ? r.pick<float>({2, 3, 0.5F, -1, 1.25F, 17}) : 1;
                    s.amplitude.push_back(r.special_values && r.chance(0.01) ? r.special(false) : amplitude);
                }
            }
            s.step_begin.push_back(static_cast<std::uint32_t>(s.index.size()));
        }
    } else {
        s.constant = r.chance(0.5);
        for (std::size_t i = 0; i < size * (s.constant ? 1 : s.steps); ++i) {
            s.values.push_back(r.chance(0.1) ? r.pick<float>({0, -0.0F, 1}) : r.value(1));
        }
    }
    return s;
}

/// All four units, the weights' format and spikes through the multiplier or not.
inline SimulationOptions random_options(RandomChoices& r) {
    SimulationOptions o;
    o.jit = Jit::off;  // a thousand compilations would take long; ReferenceRandom has some networks with
    const std::vector<std::string> adders{"exact@fp32",
                                          "exact@fp32",
                                          "loa(k=12)@fp32",
                                          "ama5(k=16)@fp32",
                                          "eta1(k=8)@fp32",
                                          "trunc0(k=6)@fp32",
                                          "exact@bf16",
                                          "exact@bf16/rz",
                                          "exact@fp16",
                                          "exact@fp8_e4m3",
                                          "exact@fp8_e5m2/ru",
                                          "exact@e6m9/rd",
                                          "exact@fp32/ru",
                                          "exact@e8m11/rna",
                                          "loa(k=4)@bf16",
                                          "ama5(k=3)@fp16",
                                          "exact@tf32/odd",
                                          "ama5(k=5)@e5m10",
                                          "loa(k=16,subtract=exact)@fp32",
                                          "exact@fp32/rz",
                                          "exact@e8m22",
                                          "ama5(k=8,zero_bypass=on)@bf16",
                                          "exact(subnormals=flush)@e4m3",
                                          "exact(overflow=saturate)@fp8_e4m3",
                                          "exact(order=tree)@fp32",
                                          "loa(k=4,order=tree)@bf16",
                                          "exact(order=tree)@fp8_e5m2",
                                          "ama5(k=16,order=tree)@fp32",
                                          "exact(order=blocked:3)@fp16",
                                          "loa(k=8,guard=3,order=blocked:16)@fp32",
                                          "ama5(k=16,order=blocked:1)@fp32",
                                          "exact(order=blocked:2)@bf16/sr",
                                          "exact(order=tree)@fp8_e4m3/sr",
                                          "exact@fp32/sr",
                                          "exact@bf16/sr",
                                          "loa(k=4)@bf16/sr"};
    const std::vector<std::string> multipliers{"exact@fp32",
                                               "exact@fp32",
                                               "mitchell@fp32",
                                               "drum(k=6)@bf16",
                                               "trunc(v=18,n=12)@fp32",
                                               "exact@bf16",
                                               "exact@fp16/rz",
                                               "exact@fp8_e4m3",
                                               "exact@fp32/rd",
                                               "bam(h=2,v=12,n=12)@fp32",
                                               "exact@tf32",
                                               "mitchell@bf16",
                                               "exact@e8m22",
                                               "exact@fp32/odd",
                                               "drum(k=4,round=rne)@fp16",
                                               "exact@e5m10/rna",
                                               "exact(subnormals=flush,overflow=saturate)@fp8_e5m2",
                                               "exact@bf16/sr",
                                               "exact@fp8_e5m2/sr",
                                               "exact@fp32/sr",
                                               "drum(k=4)@fp16/sr"};
    // A third of the networks in plain binary32, so that nothing hides behind the arithmetic.
    const bool plain = r.chance(0.33);
    const auto adder = [&] { return parse_adder(plain ? "exact@fp32" : adders[r.index(adders.size())]); };
    const auto multiplier = [&] {
        return parse_multiplier(plain ? "exact@fp32" : multipliers[r.index(multipliers.size())]);
    };
    o.arithmetic = {multiplier(), adder(), multiplier(), adder()};
    o.seed = r.random();
    o.multiply_spikes = r.chance(0.25);
    if (r.chance(0.2)) {
        o.weight_format = parse_format(r.pick<std::string>({"bf16", "fp8_e4m3", "e4m2", "fp16"}));
    }
    return o;
}

}  // namespace axfire::test
