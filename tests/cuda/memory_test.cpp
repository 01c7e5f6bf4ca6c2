// SPDX-License-Identifier: Apache-2.0
// Loads, stores, variables, atomic operations, and the errors that they make.
#include <cstring>
#include <numeric>

#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

class Memory : public CudaTest {
protected:
    /// A kernel with a pointer to 32-bit words, whose address is in %rd0, and the thread's number in %r0.
    static std::string kernel(const std::string& body, const std::string& before = "") {
        return ".version 9.0\n.target sm_75\n.address_size 64\n" + before +
               "\n.visible .entry k(.param .u64 .ptr .global .align 4 data)\n{\n"
               ".reg .pred %p<9>; .reg .b16 %h<9>; .reg .b32 %r<19>; .reg .f32 %f<9>; .reg .b64 %rd<9>;\n"
               "ld.param.u64 %rd0, [data]; cvta.to.global.u64 %rd0, %rd0; mov.u32 %r0, %tid.x;\n"
               "mul.wide.u32 %rd1, %r0, 4; add.u64 %rd1, %rd0, %rd1;\n" +
               body + "\nret;\n}\n";
    }

    std::vector<u32> run(const std::string& ptx, std::vector<u32> words, unsigned threads = 32, unsigned shared = 0,
                         unsigned blocks = 1) {
        const CUdeviceptr data = upload(words);
        EXPECT_EQ(launch(load(ptx), blocks, threads, shared, data), CUDA_SUCCESS);
        words = download<u32>(data, words.size());
        cu.cuMemFree_v2(data);
        return words;
    }

    std::vector<u32> counted(u32 n) {
        std::vector<u32> words(n);
        std::iota(words.begin(), words.end(), 0);
        return words;
    }
};

TEST_F(Memory, VectorsAndNarrowTypes) {
    const auto copied = run(kernel("shl.b32 %r1, %r0, 4; cvt.u64.u32 %rd2, %r1; add.u64 %rd2, %rd0, %rd2;"
                                   "ld.global.nc.L1::no_allocate.v4.u32 {%r2, %r3, %r4, %r5}, [%rd2];"
                                   "st.global.v4.u32 [%rd2+512], {%r5, %r4, %r3, %r2};"
                                   "ld.volatile.global.v2.u32 {_, %r7}, [%rd2+8]; st.global.cs.u32 [%rd2+1024], %r7;"),
                            counted(384));
    for (u32 k = 0; k < 128; ++k) {
        EXPECT_EQ(copied[128 + k], k / 4 * 4 + 3 - k % 4);
        EXPECT_EQ(copied[256 + k], k % 4 == 0 ? k + 3 : 256 + k);
    }
    // Signed loads are extended to the register, stores take its low bits.
    const auto narrow = run(kernel("add.u64 %rd2, %rd0, 128; cvt.u64.u32 %rd3, %r0; add.u64 %rd3, %rd0, %rd3;"
                                   "ld.global.s8 %r1, [%rd3]; ld.global.u8 %h1, [%rd3]; cvt.u32.u16 %r2, %h1;"
                                   "add.s32 %r1, %r1, %r2; st.global.u32 [%rd1+64], %r1;"
                                   "ld.global.s8 %rd4, [%rd3]; shr.s64 %rd4, %rd4, 40; st.global.u8 [%rd3+32], %rd4;"),
                            std::vector<u32>(64, 0xf27f80ff), 16);
    const s32 sums[] = {254, 0, 254, 0xf2 - 14};
    for (u32 k = 0; k < 16; ++k) {
        EXPECT_EQ(narrow[16 + k], static_cast<u32>(k % 4 == 1 ? 0 : sums[k % 4])) << k;
    }
    EXPECT_EQ(narrow[8], 0xff00ffffu);
}

