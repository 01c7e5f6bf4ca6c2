// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/calibrate.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "engine/convert/compare.h"
#include "engine/convert/regression.h"

namespace axfire {

namespace {

constexpr double kRidge = 1e-3;         // of the weights before a population
constexpr double kReadoutRidge = 1e-1;  // few rows, one for each sample
constexpr int kOneSidedRounds = 4;
constexpr int kBiasRounds = 4;
constexpr std::size_t kPlaces = 200;  // of a convolution's outputs, for each sample
constexpr std::size_t kGridSamples = 32;
constexpr double kThresholds[] = {0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.0, 1.15};  // of the 99.9th percentile
constexpr double kInitials[] = {0.3, 0.5, 0.7};                                    // of the threshold
constexpr double kLeastThreshold = 0.05;                                           // of the layer's percentile
constexpr std::size_t kMinPositives = 200;                // below, a channel's percentile is its maximum
constexpr std::size_t kMaxFloats = std::size_t{1} << 28;  // that are kept of all samples at once

/// What a sample does at one place of the network.
struct Observation {
    std::vector<float> input;    ///< mean input of the projection, in the units of the conventional network
    std::vector<float> current;  ///< [steps][neurons]: the sum that the population gets
};

class Calibrator {
public:
    Calibrator(Network& network, const Topology& topology, const Calibration& calibration, SpikingPlan& plan)
        : network_(network), conventional_(network), topology_(topology), calibration_(calibration), plan_(plan) {
        done_.average_for_max = plan.average_for_max;
        steps_ = calibration.encoder.steps;
        targets_.resize(network.nodes.size());
        for (const Edge& edge : network.edges) {
            targets_[edge.from].push_back(edge.to);
        }
    }

    void population(std::size_t n) {
        const std::size_t neurons = element_count(topology_.shape[n]);
        Calibration limited = calibration_;
        limited.samples = std::clamp<std::size_t>(kMaxFloats / (neurons * steps_), 1, calibration_.samples);
        const std::optional<std::size_t> projection = projection_before(n);
        const std::vector<std::vector<float>> argument = arguments(n, limited);
        if (projection) {
            fit_weights(n, *projection, argument, limited, kRidge, kOneSidedRounds);
        }
        std::vector<std::vector<float>> currents;
        for (Observation& o : observe(n, std::nullopt, limited)) {
            currents.push_back(std::move(o.current));
        }
        SpikingLayer layer = choose_thresholds(n, argument, currents);
        if (projection) {
            fit_bias(n, *projection, argument, currents, layer);
        }
        done_.layers[n] = layer;
        plan_.layers[n] = layer;
    }

    void readout() {
        for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
            if (!std::holds_alternative<nodes::Output>(network_.nodes[n].kind)) {
                continue;
            }
            std::size_t last = topology_.feed_forward[n][0];
            while (std::holds_alternative<nodes::Softmax>(network_.nodes[last].kind) ||
                   std::holds_alternative<nodes::Reshape>(network_.nodes[last].kind)) {
                last = topology_.feed_forward[last][0];
            }
            if (is_projection(last)) {
                fit_weights(last, last, arguments(last, calibration_), calibration_, kReadoutRidge, 1);
            }
        }
    }

private:
    bool is_projection(std::size_t n) const {
        const auto* conv = std::get_if<nodes::Conv2d>(&network_.nodes[n].kind);
        return (conv != nullptr && conv->groups == 1) || std::holds_alternative<nodes::Linear>(network_.nodes[n].kind);
    }

    /// The convolution or linear node that only this population reads.
    std::optional<std::size_t> projection_before(std::size_t n) const {
        for (const std::size_t s : topology_.feed_forward[n]) {
            if (is_projection(s) && targets_[s].size() == 1) {
                return s;
            }
        }
        return std::nullopt;
    }

