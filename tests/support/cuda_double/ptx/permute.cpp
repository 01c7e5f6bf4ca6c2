// SPDX-License-Identifier: Apache-2.0
// prmt: four bytes out of eight.
#include <algorithm>

#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

u32 permuted(u64 bytes, const u32 (&select)[4]) {
    u32 r = 0;
    for (u32 k = 0; k < 4; ++k) {
        const u32 byte = static_cast<u32>(bytes >> (8 * (select[k] & 7))) & 0xff;
        r |= ((select[k] & 8) != 0 ? (byte >> 7) * 0xffu : byte) << (8 * k);
    }
    return r;
}

struct Permute {
    static u32 of(u32 a, u32 b, u32 s) {
        return permuted(u64{b} << 32 | a, {s & 15, s >> 4 & 15, s >> 8 & 15, s >> 12 & 15});
    }
};

/// The modes of prmt besides its default, in the order of the names in decode_prmt.
template <u32 kMode>
struct PermuteMode {
    static u32 of(u32 a, u32 b, u32 s) {
        s &= 3;
        const u64 both = u64{b} << 32 | a;
        switch (kMode) {
            case 0:
                return permuted(both, {s, s + 1, s + 2, s + 3});  // f4e
            case 1:
                return permuted(both, {s, (s + 7) & 7, (s + 6) & 7, (s + 5) & 7});  // b4e
            case 2:
                return permuted(both, {s, s, s, s});  // rc8
            case 3:
                return permuted(both, {s, std::max(s, 1u), std::max(s, 2u), 3});  // ecl
            case 4:
                return permuted(both, {0, std::min(s, 1u), std::min(s, 2u), s});  // ecr
            default:
                return permuted(both, {s & 1 ? 2u : 0, s & 1 ? 3u : 1, s & 1 ? 2u : 0, s & 1 ? 3u : 1});  // rc16
        }
    }
};

void decode_prmt(Decode& d) {
    constexpr Handler kModes[] = {
        ternary<PermuteMode<0>, u32, u32, u32, u32>, ternary<PermuteMode<1>, u32, u32, u32, u32>,
        ternary<PermuteMode<2>, u32, u32, u32, u32>, ternary<PermuteMode<3>, u32, u32, u32, u32>,
        ternary<PermuteMode<4>, u32, u32, u32, u32>, ternary<PermuteMode<5>, u32, u32, u32, u32>};
    const int mode = d.take_one_of({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
    if (d.type() == kB32) {
        d.i.run = mode < 0 ? ternary<Permute, u32, u32, u32, u32> : kModes[mode];
    }
    d.operands(kB32, 3);
}

}  // namespace

void add_permute_instructions(DecoderTable& table) {
    table["prmt"] = decode_prmt;
}

}  // namespace axfire::cuda_double
