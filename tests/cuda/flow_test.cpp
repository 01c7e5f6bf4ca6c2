// SPDX-License-Identifier: Apache-2.0
// Branches, calls, barriers and what the lanes of a warp do together.
#include "tests/cuda/instruction.h"

namespace axfire::test {

namespace {

class Flow : public CudaTest {
protected:
    static std::string kernel(const std::string& body, const std::string& before = "") {
        return ".version 9.0\n.target sm_75\n.address_size 64\n" + before +
               "\n.visible .entry k(.param .u64 out)\n{\n"
               ".reg .pred %p<9>; .reg .b32 %r<19>; .reg .b64 %rd<9>;\n"
               "ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x; mul.wide.u32 %rd1, %r0, 4; add.u64 %rd1, %rd0, %rd1;\n" +
               body + "\nst.global.u32 [%rd1], %r1;\nret;\n}\n";
    }

    std::vector<u32> run(const std::string& ptx, unsigned threads) {
        const CUdeviceptr out = upload(std::vector<u32>(threads, 0xabcd));
        EXPECT_EQ(launch(load(ptx), 1, threads, 0, out), CUDA_SUCCESS);
        return download<u32>(out, threads);
    }

    template <class F>
    void expect(const std::string& body, F f, unsigned threads = 64, const std::string& before = "") {
        const auto words = run(kernel(body, before), threads);
        for (u32 k = 0; k < threads; ++k) {
            ASSERT_EQ(words[k], static_cast<u32>(f(k))) << "thread " << k << "\n" << body;
        }
    }

