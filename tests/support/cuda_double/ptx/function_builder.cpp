// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/function_builder.h"

#include <cstring>

#include "tests/support/cuda_double/ptx/lexer.h"

namespace axfire::cuda_double {

namespace {

constexpr u8 kUnset = 0xdb;  // every byte of a register before it is written

constexpr std::pair<const char*, Special> kSpecialNames[] = {
    {"%tid.x", kTidX},
    {"%tid.y", kTidY},
    {"%tid.z", kTidZ},
    {"%ntid.x", kNtidX},
    {"%ntid.y", kNtidY},
    {"%ntid.z", kNtidZ},
    {"%ctaid.x", kCtaidX},
    {"%ctaid.y", kCtaidY},
    {"%ctaid.z", kCtaidZ},
    {"%nctaid.x", kNctaidX},
    {"%nctaid.y", kNctaidY},
    {"%nctaid.z", kNctaidZ},
    {"%laneid", kLaneId},
    {"%warpid", kWarpId},
    {"%nwarpid", kNwarpId},
    {"WARP_SZ", kWarpSize},
    {"%lanemask_eq", kLaneMaskEq},
    {"%lanemask_lt", kLaneMaskLt},
    {"%lanemask_le", kLaneMaskLe},
    {"%lanemask_gt", kLaneMaskGt},
    {"%lanemask_ge", kLaneMaskGe},
    {"%dynamic_smem_size", kDynamicSharedSize},
    {"%total_smem_size", kTotalSharedSize},
};

}  // namespace

FunctionBuilder::FunctionBuilder(Module& m, Function& f, std::map<std::string, Symbol>& module_scope)
    : module(m), function(f), module_scope_(module_scope) {
    open_scope();
    function.register_bytes = kSpecials * kSlotBytes;
    for (const auto& [name, special] : kSpecialNames) {
        declare(name, {Symbol::Place::special, kB32, special * kSlotBytes, 4});
    }
}

u32 FunctionBuilder::place(u32 bytes) {
    const u32 offset = function.register_bytes;
    function.register_bytes += bytes * kLanes;
    return offset;
}

void FunctionBuilder::declare_register(const std::string& name, Type type) {
    Symbol symbol{Symbol::Place::reg, type, 0, type.bytes};
    // A predicate is a word of bits; it takes a whole cache line like the narrowest registers.
    symbol.value = place(type == kPred ? 2 : type.bytes);
    function.register_count += type == kPred ? 0 : (type.bytes + 3) / 4;
    declare(name, symbol);
}

u32 FunctionBuilder::declare_parameter(const std::string& name, u32 bytes, u32 alignment) {
    const u32 offset = align_up(function.parameter_bytes, alignment);
    function.parameter_bytes = offset + bytes;
    declare(name, {Symbol::Place::parameter, {}, offset, bytes});
    return offset;
}

const Symbol* FunctionBuilder::find(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
        if (const auto it = scope->find(name); it != scope->end()) {
            return &it->second;
        }
    }
    const auto it = module_scope_.find(name);
    return it != module_scope_.end() ? &it->second : nullptr;
}

u32 FunctionBuilder::constant(u64 value, u32 bytes) {
    if (bytes < 8) {
        value &= (u64{1} << (8 * bytes)) - 1;
    }
    const auto [it, is_new] = constants_.try_emplace({value, bytes}, 0);
    if (is_new) {
        it->second = place(bytes);
        function.initial_registers.resize(function.register_bytes, kUnset);
        for (u32 lane = 0; lane < kLanes; ++lane) {
            std::memcpy(&function.initial_registers[it->second + lane * bytes], &value, bytes);
        }
    }
    return it->second;
}

u32 FunctionBuilder::relocated(Relocation::Base base, u64 value, u32 bytes) {
    const u32 slot = place(bytes);
    function.initial_registers.resize(function.register_bytes, kUnset);
    std::memcpy(&function.initial_registers[slot], &value, bytes);
    function.relocations.push_back({base, static_cast<u8>(bytes), slot});
    return slot;
}

u32 FunctionBuilder::scratch() {
    if (scratch_ == 0) {
        scratch_ = place(8);
    }
    return scratch_;
}

void FunctionBuilder::label(const std::string& name, u32 line) {
    if (!labels_.emplace(name, static_cast<u32>(function.code.size())).second) {
        throw PtxError(line, "label '" + name + "' occurs twice");
    }
}

void FunctionBuilder::branch_targets(const std::string& name, std::vector<std::string> labels) {
    branch_targets_[name] = std::move(labels);
}

void FunctionBuilder::jumps_to(const std::string& name, u32 line) {
    jumps_.push_back({function.code.size(), name, line});
}

void FunctionBuilder::jumps_through(const std::string& name, u32 line) {
    indexed_jumps_.push_back({function.code.size(), name, line});
}

u32 FunctionBuilder::find_label(const std::string& name, u32 line) const {
    const auto it = labels_.find(name);
    if (it == labels_.end()) {
        throw PtxError(line, "there is no label '" + name + "' in " + function.name);
    }
    return it->second;
}

void FunctionBuilder::finish() {
    for (const Jump& jump : jumps_) {
        function.code[jump.instruction].target = find_label(jump.label, jump.line);
    }
    for (const Jump& jump : indexed_jumps_) {
        const auto it = branch_targets_.find(jump.label);
        if (it == branch_targets_.end()) {
            throw PtxError(jump.line, "there is no list of branch targets '" + jump.label + "'");
        }
        for (const std::string& label : it->second) {
            function.code[jump.instruction].targets.push_back(find_label(label, jump.line));
        }
    }
    function.initial_registers.resize(function.register_bytes, kUnset);
}

}  // namespace axfire::cuda_double
