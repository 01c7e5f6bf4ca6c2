// SPDX-License-Identifier: Apache-2.0
// Branches, calls, barriers and fences.
#include <bit>

#include "tests/support/cuda_double/ptx/block.h"
#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

void nothing(Warp&, const Instruction&, u32) {}

void trap(Warp&, const Instruction&, u32 mask) {
    throw Fault{FaultKind::illegal, static_cast<u32>(std::countr_zero(mask)), "trap"};
}

void assertion(Warp&, const Instruction&, u32 mask) {
    throw Fault{FaultKind::assertion, static_cast<u32>(std::countr_zero(mask)), "an assertion failed"};
}

void pass_warp_barrier(Warp& w, const Instruction&, u32) {
    w.pass_warp_barrier();
}

void arrive(Warp& w, const Instruction& i, u32 mask) {
    const u32 barrier = w.lanes<u32>(i.in[0])[std::countr_zero(mask)];
    if (barrier >= std::size(w.block().arrived)) {
        throw Fault{FaultKind::illegal, static_cast<u32>(std::countr_zero(mask)), "there is no such barrier"};
    }
    w.block().arrived[barrier] += mask == w.live() ? kLanes : static_cast<u32>(std::popcount(mask));
}

void decode_bra(Decode& d) {
    d.take("uni");
    d.i.flow = Flow::branch;
    d.builder.jumps_to(d.operand(0).name, d.i.line);
}

void decode_brx(Decode& d) {
    d.take("uni");
    d.need_one_of({"idx"});
    d.i.flow = Flow::branch_indexed;
    d.in(0, 4, 0);
    d.builder.jumps_through(d.operand(1).name, d.i.line);
}

template <Flow kFlow>
void decode_leave(Decode& d) {
    d.take("uni");
    d.i.flow = kFlow;
}

/// Where the caller keeps what it passes.
std::vector<Passed> places(const Decode& d, const Operand& list) {
    std::vector<Passed> passed;
    for (const Operand& o : list.parts) {
        const Symbol& s = d.symbol(o);
        if (s.place != Symbol::Place::parameter) {
            d.fail("'" + o.name + "' is no parameter");
        }
        passed.push_back({static_cast<u32>(s.value), s.bytes});
    }
    return passed;
}

/// call (results), function, (arguments); or through a pointer, with a prototype as the last operand.
void decode_call(Decode& d) {
    d.take("uni");
    const Operand none;
    std::size_t k = 0;
    const Operand& results = d.operand(0).form == Operand::Form::list ? d.operand(k++) : none;
    const std::size_t function = k++;
    const std::string& name = d.operand(function).name;
    const bool has_arguments = k < d.operand_count() && d.operand(k).form == Operand::Form::list;
    const Operand& arguments = has_arguments ? d.operand(k++) : none;
    if (name == "__assertfail") {
        d.i.run = assertion;
        return;
    }
    d.i.flow = Flow::call;
    d.i.results = places(d, results);
    d.i.arguments = places(d, arguments);
    const auto it = d.builder.module.functions.find(name);
    if (it != d.builder.module.functions.end()) {
        d.i.callee = it->second.get();
        if (!fits(d.i, *d.i.callee)) {
            d.fail("the call does not fit its function");
        }
        return;
    }
    d.in(function, 8, 0);
    if (k < d.operand_count()) {
        d.operand(k);  // the prototype
    }
}

/// bar and barrier: .sync, .arrive, .red, .warp.sync
void decode_barrier(Decode& d) {
    d.take("cta");
    d.take("aligned");
    if (d.take("warp")) {
        d.need_one_of({"sync"});
        d.i.flow = Flow::collective;
        d.i.run = pass_warp_barrier;
        d.in(0, 4, 3);
        return;
    }
    const int kind = d.need_one_of({"sync", "arrive", "red"});
    std::size_t first = 0;
    d.i.flow = Flow::barrier;
    if (kind == 2) {
        d.i.option = static_cast<u8>(1 + d.need_one_of({"popc", "and", "or"}));
        const Type type = d.type();
        if (d.i.option == 1 && type.bytes == 4) {
            d.out(0, 4);
        } else if (d.i.option != 1 && type == kPred) {
            d.out_predicate(0);
        } else {
            d.fail("the interpreter does not know it with this type");
        }
        first = 1;
        d.in_predicate(d.operand_count() - 1, 2);
    }
    d.in(first, 4, 0);
    const std::size_t counted = first + (kind == 2 ? 3 : 2);
    d.i.count = d.operand_count() >= counted ? 1 : 0;
    if (d.i.count != 0) {
        d.in(first + 1, 4, 1);
    }
    if (kind == 1) {
        d.i.flow = Flow::plain;
        d.i.run = arrive;
    }
}

/// Blocks and warps run one after the other, so memory is always in order.
void decode_fence(Decode& d) {
    d.take_one_of({"sc", "acq_rel", "acquire", "release"});
    d.take_one_of({"cta", "cluster", "gpu", "sys", "gl"});
    d.i.run = nothing;
}

void decode_trap(Decode& d) {
    d.i.run = trap;
}

void decode_nanosleep(Decode& d) {
    d.take("u32");
    d.in(0, 4, 0);
    d.i.run = nothing;
}

}  // namespace

void add_flow_instructions(DecoderTable& table) {
    table["bra"] = decode_bra;
    table["brx"] = decode_brx;
    table["call"] = decode_call;
    table["ret"] = decode_leave<Flow::leave>;
    table["exit"] = decode_leave<Flow::exit>;
    table["bar"] = decode_barrier;
    table["barrier"] = decode_barrier;
    table["membar"] = decode_fence;
    table["fence"] = decode_fence;
    table["trap"] = decode_trap;
    table["nanosleep"] = decode_nanosleep;
}

}  // namespace axfire::cuda_double
