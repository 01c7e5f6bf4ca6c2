// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/ptx/parser.h"

#include <algorithm>
#include <cstring>

#include "tests/support/cuda_double/ptx/decode.h"
#include "tests/support/cuda_double/ptx/variable.h"

namespace axfire::cuda_double {

namespace {

class Parser {
public:
    Parser(std::string_view source, DeviceMemory& memory, int device) : in_(source), memory_(memory), device_(device) {
        for (std::size_t begin = 0; begin < source.size();) {
            const std::size_t end = std::min(source.find('\n', begin), source.size());
            module_.lines.emplace_back(source.substr(begin, end - begin));
            begin = end + 1;
        }
    }

    Module run() {
        while (!in_.at_end()) {
            item();
        }
        for (const auto& [name, function] : module_.functions) {
            for (const Instruction& i : function->code) {
                if (i.callee != nullptr && !i.callee->is_defined) {
                    throw PtxError(i.line, "the function '" + i.callee->name + "' is not defined here");
                }
            }
        }
        return std::move(module_);
    }

    /// For a module that cannot be read to its end.
    void free_variables() {
        for (const auto& [name, global] : module_.globals) {
            memory_.free(global.address);
        }
    }

private:
    void item() {
        const Token token = in_.next();
        if (token.is(".version")) {
            const Token version = in_.next();  // such as 9.0
            const std::size_t dot = version.text.find('.');
            module_.version = static_cast<u32>(std::stoul(std::string(version.text.substr(0, dot))) * 10 +
                                               std::stoul(std::string(version.text.substr(dot + 1))));
        } else if (token.is(".target")) {
            const std::string target(in_.next().text);  // such as sm_90a
            module_.target = target.starts_with("sm_") ? static_cast<u32>(std::stoul(target.substr(3))) : 0;
            in_.skip_line();
        } else if (token.is(".address_size")) {
            if (in_.number() != 64) {
                throw PtxError(token.line, "only addresses of 64 bits are supported");
            }
        } else if (token.is(".file") || token.is(".loc")) {
            in_.skip_line();
        } else if (token.is(".section")) {
            in_.next();
            in_.skip_braces();
        } else if (token.is(".pragma")) {
            in_.next();
            in_.expect(";");
        } else if (token.is(".visible") || token.is(".weak") || token.is(".common")) {
            return;  // says how modules are linked
        } else if (token.is(".extern")) {
            is_extern_ = true;
            return;
        } else if (token.is(".entry") || token.is(".func")) {
            function(token.is(".entry"));
        } else if (token.is(".global") || token.is(".const") || token.is(".shared")) {
            module_variable(token.text);
        } else if (!token.is(";")) {
            throw PtxError(token.line, "'" + std::string(token.text) + "' is not supported");
        }
        is_extern_ = false;
    }

    void module_variable(std::string_view space) {
        do {
            const Declaration d = parse_declaration(in_);
            if (space == ".shared") {
                if (d.is_unsized) {
                    scope_[d.name] = {Symbol::Place::dynamic_shared, {}, 0, 0};
                } else {
                    module_.shared_bytes = align_up(module_.shared_bytes, d.alignment);
                    scope_[d.name] = {Symbol::Place::module_shared, {}, module_.shared_bytes, 0};
                    module_.shared_bytes += static_cast<u32>(d.bytes());
                }
            } else {
                global(d, space == ".const");
            }
        } while (in_.take(","));
        in_.expect(";");
    }

    void global(const Declaration& d, bool is_constant) {
        if (is_extern_ || d.is_unsized) {
            throw PtxError(d.line, "the variable '" + d.name + "' of another module is not supported");
        }
        const std::vector<Initialiser> values = parse_initialisers(in_);
        Allocation& a = memory_.allocate(d.bytes(), device_);
        a.is_constant = is_constant;
        a.is_module = true;
        std::memset(a.data, 0, a.bytes);
        if (values.size() > d.count) {
            throw PtxError(d.line, "'" + d.name + "' has too many initial values");
        }
        for (std::size_t k = 0; k < values.size(); ++k) {
            u64 value = values[k].value;
            if (!values[k].symbol.empty()) {
                const auto it = scope_.find(values[k].symbol);
                if (it == scope_.end() || d.type.bytes != 8 ||
                    (it->second.place != Symbol::Place::global && it->second.place != Symbol::Place::function)) {
                    throw PtxError(d.line, "initial value '" + values[k].symbol + "' is not supported");
                }
                value += it->second.value;
            }
            std::memcpy(a.data + k * d.type.bytes, &value, d.type.bytes);
        }
        module_.globals[d.name] = {a.address, a.bytes};
        scope_[d.name] = {Symbol::Place::global, {}, a.address, 0};
    }

    std::vector<Declaration> parameter_list() {
        std::vector<Declaration> list;
        if (!in_.take("(")) {
            return list;
        }
        while (!in_.take(")")) {
            const Token space = in_.next();
            if (!space.is(".param")) {
                throw PtxError(space.line, "only parameters in .param space are supported");
            }
            list.push_back(parse_declaration(in_));
            in_.take(",");
        }
        return list;
    }

