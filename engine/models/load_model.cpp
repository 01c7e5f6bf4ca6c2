// SPDX-License-Identifier: Apache-2.0
#include "engine/models/load_model.h"

#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/models/c_model.h"
#include "engine/models/table_file.h"

namespace axfire {

namespace {

/// What UnitModel is a view of.
struct Owned {
    std::string name;
    std::optional<LookupTable> table;
    UnitModel view{};
    ModelUse use{};
};

void load_table(const ModelReference& reference, Owned& owned) {
    const ProductTable table = read_table(reference.file);
    owned.use.kind = ModelKind::table;
    owned.use.bits = table.bits;
    owned.use.whole_product = table.whole_product;
    owned.use.by_fraction = table.by_fraction || reference.by_fraction;
    owned.table.emplace(table);
    owned.table->attach(owned.view, owned.use);
}

void load_function(const ModelReference& reference, Owned& owned) {
    const u32 max = reference.adder ? 31 : 24;
    if (reference.bits > max) {
        throw InputError(fmt::format("{}: operands of {} bits are too wide; {} have 1 to {}", owned.name,
                                     reference.bits, reference.adder ? "adders" : "multipliers", max));
    }
    const CompiledModel model = load_c_model(reference);
    owned.view.lanes = model.lanes;
    owned.view.single = model.single;
    owned.use.kind = model.whole_operation ? ModelKind::operation : ModelKind::circuit;
    owned.use.bits = model.whole_operation ? 0 : reference.bits;
}

}  // namespace

LoadedModel load_model(const ModelReference& reference) {
    using Key = std::tuple<std::string, std::string, u32, bool, bool>;
    static std::mutex mutex;
    static std::map<Key, Owned> loaded;  // elements of a map stay where they are
    const std::lock_guard guard(mutex);
    const Key key{reference.file, reference.function, reference.bits, reference.adder, reference.by_fraction};
    auto it = loaded.find(key);
    if (it == loaded.end()) {
        Owned owned;
        const bool table = reference.function.empty();
        owned.name = table ? reference.file : reference.file + ":" + reference.function;
        table ? load_table(reference, owned) : load_function(reference, owned);
        it = loaded.emplace(key, std::move(owned)).first;
        it->second.view.name = it->second.name.c_str();
    }
    return {it->second.use, &it->second.view};
}

}  // namespace axfire
