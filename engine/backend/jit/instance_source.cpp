// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arith/catalogue.h"
#include "engine/backend/jit/instances.h"

namespace axfire {

namespace {

std::string text(const Parameters& p) {
    return fmt::format("{{{{{}, {}, {}, {}}}}}", p.value[0], p.value[1], p.value[2], p.value[3]);
}

std::string text(const Format& f) {
    return fmt::format("{{{}, {}, Subnormals({}), Overflow({}), {}}}", f.exponent_bits, f.fraction_bits,
                       static_cast<unsigned>(f.subnormals), static_cast<unsigned>(f.overflow), f.finite);
}

std::string text(const ModelUse& use) {
    return fmt::format("{{ModelKind({}), {}, {}, {}, {}}}", static_cast<unsigned>(use.kind), use.bits,
                       use.whole_product, use.by_fraction, use.short_entries);
}

}  // namespace

std::string initialiser(const AdderSpec& s) {
    return fmt::format(
        "{{.unit = AdderId::{}, .parameters = {}, .format = {}, .rounding = Rounding({}), .exact_subtraction = {}, "
        ".zero_bypass = {}, .guard = {}, .round_sum = {}, .order = Order({}), .block = {}, .model_use = {}}}",
        s.unit == AdderId::model ? "model" : info(s.unit).name, text(s.parameters), text(s.format),
        static_cast<unsigned>(s.rounding), s.exact_subtraction, s.zero_bypass, s.guard, s.round_sum,
        static_cast<unsigned>(s.order), s.block, text(s.model_use));
}

std::string initialiser(const MultiplierSpec& s) {
    return fmt::format(
        "{{.unit = MultiplierId::{}, .parameters = {}, .format = {}, .rounding = Rounding({}), .round_product = {}, "
        ".tabulated = {}, .model_use = {}}}",
        s.unit == MultiplierId::model ? "model" : info(s.unit).name, text(s.parameters), text(s.format),
        static_cast<unsigned>(s.rounding), s.round_product, s.tabulated, text(s.model_use));
}

std::string only_units(AdderId add, MultiplierId mul) {
    const auto list = [](auto unit, auto model) {
        return unit == model ? std::string() : fmt::format("X({})", info(unit).name);
    };
    return fmt::format(
        "#include \"arith/unit_lists.h\"\n"
        "#undef AXFIRE_ADDERS\n"
        "#undef AXFIRE_MULTIPLIERS\n"
        "#define AXFIRE_ADDERS(X) {}\n"
        "#define AXFIRE_MULTIPLIERS(X) {}\n",
        list(add, AdderId::model), list(mul, MultiplierId::model));
}

std::string instance_source(const InstanceRequest& r, const char* isa) {
    const char* const parts[] = {"both", "projections", "neurons", "neither"};
    return fmt::format("#define AXFIRE_ISA {}\n", isa) + only_units(r.add.unit, r.mul.unit) +
           fmt::format(
               "#include \"engine/backend/cpu/instance.h\"\n"
               "namespace axfire::{0} {{\n"
               "constexpr AdderSpec kAdd{1};\n"
               "constexpr MultiplierSpec kMul{2};\n"
               "using Add = {3};\n"
               "using Mul = {4};\n"
               "extern \"C\" const Instance axfire_instance __attribute__((visibility(\"default\")));\n"
               "extern \"C\" const Instance axfire_instance = make_instance<Add, Mul, Part::{5}>();\n"
               "}}\n",
               isa, initialiser(r.add), initialiser(r.mul), r.add == AdderSpec{} ? "NativeAdd" : "FixedAdd<kAdd>",
               r.mul == MultiplierSpec{} ? "NativeMul" : "FixedMul<kMul>", parts[static_cast<unsigned>(r.part)]);
}

}  // namespace axfire
