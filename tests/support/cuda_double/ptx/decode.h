// SPDX-License-Identifier: Apache-2.0
// From an instruction as it is written to one that can be executed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/support/cuda_double/ptx/function_builder.h"
#include "tests/support/cuda_double/ptx/program.h"
#include "tests/support/cuda_double/ptx/statement.h"

namespace axfire::cuda_double {

/// One instruction while it is decoded. What is left over in the end, modifier or operand, is an error.
class Decode {
public:
    Decode(FunctionBuilder& builder, const Statement& statement);

    Instruction i;
    FunctionBuilder& builder;
    const std::string& name() const { return parts_.front(); }
    std::size_t operand_count() const { return statement_.operands.size(); }
    const Operand& operand(std::size_t k);

    /// Takes a modifier if it is there.
    bool take(std::string_view modifier);
    /// Takes the first of these modifiers that is there; -1 for none.
    int take_one_of(std::initializer_list<std::string_view> modifiers);
    /// The same without taking it.
    int peek_one_of(std::initializer_list<std::string_view> modifiers) const;
    /// Takes one that has to be there.
    int need_one_of(std::initializer_list<std::string_view> modifiers);
    /// Takes the first type among the modifiers.
    std::optional<Type> take_type();
    Type type();

    // Operands: operand k of the statement becomes out[slot] or in[slot].
    void out(std::size_t k, u32 bytes, u32 slot = 0);
    void in(std::size_t k, u32 bytes, u32 slot);
    /// A register of any width, or a constant of `bytes`. They return the width.
    u8 out_any(const Operand& o, u32 slot);
    u8 in_any(const Operand& o, u32 bytes, u32 slot);
    void out_predicate(std::size_t k, u32 slot = 0);
    void in_predicate(std::size_t k, u32 slot);
    /// d|p or d: the second part goes to out[1], or nowhere.
    void out_pair(std::size_t k, u32 bytes);
    void address(std::size_t k);
    /// out[0] = in[0] op in[1] ..., all of one type.
    void operands(Type type, u32 inputs);

    [[noreturn]] void fail(const std::string& what) const;
    Instruction finish();

    /// The place of an operand that is part of another.
    u32 place_in(const Operand& o, u32 bytes);
    u32 place_out(const Operand& o, u32 bytes);
    const Symbol& symbol(const Operand& o) const;

private:
    u32 place_predicate(const Operand& o, bool writes);

    const Statement& statement_;
    std::vector<std::string> parts_;  ///< of the opcode; modifiers that were taken are ""
    std::vector<bool> used_;          ///< operands
};

/// Finds out how an instruction is executed and binds its operands; throws PtxError by Decode::fail.
using Decoder = void (*)(Decode& d);
using DecoderTable = std::unordered_map<std::string_view, Decoder>;

// One group of instructions a file.
void add_integer_instructions(DecoderTable& table);
void add_bit_instructions(DecoderTable& table);
void add_permute_instructions(DecoderTable& table);
void add_carry_instructions(DecoderTable& table);
void add_float_instructions(DecoderTable& table);
void add_approximate_instructions(DecoderTable& table);
void add_conversion_instructions(DecoderTable& table);
void add_comparison_instructions(DecoderTable& table);
void add_move_instructions(DecoderTable& table);
void add_memory_instructions(DecoderTable& table);
void add_atomic_instructions(DecoderTable& table);
void add_warp_instructions(DecoderTable& table);
void add_flow_instructions(DecoderTable& table);

Instruction decode(FunctionBuilder& builder, const Statement& statement);

}  // namespace axfire::cuda_double
