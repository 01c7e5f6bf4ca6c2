// SPDX-License-Identifier: Apache-2.0
#include "engine/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/simplify.h"
#include "engine/simulation/runner.h"

namespace axfire::train {

namespace {

/// Subsequences that nothing else uses.
constexpr std::uint64_t kOrderDraws = std::uint64_t{7} << 60;

/// 0 .. n - 1 in a random order: Fisher and Yates's.
std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed, std::uint32_t epoch) {
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    for (std::size_t i = n; i > 1; --i) {
        const std::uint64_t word = philox_word(seed, kOrderDraws + epoch, i);
        std::swap(order[i - 1], order[word * i >> 32]);
    }
    return order;
}

double since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(DescribedNetwork network, const Dataset& train, const Dataset* test, const TrainOptions& options)
    : network_(std::move(network)), train_(train), test_(test), options_(options) {
    samples_ = options.samples != 0 ? std::min(options.samples, train.size()) : train.size();
    batch_ = std::min(std::max<std::size_t>(1, options.program.batch), samples_);
    ProgramOptions& p = options_.program;
    p.batch = batch_;
    p.dropout = network_.dropout;
    p.steps = options.encoder.steps;
    p.input_events = options.encoder.encoding != Encoding::direct;
    p.constant_input = !p.input_events && train.load(0).frames == 0;
    p.membrane_loss = options.loss.loss == Loss::membrane;
    if (options_.node_wise) {
        p.node_wise = options_.node_wise(network_.network);
    }
    program_ = std::make_unique<Program>(network_.network, p);
    const Graph& graph = program_->graph();
    const Node& output = network_.network.nodes[graph.output];
    options_.loss.readout = natural_readout(output, graph.events[graph.output]);
    check_loss(options_.loss, output);
    optimizer_ = std::make_unique<Optimizer>(program_->parameters(), options_.optimizer);
    labels_.resize(batch_);
}

void Trainer::resume() {
    Checkpoint c = read_checkpoint(options_.checkpoint);
    if (c.configuration != options_.configuration) {
        throw InputError(
            fmt::format("{}: is the checkpoint of a training with other options; give the same ones with "
                        "--resume. It has {}, and this is {}",
                        options_.checkpoint.string(), c.configuration, options_.configuration));
    }
    const std::vector<float> stored = values(c.network);
    if (stored.size() != values(network_.network).size()) {
        throw InputError(fmt::format("{}: is the checkpoint of another network", options_.checkpoint.string()));
    }
    set_values(network_.network, stored);
    const auto distribute = [&](const std::vector<std::vector<float>>& from, std::vector<std::vector<float>>& to) {
        std::size_t total = 0;
        for (const std::vector<float>& t : to) {
            total += t.size();
        }
        if (from.at(0).size() != total) {
            throw InputError(fmt::format("{}: is the checkpoint of another optimiser", options_.checkpoint.string()));
        }
        auto at = from[0].begin();
        for (std::vector<float>& t : to) {
            std::copy_n(at, t.size(), t.begin());
            at += static_cast<std::ptrdiff_t>(t.size());
        }
    };
    distribute(c.optimizer.first, optimizer_->state.first);
    distribute(c.optimizer.second, optimizer_->state.second);
    optimizer_->state.steps = c.optimizer.steps;
    progress_ = std::move(c.progress);
    program_->refresh();
}

void Trainer::run(const std::function<void(const Report&)>& report) {
    while (progress_.epoch < options_.epochs) {
        epoch(report);
        const bool waits = options_.patience != 0 && progress_.best_epoch != 0;
        if (waits && progress_.epoch - progress_.best_epoch >= options_.patience) {
            break;
        }
    }
    if (options_.patience != 0 && !progress_.best.empty()) {
        set_values(network_.network, progress_.best);
        program_->refresh();
    }
}

void Trainer::epoch(const std::function<void(const Report&)>& report) {
    const std::vector<std::uint32_t> order = shuffled(samples_, options_.program.seed, progress_.epoch);
    const std::uint64_t steps = steps_per_epoch();
    const auto start = std::chrono::steady_clock::now();
    auto saved = start;
    const std::uint64_t first = progress_.step;
    while (progress_.step < steps) {
        step(order);
        const std::uint64_t to_go = steps * (options_.epochs - progress_.epoch) - progress_.step;
        const double each = since(start) / static_cast<double>(progress_.step - first);
        const auto labelled = static_cast<double>(std::max<std::uint64_t>(1, progress_.labelled));
        report({progress_.epoch + 1, progress_.step, steps, progress_.loss / labelled,
                static_cast<double>(progress_.correct) / labelled, false, each * static_cast<double>(to_go)});
        const bool due = (options_.checkpoint_steps != 0 && progress_.step % options_.checkpoint_steps == 0) ||
                         since(saved) > options_.checkpoint_seconds;
        if (due && progress_.step < steps) {
            save();
            saved = std::chrono::steady_clock::now();
        }
    }
    end_epoch();
    const EpochRecord& e = progress_.log.back();
    report(
        {progress_.epoch, steps, steps, e.loss, e.accuracy, true, since(start) * (options_.epochs - progress_.epoch)});
}

void Trainer::step(const std::vector<std::uint32_t>& order) {
    const std::size_t first = progress_.step * batch_;
    const std::size_t count = std::min(batch_, samples_ - first);
    const std::uint64_t draw = std::uint64_t{progress_.epoch} * samples_ + first;
    program_->tape().samples = count;
    Team& team = program_->team();
    team.each(count, [&](std::size_t s, unsigned) { load(s, order[first + s], draw + s); });
    try {
        program_->forward(count, draw);
    } catch (const Diverged& e) {
        diverged(e.what());
    }
    std::vector<SampleLoss> losses(count);
    const auto labelled =
        static_cast<std::size_t>(std::count_if(labels_.begin(), labels_.begin() + static_cast<std::ptrdiff_t>(count),
                                               [](std::int32_t label) { return label != kNoLabel; }));
    const float share = 1.0F / static_cast<float>(std::max<std::size_t>(1, labelled));
    const std::size_t output = program_->graph().output;
    for (std::size_t s = 0; s < count; ++s) {
        losses[s] = evaluate(options_.loss, program_->tape(), output, s, labels_[s], share);
    }
    double loss = 0;
    for (std::size_t s = 0; s < count; ++s) {
        loss += losses[s].loss;
        progress_.correct += labels_[s] != kNoLabel && losses[s].prediction == labels_[s];
    }
    if (!std::isfinite(loss)) {
        diverged("the loss is not a number");
    }
    program_->backward();
    rate_ = rate_at(options_.schedule, progress_.plateau, optimizer_->state.steps, steps_per_epoch(), options_.epochs);
    const double norm = optimizer_->step(program_->parameters(), program_->gradients(), rate_, team);
    if (!std::isfinite(norm)) {
        diverged("the gradients are not numbers");
    }
    program_->refresh();
    progress_.loss += loss;
    progress_.labelled += labelled;
    progress_.norm += norm;
    ++progress_.step;
}

/// Puts a sample into a slot of the batch.
void Trainer::load(std::size_t slot, std::size_t index, std::uint64_t draw) {
    Sample sample = train_.load(index);
    if (options_.augment.any()) {
        augment(options_.augment, train_.shape(), options_.program.seed, draw, sample);
    }
    const std::size_t size = program_->graph().size[program_->graph().input];
    const bool random = options_.encoder.encoding == Encoding::poisson;
    const EncodedSample encoded = encode(sample, size, random ? draw : index, options_.encoder);
    labels_[slot] = encoded.label;
    const u32 rows = program_->tape().rows_of[program_->graph().input];
    for (u32 t = 0; t < rows; ++t) {
        u32* const to = program_->input(slot, t);
        if (options_.program.input_events) {
            std::fill_n(to, size, 0u);
            for (std::uint32_t e = encoded.step_begin[t]; e < encoded.step_begin[t + 1]; ++e) {
                to[encoded.index[e]] = bits(encoded.amplitude[e]);
            }
        } else {
            const float* from = encoded.values.data() + (encoded.constant ? 0 : t * size);
            for (std::size_t i = 0; i < size; ++i) {
                to[i] = std::isnan(from[i]) ? kCanonicalNan : bits(from[i]);
            }
        }
    }
}

void Trainer::end_epoch() {
    Progress& p = progress_;
    ++p.epoch;
    const auto labelled = static_cast<double>(std::max<std::uint64_t>(1, p.labelled));
    EpochRecord record{p.epoch,
                       rate_,
                       p.loss / labelled,
                       static_cast<double>(p.correct) / labelled,
                       test_ != nullptr ? test() : NAN,
                       p.norm / static_cast<double>(std::max<std::uint64_t>(1, p.step))};
    p.plateau.end_epoch(options_.schedule, record.loss);
    const bool better = p.best_epoch == 0 || record.test_accuracy > p.log[p.best_epoch - 1].test_accuracy;
    p.log.push_back(record);
    if (test_ != nullptr && better) {
        p.best_epoch = p.epoch;
        p.best = options_.patience != 0 ? values(network_.network) : std::vector<float>{};
    }
    p.step = 0;
    p.loss = p.norm = 0;
    p.correct = p.labelled = 0;
    save();
}

double Trainer::test() const {
    Network network = this->network();
    fold_batch_norm(network);
    SimulationOptions simulation;
    const ProgramOptions& p = options_.program;
    simulation.arithmetic = p.arithmetic;
    if (options_.node_wise) {
        simulation.node_wise = options_.node_wise(network);
    }
    simulation.jit = p.jit;
    simulation.seed = p.seed;
    simulation.multiply_spikes = p.multiply_spikes;
    simulation.weight_format = p.weight_format;
    simulation.input_events = p.input_events;
    RunOptions run;
    run.encoder = options_.encoder;
    run.samples = options_.test_samples != 0 ? std::min(options_.test_samples, test_->size()) : test_->size();
    run.threads = p.threads;
    return run_samples(Simulation(network, simulation), *test_, run, [](std::span<FinishedSample>, const RunTotals&) {})
        .accuracy();
}

void Trainer::save() {
    for (const float x : values(network_.network)) {
        if (!std::isfinite(x)) {
            diverged("weights are no numbers");
        }
    }
    if (!options_.checkpoint.empty()) {
        write_checkpoint(options_.checkpoint, network_.network, options_.configuration, optimizer_->state, progress_);
    }
}

void Trainer::diverged(const std::string& what) const {
    const std::string node = program_->strange_node();
    throw std::runtime_error(fmt::format(
        "training diverged in epoch {}, step {}: {}{}. Lower --lr, clip gradients (--clip), or take a wider format",
        progress_.epoch + 1, progress_.step + 1, what,
        node.empty() ? "" : fmt::format("; the first node whose output holds a NaN or an infinity is {}", node)));
}

}  // namespace axfire::train