TEST_F(Memory, ConstantAndGlobalVariables) {
    const std::string variables =
        ".const .align 4 .b8 table[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3};\n"
        ".global .align 4 .u32 counter = 7;\n.global .align 4 .f32 pi[2] = {0f40490FDB};\n"
        ".global .align 8 .u64 pointers[2] = {counter, generic(pi)+4};\n";
    const auto words = run(kernel("and.b32 %r1, %r0, 3; mul.wide.u32 %rd2, %r1, 4; mov.u64 %rd3, table;"
                                  "add.u64 %rd3, %rd3, %rd2; ld.const.u32 %r2, [%rd3]; ld.const.u32 %r3, [table+8];"
                                  "ld.global.u64 %rd4, [pointers]; ld.u32 %r4, [%rd4]; ld.global.b32 %r5, [pi];"
                                  "ld.global.u64 %rd5, [pointers+8]; ld.b32 %r6, [%rd5];"
                                  "mad.lo.u32 %r2, %r2, 100, %r4; mad.lo.u32 %r2, %r3, 1000, %r2;"
                                  "sub.u32 %r5, %r5, 0x40490FDB; add.u32 %r2, %r2, %r5; add.u32 %r2, %r2, %r6;"
                                  "st.global.u32 [%rd1], %r2;",
                                  variables),
                           std::vector<u32>(32));
    for (u32 k = 0; k < 32; ++k) {
        EXPECT_EQ(words[k], 3007 + (k % 4 == 3 ? 0 : 100 * (k % 4 + 1)));
    }
}

TEST_F(Memory, SharedArraysOfAllKinds) {
    const auto words = run(kernel(".shared .align 16 .b8 own[132];\nmov.u32 %r1, own; mad.lo.u32 %r1, %r0, 4, %r1;"
                                  "ld.global.u32 %r2, [%rd1]; st.shared.u32 [%r1], %r2;"
                                  "mov.u32 %r3, dynamic; mad.lo.u32 %r3, %r0, 4, %r3; st.shared.u32 [%r3], %r0;"
                                  "mov.u64 %rd3, common; cvta.shared.u64 %rd3, %rd3; mul.wide.u32 %rd4, %r0, 4;"
                                  "add.u64 %rd3, %rd3, %rd4; st.u32 [%rd3+4], %r0; bar.sync 0;"
                                  "isspacep.shared %p1, %rd3; selp.b32 %r9, 1000, 0, %p1;"
                                  "xor.b32 %r4, %r0, 1; shl.b32 %r4, %r4, 2; mov.u32 %r5, own; add.u32 %r5, %r5, %r4;"
                                  "ld.shared.u32 %r6, [%r5]; mov.u32 %r5, dynamic; add.u32 %r5, %r5, %r4;"
                                  "ld.shared.u32 %r7, [%r5]; ld.shared.u32 %r8, [common+4];"
                                  "add.u32 %r6, %r6, %r7; add.u32 %r6, %r6, %r8; add.u32 %r6, %r6, %r9;"
                                  "st.global.u32 [%rd1], %r6;",
                                  ".extern .shared .align 16 .b8 dynamic[];\n.shared .align 4 .b8 common[260];"),
                           counted(32), 32, 128);
    for (u32 k = 0; k < 32; ++k) {
        EXPECT_EQ(words[k], 2 * (k ^ 1) + 1000);
    }
}

TEST_F(Memory, LocalMemoryBelongsToAThread) {
    const auto words = run(kernel(".local .align 8 .b8 depot[40]; .reg .b64 %SP, %SPL;\n"
                                  "mov.u64 %SPL, depot; cvta.local.u64 %SP, %SPL; st.local.u32 [%SPL+4], %r0;"
                                  "add.u64 %rd3, %SP, 4; ld.u32 %r1, [%rd3]; cvta.to.local.u64 %rd4, %rd3;"
                                  "ld.local.u32 %r2, [%rd4]; add.u32 %r1, %r1, %r2; st.global.u32 [%rd1], %r1;"),
                           std::vector<u32>(64), 64);
    for (u32 k = 0; k < 64; ++k) {
        EXPECT_EQ(words[k], 2 * k);
    }
}

