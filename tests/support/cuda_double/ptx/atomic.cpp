// SPDX-License-Identifier: Apache-2.0
// atom and red: the lanes one after the other.
#include <bit>

#include "tests/support/cuda_double/ptx/address.h"
#include "tests/support/cuda_double/ptx/block.h"
#include "tests/support/cuda_double/ptx/lanes.h"
#include "tests/support/cuda_double/ptx/rounding.h"

namespace axfire::cuda_double {

namespace {

enum Operation : u8 { kAdd, kMin, kMax, kAnd, kOr, kXor, kExchange, kCompareAndSwap, kIncrement, kDecrement };

template <class T>
T updated(Operation operation, T old, T b, T c) {
    switch (operation) {
        case kAdd:
            return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old) + static_cast<std::make_unsigned_t<T>>(b));
        case kMin:
            return b < old ? b : old;
        case kMax:
            return old < b ? b : old;
        case kAnd:
            return old & b;
        case kOr:
            return old | b;
        case kXor:
            return old ^ b;
        case kExchange:
            return b;
        case kCompareAndSwap:
            return old == b ? c : old;
        case kIncrement:
            return old >= b ? T{0} : static_cast<T>(old + 1);
        default:
            return old == 0 || old > b ? b : static_cast<T>(old - 1);
    }
}

/// Sums of binary32 in global memory flush subnormal numbers, as devices do and PTX says.
template <class T>
typename FloatBits<T>::Bits float_sum(typename FloatBits<T>::Bits a, typename FloatBits<T>::Bits b, bool flush) {
    return flush ? to_bits<T, true>(from_bits<T, true>(a) + from_bits<T, true>(b))
                 : to_bits<T, false>(from_bits<T, false>(a) + from_bits<T, false>(b));
}

template <class T>
void atomic(Warp& w, const Instruction& i, u32 mask) {
    using Bits = std::make_unsigned_t<std::conditional_t<sizeof(T) == 4, u32, u64>>;
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        u64 address = w.address(i, lane);
        const Space space = resolve(i.space, address);
        u8* data = reach(w, space, address, sizeof(T), lane, Access::atomic);
        watch(w, space, address, data, sizeof(T), lane, Access::atomic, nullptr);
        Bits old = 0;
        std::memcpy(&old, data, sizeof old);
        const Bits b = w.lanes<Bits>(i.in[1])[lane];
        Bits result = 0;
        if constexpr (std::is_floating_point_v<T>) {
            result = float_sum<T>(old, b, sizeof(T) == 4 && space == Space::global);
        } else {
            const Bits c = w.lanes<Bits>(i.in[2])[lane];
            result = static_cast<Bits>(updated<T>(static_cast<Operation>(i.option), static_cast<T>(old),
                                                  static_cast<T>(b), static_cast<T>(c)));
        }
        std::memcpy(data, &result, sizeof result);
        w.put(i.out[0], sizeof(T), lane, old);
    }
}

void decode_atomic(Decode& d) {
    const bool returns = d.name() == "atom";
    d.i.space = decode_space(d);
    d.take_one_of({"relaxed", "acquire", "release", "acq_rel"});
    d.take_one_of({"cta", "cluster", "gpu", "sys"});
    const int operation = d.need_one_of({"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"});
    d.take("noftz");
    const Type type = d.type();
    d.i.bytes = type.bytes;
    d.i.option = static_cast<u8>(operation);
    if (type.is_float()) {
        d.i.run = operation != kAdd ? nullptr : type == kF32 ? atomic<float> : type == kF64 ? atomic<double> : nullptr;
    } else if (type.bytes >= 4) {
        d.i.run = for_integer(type, []<class T>() -> Handler {
            if constexpr (sizeof(T) >= 4) {
                return atomic<T>;
            } else {
                return nullptr;
            }
        });
    }
    const std::size_t first = returns ? 1 : 0;
    d.address(first);
    if (returns) {
        d.out(0, type.bytes);
    } else {
        d.i.out[0] = d.builder.scratch();
    }
    d.in(first + 1, type.bytes, 1);
    d.i.in[2] = d.i.in[1];
    if (operation == kCompareAndSwap) {
        d.in(first + 2, type.bytes, 2);
    }
    note_access(d);
}

}  // namespace

void add_atomic_instructions(DecoderTable& table) {
    table["atom"] = decode_atomic;
    table["red"] = decode_atomic;
}

}  // namespace axfire::cuda_double
