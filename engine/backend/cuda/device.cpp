// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda/device.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/backend/cuda/nvrtc.h"

namespace axfire::cuda {

namespace {

constexpr int kLeastCapability = 75;

int attribute(DeviceAttribute which, DeviceNumber device) {
    int value = 0;
    AXFIRE_CUDA(cuDeviceGetAttribute, &value, which, device);
    return value;
}

/// ... that only estimates need: 0 where the driver does not tell.
int attribute_if_known(DeviceAttribute which, DeviceNumber device) {
    int value = 0;
    return driver().cuDeviceGetAttribute(&value, which, device) == kSuccess ? value : 0;
}

DeviceInfo describe(int number) {
    DeviceInfo info;
    info.number = number;
    try {
        DeviceNumber device = 0;
        AXFIRE_CUDA(cuDeviceGet, &device, number);
        char name[256] = "";
        AXFIRE_CUDA(cuDeviceGetName, name, sizeof name, device);
        info.name = name;
        info.capability = 10 * attribute(DeviceAttribute::major, device) + attribute(DeviceAttribute::minor, device);
        info.multiprocessors = attribute(DeviceAttribute::multiprocessors, device);
        AXFIRE_CUDA(cuDeviceTotalMem, &info.memory, device);
        info.clock = 1e3 * attribute_if_known(DeviceAttribute::clock_khz, device);
        info.memory_speed = 2.0 / 8 * 1e3 * attribute_if_known(DeviceAttribute::memory_clock_khz, device) *
                            attribute_if_known(DeviceAttribute::memory_bus_bits, device);  // two transfers a clock
    } catch (const Error& error) {
        info.unusable = error.what();
        return info;
    }
    if (!nvrtc().lacking.empty()) {
        info.unusable = nvrtc().lacking;
    } else if (info.capability < kLeastCapability) {
        info.unusable = fmt::format("compute capability {}.{} is below {}.{}", info.capability / 10,
                                    info.capability % 10, kLeastCapability / 10, kLeastCapability % 10);
    }
    return info;
}

}  // namespace

std::vector<DeviceInfo> list_devices() {
    std::vector<DeviceInfo> devices;
    int count = 0;
    if (!driver().lacking.empty() || driver().cuDeviceGetCount(&count) != kSuccess) {
        return devices;
    }
    for (int i = 0; i < count; ++i) {
        devices.push_back(describe(i));
    }
    return devices;
}

std::vector<DeviceInfo> usable_devices() {
    choose_device();  // says why there is none
    std::vector<DeviceInfo> devices = list_devices();
    std::erase_if(devices, [](const DeviceInfo& d) { return !d.unusable.empty(); });
    return devices;
}

DeviceInfo choose_device(int number) {
    const std::vector<DeviceInfo> devices = list_devices();
    if (!driver().lacking.empty()) {
        throw InputError(fmt::format("no CUDA device: {}", driver().lacking));
    }
    if (devices.empty()) {
        throw InputError("no CUDA device: the driver finds none");
    }
    if (number >= static_cast<int>(devices.size())) {
        throw InputError(
            fmt::format("cuda:{} does not exist; there are cuda:0 to cuda:{}", number, devices.size() - 1));
    }
    const auto usable = [](const DeviceInfo& d) { return d.unusable.empty(); };
    const auto it = number < 0 ? std::find_if(devices.begin(), devices.end(), usable) : devices.begin() + number;
    if (it == devices.end() || !usable(*it)) {
        const DeviceInfo& shown = it == devices.end() ? devices.front() : *it;
        throw InputError(fmt::format("cuda:{} ({}) cannot be used: {}", shown.number, shown.name, shown.unusable));
    }
    return *it;
}

Context::Context(const DeviceInfo& device) : device_(device) {
    AXFIRE_CUDA(cuDevicePrimaryCtxRetain, &handle_, device.number);
    use();
}
Context::~Context() {
    driver().cuDevicePrimaryCtxRelease(device_.number);
}
void Context::use() const {
    AXFIRE_CUDA(cuCtxSetCurrent, handle_);
}
std::size_t Context::free_memory() const {
    std::size_t left = 0, total = 0;
    AXFIRE_CUDA(cuMemGetInfo, &left, &total);
    return left;
}

Stream::Stream() {
    constexpr unsigned kNonBlocking = 1;
    AXFIRE_CUDA(cuStreamCreate, &handle_, kNonBlocking);
}
Stream::~Stream() {
    driver().cuStreamDestroy(handle_);
}
void Stream::synchronize() const {
    AXFIRE_CUDA(cuStreamSynchronize, handle_);
}

void Stream::record(const Event& event) const {
    AXFIRE_CUDA(cuEventRecord, event.handle(), handle_);
}
void Stream::wait_for(const Event& event) const {
    AXFIRE_CUDA(cuStreamWaitEvent, handle_, event.handle(), 0);
}

Event::Event(Time time) {
    constexpr unsigned kWithoutTime = 2;
    AXFIRE_CUDA(cuEventCreate, &handle_, time == Time::none ? kWithoutTime : 0);
}
Event::~Event() {
    driver().cuEventDestroy(handle_);
}
void Event::synchronize() const {
    AXFIRE_CUDA(cuEventSynchronize, handle_);
}

float Event::since(const Event& earlier) const {
    float milliseconds = 0;
    AXFIRE_CUDA(cuEventElapsedTime, &milliseconds, earlier.handle_, handle_);
    return milliseconds;
}

Memory::Memory(std::size_t bytes) {
    AXFIRE_CUDA(cuMemAlloc, &address_, std::max<std::size_t>(bytes, 1));
}
Memory::~Memory() {
    if (address_ != 0) {
        driver().cuMemFree(address_);
    }
}

HostMemory::HostMemory(std::size_t bytes) : bytes_(bytes) {
    const Result result = driver().cuMemHostAlloc(&data_, std::max<std::size_t>(bytes, 1), 0);
    locked_ = result == kSuccess;
    if (result == kOutOfMemory) {
        data_ = ::operator new(std::max<std::size_t>(bytes, 1));
    } else {
        check("cuMemHostAlloc", result);
    }
}
HostMemory::~HostMemory() {
    if (locked_ && data_ != nullptr) {
        driver().cuMemFreeHost(data_);
    } else {
        ::operator delete(data_);
    }
}

Module::Module(const std::string& image) {
    AXFIRE_CUDA(cuModuleLoadData, &handle_, image.c_str());
}
Module::~Module() {
    if (handle_ != nullptr) {
        driver().cuModuleUnload(handle_);
    }
}
FunctionHandle Module::function(const std::string& name) const {
    FunctionHandle function = nullptr;
    AXFIRE_CUDA(cuModuleGetFunction, &function, handle_, name.c_str());
    return function;
}

}  // namespace axfire::cuda
