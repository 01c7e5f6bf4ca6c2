// SPDX-License-Identifier: Apache-2.0
// One instruction at a time: operands from a buffer, the result to another, compared with an expression of the host.
#pragma once

#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cuda/driver.h"
#include "tests/support/seed.h"

namespace axfire::test {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

/// A number of bits for every operand and the result; 1 is a predicate.
struct Shape {
    int result;
    std::vector<int> operands;
};

/// PTX that runs `text`, in which %d is the result and %a, %b, ... are the operands. Every operand takes 8 bytes.
inline std::string instruction_ptx(const std::string& text, const Shape& shape) {
    std::ostringstream ptx;
    ptx << ".version 9.0\n.target sm_75\n.address_size 64\n"
           ".visible .entry k(.param .u64 in, .param .u64 out, .param .u32 count)\n{\n"
           ".reg .pred %p<9>; .reg .b32 %r<9>; .reg .b64 %rd<9>;\n";
    const auto declare = [&](const std::string& name, int bits) {
        ptx << ".reg ." << (bits == 1 ? "pred" : "b" + std::to_string(bits)) << " %" << name << ";\n";
    };
    declare("d", shape.result);
    for (size_t k = 0; k < shape.operands.size(); ++k) {
        declare(std::string(1, static_cast<char>('a' + k == 'd' ? 'z' : 'a' + k)), shape.operands[k]);
    }
    const size_t stride = 8 * shape.operands.size();
    ptx << "mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r0, %r0, %r1, %r2;\n"
           "ld.param.u32 %r3, [count]; setp.ge.u32 %p0, %r0, %r3; @%p0 bra $end;\n"
           "ld.param.u64 %rd0, [in]; cvta.to.global.u64 %rd0, %rd0; mul.wide.u32 %rd1, %r0, "
        << stride << "; add.u64 %rd1, %rd0, %rd1;\n";
    for (size_t k = 0; k < shape.operands.size(); ++k) {
        const std::string name = std::string("%") + static_cast<char>('a' + k == 'd' ? 'z' : 'a' + k);
        if (shape.operands[k] == 1) {
            ptx << "ld.global.u32 %r4, [%rd1+" << 8 * k << "]; and.b32 %r4, %r4, 1; setp.ne.u32 " << name
                << ", %r4, 0;\n";
        } else {
            ptx << "ld.global.b" << shape.operands[k] << " " << name << ", [%rd1+" << 8 * k << "];\n";
        }
    }
    ptx << text << "\n";
    ptx << "ld.param.u64 %rd2, [out]; cvta.to.global.u64 %rd2, %rd2; mul.wide.u32 %rd3, %r0, 8; "
           "add.u64 %rd2, %rd2, %rd3;\n";
    if (shape.result == 1) {
        ptx << "selp.u64 %rd4, 1, 0, %d; st.global.u64 [%rd2], %rd4;\n";
    } else if (shape.result == 64) {
        ptx << "st.global.u64 [%rd2], %d;\n";
    } else {
        ptx << "cvt.u64.u" << shape.result << " %rd4, %d; st.global.u64 [%rd2], %rd4;\n";
    }
    ptx << "$end:\nret;\n}\n";
    return ptx.str();
}

/// Operands where arithmetic fails, besides random ones: near zero, the ends of the ranges, one bit, float specials.
inline u64 operand(std::mt19937_64& random) {
    static const u64 kEdges[] = {0,
                                 1,
                                 2,
                                 31,
                                 32,
                                 33,
                                 63,
                                 64,
                                 0x7f,
                                 0x80,
                                 0xff,
                                 0x7fff,
                                 0x8000,
                                 0xffff,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 0x7fffffffffffffff,
                                 0x8000000000000000,
                                 0xffffffffffffffff,
                                 0x3f800000,
                                 0xbf800000,
                                 0x7f800000,
                                 0xff800000,
                                 0x7fc00000,
                                 0x7f7fffff,
                                 0x00800000,
                                 0x007fffff,
                                 0x3ff0000000000000,
                                 0x7ff0000000000000,
                                 0xfff0000000000000,
                                 0x7ff8000000000000,
                                 0x000fffffffffffff};
    switch (random() % 4) {
        case 0:
            return kEdges[random() % std::size(kEdges)];
        case 1:
            return random() >> (random() % 64);
        case 2:
            return u64{1} << (random() % 64);
        default:
            return random();
    }
}

class InstructionTest : public CudaTest {
protected:
    using Operands = std::vector<u64>;

    /// `expected` takes the operands, each cut to its width. The draw of one row may be replaced by `draw`.
    template <class Expected, class Draw>
    void check(const std::string& text, const Shape& shape, Expected expected, Draw draw, size_t count = 600) {
        const size_t n = shape.operands.size();
        auto random = axfire::testing::test_random();
        std::vector<u64> rows;
        for (size_t k = 0; k < count; ++k) {
            const Operands row = draw(random);
            rows.insert(rows.end(), row.begin(), row.end());
        }
        for (size_t k = 0; k < rows.size(); ++k) {
            rows[k] &= shape.operands[k % n] == 64 ? ~u64{0} : (u64{1} << shape.operands[k % n]) - 1;
        }
        const CUfunction f = load(instruction_ptx(text, shape));
        const CUdeviceptr in = upload(rows);
        const CUdeviceptr out = upload(std::vector<u64>(count));
        ASSERT_EQ(launch(f, static_cast<unsigned>((count + 63) / 64), 64, 0, in, out, static_cast<u32>(count)),
                  CUDA_SUCCESS);
        const std::vector<u64> got = download<u64>(out, count);
        const u64 kept = shape.result == 64 ? ~u64{0} : (u64{1} << shape.result) - 1;
        size_t wrong = 0;
        for (size_t k = 0; k < count && wrong < 4; ++k) {
            const Operands row(rows.begin() + static_cast<std::ptrdiff_t>(k * n),
                               rows.begin() + static_cast<std::ptrdiff_t>((k + 1) * n));
            const u64 want = static_cast<u64>(expected(row)) & kept;
            if (got[k] != want) {
                ++wrong;
                std::ostringstream values;
                for (const u64 x : row) {
                    values << std::hex << " 0x" << x;
                }
                ADD_FAILURE() << text << ":" << values.str() << std::hex << ": got 0x" << got[k] << ", want 0x" << want;
            }
        }
        cu.cuMemFree_v2(in);
        cu.cuMemFree_v2(out);
    }

    template <class Expected>
    void check(const std::string& text, const Shape& shape, Expected expected) {
        check(text, shape, expected, [&](std::mt19937_64& random) {
            Operands row;
            for (size_t k = 0; k < shape.operands.size(); ++k) {
                row.push_back(operand(random));
            }
            return row;
        });
    }
};

}  // namespace axfire::test
