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
    std::size_t memory = 0;   ///< bytes
    double clock = 0;         ///< Hz
    double memory_speed = 0;  ///< bytes per second
    std::string unusable;     ///< why it cannot be used; empty where it can
};

/// All devices. Where there is no driver: none, and driver().lacking says why.
std::vector<DeviceInfo> list_devices();

/// Those that can be used. Throws InputError that says why there is none.
std::vector<DeviceInfo> usable_devices();

/// The device of a number, or the first usable one (-1). Throws InputError that says why there is none.
DeviceInfo choose_device(int number = -1);

/// The device's context, current in the thread that made it. Everything below belongs to the context that was current
/// when it was made, which must be current again for its use and its end.
class Context {
public:
    explicit Context(const DeviceInfo& device);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();
    const DeviceInfo& device() const { return device_; }
    ContextHandle handle() const { return handle_; }
    /// Makes it current in the calling thread.
    void use() const;
    std::size_t free_memory() const;

private:
    DeviceInfo device_;
    ContextHandle handle_ = nullptr;
};

/// A point in a stream's work.
class Event {
public:
    enum class Time : bool { none, measured };
    explicit Event(Time time = Time::none);
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event();
    EventHandle handle() const { return handle_; }
    /// Waits until the work before it is done; not at all where it was never recorded.
    void synchronize() const;
    /// Milliseconds from an earlier event to this one; both are measured and done.
    float since(const Event& earlier) const;

private:
    EventHandle handle_ = nullptr;
};

class Stream {
public:
    Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();
    StreamHandle handle() const { return handle_; }
    void synchronize() const;
    void record(const Event& event) const;
    /// What comes later in this stream waits for the event as it was recorded last.
    void wait_for(const Event& event) const;

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

/// Memory of the host that copies from and to the device need not go around: page-locked, or ordinary where the driver
/// has no more of that.
class HostMemory {
public:
    HostMemory() = default;
    explicit HostMemory(std::size_t bytes);
    HostMemory(HostMemory&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), locked_(other.locked_), bytes_(std::exchange(other.bytes_, 0)) {}
    HostMemory& operator=(HostMemory&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(locked_, other.locked_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~HostMemory();
    u32* words() const { return static_cast<u32*>(data_); }
    std::size_t bytes() const { return bytes_; }

private:
    void* data_ = nullptr;
    bool locked_ = false;
    std::size_t bytes_ = 0;
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
