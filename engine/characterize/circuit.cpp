// SPDX-License-Identifier: Apache-2.0
#include "engine/characterize/circuit.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "arith/fp_mul.h"

namespace axfire {

namespace {

/// A built-in multiplier, found by its id.
struct CatalogueCircuit {
    const MultiplierSpec& spec;
    Wide<u32> operator()(u32 a, u32 b, u32 n) const {
        const u64 p = circuit_product(spec.unit, spec.parameters, a, b, n);
        return {static_cast<u32>(p >> 32), static_cast<u32>(p)};
    }
};

u64 join(const Wide<u32>& p) {
    return (u64{p.hi} << 32) | p.lo;
}

u64 sum(const AdderSpec& s, u32 a, u32 b, u32 n) {
    if (s.unit != AdderId::model) {
        return circuit_sum(s.unit, s.parameters, a, b, n);
    }
    u32 lo, hi;
    evaluate(*s.model, a, b, lo, hi);
    return lo & ((2u << s.model_use.bits) - 1);
}

/// Width of the blocks in which a multiplier's operands of n bits are taken.
u32 block_width(const MultiplierSpec& s, u32 n) {
    const int block = block_parameter(s.unit);
    return s.unit == MultiplierId::model                  ? s.model_use.bits
           : block >= 0 && s.parameters.value[block] != 0 ? s.parameters.value[block]
                                                          : n;
}

u64 product(const MultiplierSpec& s, u32 a, u32 b, u32 n) {
    if (s.unit != MultiplierId::model) {
        return join(tiled_product(CatalogueCircuit{s}, a, b, n, block_width(s, n)));
    }
    if (s.model_use.by_fraction) {
        return table_entry(*s.model, s.model_use, a, b, s.model_use.bits);
    }
    return join(tiled_product(ModelCircuit{*s.model, s.model_use}, a, b, n, s.model_use.bits));
}

void check_bits(u32 bits, u32 widest, const char* what) {
    if (bits < 1 || bits > widest) {
        throw InputError(fmt::format("--bits {} is out of range; {} takes 1 to {}", bits, what, widest));
    }
}

/// What a model must be to have a circuit of n bits.
void check_model(std::string_view text, const ModelUse& use, u32 bits, u32 most) {
    if (use.kind == ModelKind::operation) {
        throw InputError(fmt::format("'{}' is a whole FP operation and has no integer circuit; leave --int out", text));
    }
    if (use.by_fraction) {
        throw InputError(
            fmt::format("'{}' is a table over fractions and has no integer circuit; leave --int out", text));
    }
    if (bits > most) {
        throw InputError(fmt::format("--bits {}: '{}' takes 1 to {} bits", bits, text, most));
    }
}

/// The function of `file:function[(bits=n)][@format]`; empty where there is none.
std::string_view function_of(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at != std::string_view::npos && text.find_first_of(":)", at) == std::string_view::npos) {
        text = text.substr(0, at);
    }
    if (text.ends_with(')')) {
        text = text.substr(0, text.rfind('('));
    }
    const std::size_t colon = text.rfind(':');
    return colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
}

}  // namespace

u64 Circuit::operator()(u32 a, u32 b) const {
    return op == Operation::add ? sum(adder, a, b, bits) : product(multiplier, a, b, bits);
}

u64 Circuit::largest() const {
    const u32 most = static_cast<u32>((u64{1} << bits) - 1);
    return exact(most, most);
}

Circuit parse_circuit(std::string_view text, Operation op, u32 bits, ModelLoader load) {
    Circuit c;
    c.op = op;
    c.bits = bits == 0 ? kDefaultBits : bits;
    if (op == Operation::add) {
        check_bits(c.bits, kWidestAdder, "an adder");
        c.adder = parse_adder_circuit(text, c.bits, load);
        if (c.adder.unit == AdderId::model) {
            c.bits = bits == 0 ? c.adder.model_use.bits : bits;
            check_model(text, c.adder.model_use, c.bits, std::min(kWidestAdder, c.adder.model_use.bits));
        }
        return c;
    }
    check_bits(c.bits, kWidestMultiplier, "a multiplier");
    c.multiplier = parse_multiplier_circuit(text, c.bits, load);
    if (c.multiplier.unit == MultiplierId::model) {
        c.bits = bits == 0 ? c.multiplier.model_use.bits : bits;
        check_model(text, c.multiplier.model_use, c.bits, std::min(kWidestMultiplier, 2 * c.multiplier.model_use.bits));
    } else if (2 * block_width(c.multiplier, c.bits) < c.bits) {
        throw InputError(fmt::format("'{}': two blocks must hold the {} bits of an operand: n is at least {} here",
                                     text, c.bits, (c.bits + 1) / 2));
    }
    return c;
}

Circuit significand_circuit(const MultiplierSpec& spec) {
    return {Operation::mul, {}, spec, spec.format.precision()};
}

std::string to_string(const Circuit& c) {
    const std::string text = c.op == Operation::add ? to_string(c.adder) : to_string(c.multiplier);
    return text.substr(0, text.rfind('@'));
}

Operation operation_of(std::string_view text) {
    const std::string_view name = text.substr(0, text.find_first_of("(@"));
    const bool adder = find_adder(name).has_value();
    const bool multiplier = find_multiplier(name).has_value() || name == "table";
    if (adder && multiplier) {
        throw InputError(fmt::format("'{}' is both an adder and a multiplier; add --op add or --op mul", name));
    }
    if (adder || multiplier) {
        return adder ? Operation::add : Operation::mul;
    }
    const std::string_view function = function_of(text);
    if (function.empty()) {
        throw InputError(fmt::format("unit '{}' is unknown; axfire arith list shows all", name));
    }
    const bool numbered = function.size() > 3 && function[3] >= '0' && function[3] <= '9';
    if (numbered && (function.starts_with("add") || function.starts_with("mul"))) {
        return function.starts_with("add") ? Operation::add : Operation::mul;
    }
    throw InputError(fmt::format("'{}' does not say what it computes; add --op add or --op mul", function));
}

Operation chosen_operation(std::string_view text, std::string_view chosen) {
    return chosen.empty() ? operation_of(text) : chosen == "add" ? Operation::add : Operation::mul;
}

}  // namespace axfire
