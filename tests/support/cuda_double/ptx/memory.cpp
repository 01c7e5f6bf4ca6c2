// SPDX-License-Identifier: Apache-2.0
// ld and st.
#include <bit>

#include "tests/support/cuda_double/ptx/address.h"
#include "tests/support/cuda_double/ptx/block.h"
#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

constexpr u32 kMaxBytes = 32;  // of a vector

/// The bytes behind an address, for reading.
template <Space kSpace>
const u8* fetch(Warp& w, const Instruction& i, u64 address, u32 bytes, u32 lane) {
    const Space space = resolve(kSpace == Space::generic ? i.space : kSpace, address);
    const u8* data = space == Space::global ? reach_global(w, address, bytes, lane, Access::read)
                                            : reach(w, space, address, bytes, lane, Access::read);
    if (!i.is_ordered) {
        watch(w, space, address, data, bytes, lane, Access::read, nullptr);
    }
    return data;
}

template <Space kSpace>
void keep(Warp& w, const Instruction& i, u64 address, u32 bytes, u32 lane, const u8* buffer) {
    const Space space = resolve(kSpace == Space::generic ? i.space : kSpace, address);
    u8* data = space == Space::global ? reach_global(w, address, bytes, lane, Access::write)
                                      : reach(w, space, address, bytes, lane, Access::write);
    if (!i.is_ordered) {
        watch(w, space, address, data, bytes, lane, Access::write, buffer);
    }
    std::memcpy(data, buffer, bytes);
}

template <class T, Space kSpace>
void load(Warp& w, const Instruction& i, u32 mask) {
    const u32 bytes = sizeof(T) * i.count;
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        const u8* data = fetch<kSpace>(w, i, w.address(i, lane), bytes, lane);
        for (u32 k = 0; k < i.count; ++k) {
            T value;
            std::memcpy(&value, data + k * sizeof(T), sizeof(T));
            const u64 wide = i.extends_sign ? static_cast<u64>(s64{static_cast<std::make_signed_t<T>>(value)}) : value;
            w.put(i.out[k], i.register_bytes, lane, wide);
        }
    }
}

template <class T, Space kSpace>
void store(Warp& w, const Instruction& i, u32 mask) {
    const u32 bytes = sizeof(T) * i.count;
    u8 buffer[kMaxBytes];
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        for (u32 k = 0; k < i.count; ++k) {
            const T value = static_cast<T>(w.get(i.out[k], i.register_bytes, lane));
            std::memcpy(buffer + k * sizeof(T), &value, sizeof(T));
        }
        keep<kSpace>(w, i, w.address(i, lane), bytes, lane, buffer);
    }
}

/// The parameter memory of a function, or of one that it calls: fixed places.
template <class T, bool kStores>
void pass(Warp& w, const Instruction& i, u32 mask) {
    Frame& frame = w.frame();
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        u8* data = frame.parameters.data() + u64{lane} * frame.function->parameter_bytes + i.offset;
        for (u32 k = 0; k < i.count; ++k) {
            T value = static_cast<T>(w.get(i.out[k], i.register_bytes, lane));
            if (kStores) {
                std::memcpy(data + k * sizeof(T), &value, sizeof(T));
            } else {
                std::memcpy(&value, data + k * sizeof(T), sizeof(T));
                const u64 wide =
                    i.extends_sign ? static_cast<u64>(s64{static_cast<std::make_signed_t<T>>(value)}) : value;
                w.put(i.out[k], i.register_bytes, lane, wide);
            }
        }
    }
}

