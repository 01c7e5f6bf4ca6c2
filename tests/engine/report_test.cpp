// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <limits>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/report/inspect.h"
#include "engine/report/membrane.h"
#include "engine/report/raster.h"
#include "engine/report/svg.h"
#include "tests/engine/run_samples.h"

namespace axfire {
namespace {

using testing::run_options;
using testing::run_sample;
using testing::TemporaryFolder;
using testing::write_run;
using testing::write_single;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

// The path data of all elements of a class.
std::vector<std::string> paths(const std::string& svg, const std::string& css_class) {
    std::vector<std::string> result;
    const std::string opening = "<path class=\"" + css_class + "\"";
    for (std::size_t at = svg.find(opening); at != std::string::npos; at = svg.find(opening, at + 1)) {
        const std::size_t begin = svg.find(" d=\"", at) + 4;
        result.push_back(svg.substr(begin, svg.find('"', begin) - begin));
    }
    return result;
}

TEST(ReadRun, FiguresOfAFinishedRun) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const RunSummary run = read_run(folder.path() / "run.h5");
    EXPECT_EQ(run.labelled, 8u);
    EXPECT_EQ(run.correct, 3u);  // s % 4 == s % 3 for s = 0, 1, 2
    ASSERT_EQ(run.layers.size(), 3u);
    const LayerSummary& hidden = run.layers[1];
    std::uint64_t spikes = 0;
    for (std::size_t s = 0; s < 8; ++s) {
        spikes += run_sample(s).populations[0].spike_step.size();
    }
    EXPECT_EQ(hidden.totals.spikes, spikes);
    EXPECT_DOUBLE_EQ(hidden.spikes_per_sample, spikes / 8.0);
    EXPECT_DOUBLE_EQ(hidden.rate_hz, spikes / 8.0 / (30 * 0.010));  // 20 steps of 0.5 ms
    ASSERT_TRUE(hidden.recorded.has_value());
    EXPECT_EQ(hidden.recorded->spikes, spikes);
    EXPECT_EQ(hidden.recorded->silent_neurons, 0u);
    EXPECT_EQ(run.layers[2].recorded->first_ms, 0.0);
    EXPECT_EQ(run.layers[2].recorded->last_ms, 5.0);  // neuron 3 in sample 7: step 10
    EXPECT_FALSE(run.layers[0].recorded.has_value());
    EXPECT_EQ(run.layers[0].totals.synaptic_operations, 8000u);
    EXPECT_EQ(run.membranes, std::vector<std::string>{"out"});
}

TEST(ReadRun, SilentNeuronsAndSpikesOfLongRuns) {
    const TemporaryFolder folder;
    const std::uint32_t steps = 50'000;  // more spikes than one block
    write_single(folder.path() / "run.h5", 10, steps, [&](RunFileOptions&, SampleRecord& sample) {
        for (std::uint32_t t = 3; t < steps; ++t) {
            sample.populations[0].spike_step.push_back(t);
            sample.populations[0].spike_neuron.push_back(t % 3);
        }
    });
    const RunSummary run = read_run(folder.path() / "run.h5");
    ASSERT_EQ(run.layers.size(), 1u);
    EXPECT_EQ(run.layers[0].totals.spikes, 49'997u);
    EXPECT_EQ(run.layers[0].recorded->silent_neurons, 7u);
    EXPECT_EQ(run.layers[0].recorded->first_ms, 3.0);
    EXPECT_EQ(run.layers[0].recorded->last_ms, 49'999.0);
}

TEST(ReadRun, AnUnfinishedRunHasItsSpikesSoFar) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 2, false);
    const RunSummary run = read_run(folder.path() / "run.h5");
    EXPECT_EQ(run.layers[1].totals.spikes,
              run_sample(0).spikes_per_layer[1] + std::uint64_t{run_sample(1).spikes_per_layer[1]});
    const std::string text = inspect_text(run);
    EXPECT_NE(text.find("running (unfinished), 2 of 8 samples"), std::string::npos) << text;
    const auto json = nlohmann::json::parse(inspect_json(run));
    EXPECT_EQ(json["status"], "running");
    EXPECT_TRUE(json["layers"][0]["synaptic_operations"].is_null());
    EXPECT_EQ(json["layers"][1]["spikes"], run.layers[1].totals.spikes);

    write_run(folder.path() / "empty.h5", 0, false);
    EXPECT_NE(inspect_text(read_run(folder.path() / "empty.h5")).find("0 of 8 samples"), std::string::npos);
}

TEST(Inspect, TextHasTheFactsAndATable) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const std::string text = inspect_text(read_run(folder.path() / "run.h5"));
    for (const char* line :
         {"status        finished, 8 of 8 samples\n", "model         tiny.nir\n",
          "arithmetic    mul=exact@fp32  add=loa(k=12)@fp32\n", "time          20 steps of 0.5 ms a sample\n",
          "seed          18364758544493064720\n", "accuracy      37.50 % (3 of 8)\n", "membranes of  out\n",
          "layer      type    neurons  spikes  per sample  rate Hz  synaptic ops  first ms  last ms  silent\n",
          "fc         affine       30       -           -        -         8,000         -        -       -\n",
          "out        lif           4      32         4.0      100             0         0        5   0.0 %\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << "missing: " << line << "in:\n" << text;
    }
}

TEST(Inspect, JsonHasTheSameFigures) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const auto json = nlohmann::json::parse(inspect_json(read_run(folder.path() / "run.h5")));
    EXPECT_EQ(json["status"], "finished");
    EXPECT_EQ(json["samples"], 8);
    EXPECT_EQ(json["accuracy"], 0.375);
    EXPECT_EQ(json["seed"], 0xFEDCBA9876543210u);
    EXPECT_EQ(json["configuration"]["model"], "tiny.nir");
    EXPECT_EQ(json["summary"]["accuracy"], 0.5);
    ASSERT_EQ(json["layers"].size(), 3u);
    EXPECT_EQ(json["layers"][2]["name"], "out");
    EXPECT_EQ(json["layers"][2]["spikes"], 32);
    EXPECT_EQ(json["layers"][2]["rate_hz"], 100.0);
    EXPECT_EQ(json["layers"][2]["last_spike_ms"], 5.0);
    EXPECT_TRUE(json["layers"][0]["first_spike_ms"].is_null());
}

