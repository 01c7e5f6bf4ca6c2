// SPDX-License-Identifier: Apache-2.0
// `axfire run --device cuda` as a user meets it: real networks with the hash of the CPU, refusals, little memory.
#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/device/device.h"
#include "tests/support/command.h"
#include "tests/support/data.h"

namespace axfire::test {

namespace {

using axfire::testing::CommandResult;
using Json = nlohmann::json;

/// `settings`: of the environment, before the program's name.
CommandResult axfire(const std::string& arguments, const std::string& settings = "") {
    return axfire::testing::run_command("env " + settings + " '" + program() + "' " + arguments);
}

Json run(const std::string& arguments, const std::string& device, const std::string& settings = "") {
    const CommandResult r = axfire("run " + arguments + " -q --json --device " + device, settings);
    EXPECT_EQ(r.code, 0) << arguments << "\n" << r.err;
    return r.code == 0 ? Json::parse(r.out) : Json();
}

/// The same predictions, operations and hash on both.
void expect_equal_runs(const std::string& arguments) {
    const Json cpu = run(arguments + " --jit off", "cpu");  // general kernels: the same bits, no compiler
    const Json device = run(arguments, "cuda");
    ASSERT_FALSE(cpu.empty() || device.empty());
    EXPECT_EQ(cpu["device"], "cpu");
    EXPECT_EQ(device["device"], "cuda:0");
    for (const char* what : {"result_hash", "predictions", "layers", "accuracy", "accuracy_over_time"}) {
        EXPECT_EQ(cpu.value(what, Json()), device.value(what, Json())) << what << ": " << arguments;
    }
}

TEST(DeviceRun, NmnistRecordings) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string run = data + "/nir/cnn_sinabs.nir --data nmnist:" + data + "/nmnist/Test --reset subtract";
    expect_equal_runs(run + " -T 30 --samples 1 --accuracy-over-time --add 'loa(k=12)@fp32'");
    expect_equal_runs(run + " -T 12 --samples 3 --batch 2 --bin-events binary");
}

TEST(DeviceRun, LeNetImages) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string images = " --data mnist:" + data + "/mnist --samples 2";
    expect_equal_runs(data + "/models/mnist_lenet5_98p96.onnx" + images);
    expect_equal_runs(data + "/models/mnist_lenet_avgpool_99.onnx" + images +
                      " --mul 'drum(k=4)@fp8_e4m3' --table on --add 'loa(k=12)@fp32'");
}

/// Unmodified files: a netlist in C, whole operations and circuits in C++.
TEST(DeviceRun, UsersModels) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string models = sources() + "/tests/models/";
    const std::string run =
        data + "/models/mnist_mlp_98p15.onnx --data mnist:" + data + "/mnist --samples 1 --table off";
    expect_equal_runs(run + " --mul " + models + "mul8u_TR6.c:mul8u_TR6@bf16");
    expect_equal_runs(run + " --mul " + models + "operations.cpp:mul_patterns@fp32 --add " + models +
                      "operations.cpp:add24u_loa4@fp32");
}

TEST(DeviceRun, ResNet20) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_REQUIRE_DATA(data);
    expect_equal_runs(data + "/models/cifar10_resnet20.onnx --data cifar10:" + data +
                      "/cifar10 --samples 1 --add 'loa(k=12)@fp32'");
}

