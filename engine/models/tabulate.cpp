// SPDX-License-Identifier: Apache-2.0
#include "engine/models/tabulate.h"

#include <algorithm>
#include <chrono>
#include <list>
#include <mutex>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "arith/finished_product.h"
#include "arith/philox.h"
#include "arith/spec_text.h"
#include "engine/backend/cpu/kernels.h"

namespace axfire {

namespace {

bool is_model(const MultiplierSpec& spec, ModelKind kind) {
    return spec.unit == MultiplierId::model && spec.model_use.kind == kind;
}

/// A table that serves a spec; kept as long as the process.
struct Tabulated {
    MultiplierSpec spec;
    LookupTable table;
    std::vector<std::uint16_t> finished;
    UnitModel view{};
};

/// The upper halves of the products of all numbers from 1 to 2, [2^m][2^m].
std::vector<std::uint16_t> finished_products(const MultiplierSpec& spec) {
    std::vector<std::uint16_t> entries;
    const u32 step = 1u << (23 - spec.format.fraction_bits);
    for (u32 a = kOneBits; a < kOneBits + 0x800000u; a += step) {
        for (u32 b = kOneBits; b < kOneBits + 0x800000u; b += step) {
            entries.push_back(static_cast<std::uint16_t>(fp_mul(spec, a, b) >> 16));
        }
    }
    entries.push_back(0);  // lookups read 32 bits
    return entries;
}

MultiplierSpec attach_table(MultiplierSpec spec) {
    static std::mutex mutex;
    static std::list<Tabulated> tables;
    const std::lock_guard guard(mutex);
    auto it = std::find_if(tables.begin(), tables.end(), [&](const Tabulated& t) { return t.spec == spec; });
    if (it == tables.end()) {
        tables.push_back({spec, LookupTable(tabulate(spec)), {}, {}});
        it = std::prev(tables.end());
        if (finishes_products(spec)) {
            it->finished = finished_products(spec);
        }
        if (spec.model != nullptr) {
            it->view = *spec.model;
        }
    }
    it->table.attach(it->view, spec.model_use);
    it->view.finished = it->finished.data();
    spec.tabulated = true;
    spec.model = &it->view;
    return spec;
}

/// Seconds for products of random normalised operands, the least of several runs.
double measure(const MultiplierSpec& spec) {
    constexpr std::size_t kCount = 4096;
    std::vector<u32> a(kCount), b(kCount), out(kCount);
    const u32 shift = 23 - spec.format.fraction_bits;
    for (std::size_t i = 0; i < kCount; ++i) {
        const PhiloxBlock block = philox_block(0, 0, i);
        a[i] = 0x3f800000u | ((block.word[0] & 0x7fffffu) >> shift << shift);
        b[i] = 0x3f800000u | ((block.word[1] & 0x7fffffu) >> shift << shift);
    }
    double least = 1e9;
    for (int run = 0; run < 7; ++run) {
        const auto start = std::chrono::steady_clock::now();
        cpu_kernels().general.mul(spec, a.data(), b.data(), out.data(), kCount);
        least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return least;
}

}  // namespace

ProductTable tabulate(const MultiplierSpec& spec) {
    const u32 m = spec.format.fraction_bits;
    if (m > kMaxTableFraction) {
        throw SpecError(fmt::format("{} cannot be tabulated: tables are for formats of at most {} fraction bits",
                                    to_string(spec), kMaxTableFraction));
    }
    if (is_model(spec, ModelKind::operation)) {
        throw SpecError(fmt::format("{} cannot be tabulated: it is a whole operation, not a product of significands",
                                    to_string(spec)));
    }
    ProductTable table;
    table.bits = m;
    table.by_fraction = true;
    table.whole_product = is_logarithmic(spec.unit) || spec.model_use.whole_product;
    table.unit = to_string(spec);
    const u32 hidden = 1u << m;
    for (u32 x = 0; x < hidden; ++x) {
        for (u32 y = 0; y < hidden; ++y) {
            table.entries.push_back(static_cast<u32>(significand_product(spec, hidden | x, hidden | y)));
        }
    }
    return table;
}

MultiplierSpec with_table(const MultiplierSpec& spec, TablePolicy policy) {
    const bool is_table = is_model(spec, ModelKind::table);
    if (spec.unit == MultiplierId::exact || (is_table ? !finishes_products(spec) : policy == TablePolicy::off)) {
        return spec;
    }
    if (policy == TablePolicy::on || is_table) {
        return attach_table(spec);
    }
    if (!is_model(spec, ModelKind::circuit) || spec.format.fraction_bits > kMaxTableFraction) {
        return spec;
    }
    const MultiplierSpec tabulated = attach_table(spec);
    return finishes_products(spec) || measure(tabulated) < measure(spec) ? tabulated : spec;
}

}  // namespace axfire