TEST(Inspect, UnlabelledRunsAndControlCharacters) {
    const TemporaryFolder folder;
    write_single(
        folder.path() / "run.h5", 1, 1,
        [](RunFileOptions& options, SampleRecord&) { options.configuration = "not JSON"; }, "evil\x1B[2J\xFF");
    const RunSummary run = read_run(folder.path() / "run.h5");
    const std::string text = inspect_text(run);
    EXPECT_EQ(text.find('\x1B'), std::string::npos);
    EXPECT_NE(text.find("no sample has a label"), std::string::npos);
    EXPECT_TRUE(nlohmann::json::parse(inspect_json(run))["accuracy"].is_null());
}

TEST(Raster, OneMarkForEachSpikeOfTheSample) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const RunReader run(folder.path() / "run.h5");
    for (const std::uint64_t sample : {0, 5}) {
        const std::string svg = raster_svg(run, {.sample = sample});
        const auto panels = paths(svg, "spikes");
        ASSERT_EQ(panels.size(), 2u);
        EXPECT_EQ(count(panels[0], "M"), run_sample(sample).populations[0].spike_step.size());
        EXPECT_EQ(count(panels[1], "M"), run_sample(sample).populations[1].spike_step.size());
        EXPECT_NE(svg.find(fmt::format("sample {}, label {}, prediction {}", sample, sample % 4, sample % 3)),
                  std::string::npos);
    }
    const auto one = paths(raster_svg(run, {.populations = {"out"}}), "spikes");
    EXPECT_EQ(one.size(), 1u);
}