TEST(DeviceRun, ChoosesAndSaysWhy) {
    choose_driver();
    AXFIRE_REQUIRE_DATA(data);
    const std::string model =
        data + "/nir/cnn_sinabs.nir --data nmnist:" + data + "/nmnist/Test -T 2 --samples 1 --jit off";
    const auto refused = [&](const std::string& device, const std::string& part, const std::string& settings = "") {
        const CommandResult r = axfire("run " + model + " -q --device " + device, settings);
        EXPECT_EQ(r.code, 2) << r.err;
        EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
        EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
    };
    refused("gpu", "choose auto, cpu, cuda or cuda:<number>");
    refused("cuda:x", "choose auto, cpu, cuda or cuda:<number>");
    const std::string none = "AXFIRE_CUDA_DRIVER=/nowhere/libcuda.so";
    refused("cuda", "AXFIRE_CUDA_DRIVER=/nowhere/libcuda.so cannot be loaded", none);
    const Json on_cpu = run(model, "auto", none);
    EXPECT_EQ(on_cpu["device"], "cpu");
    EXPECT_NE(on_cpu.value("device_reason", "").find("cannot be loaded"), std::string::npos) << on_cpu["device_reason"];
    EXPECT_NE(axfire("info", none).out.find("cuda: none: AXFIRE_CUDA_DRIVER"), std::string::npos);
    const std::string no_compiler = "AXFIRE_NVRTC=/nowhere/libnvrtc.so";
    EXPECT_EQ(run(model, "auto", no_compiler)["device"], "cpu");
    if (cuda::nvrtc().lacking.empty()) {
        refused("cuda:99", "cuda:99 does not exist");
        refused("cuda", "AXFIRE_NVRTC=/nowhere/libnvrtc.so cannot be loaded", no_compiler);
        const std::string taken = "AXFIRE_CUDA_DOUBLE_FAIL=cuDevicePrimaryCtxRetain:1:2";
        EXPECT_EQ(real_device() ? "cpu" : run(model, "auto", taken)["device"], "cpu");
        const std::string own = " --table off --mul " + sources() + "/tests/models/unsuited.cpp:mul8u_unsuited@bf16";
        const Json unsuited = run(model + own, "auto");  // NVRTC does not take it
        EXPECT_EQ(unsuited["device"], "cpu");
        EXPECT_NE(unsuited.value("device_reason", "").find("NVRTC"), std::string::npos) << unsuited["device_reason"];
        refused("cuda" + own, "cannot compile kernels");
        const Json on_device = run(model, "auto");
        EXPECT_EQ(on_device["device"], "cuda:0");
        EXPECT_NE(axfire("info").out.find("cuda:0: "), std::string::npos);
    }
}

#define AXFIRE_NEEDS_DOUBLE()                                           \
    if (real_device()) {                                                \
        GTEST_SKIP() << "needs the double, whose memory can be little"; \
    }

/// What estimates need may be missing; a driver that is too old for the kernels is named.
TEST(DeviceRun, OldDrivers) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_NEEDS_DOUBLE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string model = data + "/nir/cnn_sinabs.nir --data nmnist:" + data + "/nmnist/Test -T 1 --samples 1";
    const std::string old = "AXFIRE_CUDA_DOUBLE_VERSION=12040 ";
    EXPECT_NE(axfire("info", old).out.find(": CUDA 12.4\n"), std::string::npos);
    // The fourth and the fifth: clock and memory.
    const std::string silent = "AXFIRE_CUDA_DOUBLE_FAIL=cuDeviceGetAttribute:4:1,cuDeviceGetAttribute:5:1";
    EXPECT_EQ(run(model, "cuda", silent)["device"], "cuda:0");
    const std::string newer = "AXFIRE_CUDA_DOUBLE_FAIL=cuModuleLoadData:1:CUDA_ERROR_UNSUPPORTED_PTX_VERSION";
    const CommandResult refused = axfire("run " + model + " -q --device cuda", old + newer);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("the driver is for CUDA 12.4"), std::string::npos) << refused.err;
}

