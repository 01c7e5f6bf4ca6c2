// SPDX-License-Identifier: Apache-2.0
// A device and what is held on it: memory, modules, a stream. Each gives back what it holds.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arith/lanes.h"
#include "engine/backend/cuda/driver.h"

namespace axfire::cuda {

/// What is known of a device without using it.
struct DeviceInfo {
    int number = 0;
    std::string name;
    int capability = 0;  ///< 90 for compute capability 9.0
    int multiprocessors = 0;
    std::size_t memory = 0;  ///< bytes
    std::string unusable;    ///< why it cannot be used; empty where it can
};

/// All devices. Where there is no driver: none, and driver().lacking says why.
std::vector<DeviceInfo> list_devices();

/// The device of a number, or the first usable one (-1). Throws InputError that says why there is none.
DeviceInfo choose_device(int number = -1);

/// The device's context, current in the thread that made it: everything below belongs to that thread.
class Context {
public:
    explicit Context(const DeviceInfo& device);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();
    const DeviceInfo& device() const { return device_; }
    std::size_t free_memory() const;

private:
    DeviceInfo device_;
};

class Stream {
public:
    Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();
    StreamHandle handle() const { return handle_; }
    void synchronize() const;

private:
    StreamHandle handle_ = nullptr;
};

/// Memory of the device.
class Memory {
public:
    Memory() = default;
    explicit Memory(std::size_t bytes);
    Memory(Memory&& other) noexcept : address_(std::exchange(other.address_, 0)) {}
    Memory& operator=(Memory&& other) noexcept {
        std::swap(address_, other.address_);
        return *this;
    }
    ~Memory();
    Address address() const { return address_; }

private:
    Address address_ = 0;
};

/// Code on the device.
class Module {
public:
    explicit Module(const std::string& image);
    Module(Module&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Module& operator=(Module&&) = delete;
    ~Module();
    FunctionHandle function(const std::string& name) const;

private:
    ModuleHandle handle_ = nullptr;
};

}  // namespace axfire::cuda
