// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/decode.h"

#include <algorithm>

namespace axfire::cuda_double {

namespace {

std::vector<std::string> split(const std::string& opcode) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= opcode.size()) {
        const std::size_t end = std::min(opcode.find('.', begin), opcode.size());
        parts.push_back(opcode.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

DecoderTable make_table() {
    DecoderTable table;
    add_integer_instructions(table);
    add_bit_instructions(table);
    add_permute_instructions(table);
    add_carry_instructions(table);
    add_float_instructions(table);
    add_approximate_instructions(table);
    add_conversion_instructions(table);
    add_comparison_instructions(table);
    add_move_instructions(table);
    add_memory_instructions(table);
    add_atomic_instructions(table);
    add_warp_instructions(table);
    add_flow_instructions(table);
    return table;
}

}  // namespace

Decode::Decode(FunctionBuilder& b, const Statement& statement)
    : builder(b), statement_(statement), parts_(split(statement.opcode)), used_(statement.operands.size()) {
    i.line = statement.line;
    if (!statement.guard.empty()) {
        Operand guard;
        guard.name = statement.guard;
        i.guarded = true;
        i.guard_negated = statement.guard_negated;
        i.guard = place_predicate(guard, false);
    }
}

void Decode::fail(const std::string& what) const {
    throw PtxError(statement_.line, "'" + statement_.opcode + "': " + what);
}

bool Decode::take(std::string_view modifier) {
    const auto it = std::find(parts_.begin() + 1, parts_.end(), modifier);
    if (it == parts_.end()) {
        return false;
    }
    it->clear();
    return true;
}

int Decode::take_one_of(std::initializer_list<std::string_view> modifiers) {
    int k = 0;
    for (const std::string_view m : modifiers) {
        if (take(m)) {
            return k;
        }
        ++k;
    }
    return -1;
}

int Decode::peek_one_of(std::initializer_list<std::string_view> modifiers) const {
    int k = 0;
    for (const std::string_view m : modifiers) {
        if (std::find(parts_.begin() + 1, parts_.end(), m) != parts_.end()) {
            return k;
        }
        ++k;
    }
    return -1;
}

int Decode::need_one_of(std::initializer_list<std::string_view> modifiers) {
    const int k = take_one_of(modifiers);
    if (k < 0) {
        fail("a modifier is missing, or the interpreter does not know it");
    }
    return k;
}

std::optional<Type> Decode::take_type() {
    for (std::size_t k = 1; k < parts_.size(); ++k) {
        if (const auto type = parse_type(parts_[k])) {
            parts_[k].clear();
            return type;
        }
    }
    return std::nullopt;
}

Type Decode::type() {
    const auto type = take_type();
    if (!type) {
        fail("the interpreter does not know it with this type");
    }
    return *type;
}

const Operand& Decode::operand(std::size_t k) {
    if (k >= statement_.operands.size()) {
        fail("an operand is missing");
    }
    used_[k] = true;
    return statement_.operands[k];
}

const Symbol& Decode::symbol(const Operand& o) const {
    const Symbol* s = o.form == Operand::Form::name ? builder.find(o.name) : nullptr;
    if (s == nullptr) {
        fail("unknown operand '" + o.name + "'");
    }
    return *s;
}

u32 Decode::place_in(const Operand& o, u32 bytes) {
    if (o.form == Operand::Form::number) {
        return builder.constant(o.value, bytes);
    }
    const Symbol& s = symbol(o);
    switch (s.place) {
        case Symbol::Place::reg:
        case Symbol::Place::special:
            if (s.type.bytes != bytes || s.type == kPred) {
                fail("register '" + o.name + "' has the wrong width");
            }
            return static_cast<u32>(s.value);
        case Symbol::Place::local:
            return builder.relocated(Relocation::kLocal, s.value, bytes);
        case Symbol::Place::module_shared:
            return builder.relocated(Relocation::kModuleShared, s.value, bytes);
        case Symbol::Place::dynamic_shared:
            return builder.relocated(Relocation::kDynamicShared, s.value, bytes);
        case Symbol::Place::parameter:
            fail("the address of a function's parameter is not supported");
        default:
            return builder.constant(s.value, bytes);
    }
}

u32 Decode::place_out(const Operand& o, u32 bytes) {
    if (o.form == Operand::Form::name && o.name == "_") {
        return builder.scratch();
    }
    const Symbol& s = symbol(o);
    if (s.place != Symbol::Place::reg || s.type.bytes != bytes || s.type == kPred) {
        fail("'" + o.name + "' is no register of the right width");
    }
    return static_cast<u32>(s.value);
}

u32 Decode::place_predicate(const Operand& o, bool writes) {
    if (!writes && o.form == Operand::Form::number) {
        return builder.constant(o.value != 0 ? kAllLanes : 0, 4);
    }
    if (writes && o.form == Operand::Form::name && o.name == "_") {
        return builder.scratch();
    }
    const Symbol& s = symbol(o);
    if (s.place != Symbol::Place::reg || s.type != kPred) {
        fail("'" + o.name + "' is no predicate");
    }
    return static_cast<u32>(s.value);
}

void Decode::out(std::size_t k, u32 bytes, u32 slot) {
    i.out[slot] = place_out(operand(k), bytes);
}

void Decode::in(std::size_t k, u32 bytes, u32 slot) {
    i.in[slot] = place_in(operand(k), bytes);
}

u8 Decode::out_any(const Operand& o, u32 slot) {
    const u8 width = o.form == Operand::Form::name && o.name == "_" ? 8 : symbol(o).type.bytes;
    i.out[slot] = place_out(o, width);
    return width;
}

u8 Decode::in_any(const Operand& o, u32 bytes, u32 slot) {
    u32 width = std::max(bytes, 2u);
    if (o.form == Operand::Form::name) {
        const Symbol& s = symbol(o);
        const bool is_register = s.place == Symbol::Place::reg || s.place == Symbol::Place::special;
        width = is_register ? s.type.bytes : width;
        if (width < bytes) {
            fail("register '" + o.name + "' is too narrow");
        }
    }
    i.in[slot] = place_in(o, width);
    return static_cast<u8>(width);
}

void Decode::out_predicate(std::size_t k, u32 slot) {
    i.out[slot] = place_predicate(operand(k), true);
}

void Decode::in_predicate(std::size_t k, u32 slot) {
    const Operand& o = operand(k);
    i.negated[slot] = o.negated;
    i.in[slot] = place_predicate(o, false);
}

void Decode::out_pair(std::size_t k, u32 bytes) {
    const Operand& o = operand(k);
    const bool is_pair = o.form == Operand::Form::pair;
    const Operand& first = is_pair ? o.parts[0] : o;
    i.out[0] = bytes == 0 ? place_predicate(first, true) : place_out(first, bytes);
    i.out[1] = is_pair ? place_predicate(o.parts[1], true) : builder.scratch();
}

void Decode::address(std::size_t k) {
    const Operand& o = operand(k);
    if (o.form != Operand::Form::address) {
        fail("an address in brackets is expected");
    }
    i.offset = static_cast<s64>(o.value);
    if (o.name.empty()) {
        return;
    }
    Operand base;
    base.name = o.name;
    const Symbol& s = symbol(base);
    const bool is_register = s.place == Symbol::Place::reg || s.place == Symbol::Place::special;
    const bool is_relocated = s.place == Symbol::Place::local || s.place == Symbol::Place::module_shared ||
                              s.place == Symbol::Place::dynamic_shared;
    if (is_register || is_relocated) {
        const u32 bytes = is_register ? s.type.bytes : 8;
        i.has_base = true;
        i.base_is_64 = bytes == 8;
        i.in[0] = place_in(base, bytes);
        if (bytes < 4) {
            fail("register '" + o.name + "' is too narrow for an address");
        }
    } else {
        i.offset += static_cast<s64>(s.value);
    }
}

void Decode::operands(Type type, u32 inputs) {
    out(0, type.bytes);
    for (u32 k = 0; k < inputs; ++k) {
        in(k + 1, type.bytes, k);
    }
}

Instruction Decode::finish() {
    for (std::size_t k = 1; k < parts_.size(); ++k) {
        if (!parts_[k].empty()) {
            fail("the interpreter does not know the modifier '." + parts_[k] + "' here");
        }
    }
    for (std::size_t k = 0; k < used_.size(); ++k) {
        if (!used_[k]) {
            fail("there are operands that the interpreter does not know");
        }
    }
    if (i.flow == Flow::plain && i.run == nullptr) {
        fail("the interpreter does not know it with this type");
    }
    return std::move(i);
}

Instruction decode(FunctionBuilder& builder, const Statement& statement) {
    static const DecoderTable table = make_table();
    Decode d(builder, statement);
    const auto it = table.find(d.name());
    if (it == table.end()) {
        throw PtxError(statement.line, "the interpreter does not know the instruction '" + statement.opcode + "'");
    }
    it->second(d);
    return d.finish();
}

}  // namespace axfire::cuda_double
