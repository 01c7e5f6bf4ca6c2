// SPDX-License-Identifier: Apache-2.0
// A run over several devices of the double: little memory on the way, drivers without graphs, errors of the data.
#include "engine/simulation/device/team.h"
#include "arith/error.h"
#include "engine/simulation/runner.h"
#include "tests/device/device.h"
#include "tests/engine/networks.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

constexpr std::size_t kInputs = 40;

/// Images by their numbers; one of them may be damaged.
class Images : public Dataset {
public:
    std::size_t damaged = 1000;
    std::uint32_t frames = 0;
    std::size_t size() const override { return 30; }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        if (i >= damaged) {
            throw InputError("image " + std::to_string(i) + " is damaged");
        }
        Sample sample;
        sample.label = static_cast<std::int32_t>(i % 5);
        sample.frames = frames;
        for (std::size_t k = 0; k < kInputs * std::max(frames, 1u); ++k) {
            sample.values.push_back(static_cast<float>((i * 31 + k * 17) % 97) / 96.0f);
        }
        return sample;
    }

private:
    std::vector<std::size_t> shape_{kInputs};
};

class DeviceTeams : public ::testing::Test {
protected:
    void SetUp() override {
        choose_driver();
        if (!cuda::nvrtc().lacking.empty()) {
            GTEST_SKIP() << cuda::nvrtc().lacking;
        }
        if (real_device()) {
            GTEST_SKIP() << "needs the double, which fails when it is told to";
        }
        set(3, "");
        auto random = testing::test_random();
        nodes::Linear linear;
        linear.weight.shape = {5, kInputs};
        for (std::size_t i = 0; i < 5 * kInputs; ++i) {
            linear.weight.data.push_back(static_cast<float>(random() % 201) / 100.0f - 1.0f);
        }
        network_ = chain({kInputs}, {{"fc", linear}, neuron("if", "if", 5, {{"v_threshold", {2.0}}})});
    }
    void TearDown() override {
        unsetenv("AXFIRE_CUDA_DOUBLE_DEVICES");
        unsetenv("AXFIRE_CUDA_DOUBLE_FAIL");
        unsetenv("AXFIRE_CUDA_DOUBLE_EAGER");
        cuda::driver().cuInit(0);
    }

    /// The double reads its settings, and counts calls, from here.
    static void set(int devices, const std::string& fail) {
        setenv("AXFIRE_CUDA_DOUBLE_DEVICES", std::to_string(devices).c_str(), 1);
        setenv("AXFIRE_CUDA_DOUBLE_FAIL", fail.c_str(), 1);
        cuda::driver().cuInit(0);
    }

    /// A run on three devices or, without, on the CPU. `fail`: what fails once the simulations are there.
    RunTotals run(bool on_devices, const std::string& fail = "", const Encoding encoding = Encoding::poisson) {
        SimulationOptions options = arithmetic("loa(k=12)@fp32", "exact@fp32", "exact@fp32", "exact@fp32");
        options.input_events = encoding != Encoding::direct;
        options.jit = Jit::off;
        const Simulation simulation(network_, options);
        RunOptions run;
        run.encoder.encoding = encoding;
        run.encoder.steps = 12;
        run.encoder.seed = 0x123456789abull;
        run.samples = images_.size();
        run.threads = 1;
        run.predict_every_step = true;
        for (const Layer& layer : simulation.layers()) {
            if (layer.name == "if") {
                run.traces = {{layer.node, true, true}};
            }
        }
        std::unique_ptr<DeviceTeam> team;
        notices_.clear();
        if (on_devices) {
            std::vector<DeviceOptions> each;
            for (const cuda::DeviceInfo& device : cuda::usable_devices()) {
                const bool draws = draws_ && encoding == Encoding::poisson;
                each.push_back({device, 6, run.encoder.steps, 0,
                                draws ? std::optional<u64>(run.encoder.seed) : std::nullopt,
                                [this](const std::string& text) {
                                    const std::lock_guard lock(mutex_);
                                    notices_ += text + "\n";
                                }});
                each.back().block_words = 200;
            }
            EXPECT_EQ(each.size(), 3u);
            team = std::make_unique<DeviceTeam>(simulation, each);
            EXPECT_EQ(team->members().front()->draws(), draws_ && encoding == Encoding::poisson);
            run.devices = team.get();
            set(3, fail);
        }
        traces_.clear();
        return run_samples(simulation, images_, run, [&](std::span<FinishedSample> batch, const RunTotals&) {
            for (const FinishedSample& sample : batch) {
                traces_.push_back(sample.result.traces[0]);
            }
        });
    }