TEST_F(Memory, AtomicOperations) {
    const std::string atomics[] = {"add.u32", "min.s32", "max.u32", "and.b32", "or.b32",
                                   "xor.b32", "inc.u32", "dec.u32", "exch.b32"};
    std::string body =
        ".shared .align 4 .u32 total;\nadd.u32 %r1, %r0, 3; setp.ne.u32 %p1, %r0, 0;"
        "@!%p1 st.shared.u32 [total], 5; bar.sync 0; atom.shared.add.u32 %r3, [total], %r0; bar.sync 0;";
    for (size_t k = 0; k < std::size(atomics); ++k) {
        body += "atom.relaxed.gpu.global." + atomics[k] + " %r2, [%rd0+" + std::to_string(4 * k) + "], %r1;\n";
    }
    body +=
        "red.global.add.u32 [%rd0+36], 2; atom.global.cas.b32 %r4, [%rd0+40], 10, %r0;"
        "atom.global.add.f32 %f1, [%rd0+44], 0f3F000000; ld.shared.u32 %r5, [total]; st.global.u32 [%rd0+48], %r5;";
    std::vector<u32> start = {1, 0, 0, 0xff, 0, 0, 0, 4, 0, 0, 10, 0, 0};
    const auto words = run(kernel(body), start, 40);
    std::vector<u32> want = start;
    for (u32 k = 0; k < 40; ++k) {
        const u32 b = k + 3;
        want[0] += b;
        want[2] = std::max(want[2], b);
        want[3] &= b;
        want[4] |= b;
        want[5] ^= b;
        want[6] = want[6] >= b ? 0 : want[6] + 1;
        want[7] = want[7] == 0 || want[7] > b ? b : want[7] - 1;
        want[8] = b;
        want[9] += 2;
        want[10] = want[10] == 10 ? k : want[10];
    }
    want[10] = 0;
    const float half_of_40 = 20;
    std::memcpy(&want[11], &half_of_40, 4);
    want[12] = 5 + 39 * 40 / 2;
    EXPECT_EQ(words, want);
}

TEST_F(Memory, AccessBeyondAnAllocation) {
    const std::string ptx = kernel("st.global.u32 [%rd1+12], %r0;");
    const CUdeviceptr data = upload(std::vector<u32>(32));
    const auto [result, said] = fails(load(ptx), 2, 32, 0, data);
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
    for (const char* part :
         {"k: ", "writes 4 bytes of global memory", "0 bytes past the end of an allocation of 128 bytes",
          "block (0,0,0), thread (29,0,0), line 10", "st.global.u32 [%rd1+12], %r0;"}) {
        EXPECT_NE(said.find(part), std::string::npos) << said;
    }
}