    void function(bool is_kernel) {
        const std::vector<Declaration> results = is_kernel ? std::vector<Declaration>{} : parameter_list();
        const std::string name(in_.next().text);
        const std::vector<Declaration> parameters = parameter_list();
        auto& slot = module_.functions[name];
        if (slot == nullptr) {
            slot = std::make_unique<Function>();
            scope_[name] = {
                Symbol::Place::function, {}, kFunctionWindow + kFunctionBytes * module_.function_table.size(), 0};
            module_.function_table.push_back(slot.get());
        }
        Function& f = *slot;
        f = Function{};  // a declaration may have come before
        f.name = name;
        f.is_kernel = is_kernel;
        FunctionBuilder builder(module_, f, scope_);
        for (const Declaration& d : results) {
            f.results.push_back(
                {d.name, builder.declare_parameter(d.name, d.bytes(), d.alignment), static_cast<u32>(d.bytes())});
        }
        for (const Declaration& d : parameters) {
            u32 offset = 0;
            if (is_kernel) {
                offset = align_up(f.kernel_parameter_bytes, d.alignment);
                f.kernel_parameter_bytes = offset + static_cast<u32>(d.bytes());
                builder.declare(d.name, {Symbol::Place::kernel_parameter, {}, offset, static_cast<u32>(d.bytes())});
            } else {
                offset = builder.declare_parameter(d.name, d.bytes(), d.alignment);
            }
            f.parameters.push_back({d.name, offset, static_cast<u32>(d.bytes())});
        }
        attributes(f);
        if (in_.take(";")) {
            return;
        }
        f.is_defined = true;
        in_.expect("{");
        body(builder);
        builder.finish();
    }

    void attributes(Function& f) {
        while (in_.peek().text.starts_with(".")) {
            const Token token = in_.next();
            if (token.is(".maxntid") || token.is(".reqntid")) {
                u32 threads = 1;
                do {
                    threads *= static_cast<u32>(in_.number());
                } while (in_.take(","));
                f.max_threads = threads;
            } else if (token.is(".minnctapersm") || token.is(".maxnreg") || token.is(".maxnctapersm")) {
                in_.number();
            } else if (token.is(".pragma")) {
                in_.next();
                in_.expect(";");
            } else if (!token.is(".noreturn")) {
                throw PtxError(token.line, "'" + std::string(token.text) + "' is not supported");
            }
        }
    }

    void body(FunctionBuilder& b) {
        for (int depth = 1; depth > 0;) {
            if (in_.take("{")) {
                b.open_scope();
                ++depth;
            } else if (in_.take("}")) {
                b.close_scope();
                --depth;
            } else if (in_.peek(1).is(":")) {
                label(b);
            } else if (in_.peek().text.starts_with(".")) {
                body_directive(b);
            } else {
                const Statement s = in_.statement();
                b.function.code.push_back(decode(b, s));
            }
        }
        // A function may end without an instruction that leaves it.
        Instruction end;
        end.flow = Flow::leave;
        b.function.code.push_back(end);
    }

    void label(FunctionBuilder& b) {
        const Token name = in_.next();
        in_.expect(":");
        if (in_.take(".callprototype")) {  // calls check what they pass when they are made
            while (!in_.take(";")) {
                in_.next();
            }
            return;
        }
        if (!in_.take(".branchtargets")) {
            b.label(std::string(name.text), name.line);
            return;
        }
        std::vector<std::string> labels;
        do {
            labels.emplace_back(in_.next().text);
        } while (in_.take(","));
        in_.expect(";");
        b.branch_targets(std::string(name.text), labels);
    }

    void body_directive(FunctionBuilder& b) {
        const Token token = in_.next();
        if (token.is(".loc") || token.is(".file")) {
            in_.skip_line();
            return;
        }
        if (token.is(".pragma")) {
            in_.next();
        } else if (token.is(".reg")) {
            registers(b);
        } else if (token.is(".shared") || token.is(".local") || token.is(".param")) {
            const Declaration d = parse_declaration(in_);
            const u32 bytes = static_cast<u32>(d.bytes());
            if (token.is(".param")) {
                b.declare_parameter(d.name, bytes, d.alignment);
            } else if (token.is(".local")) {
                const u32 offset = align_up(b.function.local_bytes, d.alignment);
                b.function.local_bytes = offset + bytes;
                b.declare(d.name, {Symbol::Place::local, {}, offset, 0});
            } else {
                shared(b, d);
            }
        } else {
            throw PtxError(token.line, "'" + std::string(token.text) + "' is not supported");
        }
        in_.expect(";");
    }

    void registers(FunctionBuilder& b) {
        const Token type_name = in_.next();
        const auto type = parse_type(type_name.text.substr(1));
        if (!type) {
            throw PtxError(type_name.line, "registers of '" + std::string(type_name.text) + "' are not supported");
        }
        do {
            const std::string name(in_.next().text);
            if (in_.peek().is("<")) {
                const u32 count = in_.count_in_angles();
                for (u32 k = 0; k < count; ++k) {
                    b.declare_register(name + std::to_string(k), *type);
                }
            } else {
                b.declare_register(name, *type);
            }
        } while (in_.take(","));
    }

    /// A kernel's arrays come first; those that functions share lie behind the arrays of whichever kernel runs.
    void shared(FunctionBuilder& b, const Declaration& d) {
        u32& used = b.function.is_kernel ? b.function.shared_bytes : module_.shared_bytes;
        const u32 offset = align_up(used, d.alignment);
        used = offset + static_cast<u32>(d.bytes());
        b.declare(d.name, {b.function.is_kernel ? Symbol::Place::shared : Symbol::Place::module_shared, {}, offset, 0});
    }

    TokenStream in_;
    DeviceMemory& memory_;
    int device_;
    Module module_;
    std::map<std::string, Symbol> scope_;
    bool is_extern_ = false;
};

}  // namespace

Module parse_module(std::string_view source, DeviceMemory& memory, int device) {
    Parser parser(source, memory, device);
    try {
        return parser.run();
    } catch (...) {
        parser.free_variables();
        throw;
    }
}

}  // namespace axfire::cuda_double
