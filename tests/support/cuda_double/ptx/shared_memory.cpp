// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/shared_memory.h"

#include <cstring>

namespace axfire::cuda_double {

namespace {

/// What was touched before is ordered before what is touched now.
bool is_ordered(const Toucher& before, const Toucher& now) {
    return before.epoch != now.epoch ||
           (before.warp == now.warp && (before.lane == now.lane || before.warp_epoch != now.warp_epoch));
}

std::string race(const char* what, const Toucher& other) {
    if (other.warp == SharedMemory::kMany) {
        return std::string(what) + " several threads";
    }
    const std::string thread = other.lane == SharedMemory::kMany
                                   ? "several threads of warp " + std::to_string(other.warp)
                                   : "thread " + std::to_string(other.warp * kLanes + other.lane);
    return std::string(what) + " " + thread;
}

}  // namespace

void SharedMemory::reset(u32 bytes, u32 granule) {
    shift_ = granule == 1 ? 0 : granule == 2 ? 1 : 2;
    size_ = bytes;
    bytes_.assign(bytes, 0xcd);
    if (cells_.size() != (bytes >> shift_) + 1) {
        cells_.assign((bytes >> shift_) + 1, {});
    }
    ++epoch_;
}

template <bool kWrites>
std::string SharedMemory::touch(u32 offset, u32 bytes, const Toucher& who, void* value) {
    u8* target = bytes_.data() + offset;
    for (u32 c = offset >> shift_; c <= (offset + bytes - 1) >> shift_; ++c) {
        Cell& cell = cells_[c];
        if (!is_ordered(cell.writer, who)) {
            if (!kWrites) {
                return race("reads what was just written by", cell.writer);
            }
            if (cell.is_atomic || std::memcmp(target, value, bytes) != 0) {
                return race("writes over what was just written by", cell.writer);
            }
        }
        if constexpr (kWrites) {
            if (!is_ordered(cell.reader, who)) {
                return race("writes what was just read by", cell.reader);
            }
            cell.writer = who;
            cell.is_atomic = false;
        } else if (cell.reader.epoch != who.epoch) {
            cell.reader = who;
        } else if (cell.reader.warp != who.warp) {
            cell.reader.warp = kMany;
        } else if (cell.reader.warp_epoch != who.warp_epoch) {
            cell.reader = who;
        } else if (cell.reader.lane != who.lane) {
            cell.reader.lane = kMany;
        }
    }
    if (kWrites) {
        std::memcpy(target, value, bytes);
    } else {
        std::memcpy(value, target, bytes);
    }
    return {};
}

template std::string SharedMemory::touch<false>(u32, u32, const Toucher&, void*);
template std::string SharedMemory::touch<true>(u32, u32, const Toucher&, void*);

std::string SharedMemory::atomic(u32 offset, u32 bytes, const Toucher& who) {
    for (u32 c = offset >> shift_; c <= (offset + bytes - 1) >> shift_; ++c) {
        Cell& cell = cells_[c];
        if (!cell.is_atomic && !is_ordered(cell.writer, who)) {
            return race("changes what was just written by", cell.writer);
        }
        if (!is_ordered(cell.reader, who)) {
            return race("changes what was just read by", cell.reader);
        }
        cell.writer = who;
        cell.is_atomic = true;
    }
    return {};
}

}  // namespace axfire::cuda_double