TEST_F(Memory, AccessesThatAreWrong) {
    const struct {
        const char* body;
        CUresult result;
        const char* what;
    } kWrong[] = {
        {"ld.global.u32 %r1, [%rd0+-4];", CUDA_ERROR_ILLEGAL_ADDRESS, "4 bytes before an allocation"},
        {"ld.global.u64 %rd2, [%rd0+4];", CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned"},
        {"mov.u64 %rd2, 0; ld.u32 %r1, [%rd2];", CUDA_ERROR_ILLEGAL_ADDRESS, "null pointer"},
        {".shared .align 4 .b8 s[64];\nmov.u32 %r1, s; st.shared.u32 [%r1+64], %r0;", CUDA_ERROR_ILLEGAL_ADDRESS,
         "writes 4 bytes of shared memory at 0x40, which has 64 bytes"},
        {"mov.u64 %rd2, table; st.global.u32 [%rd2], %r0;", CUDA_ERROR_ILLEGAL_ADDRESS, "constant"},
        {"mov.u64 %rd2, table; ld.global.u32 %r1, [%rd2]; st.global.u32 [%rd2], %r0;", CUDA_ERROR_ILLEGAL_ADDRESS,
         "constant"},
        {".local .align 4 .b8 depot[8]; .reg .b64 %SPL;\nmov.u64 %SPL, depot; ld.local.u32 %r1, [%SPL+8];",
         CUDA_ERROR_ILLEGAL_ADDRESS, "local memory at 0x8"},
        {"trap;", CUDA_ERROR_LAUNCH_FAILED, "trap"},
    };
    for (const auto& w : kWrong) {
        const CUfunction f = load(kernel(w.body, ".const .align 4 .b8 table[16];"));
        const auto [result, said] = fails(f, 1, 32, 0, upload(std::vector<u32>(32)));
        EXPECT_EQ(result, w.result) << w.body;
        EXPECT_NE(said.find(w.what), std::string::npos) << said;
    }
}

TEST_F(Memory, AccessToWhatWasFreed) {
    const CUfunction f = load(kernel("ld.global.u32 %r1, [%rd1];"));
    const CUdeviceptr data = upload(std::vector<u32>(32));
    upload(std::vector<u32>(32));
    ASSERT_EQ(cu.cuMemFree_v2(data), CUDA_SUCCESS);
    const auto [result, said] = fails(f, 1, 32, 0, data);
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_NE(said.find("freed before"), std::string::npos) << said;
}

/// Bytes of one word that belong to several threads are no race, words of another thread are.
TEST_F(Memory, Races) {
    const std::string begin =
        ".shared .align 4 .b8 s[512];\nmov.u32 %r1, s; shl.b32 %r2, %r0, 2; add.u32 %r3, %r1, %r2;";
    const std::string neighbour = "xor.b32 %r4, %r2, ";
    const auto race = [&](const std::string& body, unsigned threads) {
        const auto [result, said] = fails(load(kernel(begin + body)), 1, threads, 0, upload(std::vector<u32>(64)));
        EXPECT_TRUE(result == CUDA_SUCCESS || said.find("data race") != std::string::npos) << said;
        EXPECT_TRUE(result == CUDA_SUCCESS || result == CUDA_ERROR_LAUNCH_FAILED);
        return result != CUDA_SUCCESS;
    };
    const auto read_of = [&](int distance) {
        return neighbour + std::to_string(4 * distance) + "; add.u32 %r4, %r4, %r1; ld.shared.u32 %r5, [%r4];";
    };
    // Between warps, where only a barrier of the block helps; and in a warp, where one of the warp does too.
    EXPECT_TRUE(race("st.shared.u32 [%r3], %r0;" + read_of(32), 64));
    EXPECT_TRUE(race("st.shared.u32 [%r3], %r0; bar.warp.sync -1;" + read_of(32), 64));
    EXPECT_FALSE(race("st.shared.u32 [%r3], %r0; bar.sync 0;" + read_of(32), 64));
    EXPECT_TRUE(race("st.shared.u32 [%r3], %r0;" + read_of(1), 64));
    EXPECT_FALSE(race("st.shared.u32 [%r3], %r0; bar.warp.sync -1;" + read_of(1), 64));
    // A write after another thread's read.
    const std::string filled = "st.shared.u32 [%r3], 0; bar.sync 0;";
    EXPECT_TRUE(race(filled + read_of(32) + "st.shared.u32 [%r3], %r0;", 64));
    EXPECT_FALSE(race(filled + read_of(32) + "bar.sync 0; st.shared.u32 [%r3], %r0;", 64));
    EXPECT_TRUE(race(filled + read_of(1) + "st.shared.u32 [%r3], %r0;", 64));
    EXPECT_FALSE(race(filled + read_of(1) + "bar.warp.sync -1; st.shared.u32 [%r3], %r0;", 64));
    // Any of several readers, also the first of them.
    EXPECT_TRUE(race(filled + "ld.shared.u32 %r5, [%r1]; setp.eq.u32 %p1, %r0, 0; @%p1 st.shared.u32 [%r1], 1;", 32));
    EXPECT_TRUE(race(filled + "ld.shared.u32 %r5, [%r1]; bar.warp.sync -1; setp.eq.u32 %p1, %r0, 0;"
                              "@%p1 st.shared.u32 [%r1], 1;",
                     64));
    // All threads write one word: a race where the values differ.
    EXPECT_TRUE(race("st.shared.u32 [%r1], %r0;", 64));
    EXPECT_FALSE(race("st.shared.u32 [%r1], 7;", 64));
    // Atomic operations among themselves, and with a plain read.
    EXPECT_FALSE(race(filled + "atom.shared.add.u32 %r5, [%r1], 1; bar.sync 0; ld.shared.u32 %r5, [%r1];", 64));
    EXPECT_TRUE(race(filled + "atom.shared.add.u32 %r5, [%r1], 1; ld.shared.u32 %r5, [%r1];", 64));
    // Bytes.
    EXPECT_FALSE(race("add.u32 %r3, %r1, %r0; st.shared.u8 [%r3], %r0; ld.shared.u8 %r5, [%r3];", 64));
    EXPECT_TRUE(
        race("add.u32 %r3, %r1, %r0; st.shared.u8 [%r3], %r0; xor.b32 %r4, %r0, 33; add.u32 %r4, %r4, %r1;"
             "ld.shared.u8 %r5, [%r4];",
             64));
}

/// The same in global memory, where blocks have no order among themselves at all.
TEST_F(Memory, RacesInGlobalMemory) {
    const std::string number =
        "mov.u32 %r1, %ctaid.x; mad.lo.u32 %r2, %r1, 32, %r0; mul.wide.u32 %rd2, %r2, 4;"
        "add.u64 %rd2, %rd0, %rd2;";
    const auto race = [&](const std::string& body, unsigned blocks, const std::string& who) {
        const CUfunction f = load(kernel(number + body));
        const auto [result, said] = fails(f, blocks, 32, 0, upload(std::vector<u32>(128)));
        EXPECT_TRUE(result == CUDA_SUCCESS || said.find("global memory") != std::string::npos) << said;
        EXPECT_TRUE(result == CUDA_SUCCESS || said.find(who) != std::string::npos) << said;
        return result != CUDA_SUCCESS;
    };
    // Every thread has its own word: read, written and read again.
    EXPECT_FALSE(race("ld.global.u32 %r3, [%rd2]; st.global.u32 [%rd2], %r2; ld.global.u32 %r4, [%rd2];", 4, ""));
    // Two owners of a word, in two blocks and in one.
    EXPECT_TRUE(race("st.global.u32 [%rd1], %r2;", 2, "another block"));
    EXPECT_FALSE(race("st.global.u32 [%rd1], %r0;", 2, ""));  // the same value
    EXPECT_TRUE(race("st.global.u32 [%rd0], %r2;", 1, "thread 0"));
    // A neighbour's word, in a block with and without a barrier, and in another block.
    const std::string neighbour = "xor.b32 %r3, %r2, 1; mul.wide.u32 %rd3, %r3, 4; add.u64 %rd3, %rd0, %rd3;";
    EXPECT_TRUE(race(neighbour + "st.global.u32 [%rd2], 9; ld.global.u32 %r4, [%rd3];", 1, "thread"));
    EXPECT_FALSE(race(neighbour + "st.global.u32 [%rd2], 9; bar.sync 0; ld.global.u32 %r4, [%rd3];", 1, ""));
    EXPECT_FALSE(race(neighbour + "ld.global.u32 %r4, [%rd3]; bar.sync 0; st.global.u32 [%rd2], 9;", 1, ""));
    const std::string next = "ld.global.u32 %r4, [%rd2+128];";
    EXPECT_TRUE(race(next + "bar.sync 0; st.global.u32 [%rd2], 9;", 2, "another block"));
    EXPECT_TRUE(race("st.global.u32 [%rd2+128], 9; bar.sync 0; ld.global.u32 %r4, [%rd2];", 2, "another block"));
    EXPECT_FALSE(race(next, 2, ""));
    // Atomic operations of several blocks, and a plain read beside them.
    EXPECT_FALSE(race("atom.global.add.u32 %r4, [%rd0], 1;", 4, ""));
    EXPECT_TRUE(race("atom.global.add.u32 %r4, [%rd0], 1; ld.global.u32 %r4, [%rd0];", 4, "thread"));
    EXPECT_FALSE(race("atom.global.add.u32 %r4, [%rd0], 1; ld.volatile.global.u32 %r4, [%rd0];", 4, ""));
    // One launch is over before the next one begins: other threads may have the words then.
    const CUfunction forward = load(kernel(number + "st.global.u32 [%rd2], %r2;"));
    const CUfunction backward = load(kernel(number + "sub.u32 %r2, 63, %r2; mul.wide.u32 %rd2, %r2, 4;"
                                                     "add.u64 %rd2, %rd0, %rd2; st.global.u32 [%rd2], 5;"));
    const CUdeviceptr data = upload(std::vector<u32>(128));
    EXPECT_EQ(launch(forward, 2, 32, 0, data), CUDA_SUCCESS);
    EXPECT_EQ(launch(backward, 2, 32, 0, data), CUDA_SUCCESS);
    EXPECT_EQ(cu.cuCtxSynchronize(), CUDA_SUCCESS);
    // Larger allocations than the setting says are not watched.
    set("WATCHED", "511");
    start();
    EXPECT_FALSE(race("st.global.u32 [%rd1], %r2;", 2, ""));
}

}  // namespace

}  // namespace axfire::test