TEST(Raster, TimeGoesRightAndNeuronsUp) {
    const TemporaryFolder folder;
    write_single(folder.path() / "run.h5", 5, 10, [](RunFileOptions&, SampleRecord& sample) {
        sample.populations[0].spike_step = {0, 9, 9};
        sample.populations[0].spike_neuron = {0, 0, 4};
    });
    const std::string svg = raster_svg(RunReader(folder.path() / "run.h5"));
    const std::string path = paths(svg, "spikes").at(0);
    double x[3];
    double y[3];
    std::size_t at = 0;
    for (int i = 0; i < 3; ++i, ++at) {
        at = path.find('M', at);
        ASSERT_NE(at, std::string::npos) << path;
        ASSERT_EQ(std::sscanf(path.c_str() + at, "M%lf %lf", &x[i], &y[i]), 2) << path;
    }
    EXPECT_LT(x[0], x[1]);
    EXPECT_EQ(x[1], x[2]);
    EXPECT_EQ(y[0], y[1]);
    EXPECT_GT(y[1], y[2]);
    EXPECT_NE(svg.find(">time (ms)<"), std::string::npos);
}

TEST(Raster, ManySpikesAreCountedInCells) {
    const TemporaryFolder folder;
    const std::size_t neurons = 2000;
    write_single(folder.path() / "run.h5", neurons, 1000, [&](RunFileOptions&, SampleRecord& sample) {
        for (std::uint32_t t = 0; t < 1000; ++t) {
            for (std::uint32_t n = 0; n < neurons; n += 8) {
                sample.populations[0].spike_step.push_back(t);
                sample.populations[0].spike_neuron.push_back(n);
            }
        }
    });
    const RunReader run(folder.path() / "run.h5");
    const std::string svg = raster_svg(run);
    EXPECT_TRUE(paths(svg, "spikes").empty());
    EXPECT_FALSE(paths(svg, "cells").empty());
    EXPECT_NE(svg.find("250000 spikes<"), std::string::npos);
    EXPECT_NE(svg.find("more than 200000 spikes count them in cells"), std::string::npos);
    EXPECT_LT(svg.size(), 4u << 20);
    EXPECT_NE(raster_svg(run, {.most_marks = 250'000}).find("Each mark is one spike"), std::string::npos);
}

TEST(Membrane, ALineForEachNeuronThresholdAndSpikes) {
    const TemporaryFolder folder;
    write_run(folder.path() / "run.h5", 8);
    const RunReader run(folder.path() / "run.h5");
    const std::string svg = membrane_svg(run, {.sample = 2, .population = "out", .neurons = {3, 0}});
    const auto lines = paths(svg, "membrane");
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(count(lines[0], "M"), 1u);
    EXPECT_EQ(count(lines[0], "L"), testing::kSteps - 1);
    EXPECT_EQ(paths(svg, "spikes").size(), 2u);  // each spikes once
    EXPECT_EQ(count(svg, "class=\"threshold\""), 1u);
    EXPECT_NE(svg.find(">neuron 3<"), std::string::npos);
    EXPECT_EQ(svg.find(">neuron 1<"), std::string::npos);
    EXPECT_EQ(paths(membrane_svg(run), "membrane").size(), 4u);
}

TEST(Membrane, TheNeuronsThatSpikeMostAreChosenAndGapsStayGaps) {
    const TemporaryFolder folder;
    write_single(folder.path() / "run.h5", 50, 10, [](RunFileOptions& options, SampleRecord& sample) {
        options.populations[0].membrane = true;
        sample.populations[0].membrane.assign(500, 0.25f);
        sample.populations[0].membrane[4 * 50 + 41] = std::numeric_limits<float>::quiet_NaN();
        sample.populations[0].membrane[7 * 50 + 41] = std::numeric_limits<float>::infinity();
        sample.populations[0].spike_step = {1, 2, 3};
        sample.populations[0].spike_neuron = {41, 17, 41};
    });
    const std::string svg = membrane_svg(RunReader(folder.path() / "run.h5"), {.count = 2});
    EXPECT_NE(svg.find(">neuron 17<"), std::string::npos);
    EXPECT_NE(svg.find(">neuron 41<"), std::string::npos);
    const auto lines = paths(svg, "membrane");
    EXPECT_EQ(count(lines[0], "M"), 1u);
    EXPECT_EQ(count(lines[1], "M"), 3u);
    EXPECT_EQ(count(lines[1], "L"), 5u);  // 8 finite values in 3 pieces
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("class=\"threshold\""), std::string::npos);
}

TEST(Membrane, LongTracesAreThinnedButKeepTheirPeaks) {
    const TemporaryFolder folder;
    const std::uint32_t steps = 100'000;
    write_single(folder.path() / "run.h5", 1, steps, [&](RunFileOptions& options, SampleRecord& sample) {
        options.populations[0].membrane = true;
        sample.populations[0].membrane.assign(steps, 0.0f);
        sample.populations[0].membrane[31'415] = 1.0f;
    });
    const std::string svg = membrane_svg(RunReader(folder.path() / "run.h5"));
    const std::string line = paths(svg, "membrane").at(0);
    EXPECT_LT(count(line, "L"), 4000u);
    double top = 1e9;
    double bottom = 0;
    for (std::size_t at = line.find_first_of("ML"); at != std::string::npos; at = line.find_first_of("ML", at + 1)) {
        double x = 0;
        double y = 0;
        ASSERT_EQ(std::sscanf(line.c_str() + at + 1, "%lf %lf", &x, &y), 2);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
    }
    EXPECT_NEAR(bottom - top, 280 / 1.1, 0.2);  // the range with 5 % margins fills 280 pixels
    EXPECT_NE(svg.find("Drawn by the least and greatest value of every"), std::string::npos);
}

TEST(Svg, PicturesAreWellFormedXml) {
    const TemporaryFolder folder;
    write_single(
        folder.path() / "run.h5", 3, 10,
        [](RunFileOptions& options, SampleRecord& sample) {
            options.populations[0].membrane = true;
            options.populations[0].threshold = 0.5;
            sample.populations[0].membrane.resize(30, 0.1f);
            sample.populations[0].spike_step = {1};
            sample.populations[0].spike_neuron = {2};
        },
        "a<b>&\"c\" \xC3\xA4 \x01\xFF\xED\xA0\x80");
    const RunReader run(folder.path() / "run.h5");
    std::ofstream(folder.path() / "raster.svg") << raster_svg(run);
    std::ofstream(folder.path() / "cells.svg") << raster_svg(run, {.most_marks = 0});
    std::ofstream(folder.path() / "membrane.svg") << membrane_svg(run);
    const int status = testing::run_python(
        fmt::format("-c \"import sys, xml.etree.ElementTree as x; [x.parse(f) for f in sys.argv[1:]]\" {0}/raster.svg "
                    "{0}/cells.svg {0}/membrane.svg",
                    folder.path().string()));
    if (status == 127) {
        GTEST_SKIP() << "no Python to parse XML with";
    }
    EXPECT_EQ(status, 0);
}

TEST(Svg, EscapesMarkupAndWhatIsNotText) {
    EXPECT_EQ(svg::escape("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    EXPECT_EQ(svg::escape("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
    EXPECT_EQ(svg::escape("\x01\n\xFF\xC0\x80\xE2\x82"), "???????");  // bytes that are no character, one by one
}

TEST(Svg, TicksAreRoundAndFew) {
    EXPECT_EQ(svg::ticks({0, 340}, 10), (std::vector<double>{0, 50, 100, 150, 200, 250, 300}));
    EXPECT_EQ(svg::ticks({-0.5, 9.5}, 5), (std::vector<double>{0, 2, 4, 6, 8}));
    EXPECT_EQ(svg::tick_label(0.2, {0, 0.2, 0.4}), "0.2");
    EXPECT_EQ(svg::tick_label(-0.002, {-0.002, 0, 0.002}), "-0.002");
    EXPECT_EQ(svg::tick_label(150, {0, 50}), "150");
    std::mt19937 random(7);
    for (int i = 0; i < 10'000; ++i) {
        const double low = std::uniform_real_distribution<>(-1, 1)(random);
        const double high = low + std::pow(10.0, std::uniform_real_distribution<>(-8, 8)(random));
        const int most = std::uniform_int_distribution<>(2, 12)(random);
        const auto at = svg::ticks({low, high}, most);
        ASSERT_GE(at.size(), 1u) << low << " " << high << " " << most;
        ASSERT_LE(at.size(), static_cast<std::size_t>(most)) << low << " " << high << " " << most;
        ASSERT_GE(at.front(), low - 1e-9 * (high - low));
        ASSERT_LE(at.back(), high + 1e-9 * (high - low));
    }
}

}  // namespace
}  // namespace axfire
