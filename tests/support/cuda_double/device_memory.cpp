// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/device_memory.h"

#include <cstdio>
#include <cstring>
#include <iterator>

namespace axfire::cuda_double {

namespace {

constexpr u64 kAlignment = 256;  // as the CUDA driver gives
constexpr u64 kGap = 4096;

}  // namespace

Allocation& DeviceMemory::allocate(u64 bytes, int device) {
    const u64 address = next_;
    next_ += (bytes + kAlignment - 1) / kAlignment * kAlignment + kGap;
    Allocation& a = allocations_[address];
    a.address = address;
    a.bytes = bytes;
    a.device = device;
    a.owned = std::make_unique_for_overwrite<u8[]>(bytes + 1);
    a.data = a.owned.get();
    std::memset(a.data, 0xa5, bytes);
    return a;
}

void DeviceMemory::add_host(void* data, u64 bytes) {
    const u64 address = reinterpret_cast<u64>(data);
    // The host gives addresses again: what was freed before here is forgotten.
    auto it = allocations_.lower_bound(address);
    if (it != allocations_.begin() && std::prev(it)->first + std::prev(it)->second.bytes > address) {
        --it;
    }
    while (it != allocations_.end() && it->first < address + bytes) {
        it = allocations_.erase(it);
    }
    Allocation& a = allocations_[address];
    a.address = address;
    a.bytes = bytes;
    a.data = static_cast<u8*>(data);
    a.device = -1;
}

bool DeviceMemory::free(u64 address) {
    Allocation* a = begins_at(address);
    if (a == nullptr) {
        return false;
    }
    a->data = nullptr;
    a->owned.reset();
    a->watch = {};
    return true;
}

Allocation* DeviceMemory::find(u64 address, u64 bytes) {
    auto it = allocations_.upper_bound(address);
    if (it == allocations_.begin()) {
        return nullptr;
    }
    Allocation& a = std::prev(it)->second;
    return a.data != nullptr && bytes <= a.bytes && address - a.address <= a.bytes - bytes ? &a : nullptr;
}

Allocation* DeviceMemory::begins_at(u64 address) {
    const auto it = allocations_.find(address);
    return it != allocations_.end() && it->second.data != nullptr ? &it->second : nullptr;
}

std::string DeviceMemory::explain(u64 address, u64 bytes) const {
    const auto it = allocations_.upper_bound(address);
    const auto describe = [](const Allocation& a, const char* relation, u64 distance) {
        char text[160];
        std::snprintf(text, sizeof text, "%llu bytes %s an allocation of %llu bytes at 0x%llx%s",
                      static_cast<unsigned long long>(distance), relation, static_cast<unsigned long long>(a.bytes),
                      static_cast<unsigned long long>(a.address), a.data == nullptr ? ", freed before" : "");
        return std::string(text);
    };
    if (it != allocations_.begin()) {
        const Allocation& before = std::prev(it)->second;
        const u64 inside = address - before.address;
        if (inside < before.bytes) {
            return before.data == nullptr ? describe(before, "inside", inside)
                                          : describe(before, "before the end of", before.bytes - inside);
        }
        if (inside < before.bytes + kGap) {
            return describe(before, "past the end of", inside - before.bytes);
        }
    }
    if (it != allocations_.end() && it->first - address <= kGap) {
        return describe(it->second, "before", it->first - address);
    }
    return bytes != 0 && address < kGap ? "near a null pointer" : "in no allocation";
}

std::pair<u64, u64> DeviceMemory::release(int device) {
    u64 count = 0;
    u64 bytes = 0;
    for (auto& [address, a] : allocations_) {
        if (a.device == device && a.data != nullptr) {
            count += a.is_module ? 0 : 1;
            bytes += a.is_module ? 0 : a.bytes;
            a.data = nullptr;
            a.owned.reset();
            a.watch = {};
        }
    }
    return {count, bytes};
}

u64 DeviceMemory::used(int device) const {
    u64 total = 0;
    for (const auto& [address, a] : allocations_) {
        total += a.device == device && a.data != nullptr ? a.bytes : 0;
    }
    return total;
}

}  // namespace axfire::cuda_double