    /// Adds nodes that give the values of a node in the units of the conventional network, whatever it is converted to.
    static std::string add_probe(Network& network, std::size_t of, const std::string& name) {
        network.nodes.push_back({name + ".units", nodes::Bias{{{1}, {0.0F}}}});
        network.nodes.push_back({name, nodes::Neuron{"identity", {}, {}}});
        network.edges.push_back({of, network.nodes.size() - 2});
        network.edges.push_back({network.nodes.size() - 2, network.nodes.size() - 1});
        return name;
    }

    /// The sum of a population's inputs in the conventional network, before any correction: [sample][neuron].
    std::vector<std::vector<float>> arguments(std::size_t n, const Calibration& calibration) const {
        Network part = conventional_;
        const std::size_t at = with_sum(part, n);
        std::vector<std::vector<float>> result;
        trace(part, {{at, false, true}}, calibration, 1,
              [&](std::size_t, std::vector<Trace>& t) { result.push_back(std::move(t[0].membrane)); });
        return result;
    }

    /// Cuts the network at n, whose sum alone is left of a population, and adds a probe of it. Returns the probe's
    /// node.
    static std::size_t with_sum(Network& network, std::size_t n) {
        const std::string name = network.nodes[n].name;
        if (auto* neuron = std::get_if<nodes::Neuron>(&network.nodes[n].kind)) {
            *neuron = {"identity", neuron->shape, {}};
        }
        network = network_up_to(network, n);
        add_probe(network, node_named(network, name), name + ".probe");
        return network.nodes.size() - 1;
    }

    std::vector<Observation> observe(std::size_t n, std::optional<std::size_t> projection,
                                     const Calibration& calibration) const {
        Network part = network_;
        const std::string sum = part.nodes[with_sum(part, n)].name;
        std::string input;
        if (projection) {
            const std::string& source = network_.nodes[topology_.feed_forward[*projection][0]].name;
            input = add_probe(part, node_named(part, source), source + ".input_probe");
        }
        const Topology topology = analyse(part);
        SpikingPlan plan = done_;
        plan.layers.clear();
        for (const auto& [node, layer] : done_.layers) {
            const std::string& name = network_.nodes[node].name;
            for (std::size_t i = 0; i < part.nodes.size(); ++i) {
                if (part.nodes[i].name == name) {
                    plan.layers[i] = layer;
                }
            }
        }
        const Network spiking = to_spiking(part, topology, plan);
        std::vector<TraceRequest> requests{{node_named(spiking, sum), false, true}};
        if (projection) {
            requests.push_back({node_named(spiking, input), false, true});
        }
        std::vector<Observation> result;
        trace(spiking, requests, calibration, 0, [&](std::size_t, std::vector<Trace>& traces) {
            Observation o{projection ? mean_over_steps(traces[1].membrane) : std::vector<float>(),
                          std::move(traces[0].membrane)};
            if (projection) {
                o.current = mean_over_steps(o.current);
            }
            result.push_back(std::move(o));
        });
        return result;
    }

    std::vector<float> mean_over_steps(const std::vector<float>& values) const {
        std::vector<float> mean(values.size() / steps_);
        for (std::size_t i = 0; i < values.size(); ++i) {
            mean[i % mean.size()] += values[i] / static_cast<float>(steps_);
        }
        return mean;
    }