TEST(DeviceRun, LittleMemoryMeansFewerSamplesAtOnce) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_NEEDS_DOUBLE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string model = data + "/models/mnist_mlp_98p15.onnx --data mnist:" + data + "/mnist --samples 40";
    const Json all = run(model, "cuda");
    EXPECT_EQ(all["schedule"]["batch"], 40);
    // Allowed too little for all: planned ahead.
    const std::size_t bytes = all["schedule"]["buffer_bytes"].get<std::size_t>();
    const Json some = run(model + " --memory " + std::to_string(bytes - 100000), "cuda");
    EXPECT_LT(some["schedule"]["batch"], 40);
    EXPECT_LE(some["schedule"]["buffer_bytes"], bytes - 100000);
    EXPECT_EQ(some["result_hash"], all["result_hash"]);
    const CommandResult none = axfire("run " + model + " --device cuda --memory 1000");
    EXPECT_EQ(none.code, 2);
    EXPECT_NE(none.err.find("one sample takes"), std::string::npos) << none.err;
    // Refused by the driver: half as many, and a word about it.
    const CommandResult fewer =
        axfire("run " + model + " --device cuda --json", "AXFIRE_CUDA_DOUBLE_FAIL=cuMemAlloc_v2:9:2");
    ASSERT_EQ(fewer.code, 0) << fewer.err;
    EXPECT_NE(fewer.err.find("has no memory for 40 samples at once: 20 at once"), std::string::npos) << fewer.err;
    EXPECT_EQ(Json::parse(fewer.out)["result_hash"], all["result_hash"]);
}

/// Samples split over several devices: the results of one, in their order; a device that fails hands over.
TEST(DeviceRun, SeveralDevices) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_NEEDS_DOUBLE();
    AXFIRE_REQUIRE_DATA(data);
    const std::string model =
        data + "/models/mnist_mlp_98p15.onnx --data mnist:" + data + "/mnist --samples 23 --jit off";
    const Json cpu = run(model, "cpu");
    const auto expect_equal = [&](const Json& devices, const std::string& names) {
        ASSERT_FALSE(devices.empty());
        EXPECT_EQ(devices["device"], names);
        for (const char* what : {"result_hash", "predictions", "layers", "accuracy"}) {
            EXPECT_EQ(cpu[what], devices[what]) << what << ": " << names;
        }
    };
    const std::string three = "AXFIRE_CUDA_DOUBLE_DEVICES=3";
    const Json all = run(model, "cuda:all", three);
    expect_equal(all, "cuda:0, cuda:1, cuda:2");
    EXPECT_EQ(all["schedule"]["batch"], 8);
    expect_equal(run(model + " --batch 2", "cuda:all", three), "cuda:0, cuda:1, cuda:2");
    expect_equal(run(model, "cuda:2", three), "cuda:2");
    const auto with = [&](const std::string& fault, const std::string& batch) {
        return axfire("run " + model + batch + " --json --device cuda:all",
                      three + " AXFIRE_CUDA_DOUBLE_FAIL=" + fault);
    };
    // One cannot be opened.
    const CommandResult two = with("cuDevicePrimaryCtxRetain:2:2", "");
    ASSERT_EQ(two.code, 0) << two.err;
    EXPECT_NE(two.err.find("cuda:1 is left out"), std::string::npos) << two.err;
    expect_equal(Json::parse(two.out), "cuda:0, cuda:2");
    // One fails on the way; another one has too little memory for its share.
    const CommandResult failed = with("cuEventSynchronize:20:700", " --batch 2");
    ASSERT_EQ(failed.code, 0) << failed.err;
    EXPECT_NE(failed.err.find(" failed, the other devices go on: CUDA: cuEventSynchronize"), std::string::npos)
        << failed.err;
    expect_equal(Json::parse(failed.out), "cuda:0, cuda:1, cuda:2");
}

TEST(DeviceRun, ErrorsOfTheDriverNameTheCall) {
    AXFIRE_NEEDS_DEVICE();
    AXFIRE_NEEDS_DOUBLE();
    AXFIRE_REQUIRE_DATA(data);
    const CommandResult r =
        axfire("run " + data + "/models/mnist_mlp_98p15.onnx --data mnist:" + data + "/mnist --samples 1 --device cuda",
               "AXFIRE_CUDA_DOUBLE_FAIL=cuEventSynchronize:1:700");
    EXPECT_EQ(r.code, 1) << r.err;
    EXPECT_NE(r.err.find("cuEventSynchronize"), std::string::npos) << r.err;
}

}  // namespace

}  // namespace axfire::test
