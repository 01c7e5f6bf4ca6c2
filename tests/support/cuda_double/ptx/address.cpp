// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/address.h"

#include <algorithm>
#include <cstdio>

#include "tests/support/cuda_double/ptx/block.h"

namespace axfire::cuda_double {

namespace {

const char* verb(Access access) {
    return access == Access::read ? "reads" : access == Access::write ? "writes" : "changes";
}

[[noreturn]] void fail(FaultKind kind, u32 lane, Access access, u32 bytes, const char* space, u64 address,
                       const std::string& why) {
    char text[128];
    std::snprintf(text, sizeof text, "%s %u bytes of %s memory at 0x%llx, ", verb(access), bytes, space,
                  static_cast<unsigned long long>(address));
    throw Fault{kind, lane, text + why};
}

/// A range of memory that is `size` bytes long.
void check(u64 address, u32 bytes, u64 size, u32 lane, Access access, const char* space) {
    if (address + bytes > size || address + bytes < address) {
        fail(FaultKind::address, lane, access, bytes, space, address, "which has " + std::to_string(size) + " bytes");
    }
    if ((address & (bytes - 1)) != 0) {
        fail(FaultKind::misaligned, lane, access, bytes, space, address, "which is misaligned");
    }
}

u8* reach_device(Warp& w, u64 address, u32 bytes, u32 lane, Access access) {
    const Launch& launch = w.block().launch;
    Allocation* a = launch.memory->find(address, bytes);
    if (a == nullptr) {
        fail(FaultKind::address, lane, access, bytes, "global", address, launch.memory->explain(address, bytes));
    }
    if ((address & (bytes - 1)) != 0) {
        fail(FaultKind::misaligned, lane, access, bytes, "global", address, "which is misaligned");
    }
    if (a->device >= 0 && a->device != launch.device) {
        fail(FaultKind::address, lane, access, bytes, "global", address, "which belongs to another device");
    }
    if (a->is_constant && access != Access::read) {
        fail(FaultKind::address, lane, access, bytes, "global", address, "which is constant");
    }
    w.recent = a;
    return a->data + (address - a->address);
}

u8* reach_local(Warp& w, u64 address, u32 bytes, u32 lane, Access access) {
    for (Frame* frame = &w.frame(); frame != nullptr; frame = frame->parent) {
        if (address >= frame->local_base || frame->parent == nullptr) {
            check(address - frame->local_base, bytes, frame->function->local_bytes, lane, access, "local");
            return frame->local.data() + u64{lane} * frame->function->local_bytes + (address - frame->local_base);
        }
    }
    return nullptr;
}

}  // namespace

Space decode_space(Decode& d) {
    // Of a cluster only the block itself is there.
    if (d.take("shared::cta") || d.take("shared::cluster")) {
        return Space::shared;
    }
    if (d.take("param::entry") || d.take("param::func")) {
        return Space::parameter;
    }
    switch (d.take_one_of({"global", "shared", "local", "const", "param"})) {
        case 0:
            return Space::global;
        case 1:
            return Space::shared;
        case 2:
            return Space::local;
        case 3:
            return Space::constant;
        case 4:
            return Space::parameter;
        default:
            return Space::generic;
    }
}

u8* reach(Warp& w, Space space, u64 address, u32 bytes, u32 lane, Access access) {
    space = resolve(space, address);
    switch (space) {
        case Space::shared: {
            SharedMemory& shared = w.block().shared;
            check(address, bytes, shared.size(), lane, access, "shared");
            return shared.data(address);
        }
        case Space::local:
            return reach_local(w, address, bytes, lane, access);
        case Space::parameter: {
            const Launch& launch = w.block().launch;
            check(address, bytes, launch.parameters.size(), lane, access, "parameter");
            if (access != Access::read) {
                fail(FaultKind::address, lane, access, bytes, "parameter", address, "which is constant");
            }
            return const_cast<u8*>(launch.parameters.data()) + address;
        }
        default:
            return reach_device(w, address, bytes, lane, access);
    }
}

void note_access(Decode& d) {
    if (d.i.space == Space::shared || d.i.space == Space::generic || d.i.space == Space::global) {
        d.builder.module.granule = std::min<u32>(d.builder.module.granule, d.i.bytes);
    }
}

void watch(Warp& w, Space space, u64 address, const u8* data, u32 bytes, u32 lane, Access access, const u8* value) {
    Block& block = w.block();
    RaceWatch* watch = &block.shared.watch;
    Epochs epochs = block.epochs;
    if (space == Space::global) {
        Allocation& a = *w.recent;  // the one that was just reached
        if (a.is_constant || a.bytes > block.launch.memory->watched_bytes) {
            return;
        }
        watch = &a.watch;
        address -= a.address;
        if (!watch->is_watching(block.launch.module->granule)) {
            watch->watch(a.bytes, block.launch.module->granule);
        }
    } else if (space == Space::shared) {
        epochs.launch = epochs.block;  // another block's shared memory is another memory
    } else {
        return;
    }
    const Toucher who = w.toucher(lane);
    Toucher other;
    const char* race = nullptr;
    switch (access) {
        case Access::read:
            race = watch->read(address, bytes, who, epochs, other);
            break;
        case Access::write: {
            const bool changes = std::memcmp(data, value, bytes) != 0;
            race = watch->write(address, bytes, changes, who, epochs, other);
            break;
        }
        case Access::atomic:
            race = watch->atomic(address, bytes, who, epochs, other);
            break;
    }
    if (race != nullptr) {
        char where[64];
        std::snprintf(where, sizeof where, " (%s memory, at %s0x%llx)", space == Space::global ? "global" : "shared",
                      space == Space::global ? "offset " : "", static_cast<unsigned long long>(address));
        throw Fault{FaultKind::race, lane, describe_race(race, other, epochs) + where};
    }
}

}  // namespace axfire::cuda_double
