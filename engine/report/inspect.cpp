// SPDX-License-Identifier: Apache-2.0
#include "engine/report/inspect.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace axfire {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

// Files may hold anything; a terminal must not obey it.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text;
}

std::string dump(const Json& value, int indent = -1) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string scalar(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump(value);
}

// {"mul": "exact", "add": "loa"} -> "mul=exact  add=loa"
std::string flat(const Json& value) {
    if (!value.is_object()) {
        return scalar(value);
    }
    std::string text;
    for (const auto& [key, entry] : value.items()) {
        text += fmt::format("{}{}={}", text.empty() ? "" : "  ", key, scalar(entry));
    }
    return text;
}

void add_line(std::string& text, const std::string& key, const std::string& value) {
    text += fmt::format("{:<14}{}\n", printable(key), printable(value));
}

// The entries of the configuration: what is long or nested on lines of its own, the rest together, wrapped.
void add_configuration(std::string& text, const Json& configuration) {
    constexpr std::size_t kLineWidth = 90;
    std::vector<std::string> lines(1);
    for (const auto& [key, value] : configuration.items()) {
        if (key == "seed" || key == "steps" || key == "dt_ms" || key == "samples" || key == "axfire") {
            continue;  // said elsewhere
        }
        if (value.is_object() || key == "model" || key == "provenance" || key == "data") {
            add_line(text, key, flat(value));
            continue;
        }
        const std::string entry = fmt::format("{}={}", key, scalar(value));
        if (!lines.back().empty() && lines.back().size() + entry.size() > kLineWidth) {
            lines.emplace_back();
        }
        lines.back() += (lines.back().empty() ? "" : "  ") + entry;
    }
    for (std::size_t i = 0; i < lines.size() && !lines[i].empty(); ++i) {
        add_line(text, i == 0 ? "options" : "", lines[i]);
    }
}

// Display width of UTF-8 text, one column for each code point.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string table(const std::vector<Row>& rows) {
    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kColumns; ++i) {
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < kColumns; ++i) {
            const std::string fill(widths[i] - width(row[i]), ' ');
            const bool left = i < 2;  // names and types; figures go to the right
            line += (i > 0 ? "  " : "") + (left ? row[i] + fill : fill + row[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

Row layer_row(const LayerSummary& layer, bool totals) {
    const std::string unknown = "-";
    const auto& recorded = layer.recorded;
    const bool timed = recorded && recorded->spikes > 0;
    // A layer without neurons of its own (a convolution) has no rate.
    const bool spiking = layer.spikes_known && (!totals || layer.totals.neuron_updates > 0 || layer.totals.spikes > 0);
    return {printable(layer.totals.name),
            printable(layer.totals.type),
            layer.totals.neurons > 0 ? grouped(layer.totals.neurons) : unknown,
            spiking ? grouped(layer.totals.spikes) : unknown,
            spiking ? fmt::format("{:.1f}", layer.spikes_per_sample) : unknown,
            spiking ? fmt::format("{:.3g}", layer.rate_hz) : unknown,
            totals ? grouped(layer.totals.synaptic_operations) : unknown,
            timed ? fmt::format("{:g}", recorded->first_ms) : unknown,
            timed ? fmt::format("{:g}", recorded->last_ms) : unknown,
            recorded && layer.totals.neurons > 0
                ? fmt::format("{:.1f} %", 100.0 * static_cast<double>(recorded->silent_neurons) /
                                              static_cast<double>(layer.totals.neurons))
                : unknown};
}

}  // namespace

std::string inspect_text(const RunSummary& run) {
    const RunHeader& header = run.header;
    std::string text;
    add_line(text, "run", run.file);
    add_line(
        text, "status",
        fmt::format("{}, {} of {} samples", header.status == "finished" ? "finished" : header.status + " (unfinished)",
                    grouped(header.samples_done), grouped(header.samples_planned)));
    add_line(text, "written", fmt::format("{} by axfire {}", header.created, header.version));
    const Json configuration = Json::parse(header.configuration, nullptr, false);
    if (configuration.is_object()) {
        add_configuration(text, configuration);
    }
    add_line(text, "time", fmt::format("{} steps of {:g} ms a sample", grouped(header.steps), header.dt_ms));
    add_line(text, "seed", fmt::format("{}", header.seed));
    if (run.labelled > 0) {
        const double accuracy = static_cast<double>(run.correct) / static_cast<double>(run.labelled);
        add_line(text, "accuracy",
                 fmt::format("{:.2f} % ({} of {})", 100 * accuracy, grouped(run.correct), grouped(run.labelled)));
    } else {
        add_line(text, "accuracy", "unknown: no sample has a label");
    }
    if (!run.membranes.empty()) {
        std::string names;
        for (const std::string& name : run.membranes) {
            names += (names.empty() ? "" : ", ") + name;
        }
        add_line(text, "membranes of", names);
    }
    if (run.layers.empty()) {
        return text;
    }
    std::vector<Row> rows{{"layer", "type", "neurons", "spikes", "per sample", "rate Hz", "synaptic ops", "first ms",
                           "last ms", "silent"}};
    for (const LayerSummary& layer : run.layers) {
        rows.push_back(layer_row(layer, header.totals));
    }
    return text + "\n" + table(rows);
}

std::string inspect_json(const RunSummary& run) {
    const RunHeader& header = run.header;
    Json json;
    json["file"] = run.file;
    json["status"] = header.status;
    json["samples_planned"] = header.samples_planned;
    json["samples"] = header.samples_done;
    json["steps"] = header.steps;
    json["dt_ms"] = header.dt_ms;
    json["seed"] = header.seed;
    json["version"] = header.version;
    json["created"] = header.created;
    json["labelled"] = run.labelled;
    json["correct"] = run.correct;
    json["accuracy"] =
        run.labelled > 0 ? Json(static_cast<double>(run.correct) / static_cast<double>(run.labelled)) : Json();
    const auto parsed = [](const std::string& text) {
        Json value = Json::parse(text, nullptr, false);
        return value.is_discarded() ? Json() : value;
    };
    json["configuration"] = parsed(header.configuration);
    json["summary"] = parsed(header.summary);
    json["membranes"] = run.membranes;
    json["layers"] = Json::array();
    for (const LayerSummary& layer : run.layers) {
        const auto known = [](bool condition, auto value) { return condition ? Json(value) : Json(); };
        const SpikeActivity recorded = layer.recorded.value_or(SpikeActivity{});
        const bool has = layer.recorded.has_value();
        Json entry;
        entry["name"] = layer.totals.name;
        entry["type"] = layer.totals.type;
        entry["neurons"] = layer.totals.neurons;
        entry["spikes"] = known(layer.spikes_known, layer.totals.spikes);
        entry["spikes_per_sample"] = known(layer.spikes_known, layer.spikes_per_sample);
        entry["rate_hz"] = known(layer.spikes_known, layer.rate_hz);
        entry["synaptic_operations"] = known(header.totals, layer.totals.synaptic_operations);
        entry["multiplications"] = known(header.totals, layer.totals.multiplications);
        entry["neuron_updates"] = known(header.totals, layer.totals.neuron_updates);
        entry["recorded_spikes"] = known(has, recorded.spikes);
        entry["first_spike_ms"] = known(has && recorded.spikes > 0, recorded.first_ms);
        entry["last_spike_ms"] = known(has && recorded.spikes > 0, recorded.last_ms);
        entry["silent_neurons"] = known(has, recorded.silent_neurons);
        json["layers"].push_back(entry);
    }
    return dump(json, 2);
}

}  // namespace axfire