    /// Ridge regression of what the mean current misses on the mean inputs. With several rounds, what both the current
    /// and the argument have below 0 counts as met.
    void fit_weights(std::size_t n, std::size_t projection, const std::vector<std::vector<float>>& argument,
                     const Calibration& calibration, double strength, int rounds) {
        Node& node = network_.nodes[projection];
        const Shape& in = topology_.shape[topology_.feed_forward[projection][0]];
        const Shape& out = topology_.shape[projection];
        const std::size_t outputs = out[0];
        const std::size_t columns = Patches(node, in, out, 1).columns();
        const std::size_t places = std::clamp<std::size_t>(kMaxFloats / (columns * calibration.samples), 1, kPlaces);
        const Patches patches(node, in, out, places);
        const std::vector<Observation> observed = observe(n, projection, calibration);
        Ridge ridge(columns);
        std::vector<Eigen::MatrixXf> rows, missing, current;
        const std::size_t plane = element_count(out) / outputs;
        for (std::size_t s = 0; s < observed.size(); ++s) {
            rows.push_back(patches.of(observed[s].input));
            ridge.add(rows.back());
            current.emplace_back(rows.back().rows(), static_cast<Eigen::Index>(outputs));
            missing.emplace_back(current.back());
            for (std::size_t r = 0; r < patches.rows(); ++r) {
                for (std::size_t o = 0; o < outputs; ++o) {
                    const std::size_t i = o * plane + patches.place(r);
                    current[s](static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(o)) = observed[s].current[i];
                }
            }
        }
        Eigen::MatrixXd total =
            Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(columns), static_cast<Eigen::Index>(outputs));
        for (int round = 0; round < rounds; ++round) {
            Eigen::MatrixXd moment = Eigen::MatrixXd::Zero(total.rows(), total.cols());
            for (std::size_t s = 0; s < rows.size(); ++s) {
                for (std::size_t r = 0; r < patches.rows(); ++r) {
                    for (std::size_t o = 0; o < outputs; ++o) {
                        const float wanted = argument[s][o * plane + patches.place(r)];
                        const float found = current[s](static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(o));
                        const bool met = rounds > 1 && wanted < 0 && found < 0;
                        missing[s](static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(o)) =
                            met ? 0.0F : wanted - found;
                    }
                }
                moment += (rows[s].transpose() * missing[s]).cast<double>();
            }
            const Eigen::MatrixXd delta = ridge.solve(moment, strength);
            total += delta;
            const Eigen::MatrixXf step = delta.cast<float>();
            for (std::size_t s = 0; s < rows.size(); ++s) {
                current[s] += rows[s] * step;
            }
        }
        add_to_weights(node, total);
    }

    /// Largest value that the activation takes, and what it makes of its argument.
    float ceiling(std::size_t n) const {
        const auto& parameters = std::get<nodes::Neuron>(conventional_.nodes[n].kind).parameters;
        for (const char* name : {"high", "theta"}) {
            if (const auto it = parameters.find(name); it != parameters.end()) {
                return static_cast<float>(it->second[0]);
            }
        }
        return INFINITY;
    }

    /// Spikes of one neuron: currents at `stride` apart.
    std::uint32_t spikes(const float* current, std::size_t stride, float theta, float v, float bias) const {
        std::uint32_t count = 0;
        for (std::uint32_t t = 0; t < steps_; ++t) {
            v += current[t * stride] + bias;
            if (v >= theta) {
                v -= theta;
                ++count;
            }
        }
        return count;
    }

