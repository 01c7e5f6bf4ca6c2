// SPDX-License-Identifier: Apache-2.0
#include "engine/train/checkpoint.h"

#include "engine/formats/atomic_file.h"
#include "engine/formats/guarded_read.h"
#include "engine/formats/hdf5.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/model_file.h"
#include "engine/formats/model_writer.h"

namespace axfire::train {

namespace {

/// Calls visit(tensor) for everything that training changes.
template <class SomeNetwork, class Visit>
void each_changing(SomeNetwork& network, const Visit& visit) {
    for (auto& node : network.nodes) {
        std::visit(
            [&](auto& kind) {
                if constexpr (requires { kind.weight; }) {
                    visit(kind.weight);
                }
                if constexpr (requires { kind.bias.data; }) {
                    visit(kind.bias);
                }
                if constexpr (requires { kind.scale.data; }) {
                    visit(kind.scale);
                }
                if constexpr (requires { kind.gamma; }) {
                    visit(kind.gamma);
                    visit(kind.beta);
                    visit(kind.mean);
                    visit(kind.variance);
                }
            },
            node.kind);
    }
}

void write_log(const Hdf5Handle& group, const TrainingLog& log) {
    std::vector<std::uint32_t> epoch;
    std::vector<double> columns[5];
    for (const EpochRecord& e : log) {
        epoch.push_back(e.epoch);
        const double row[5] = {e.rate, e.loss, e.accuracy, e.test_accuracy, e.gradient_norm};
        for (std::size_t i = 0; i < 5; ++i) {
            columns[i].push_back(row[i]);
        }
    }
    const char* const names[5] = {"rate", "loss", "accuracy", "test_accuracy", "gradient_norm"};
    hdf5::write_dataset(group, "epoch", epoch, {epoch.size()});
    for (std::size_t i = 0; i < 5; ++i) {
        hdf5::write_dataset(group, names[i], columns[i], {columns[i].size()});
    }
}

TrainingLog read_log(const Hdf5Reader& file) {
    TrainingLog log;
    for (const std::int64_t epoch : file.integers("/training/epoch").values) {
        log.push_back({static_cast<std::uint32_t>(epoch)});
    }
    const auto column = [&](const char* name, double EpochRecord::*place) {
        const std::string path = std::string("/training/") + name;
        const std::vector<double> values = file.doubles(path).values;
        if (values.size() != log.size()) {
            file.fail(path, "has another length than epoch");
        }
        for (std::size_t i = 0; i < log.size(); ++i) {
            log[i].*place = values[i];
        }
    };
    column("rate", &EpochRecord::rate);
    column("loss", &EpochRecord::loss);
    column("accuracy", &EpochRecord::accuracy);
    column("test_accuracy", &EpochRecord::test_accuracy);
    column("gradient_norm", &EpochRecord::gradient_norm);
    return log;
}

void write_moments(const Hdf5Handle& group, const char* name, const std::vector<std::vector<float>>& moments) {
    std::vector<float> all;
    for (const std::vector<float>& m : moments) {
        all.insert(all.end(), m.begin(), m.end());
    }
    hdf5::write_dataset(group, name, all, {all.size()});
}

void write_image(const Hdf5Handle& memory, const std::filesystem::path& file, bool overwrite) {
    const std::vector<unsigned char> image = hdf5::file_image(memory);
    write_file_atomically(file, image.data(), image.size(), overwrite);
}

}  // namespace

std::vector<float> values(const Network& network) {
    std::vector<float> all;
    each_changing(network, [&](const Tensor& t) { all.insert(all.end(), t.data.begin(), t.data.end()); });
    return all;
}

void set_values(Network& network, const std::vector<float>& values) {
    auto from = values.begin();
    each_changing(network, [&](Tensor& t) {
        for (float& x : t.data) {
            x = *from++;
        }
    });
}

void write_checkpoint(const std::filesystem::path& file, const Network& network, const std::string& configuration,
                      const Optimizer::State& optimizer, const Progress& p) {
    const Hdf5Lock lock;
    const Hdf5Handle memory = hdf5::create_memory_file();
    write_model_objects(network, memory);
    const Hdf5Handle group = hdf5::create_group(memory, "training");
    hdf5::write_attribute(group, "configuration", configuration);
    hdf5::write_attribute(group, "epochs_done", p.epoch);
    hdf5::write_attribute(group, "steps_done", p.step);
    hdf5::write_attribute(group, "updates", optimizer.steps);
    hdf5::write_attribute(group, "loss_sum", p.loss);
    hdf5::write_attribute(group, "correct", p.correct);
    hdf5::write_attribute(group, "labelled", p.labelled);
    hdf5::write_attribute(group, "norm_sum", p.norm);
    hdf5::write_attribute(group, "plateau",
                          std::vector<double>{p.plateau.best, static_cast<double>(p.plateau.waited), p.plateau.factor,
                                              p.plateau.any ? 1.0 : 0.0});
    hdf5::write_attribute(group, "best_epoch", p.best_epoch);
    write_log(group, p.log);
    write_moments(group, "first_moments", optimizer.first);
    write_moments(group, "second_moments", optimizer.second);
    hdf5::write_dataset(group, "best", p.best, {p.best.size()});
    write_image(memory, file, true);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
    Checkpoint c;
    const auto read = [&] {
        c.network = parse_model(path);
        const Hdf5Reader file(path);
        if (!file.has("/training") || !file.has_attribute("/training", "updates")) {
            file.fail("/", "is a model file, but no checkpoint of a training");
        }
        const auto whole = [&](const char* name) {
            return static_cast<std::uint64_t>(file.integer_attribute("/training", name).at(0));
        };
        const auto real = [&](const char* name) { return file.number_attribute("/training", name).at(0); };
        c.configuration = file.text_attribute("/training", "configuration");
        c.optimizer.steps = whole("updates");
        c.progress.epoch = static_cast<std::uint32_t>(whole("epochs_done"));
        c.progress.step = whole("steps_done");
        c.progress.loss = real("loss_sum");
        c.progress.correct = whole("correct");
        c.progress.labelled = whole("labelled");
        c.progress.norm = real("norm_sum");
        c.progress.best_epoch = static_cast<std::uint32_t>(whole("best_epoch"));
        const std::vector<double> plateau = file.number_attribute("/training", "plateau");
        c.progress.plateau = {plateau.at(0), static_cast<std::uint32_t>(plateau.at(1)), plateau.at(2),
                              plateau.at(3) != 0};
        c.progress.log = read_log(file);
        c.progress.best = file.floats("/training/best").values;
        c.optimizer.first = {file.floats("/training/first_moments").values};
        c.optimizer.second = {file.floats("/training/second_moments").values};
        return c.network;
    };
    guarded_read(path, read);
    return c;
}

void write_trained(const std::filesystem::path& file, const Network& network, const std::string& configuration,
                   const TrainingLog& log, bool overwrite) {
    const Hdf5Lock lock;
    const Hdf5Handle memory = hdf5::create_memory_file();
    write_model_objects(network, memory);
    const Hdf5Handle group = hdf5::create_group(memory, "training");
    hdf5::write_attribute(group, "configuration", configuration);
    write_log(group, log);
    write_image(memory, file, overwrite);
}

}  // namespace axfire::train