    void expect_as_on_cpu(const std::string& fail, const std::string& notice, Encoding encoding = Encoding::poisson) {
        const RunTotals cpu = run(false, "", encoding);
        const std::vector<Trace> cpu_traces = traces_;
        const RunTotals devices = run(true, fail, encoding);
        EXPECT_EQ(cpu.result_hash, devices.result_hash) << fail;
        EXPECT_EQ(cpu.predictions, devices.predictions) << fail;
        EXPECT_EQ(cpu.labels, devices.labels) << fail;
        EXPECT_EQ(cpu.correct_at, devices.correct_at) << fail;
        ASSERT_EQ(cpu_traces.size(), traces_.size());
        for (std::size_t i = 0; i < traces_.size(); ++i) {
            EXPECT_EQ(cpu_traces[i].spike_step, traces_[i].spike_step) << fail << i;
            EXPECT_EQ(cpu_traces[i].spike_neuron, traces_[i].spike_neuron) << fail << i;
            EXPECT_EQ(cpu_traces[i].membrane, traces_[i].membrane) << fail << i;
        }
        EXPECT_NE(notices_.find(notice), std::string::npos) << notices_;
    }

    Network network_;
    Images images_;
    bool draws_ = false;
    std::vector<Trace> traces_;
    std::mutex mutex_;
    std::string notices_;
};

TEST_F(DeviceTeams, GiveTheResultsOfTheCpu) {
    expect_as_on_cpu("", "");
    expect_as_on_cpu("", "", Encoding::direct);
    images_.frames = 12;
    expect_as_on_cpu("", "", Encoding::direct);
    setenv("AXFIRE_CUDA_DOUBLE_EAGER", "1", 1);
    expect_as_on_cpu("", "", Encoding::direct);
    images_.frames = 0;
    expect_as_on_cpu("", "", Encoding::poisson);
}

/// Spikes drawn on the device are those of the host's encoder, at every step of every sample.
TEST_F(DeviceTeams, DrawTheSpikesOfTheHost) {
    draws_ = true;
    expect_as_on_cpu("", "");
    images_.frames = 12;
    expect_as_on_cpu("", "");
}

TEST_F(DeviceTeams, TooLittleMemoryOnTheWayMeansFewerSamplesAtOnce) {
    expect_as_on_cpu("cuMemAlloc_v2:1:2,cuMemAlloc_v2:4:2", "has no memory for 6 samples at once: 3 at once");
    expect_as_on_cpu("cuMemHostAlloc:2:2,cuMemHostAlloc:5:2", "");  // ordinary memory serves
}

TEST_F(DeviceTeams, WithoutGraphsTheLaunchesAreMadeOneByOne) {
    for (const char* const call : {"cuStreamBeginCapture_v2", "cuGraphInstantiateWithFlags"}) {
        std::string fail;
        for (int n = 1; n < 20; ++n) {
            fail += (n > 1 ? "," : "") + std::string(call) + ":" + std::to_string(n) + ":801";
        }
        expect_as_on_cpu(fail, "");
    }
}

TEST_F(DeviceTeams, WhatADeviceFailsAtGoesToTheOthers) {
    expect_as_on_cpu("cuEventSynchronize:9:719", "failed, the other devices go on");
    expect_as_on_cpu("cuGraphLaunch:3:700", "failed, the other devices go on");
    expect_as_on_cpu("cuMemcpyDtoHAsync_v2:2:700,cuLaunchKernel:70:700", "failed, the other devices go on");
    EXPECT_THROW(run(true, "cuStreamWaitEvent:1:700,cuStreamWaitEvent:2:700,cuStreamWaitEvent:3:700"), cuda::Error);
}

TEST_F(DeviceTeams, ADamagedSampleEndsTheRun) {
    images_.damaged = 17;
    try {
        run(true);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "image 17 is damaged");
    }
    EXPECT_LE(traces_.size(), 17u);
}

}  // namespace

}  // namespace axfire::test
