// SPDX-License-Identifier: Apache-2.0
// What a function declares while its body is read: names in their scopes, registers, constants, labels.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cuda_double/ptx/program.h"

namespace axfire::cuda_double {

struct Symbol {
    enum class Place : u8 {
        reg,
        special,
        shared,
        module_shared,
        dynamic_shared,
        local,
        global,
        function,
        kernel_parameter,
        parameter
    };
    Place place = Place::reg;
    Type type;      ///< of a register
    u64 value = 0;  ///< offset of a register or in its memory; address of a global
    u32 bytes = 0;  ///< of a parameter
};

class FunctionBuilder {
public:
    FunctionBuilder(Module& module, Function& function, std::map<std::string, Symbol>& module_scope);

    Module& module;
    Function& function;

    void open_scope() { scopes_.emplace_back(); }
    void close_scope() { scopes_.pop_back(); }
    void declare(const std::string& name, const Symbol& symbol) { scopes_.back()[name] = symbol; }
    void declare_register(const std::string& name, Type type);
    /// Parameter memory of this function, or of a call it makes. Returns its offset.
    u32 declare_parameter(const std::string& name, u32 bytes, u32 alignment);
    const Symbol* find(const std::string& name) const;

    /// The place of a constant, the same in all lanes.
    u32 constant(u64 value, u32 bytes);
    /// The place of an address that is known when the function is entered.
    u32 relocated(Relocation::Base base, u64 value, u32 bytes);
    /// A place for results that nobody reads.
    u32 scratch();

    void label(const std::string& name, u32 line);
    void branch_targets(const std::string& name, std::vector<std::string> labels);
    /// The last instruction jumps to the label, which may follow later.
    void jumps_to(const std::string& name, u32 line);
    void jumps_through(const std::string& name, u32 line);
    /// Settles the labels. Throws PtxError for one that is missing.
    void finish();

private:
    struct Jump {
        std::size_t instruction;
        std::string label;
        u32 line;
    };
    u32 place(u32 bytes);
    u32 find_label(const std::string& name, u32 line) const;

    std::vector<std::map<std::string, Symbol>> scopes_;
    std::map<std::string, Symbol>& module_scope_;
    std::map<std::pair<u64, u32>, u32> constants_;
    std::map<std::string, u32> labels_;
    std::map<std::string, std::vector<std::string>> branch_targets_;
    std::vector<Jump> jumps_;
    std::vector<Jump> indexed_jumps_;
    u32 scratch_ = 0;
};

/// Rounds up to a multiple.
constexpr u32 align_up(u32 x, u32 alignment) {
    return (x + alignment - 1) / alignment * alignment;
}

}  // namespace axfire::cuda_double
