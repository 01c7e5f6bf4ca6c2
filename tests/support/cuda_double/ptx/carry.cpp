// SPDX-License-Identifier: Apache-2.0
// Sums in several words: the instructions that set or take the carry flag of a thread.
#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

constexpr u8 kTakes = 1;  ///< in Instruction::option: adds the carry
constexpr u8 kSets = 2;   ///< leaves a carry
constexpr u8 kSubtracts = 4;
constexpr u8 kHigh = 8;  ///< the high half of a product is added

template <class T, bool kProduct>
void carry_chain(Warp& w, const Instruction& i, u32 mask) {
    using Wide = unsigned __int128;
    const T* a = w.lanes<T>(i.in[0]);
    const T* b = w.lanes<T>(i.in[1]);
    const T* c = w.lanes<T>(i.in[kProduct ? 2 : 1]);
    const bool is_signed = i.extends_sign;
    T r[kLanes];
    u32 carries = 0;
    for (u32 lane = 0; lane < kLanes; ++lane) {
        T x = a[lane];
        if (kProduct) {
            using S = std::make_signed_t<T>;
            const Wide product = is_signed ? static_cast<Wide>(static_cast<__int128>(static_cast<S>(x)) *
                                                               static_cast<__int128>(static_cast<S>(b[lane])))
                                           : static_cast<Wide>(x) * b[lane];
            x = static_cast<T>((i.option & kHigh) != 0 ? product >> (8 * sizeof(T)) : product);
        }
        const T carry = (i.option & kTakes) != 0 ? w.carry >> lane & 1 : 0;
        const Wide sum = (i.option & kSubtracts) != 0 ? static_cast<Wide>(x) - c[lane] - carry
                                                      : static_cast<Wide>(x) + c[lane] + carry;
        r[lane] = static_cast<T>(sum);
        carries |= static_cast<u32>(sum >> (8 * sizeof(T)) & 1) << lane;
    }
    w.write(i.out[0], r, mask);
    if ((i.option & kSets) != 0) {
        w.carry = (w.carry & ~mask) | (carries & mask);
    }
}

void decode_chain(Decode& d, u8 option, bool is_product) {
    const Type type = d.type();
    d.i.option = option;
    d.i.extends_sign = type.is_signed();
    if (is_product && d.need_one_of({"lo", "hi"}) == 1) {
        d.i.option |= kHigh;
    }
    if (type.is_integer() && type.bytes == 4) {
        d.i.run = is_product ? carry_chain<u32, true> : carry_chain<u32, false>;
    } else if (type.is_integer() && type.bytes == 8) {
        d.i.run = is_product ? carry_chain<u64, true> : carry_chain<u64, false>;
    }
    d.operands(type, is_product ? 3 : 2);
}

/// add, sub, mad: with .cc they leave a carry.
template <Decoder kPlain, u8 kOption, bool kProduct>
void decode_first(Decode& d) {
    if (d.take("cc")) {
        decode_chain(d, kOption | kSets, kProduct);
    } else {
        kPlain(d);
    }
}

/// addc, subc, madc
template <u8 kOption, bool kProduct>
void decode_next(Decode& d) {
    const bool sets = d.take("cc");
    decode_chain(d, kOption | kTakes | (sets ? kSets : 0), kProduct);
}

}  // namespace

void add_carry_instructions(DecoderTable& table) {
    table["add"] = decode_first<decode_plain_add, 0, false>;
    table["sub"] = decode_first<decode_plain_sub, kSubtracts, false>;
    table["mad"] = decode_first<decode_plain_mad, 0, true>;
    table["addc"] = decode_next<0, false>;
    table["subc"] = decode_next<kSubtracts, false>;
    table["madc"] = decode_next<0, true>;
}

}  // namespace axfire::cuda_double
