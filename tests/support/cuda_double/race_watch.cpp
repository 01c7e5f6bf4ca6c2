// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/race_watch.h"

namespace axfire::cuda_double {

namespace {

/// What was touched before is ordered before what is touched now: by the end of a launch, a barrier of the block, or
/// one of the warp.
bool is_ordered(const Toucher& before, const Toucher& now, const Epochs& epochs) {
    if (before.epoch != epochs.now) {
        return before.epoch < epochs.launch || before.epoch >= epochs.block;
    }
    return before.warp == now.warp && (before.lane == now.lane || before.warp_epoch != now.warp_epoch);
}

void note_reader(Toucher& reader, const Toucher& now, const Epochs& epochs) {
    if (reader.epoch != now.epoch) {
        // A reader of another block stays: no barrier comes between it and a write.
        if (reader.epoch < epochs.launch || reader.epoch >= epochs.block) {
            reader = now;
        }
    } else if (reader.warp != now.warp) {
        reader.warp = Toucher::kMany;
    } else if (reader.warp_epoch != now.warp_epoch) {
        reader = now;
    } else if (reader.lane != now.lane) {
        reader.lane = Toucher::kMany;
    }
}

}  // namespace

void RaceWatch::watch(u64 bytes, u32 granule) {
    granule_ = granule;
    shift_ = granule == 1 ? 0 : granule == 2 ? 1 : 2;
    cells_.assign((bytes >> shift_) + 1, {});
}

const char* RaceWatch::read(u64 offset, u32 bytes, const Toucher& who, const Epochs& epochs, Toucher& other) {
    for (u64 c = offset >> shift_; c <= (offset + bytes - 1) >> shift_; ++c) {
        Cell& cell = cells_[c];
        if (!is_ordered(cell.writer, who, epochs)) {
            other = cell.writer;
            return "reads what was just written by";
        }
        note_reader(cell.reader, who, epochs);
    }
    return nullptr;
}

const char* RaceWatch::write(u64 offset, u32 bytes, bool changes, const Toucher& who, const Epochs& epochs,
                             Toucher& other) {
    for (u64 c = offset >> shift_; c <= (offset + bytes - 1) >> shift_; ++c) {
        Cell& cell = cells_[c];
        if ((changes || cell.writer.is_atomic != 0) && !is_ordered(cell.writer, who, epochs)) {
            other = cell.writer;
            return "writes over what was just written by";
        }
        if (!is_ordered(cell.reader, who, epochs)) {
            other = cell.reader;
            return "writes what was just read by";
        }
        cell.writer = who;
    }
    return nullptr;
}

const char* RaceWatch::atomic(u64 offset, u32 bytes, const Toucher& who, const Epochs& epochs, Toucher& other) {
    for (u64 c = offset >> shift_; c <= (offset + bytes - 1) >> shift_; ++c) {
        Cell& cell = cells_[c];
        if (cell.writer.is_atomic == 0 && !is_ordered(cell.writer, who, epochs)) {
            other = cell.writer;
            return "changes what was just written by";
        }
        if (!is_ordered(cell.reader, who, epochs)) {
            other = cell.reader;
            return "changes what was just read by";
        }
        cell.writer = who;
        cell.writer.is_atomic = 1;
    }
    return nullptr;
}

std::string describe_race(const char* what, const Toucher& other, const Epochs& epochs) {
    std::string text = std::string("data race: it ") + what;
    if (other.epoch < epochs.block) {
        return text + " another block";
    }
    if (other.warp == Toucher::kMany) {
        return text + " several threads";
    }
    return text + (other.lane == Toucher::kMany ? " several threads of warp " + std::to_string(other.warp)
                                                : " thread " + std::to_string(other.warp * 32 + other.lane));
}

}  // namespace axfire::cuda_double