    void expect_failure(const std::string& body, const std::string& what, unsigned threads = 64) {
        const auto [result, said] = fails(load(kernel(body)), 1, threads, 0, upload(std::vector<u32>(threads)));
        EXPECT_EQ(result, CUDA_ERROR_LAUNCH_FAILED) << body;
        EXPECT_NE(said.find(what), std::string::npos) << said;
    }
};

TEST_F(Flow, LoopsOfDifferentLengths) {
    // Steps of the Collatz sequence of tid + 1.
    const auto steps = [](u32 k) {
        u32 n = k + 1;
        u32 count = 0;
        for (; n != 1; ++count) {
            n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        }
        return count;
    };
    expect(
        "add.u32 %r2, %r0, 1; mov.u32 %r1, 0;\n"
        "$loop: setp.eq.u32 %p1, %r2, 1; @%p1 bra $done;\n"
        "and.b32 %r3, %r2, 1; setp.eq.u32 %p2, %r3, 0; @%p2 bra $even;\n"
        "mad.lo.u32 %r2, %r2, 3, 1; bra.uni $next;\n$even: shr.u32 %r2, %r2, 1;\n"
        "$next: add.u32 %r1, %r1, 1; bra $loop;\n$done:",
        steps, 200);
}

TEST_F(Flow, GuardsExitAndIndexedBranches) {
    expect("mov.u32 %r1, 5; setp.lt.u32 %p1, %r0, 7; @%p1 mov.u32 %r1, 6; @!%p1 add.u32 %r1, %r1, 2;",
           [](u32 k) { return k < 7 ? 6 : 7; });
    expect("setp.gt.u32 %p1, %r0, 20; @%p1 exit; mov.u32 %r1, 1;", [](u32 k) { return k > 20 ? 0xabcd : 1; });
    expect(
        "and.b32 %r2, %r0, 3; $targets: .branchtargets $a, $b, $c, $b;\nbrx.idx %r2, $targets;\n"
        "$a: mov.u32 %r1, 10; bra $end;\n$b: mov.u32 %r1, 11; bra $end;\n$c: mov.u32 %r1, 12;\n$end:",
        [](u32 k) { return k % 4 == 0   ? 10
                           : k % 4 == 2 ? 12
                                        : 11; });
}

/// Declared before it is defined; recursive; lanes return at different depths.
TEST_F(Flow, Calls) {
    const std::string function =
        ".func (.param .b32 result) f(.param .b32 n, .param .align 8 .b8 pair[16]);\n"
        ".func (.param .b32 result) f(.param .b32 n, .param .align 8 .b8 pair[16])\n{\n"
        ".reg .pred %p<2>; .reg .b32 %r<9>; .reg .b64 %rd<3>; .local .align 4 .b8 keep[4];\n"
        "ld.param.u32 %r1, [n]; ld.param.u64 %rd1, [pair+8]; cvt.u32.u64 %r5, %rd1; mov.u64 %rd2, keep;\n"
        "st.local.u32 [%rd2], %r1; setp.eq.u32 %p1, %r1, 0; mov.u32 %r4, %r5; @%p1 bra $base;\n"
        "{ .reg .b32 temp_param_reg; .param .b32 param0; .param .align 8 .b8 param1[16]; .param .b32 retval0;\n"
        "sub.u32 %r2, %r1, 1; st.param.b32 [param0+0], %r2; st.param.b64 [param1+8], %rd1;\n"
        "call.uni (retval0), f, (param0, param1); ld.param.b32 %r3, [retval0+0]; }\n"
        "ld.local.u32 %r6, [%rd2]; add.u32 %r4, %r3, %r6;\n$base: st.param.b32 [result+0], %r4; ret;\n}\n";
    expect(
        "and.b32 %r2, %r0, 7; mov.u64 %rd3, 100;\n{ .param .b32 p0; .param .align 8 .b8 p1[16]; .param .b32 r0;\n"
        "st.param.b32 [p0+0], %r2; st.param.b64 [p1+8], %rd3; call (r0), f, (p0, p1); ld.param.b32 %r1, [r0]; }",
        [](u32 k) { return 100 + (k % 8) * (k % 8 + 1) / 2; }, 70, function);
}

TEST_F(Flow, SpecialRegisters) {
    expect("mov.u32 %r2, %laneid; mov.u32 %r3, %warpid; mad.lo.u32 %r1, %r3, 100, %r2;",
           [](u32 k) { return k / 32 * 100 + k % 32; });
    expect("mov.u32 %r2, %lanemask_lt; mov.u32 %r3, %lanemask_ge; add.u32 %r1, %r2, %r3;", [](u32) { return ~0u; });
    expect("mov.u32 %r1, %lanemask_le;", [](u32 k) { return (2u << k % 32) - 1; });
    expect("mov.u32 %r2, %ntid.x; mov.u32 %r3, %nctaid.x; mad.lo.u32 %r1, %r2, 10, %r3;", [](u32) { return 641; });
}

TEST_F(Flow, Shuffles) {
    const std::string all = ", -1;";
    expect("shfl.sync.bfly.b32 %r1, %r0, 5, 31" + all, [](u32 k) { return k ^ 5; });
    expect("shfl.sync.idx.b32 %r1, %r0, 9, 31" + all, [](u32 k) { return k / 32 * 32 + 9; });
    expect("shfl.sync.up.b32 %r1, %r0, 3, 0" + all, [](u32 k) { return k % 32 < 3 ? k : k - 3; });
    expect("shfl.sync.down.b32 %r1|%p1, %r0, 3, 31" + all + "@!%p1 mov.u32 %r1, 99;",
           [](u32 k) { return k % 32 > 28 ? 99 : k + 3; });
    // Segments of 8: c = (32 - 8) << 8 | 31, and 0 for up.
    expect("shfl.sync.down.b32 %r1, %r0, 2, 6175" + all, [](u32 k) { return k % 8 < 6 ? k + 2 : k; });
    expect("shfl.sync.up.b32 %r1, %r0, 2, 6144" + all, [](u32 k) { return k % 8 < 2 ? k : k - 2; });
    expect("shfl.sync.idx.b32 %r1, %r0, 11, 6175" + all, [](u32 k) { return k / 8 * 8 + 3; });
    // Half of a warp among themselves, and lanes that parted before.
    expect(
        "setp.lt.u32 %p1, %r0, 16; mov.u32 %r1, 0; @!%p1 bra $end; shfl.sync.bfly.b32 %r1, %r0, 1, 31, 0xffff;\n$end:",
        [](u32 k) { return k < 16 ? k ^ 1 : 0; });
    expect(
        "and.b32 %r2, %r0, 1; setp.eq.u32 %p1, %r2, 0; @%p1 bra $even; add.u32 %r0, %r0, 100; bra $end;\n"
        "$even: add.u32 %r0, %r0, 200;\n$end: shfl.sync.bfly.b32 %r1, %r0, 1, 31" +
            all,
        [](u32 k) { return (k ^ 1) + (k % 2 == 0 ? 100 : 200); });
}

/// Those that wait for lanes of their warp go on when these have left.
TEST_F(Flow, LanesThatLeaveLater) {
    expect(
        "setp.gt.u32 %p1, %r0, 15; @%p1 bra $far; bar.warp.sync -1; mov.u32 %r1, 1; bra $end;\n"
        "$far: exit;\n$end:",
        [](u32 k) { return k < 16 ? 1 : 0xabcd; }, 32);
}

TEST_F(Flow, VotesMatchesAndReductions) {
    expect("setp.lt.u32 %p1, %r0, 40; vote.sync.ballot.b32 %r1, %p1, -1;", [](u32 k) { return k < 32 ? ~0u : 0xff; });
    expect("setp.lt.u32 %p1, %r0, 40; vote.sync.ballot.b32 %r1, !%p1, -1;", [](u32 k) { return k < 32 ? 0 : ~0xffu; });
    expect(
        "setp.lt.u32 %p1, %r0, 40; vote.sync.any.pred %p2, %p1, -1; vote.sync.all.pred %p3, %p1, -1;"
        "vote.sync.uni.pred %p4, %p1, -1; selp.b32 %r1, 1, 0, %p2; selp.b32 %r2, 2, 0, %p3; selp.b32 %r3, 4, 0, %p4;"
        "or.b32 %r1, %r1, %r2; or.b32 %r1, %r1, %r3;",
        [](u32 k) { return k < 32 ? 7 : 1; });
    expect("and.b32 %r2, %r0, 3; match.any.sync.b32 %r1, %r2, -1;", [](u32 k) { return 0x11111111u << k % 4; });
    expect("and.b32 %r2, %r0, 32; match.all.sync.b32 %r1|%p1, %r2, -1; selp.b32 %r1, %r1, 0, %p1;",
           [](u32) { return ~0u; });
    expect("redux.sync.add.s32 %r1, %r0, -1;", [](u32 k) { return k < 32 ? 31 * 16 : 31 * 16 + 32 * 32; });
    expect("sub.u32 %r2, %r0, 5; redux.sync.min.s32 %r1, %r2, -1;", [](u32 k) { return k < 32 ? -5 : 27; });
    expect("setp.lt.u32 %p1, %r0, 3; mov.u32 %r1, 0; @%p1 activemask.b32 %r1;", [](u32 k) { return k < 3 ? 7 : 0; });
}

TEST_F(Flow, BlocksThatAreNoWholeWarps) {
    expect(
        "setp.eq.u32 %p1, %r0, 0; vote.sync.ballot.b32 %r1, %p1, -1;", [](u32 k) { return k < 32 ? 1 : 0; }, 37);
    expect(
        "shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1; bar.sync 0;", [](u32 k) { return k ^ 1; }, 38);
}

TEST_F(Flow, Barriers) {
    const std::string counted =
        "barrier.sync 1, 64; setp.lt.u32 %p1, %r0, 9; bar.red.popc.u32 %r1, 0, %p1; bar.red.or.pred %p2, 0, %p1;"
        "bar.red.and.pred %p3, 0, %p1; selp.b32 %r2, 100, 0, %p2; selp.b32 %r3, 1000, 0, %p3;"
        "add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;";
    expect(counted, [](u32) { return 109; });
    // Threads that have left do not hold up the others.
    expect("mov.u32 %r1, 1; setp.gt.u32 %p1, %r0, 50; @%p1 exit; barrier.cta.sync.aligned 0;",
           [](u32 k) { return k > 50 ? 0xabcd : 1; });
    expect_failure(
        "setp.gt.u32 %p1, %r0, 31; @%p1 bra $end; bar.sync 0;\n$end: bar.sync 1;",
        "a barrier that not all threads of the block reach, 32 threads wait at line 9, 32 threads wait at line 10");
    expect_failure("setp.gt.u32 %p1, %r0, 31; @%p1 bra $other; bar.sync 0; bra $end;\n$other: bar.sync 0;\n$end:",
                   "a barrier that not all threads of the block reach");
    expect_failure("setp.gt.u32 %p1, %r0, 5; @%p1 bra $end; bar.warp.sync -1;\n$end: bar.sync 0;",
                   "threads of its warp that do not come");
    expect_failure("bar.sync 16;", "no barrier 16");
}

/// One warp says that it has come and goes on, the other waits for it.
TEST_F(Flow, BarriersWithoutWaiting) {
    const std::string meet =
        "mov.u32 %r1, 3; setp.gt.u32 %p1, %r0, 31; @%p1 bra $wait;\n"
        "bar.arrive 2, 64; bra $end;\n$wait: bar.sync 2, 64;\n$end:";
    expect(meet, [](u32) { return 3; });
    expect_failure("setp.gt.u32 %p1, %r0, 31; @%p1 bra $wait;\nbra $end;\n$wait: bar.sync 2, 64;\n$end:",
                   "a barrier that not all threads of the block reach");
}

TEST_F(Flow, InstructionsWithoutEffectHere) {
    expect(
        "membar.gl; membar.cta; fence.acq_rel.gpu; fence.sc.cta; prefetch.global.L2 [%rd0]; nanosleep.u32 20;"
        "mov.u32 %r1, 1;",
        [](u32) { return 1; });
}

/// A structure among the parameters may be indexed.
TEST_F(Flow, KernelParametersByAddress) {
    const std::string ptx =
        ".version 9.0\n.target sm_75\n.visible .entry k(.param .u64 out, .param .align 4 .b8 s[16]) {\n"
        ".reg .b32 %r<9>; .reg .b64 %rd<9>; ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x;\n"
        "mul.wide.u32 %rd1, %r0, 4; add.u64 %rd0, %rd0, %rd1; mov.b64 %rd2, s; add.u64 %rd2, %rd2, %rd1;\n"
        "ld.param.u32 %r1, [%rd2]; cvta.param.u64 %rd3, %rd2; ld.u32 %r2, [%rd3];\n"
        "mad.lo.u32 %r1, %r1, 100, %r2; st.global.u32 [%rd0], %r1; ret; }";
    struct Words {
        u32 word[4];
    } const words{{5, 6, 7, 8}};
    const CUdeviceptr out = upload(std::vector<u32>(5));
    const CUfunction f = load(ptx);
    ASSERT_EQ(launch(f, 1, 4, 0, out, words), CUDA_SUCCESS);
    EXPECT_EQ(download<u32>(out, 4), (std::vector<u32>{505, 606, 707, 808}));
    const auto [result, said] = fails(f, 1, 5, 0, out, words);
    EXPECT_EQ(result, CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_NE(said.find("parameter memory at 0x18, which has 24 bytes"), std::string::npos) << said;
}

TEST_F(Flow, WrongUseOfAWarp) {
    expect_failure("setp.lt.u32 %p1, %r0, 4; @%p1 bra $end; shfl.sync.bfly.b32 %r1, %r0, 1, 31, 0xf;\n$end:",
                   "not in the mask of its own instruction");
    expect_failure("setp.lt.u32 %p1, %r0, 4; @!%p1 bra $end; shfl.sync.bfly.b32 %r1, %r0, 4, 31, 0xf;\n$end:",
                   "reads a lane that is not in the mask");
    expect_failure("setp.lt.u32 %p1, %r0, 4; @%p1 exit; shfl.sync.bfly.b32 %r1, %r0, 4, 31, -1;",
                   "reads a lane that has left");
}

TEST_F(Flow, KernelsThatDoNotEnd) {
    set("BUDGET", "100000");
    start();
    const auto [result, said] = fails(load(kernel("mov.u32 %r1, 0;\n$loop: bra $loop;")), 1, 32, 0, CUdeviceptr{0});
    EXPECT_EQ(result, CUDA_ERROR_LAUNCH_TIMEOUT);
    EXPECT_NE(said.find("does not end"), std::string::npos);
}

/// Nothing is skipped: what is not known is named.
TEST_F(Flow, UnknownInstructions) {
    const std::pair<const char*, const char*> kUnknown[] = {
        {"wmma.load.a.sync %r1, [%rd0];", "does not know the instruction 'wmma.load.a.sync'"},
        {"add.u32.fast %r1, %r0, 1;", "'add.u32.fast': the interpreter does not know the modifier '.fast'"},
        {"add.f16x2 %r1, %r0, %r0;", "'add.f16x2'"},
        {"mul.rn.f16 %r1, %r0, %r0;", "'mul.rn.f16'"},
        {"add.u32 %r1, %r0, 1, 2;", "there are operands"},
        {"add.u32 %r1, %r0;", "an operand is missing"},
        {"add.u32 %r1, %rd0, 1;", "wrong width"},
        {"add.u32 %r1, %nothing, 1;", "unknown operand '%nothing'"},
        {"mov.u32 %r1, %clock;", "unknown operand '%clock'"},
        {"bra $nowhere;", "no label '$nowhere'"},
        {"shfl.bfly.b32 %r1, %r0, 1, 31;", "only the form with .sync"},
        {"ld.param.u64 %rd1, [out+4];", "outside of 'out'"},
    };
    for (const auto& [body, what] : kUnknown) {
        char log[512] = "";
        CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
        void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
        CUmodule module = nullptr;
        EXPECT_EQ(cu.cuModuleLoadDataEx(&module, kernel(body).c_str(), 2, options, values), CUDA_ERROR_INVALID_PTX)
            << body;
        EXPECT_NE(std::string(log).find(what), std::string::npos) << log;
        EXPECT_NE(std::string(log).find("line "), std::string::npos) << log;
    }
}

/// A text that is cut off anywhere is refused, or holds a whole module by chance; it never does harm.
TEST_F(Flow, TextsThatAreCutOff) {
    const std::string ptx = kernel(
        "$targets: .branchtargets $a, $b; and.b32 %r2, %r0, 1; brx.idx %r2, $targets;\n"
        "$a: mov.u32 %r1, 0x1f; bra $b;\n$b: { .param .b32 p; st.param.b32 [p+0], %r1;"
        "call f, (p); } ld.shared.v2.u32 {%r1, %r2}, [s+8]; // end",
        ".global .align 4 .b8 t[8] = {1, 2}; .shared .b32 s[4]; .file 1 \"x.cu\"\n"
        ".func f(.param .b32 x) { .loc 1 2 3\n/* */ ret; }");
    ::testing::internal::CaptureStderr();
    size_t loaded = 0;
    for (size_t length = 0; length <= ptx.size(); ++length) {
        CUmodule module = nullptr;
        const CUresult result = cu.cuModuleLoadData(&module, ptx.substr(0, length).c_str());
        loaded += result == CUDA_SUCCESS ? 1 : 0;
        EXPECT_TRUE(result == CUDA_SUCCESS || result == CUDA_ERROR_INVALID_PTX ||
                    result == CUDA_ERROR_NO_BINARY_FOR_GPU)
            << result << "\n"
            << ptx.substr(0, length);
    }
    ::testing::internal::GetCapturedStderr();
    EXPECT_GT(loaded, 0);
    EXPECT_LT(loaded, ptx.size() / 2);
}

}  // namespace

}  // namespace axfire::test
