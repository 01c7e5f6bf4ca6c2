// SPDX-License-Identifier: Apache-2.0
// What the lanes of a warp do together: shfl, vote, match, redux. in[3] is the mask of those that take part.
#include <bit>

#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

enum Shuffle : u8 { kUp, kDown, kButterfly, kIndex };

void shuffle(Warp& w, const Instruction& i, u32 mask) {
    const u32* a = w.lanes<u32>(i.in[0]);
    const u32* b = w.lanes<u32>(i.in[1]);
    const u32* c = w.lanes<u32>(i.in[2]);
    const u32* members = w.lanes<u32>(i.in[3]);
    u32 r[kLanes] = {};
    u32 in_range = 0;
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        const s32 shift = static_cast<s32>(b[lane] & 31);
        const u32 segment = c[lane] >> 8 & 31;
        const u32 clamp = c[lane] & 31;
        const s32 least = static_cast<s32>(lane & segment);
        const s32 limit = static_cast<s32>((lane & segment) | (clamp & ~segment));
        s32 from = static_cast<s32>(lane);
        bool valid = false;
        switch (i.option) {
            case kUp:
                from -= shift;
                valid = from >= limit;
                break;
            case kDown:
                from += shift;
                valid = from <= limit;
                break;
            case kButterfly:
                from ^= shift;
                valid = from <= limit;
                break;
            default:
                from = least | (shift & ~static_cast<s32>(segment));
                valid = from <= limit;
        }
        from = valid ? from : static_cast<s32>(lane);
        if ((mask >> from & 1) == 0) {
            throw Fault{FaultKind::illegal, lane,
                        (members[lane] >> from & 1) == 0 ? "it reads a lane that is not in the mask"
                                                         : "it reads a lane that has left"};
        }
        r[lane] = a[from];
        in_range |= static_cast<u32>(valid) << lane;
    }
    w.write(i.out[0], r, mask);
    w.write_predicate(i.out[1], in_range, mask);
}

enum Vote : u8 { kAll, kAny, kUniform, kBallot };

void vote(Warp& w, const Instruction& i, u32 mask) {
    const u32 votes = w.predicate(i.in[0], i.negated[0]) & mask;
    if (i.option == kBallot) {
        u32 r[kLanes];
        std::fill(r, r + kLanes, votes);
        w.write(i.out[0], r, mask);
        return;
    }
    const bool result = i.option == kAll ? votes == mask : i.option == kAny ? votes != 0 : votes == 0 || votes == mask;
    w.write_predicate(i.out[0], result ? kAllLanes : 0, mask);
}

template <class T>
void match(Warp& w, const Instruction& i, u32 mask) {
    const T* a = w.lanes<T>(i.in[0]);
    u32 r[kLanes] = {};
    u32 all_equal = kAllLanes;
    for (u32 x = mask; x != 0; x &= x - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(x));
        for (u32 y = mask; y != 0; y &= y - 1) {
            const u32 other = static_cast<u32>(std::countr_zero(y));
            r[lane] |= static_cast<u32>(a[lane] == a[other]) << other;
        }
        all_equal = r[lane] == mask ? all_equal : 0;
    }
    if (i.option == 1) {  // all
        for (u32& x : r) {
            x = all_equal != 0 ? mask : 0;
        }
        w.write_predicate(i.out[1], all_equal, mask);
    }
    w.write(i.out[0], r, mask);
}

enum Reduction : u8 { kSum, kLeast, kMost, kAnd, kOr, kXor };

template <class T>
void reduce(Warp& w, const Instruction& i, u32 mask) {
    const T* a = w.lanes<T>(i.in[0]);
    T result = a[std::countr_zero(mask)];
    for (u32 rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
        const T x = a[std::countr_zero(rest)];
        switch (i.option) {
            case kSum:
                result = static_cast<T>(static_cast<u32>(result) + static_cast<u32>(x));
                break;
            case kLeast:
                result = x < result ? x : result;
                break;
            case kMost:
                result = result < x ? x : result;
                break;
            case kAnd:
                result &= x;
                break;
            case kOr:
                result |= x;
                break;
            default:
                result ^= x;
        }
    }
    T r[kLanes];
    std::fill(r, r + kLanes, result);
    w.write(i.out[0], r, mask);
}

void active_mask(Warp& w, const Instruction& i, u32 mask) {
    u32 r[kLanes];
    std::fill(r, r + kLanes, mask);
    w.write(i.out[0], r, mask);
}

void need_sync(Decode& d) {
    if (!d.take("sync")) {
        d.fail("only the form with .sync is supported");
    }
    d.i.flow = Flow::collective;
}

void decode_shfl(Decode& d) {
    need_sync(d);
    d.i.option = static_cast<u8>(d.need_one_of({"up", "down", "bfly", "idx"}));
    d.i.run = d.type() == kB32 ? shuffle : nullptr;
    d.out_pair(0, 4);
    for (u32 k = 0; k < 4; ++k) {
        d.in(k + 1, 4, k);
    }
}

void decode_vote(Decode& d) {
    need_sync(d);
    d.i.option = static_cast<u8>(d.need_one_of({"all", "any", "uni", "ballot"}));
    const Type type = d.type();
    d.i.run = vote;
    if ((d.i.option == kBallot) != (type == kB32) || (type != kB32 && type != kPred)) {
        d.fail("the interpreter does not know it with this type");
    }
    if (type == kPred) {
        d.out_predicate(0);
    } else {
        d.out(0, 4);
    }
    d.in_predicate(1, 0);
    d.in(2, 4, 3);
}

void decode_match(Decode& d) {
    d.i.option = static_cast<u8>(d.need_one_of({"any", "all"}));
    need_sync(d);
    const Type type = d.type();
    d.i.run = type == kB32 ? match<u32> : type == kB64 ? match<u64> : nullptr;
    d.out_pair(0, 4);
    d.in(1, type.bytes, 0);
    d.in(2, 4, 3);
}

void decode_redux(Decode& d) {
    need_sync(d);
    d.i.option = static_cast<u8>(d.need_one_of({"add", "min", "max", "and", "or", "xor"}));
    const Type type = d.type();
    d.i.run = !type.is_integer() || type.bytes != 4 ? nullptr : type.is_signed() ? reduce<s32> : reduce<u32>;
    d.out(0, 4);
    d.in(1, 4, 0);
    d.in(2, 4, 3);
}

void decode_activemask(Decode& d) {
    if (d.type() == kB32) {
        d.i.run = active_mask;
    }
    d.out(0, 4);
}

}  // namespace

void add_warp_instructions(DecoderTable& table) {
    table["shfl"] = decode_shfl;
    table["vote"] = decode_vote;
    table["match"] = decode_match;
    table["redux"] = decode_redux;
    table["activemask"] = decode_activemask;
}

}  // namespace axfire::cuda_double
