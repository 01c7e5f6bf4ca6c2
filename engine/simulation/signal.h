// SPDX-License-Identifier: Apache-2.0
// What a node emits in one step, and the buffers that kernels read and write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "synapses/views.h"

namespace axfire {

/// Memory that begins where a cache line does: a vector of 64 bytes that lay across two would be loaded from both.
template <class T>
struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t kLine{64};
    LineAllocator() = default;
    template <class U>
    LineAllocator(const LineAllocator<U>&) {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
    void deallocate(T* p, std::size_t) { ::operator delete(p, kLine); }
    friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

/// Values as binary32 bits, padded for the lanes with `fill`.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t n, u32 fill = 0) : size_(n), data_((n + kPad - 1) / kPad * kPad, fill) {}

    u32* data() { return data_.data(); }
    const u32* data() const { return data_.data(); }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    u32& operator[](std::size_t i) { return data_[i]; }
    u32 operator[](std::size_t i) const { return data_[i]; }
    std::span<const u32> values() const { return {data_.data(), size_}; }
    void fill(u32 x) { data_.assign(data_.size(), x); }
    /// As if made anew, in the memory that it has.
    void assign(std::size_t n, u32 fill = 0) {
        size_ = n;
        data_.assign((n + kPad - 1) / kPad * kPad, fill);
    }

private:
    std::size_t size_ = 0;
    std::vector<u32, LineAllocator<u32>> data_;
};

/// Events (spikes by ascending index) or analog values, as the node's stage says.
struct Signal {
    std::vector<u32> index;
    std::vector<u32> amplitude;   ///< one for each event, or none: all 1
    const u32* values = nullptr;  ///< analog, [size]; nullptr: no term arrived anywhere

    EventView events() const {
        return {index.data(), amplitude.empty() ? nullptr : amplitude.data(), static_cast<u32>(index.size())};
    }
    void clear() {
        index.clear();
        amplitude.clear();
        values = nullptr;
    }
};

}  // namespace axfire
