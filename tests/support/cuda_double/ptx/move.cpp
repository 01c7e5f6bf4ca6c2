// SPDX-License-Identifier: Apache-2.0
// Moves, packing and unpacking, and addresses between the generic space and the others.
#include "tests/support/cuda_double/ptx/address.h"
#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

template <class T>
void copy(Warp& w, const Instruction& i, u32 mask) {
    T r[kLanes];
    std::memcpy(r, w.lanes<T>(i.in[0]), sizeof r);
    w.write(i.out[0], r, mask);
}

void copy_predicate(Warp& w, const Instruction& i, u32 mask) {
    w.write_predicate(i.out[0], w.predicate(i.in[0], i.negated[0]), mask);
}

/// out[0] = in[0] | in[1] << 8 * bytes | ...
void pack(Warp& w, const Instruction& i, u32 mask) {
    for (u32 lane = 0; lane < kLanes; ++lane) {
        if ((mask >> lane & 1) != 0) {
            u64 value = 0;
            for (u32 k = 0; k < i.count; ++k) {
                value |= w.get(i.in[k], i.bytes, lane) << (8 * i.bytes * k);
            }
            w.put(i.out[0], u32{i.bytes} * i.count, lane, value);
        }
    }
}

void unpack(Warp& w, const Instruction& i, u32 mask) {
    for (u32 lane = 0; lane < kLanes; ++lane) {
        if ((mask >> lane & 1) != 0) {
            const u64 value = w.get(i.in[0], u32{i.bytes} * i.count, lane);
            for (u32 k = 0; k < i.count; ++k) {
                w.put(i.out[k], i.bytes, lane, value >> (8 * i.bytes * k));
            }
        }
    }
}

/// The operands of a vector, each into a place of its own by `bind`.
template <class Bind>
void decode_parts(Decode& d, Type type, const Operand& list, Bind bind) {
    d.i.count = static_cast<u8>(list.parts.size());
    if (d.i.count != 2 && d.i.count != 4) {
        d.fail("vectors of two and four are supported");
    }
    d.i.bytes = static_cast<u8>(type.bytes / d.i.count);
    if (d.i.bytes < 2) {
        d.fail("parts of 8 bits are not supported");
    }
    for (u32 k = 0; k < d.i.count; ++k) {
        bind(list.parts[k], k);
    }
}

void decode_mov(Decode& d) {
    const Type type = d.type();
    if (type == kPred) {
        d.i.run = copy_predicate;
        d.out_predicate(0);
        d.in_predicate(1, 0);
        return;
    }
    const Operand& to = d.operand(0);
    const Operand& from = d.operand(1);
    if (to.form == Operand::Form::list) {
        d.i.run = unpack;
        decode_parts(d, type, to, [&](const Operand& o, u32 k) { d.i.out[k] = d.place_out(o, d.i.bytes); });
        d.in(1, type.bytes, 0);
    } else if (from.form == Operand::Form::list) {
        d.i.run = pack;
        decode_parts(d, type, from, [&](const Operand& o, u32 k) { d.i.in[k] = d.place_in(o, d.i.bytes); });
        d.out(0, type.bytes);
    } else {
        d.i.run = for_bits(type, []<class T>() -> Handler { return copy<T>; });
        d.operands(type, 1);
    }
}

/// cvta: an address of a space becomes generic, with .to the other way round. i.offset is what is added.
template <class T>
void convert_address(Warp& w, const Instruction& i, u32 mask) {
    const T* a = w.lanes<T>(i.in[0]);
    T r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = a[lane] + static_cast<T>(i.offset);
    }
    w.write(i.out[0], r, mask);
}

void decode_cvta(Decode& d) {
    const bool to = d.take("to");
    const u64 window = window_of(decode_space(d));
    d.i.offset = static_cast<s64>(to ? 0 - window : window);
    const Type type = d.type();
    if (type.bytes == 8) {
        d.i.run = convert_address<u64>;
    }
    d.operands(type, 1);
}

void is_in_space(Warp& w, const Instruction& i, u32 mask) {
    const u64* a = w.lanes<u64>(i.in[0]);
    u32 result = 0;
    for (u32 lane = 0; lane < kLanes; ++lane) {
        const Space space = space_of(a[lane]);
        result |= static_cast<u32>(space == i.space || (i.space == Space::constant && space == Space::global)) << lane;
    }
    w.write_predicate(i.out[0], result, mask);
}

void decode_isspacep(Decode& d) {
    d.i.space = decode_space(d);
    d.i.run = is_in_space;
    d.out_predicate(0);
    d.in(1, 8, 0);
}

}  // namespace

void add_move_instructions(DecoderTable& table) {
    table["mov"] = decode_mov;
    table["cvta"] = decode_cvta;
    table["isspacep"] = decode_isspacep;
}

}  // namespace axfire::cuda_double
