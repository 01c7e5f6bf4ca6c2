// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set, with AXFIRE_ISA naming it: the general kernels and the instances of the
// common arithmetics.
#include "engine/backend/cpu/instance.h"

#define AXFIRE_TEXT_(x) #x
#define AXFIRE_TEXT(x) AXFIRE_TEXT_(x)

namespace axfire::AXFIRE_ISA {

namespace {

void convert_all(const Format& format, Rounding rounding, const u32* in, u32* out, std::size_t n) {
    const auto each = [&](const auto& x, const auto&, const auto& draw) {
        return convert_call(format, rounding, x, random_word(rounding, draw));
    };
    map(each, in, in, out, n);
}

constexpr AdderSpec kAddBf16{AdderId::exact, {}, kBf16};
constexpr AdderSpec kAddFp16{AdderId::exact, {}, kFp16};
constexpr AdderSpec kAddLoa{AdderId::loa, {}, kFp32};
constexpr MultiplierSpec kMulBf16{MultiplierId::exact, {}, kBf16};
constexpr MultiplierSpec kMulFp16{MultiplierId::exact, {}, kFp16};
using AddLoa = FixedAdd<kAddLoa, true>;

constexpr BuiltInstance kBuilt[] = {
    {{}, {}, false, make_instance<NativeAdd, NativeMul, Part::both>()},
#if !defined(__SANITIZE_ADDRESS__)  // there each takes minutes to compile; the others serve as compiled on demand
    {kAddBf16, kMulBf16, false, make_instance<FixedAdd<kAddBf16>, FixedMul<kMulBf16>, Part::both>()},
    {kAddBf16, {}, false, make_instance<FixedAdd<kAddBf16>, NativeMul, Part::both>()},
    {{}, kMulBf16, false, make_instance<NativeAdd, FixedMul<kMulBf16>, Part::both>()},
    {kAddFp16, kMulFp16, false, make_instance<FixedAdd<kAddFp16>, FixedMul<kMulFp16>, Part::both>()},
    {kAddFp16, {}, false, make_instance<FixedAdd<kAddFp16>, NativeMul, Part::both>()},
    {kAddLoa, {}, true, make_instance<AddLoa, NativeMul, Part::both>()},
#endif
};

}  // namespace

const CpuKernels kKernels = {
    AXFIRE_TEXT(AXFIRE_ISA),
    kLanes,
    make_instance<AnyAdd, AnyMul, Part::both>(),
    kBuilt,
    sizeof kBuilt / sizeof kBuilt[0],
    convert_all,
};

}  // namespace axfire::AXFIRE_ISA