/// Hints and orders that change nothing here: blocks run one after the other, warps between their barriers.
void take_hints(Decode& d) {
    d.i.is_ordered = d.take_one_of({"volatile", "relaxed", "acquire", "release", "mmio"}) >= 0;
    d.take("weak");
    d.take_one_of({"cta", "cluster", "gpu", "sys"});
    d.take_one_of({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
    d.take("nc");
    d.take_one_of({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
    d.take_one_of({"L2::64B", "L2::128B", "L2::256B"});
}

template <Space kSpace, bool kStores>
Handler access(u32 bytes) {
    switch (bytes) {
        case 1:
            return kStores ? store<u8, kSpace> : load<u8, kSpace>;
        case 2:
            return kStores ? store<u16, kSpace> : load<u16, kSpace>;
        case 4:
            return kStores ? store<u32, kSpace> : load<u32, kSpace>;
        default:
            return kStores ? store<u64, kSpace> : load<u64, kSpace>;
    }
}

template <bool kStores>
Handler pass_by_width(u32 bytes) {
    switch (bytes) {
        case 1:
            return pass<u8, kStores>;
        case 2:
            return pass<u16, kStores>;
        case 4:
            return pass<u32, kStores>;
        default:
            return pass<u64, kStores>;
    }
}

/// What is loaded or stored. Sources are named like destinations, in out[], since in[0] is the address.
template <bool kStores>
void decode_values(Decode& d, const Operand& o, u32 bytes) {
    const auto one = [&](const Operand& part, u32 slot) {
        u8 width = 0;
        if (kStores) {
            const u32 keep = d.i.in[0];
            width = d.in_any(part, bytes, 0);
            d.i.out[slot] = d.i.in[0];
            d.i.in[0] = keep;
        } else {
            width = d.out_any(part, slot);
        }
        if (!kStores && part.name == "_") {
            return;
        }
        if (width < bytes || (d.i.register_bytes != 0 && width != d.i.register_bytes)) {
            d.fail("'" + part.name + "' has the wrong width");
        }
        d.i.register_bytes = width;
    };
    if (o.form != Operand::Form::list) {
        one(o, 0);
        return;
    }
    if (o.parts.size() != d.i.count) {
        d.fail("the vector has another size");
    }
    for (u32 k = 0; k < d.i.count; ++k) {
        one(o.parts[k], k);
    }
}

template <bool kStores>
void decode_access(Decode& d) {
    d.i.space = decode_space(d);
    take_hints(d);
    constexpr u8 kCounts[] = {1, 2, 4};
    d.i.count = kCounts[1 + d.take_one_of({"v2", "v4"})];
    const Type type = d.type();
    d.i.bytes = type.bytes;
    d.i.extends_sign = type.is_signed();
    d.address(kStores ? 0 : 1);
    decode_values<kStores>(d, d.operand(kStores ? 1 : 0), type.bytes);
    note_access(d);
    if (d.i.space == Space::parameter) {
        Operand base;
        base.name = d.operand(kStores ? 0 : 1).name;
        const Symbol& s = d.symbol(base);
        const bool is_kernels = s.place == Symbol::Place::kernel_parameter;
        const s64 inside = d.i.offset - static_cast<s64>(s.value);
        if ((is_kernels || s.place == Symbol::Place::parameter) &&
            (inside < 0 || inside + type.bytes * d.i.count > s.bytes)) {
            d.fail("the place is outside of '" + base.name + "'");
        }
        if (s.place == Symbol::Place::parameter) {
            d.i.run = pass_by_width<kStores>(type.bytes);
            return;
        }
    }
    switch (d.i.space) {
        case Space::global:
        case Space::constant:
            d.i.run = access<Space::global, kStores>(type.bytes);
            break;
        case Space::shared:
            d.i.run = access<Space::shared, kStores>(type.bytes);
            break;
        default:
            d.i.run = access<Space::generic, kStores>(type.bytes);
    }
    if (kStores && (d.i.space == Space::constant || d.i.space == Space::parameter)) {
        d.fail("there is nothing to write to in this space");
    }
}

void nothing(Warp&, const Instruction&, u32) {}

void decode_prefetch(Decode& d) {
    decode_space(d);
    d.take_one_of({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
    d.address(0);
    d.i.run = nothing;
}

}  // namespace

void add_memory_instructions(DecoderTable& table) {
    table["ld"] = decode_access<false>;
    table["ldu"] = decode_access<false>;
    table["st"] = decode_access<true>;
    table["prefetch"] = decode_prefetch;
    table["prefetchu"] = decode_prefetch;
}

}  // namespace axfire::cuda_double