    SpikingLayer choose_thresholds(std::size_t n, const std::vector<std::vector<float>>& argument,
                                   const std::vector<std::vector<float>>& currents) const {
        const std::size_t neurons = argument[0].size();
        const std::size_t channels = topology_.shape[n].size() > 1 ? topology_.shape[n][0] : 1;
        const std::size_t plane = neurons / channels;
        const float most = ceiling(n);
        ActivationHistogram layer;
        std::vector<std::vector<float>> positive(channels);
        for (const std::vector<float>& sample : argument) {
            for (std::size_t i = 0; i < neurons; ++i) {
                const float a = std::min(sample[i], most);
                layer.add(a);
                if (a > 0) {
                    positive[i / plane].push_back(a);
                }
            }
        }
        const double whole = layer.percentile(99.9);
        SpikingLayer result{std::vector<double>(neurons), std::vector<double>(neurons)};
        const std::size_t samples = std::min(currents.size(), kGridSamples);
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(calibration_.threads))
        for (std::size_t c = 0; c < channels; ++c) {
            const double base = std::max(percentile(positive[c]), std::max(kLeastThreshold * whole, 1e-6));
            double best_scale = base;
            double best_initial = 0.5;
            double least = INFINITY;
            for (const double factor : kThresholds) {
                for (const double initial : kInitials) {
                    const double theta = base * factor;
                    double error = 0;
                    for (std::size_t s = 0; s < samples && error < least; ++s) {
                        for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
                            const std::uint32_t count =
                                spikes(currents[s].data() + i, neurons, static_cast<float>(theta),
                                       static_cast<float>(theta * initial), 0);
                            const double a = std::clamp(argument[s][i], 0.0F, most);
                            error += (theta * count / steps_ - a) * (theta * count / steps_ - a);
                        }
                    }
                    if (error < least) {
                        least = error;
                        best_scale = theta;
                        best_initial = initial;
                    }
                }
            }
            for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
                result.scale[i] = best_scale;
                result.v_init[i] = best_initial;
            }
        }
        return result;
    }

    /// 99.9th percentile; the maximum of few.
    static double percentile(std::vector<float>& values) {
        if (values.empty()) {
            return 0;
        }
        const std::size_t at = values.size() < kMinPositives
                                   ? values.size() - 1
                                   : static_cast<std::size_t>(0.999 * static_cast<double>(values.size() - 1));
        std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
        return values[at];
    }

    void fit_bias(std::size_t n, std::size_t projection, const std::vector<std::vector<float>>& argument,
                  const std::vector<std::vector<float>>& currents, const SpikingLayer& layer) {
        const std::size_t neurons = argument[0].size();
        const std::size_t channels = topology_.shape[projection][0];
        const std::size_t plane = neurons / channels;
        const float most = ceiling(n);
        std::vector<double> bias(channels);
        for (int round = 0; round < kBiasRounds; ++round) {
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(calibration_.threads))
            for (std::size_t c = 0; c < channels; ++c) {
                double missing = 0;
                for (std::size_t s = 0; s < currents.size(); ++s) {
                    for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
                        const double theta = layer.scale[i];
                        const std::uint32_t count =
                            spikes(currents[s].data() + i, neurons, static_cast<float>(theta),
                                   static_cast<float>(theta * layer.v_init[i]), static_cast<float>(bias[c]));
                        missing += std::clamp(argument[s][i], 0.0F, most) - theta * count / steps_;
                    }
                }
                bias[c] += missing / static_cast<double>(currents.size() * plane);
            }
        }
        Eigen::MatrixXd delta = Eigen::MatrixXd::Zero(
            static_cast<Eigen::Index>(Patches(network_.nodes[projection],
                                              topology_.shape[topology_.feed_forward[projection][0]],
                                              topology_.shape[projection], 1)
                                          .columns()),
            static_cast<Eigen::Index>(channels));
        for (std::size_t c = 0; c < channels; ++c) {
            delta(delta.rows() - 1, static_cast<Eigen::Index>(c)) = bias[c];
        }
        add_to_weights(network_.nodes[projection], delta);
    }

    Network& network_;            ///< being corrected
    const Network conventional_;  ///< as it was
    const Topology& topology_;
    const Calibration& calibration_;
    SpikingPlan& plan_;
    SpikingPlan done_;  ///< the populations that are calibrated; those behind stay analog
    std::uint32_t steps_;
    std::vector<std::vector<std::size_t>> targets_;
};

}  // namespace

void calibrate_conversion(Network& network, const Topology& topology, const std::vector<std::size_t>& layers,
                          const Calibration& calibration, SpikingPlan& plan,
                          const std::function<void(const std::string&)>& progress) {
    Calibrator calibrator(network, topology, calibration, plan);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        progress(fmt::format("calibrating '{}' ({} of {})", network.nodes[layers[l]].name, l + 1, layers.size()));
        calibrator.population(layers[l]);
    }
    calibrator.readout();
}

}  // namespace axfire
