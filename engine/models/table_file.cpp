// SPDX-License-Identifier: Apache-2.0
#include "engine/models/table_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/atomic_file.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/probe.h"
#include "engine/version.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kMaxBits = 12;

bool is_npy(const fs::path& file) {
    return file.extension() == ".npy";
}

/// Entries and extents as a file gives them.
struct Raw {
    std::vector<std::int64_t> values;
    std::vector<std::size_t> dims;
};

/// The value of a key in the header of an .npy file, a Python dictionary that NumPy writes in one way.
std::string header_value(const std::string& header, const std::string& key) {
    const std::size_t at = header.find("'" + key + "':");
    if (at == std::string::npos) {
        return "";
    }
    const std::size_t begin = header.find_first_not_of(' ', at + key.size() + 3);
    if (begin == std::string::npos) {
        return "";
    }
    const char last = header[begin] == '(' ? ')' : header[begin] == '\'' ? '\'' : ',';
    const std::size_t end = header.find(last, begin + 1);
    return header.substr(begin, end == std::string::npos ? end : end - begin + (last == ',' ? 0 : 1));
}

std::vector<std::size_t> parse_shape(const std::string& text) {
    std::vector<std::size_t> dims;
    std::size_t at = 0;
    while ((at = text.find_first_of("0123456789", at)) != std::string::npos) {
        const std::size_t end = text.find_first_not_of("0123456789", at);
        dims.push_back(end - at > 9 ? 0 : std::stoul(text.substr(at, end - at)));
        at = end;
    }
    return dims;
}

std::int64_t element(const char* p, char kind, std::size_t size) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < size; ++i) {
        bits |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    }
    const unsigned unused = static_cast<unsigned>(64 - 8 * size);
    return kind == 'i' ? static_cast<std::int64_t>(bits << unused) >> unused
                       : static_cast<std::int64_t>(bits > INT64_MAX ? INT64_MAX : bits);
}

/// NumPy's format, versions 1 to 3: magic, version, length of the header, header, data.
Raw read_npy(const fs::path& file) {
    const auto fail = [&](const std::string& what) { return InputError(fmt::format("{}: {}", file.string(), what)); };
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw fail("cannot be opened; is it there?");
    }
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(bytes[i])}; };
    if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0) {
        throw fail("is not an .npy file");
    }
    const bool old = bytes[6] == 1;
    const std::size_t start = old ? 10 : 12;
    const std::size_t length = old ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
    if (length > bytes.size() - start) {
        throw fail("is cut off in its header");
    }
    const std::string header = bytes.substr(start, length);
    const std::string type = header_value(header, "descr");
    const std::string choices = "a table holds unsigned or signed integers of 1 to 8 bytes, little-endian";
    if (type.size() != 5 || std::strchr("<|", type[1]) == nullptr || std::strchr("ui", type[2]) == nullptr ||
        std::strchr("1248", type[3]) == nullptr) {
        throw fail(fmt::format("has elements of type {}; {}", type.empty() ? "?" : type, choices));
    }
    const std::size_t size = static_cast<std::size_t>(type[3] - '0');
    Raw raw;
    raw.dims = parse_shape(header_value(header, "shape"));
    std::size_t count = 1;
    for (const std::size_t d : raw.dims) {
        count *= d == 0 || count > bytes.size() / d ? bytes.size() + 1 : d;
    }
    if (count > (bytes.size() - start - length) / size) {
        throw fail("is shorter than its shape says");
    }
    if (raw.dims.size() == 2 && header_value(header, "fortran_order") == "True") {
        throw fail("is in Fortran order; save numpy.ascontiguousarray of it");
    }
    for (std::size_t i = 0; i < count; ++i) {
        raw.values.push_back(element(bytes.data() + start + length + i * size, type[2], size));
    }
    return raw;
}

std::string optional_text(const Hdf5Reader& reader, const std::string& name) {
    return reader.has_attribute("/table", name) ? reader.text_attribute("/table", name) : "";
}

Raw read_hdf5(const fs::path& file, ProductTable& table) {
    const Hdf5Reader reader(file);
    if (!reader.has("/table")) {
        reader.fail("/table", "is missing: a table of products is an integer dataset of this name");
    }
    Hdf5Array<std::int64_t> array = reader.integers("/table");
    const std::string index = optional_text(reader, "index");
    if (!index.empty() && index != "significand" && index != "fraction") {
        reader.fail("/table", fmt::format("index is '{}'; it is significand or fraction", index));
    }
    table.by_fraction = index == "fraction";
    if (reader.has_attribute("/table", "whole_product")) {
        const auto values = reader.integer_attribute("/table", "whole_product");
        table.whole_product = values.size() == 1 && values[0] != 0;
    }
    table.unit = optional_text(reader, "unit");
    return {std::move(array.values), std::move(array.dims)};
}

ProductTable checked(const fs::path& file, Raw raw, ProductTable table) {
    const auto fail = [&](const std::string& what) { return InputError(fmt::format("{}: {}", file.string(), what)); };
    const std::size_t count = raw.values.size();
    const unsigned width = count == 0 ? 0 : static_cast<unsigned>(std::countr_zero(count));
    const bool square = raw.dims.size() == 1 || (raw.dims.size() == 2 && raw.dims[0] == raw.dims[1]);
    if (!square || count == 0 || std::popcount(count) != 1 || width % 2 != 0 || width == 0 || width > 2 * kMaxBits) {
        throw fail(fmt::format("has {} entries in {} dimensions; a table has 2^t rows of 2^t entries, t from 1 to {}",
                               count, raw.dims.size(), kMaxBits));
    }
    table.bits = width / 2;
    // Two fractions of t bits belong to significands of t+1.
    const unsigned product_bits = 2 * (table.bits + (table.by_fraction ? 1 : 0)) + (table.whole_product ? 1 : 0);
    table.entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (raw.values[i] < 0 || raw.values[i] >> product_bits != 0) {
            throw fail(fmt::format("entry [{}][{}] is {}; products of {} bits are 0 to {}", i >> table.bits,
                                   i & ((std::size_t{1} << table.bits) - 1), raw.values[i], product_bits,
                                   (std::int64_t{1} << product_bits) - 1));
        }
        table.entries.push_back(static_cast<std::uint32_t>(raw.values[i]));
    }
    return table;
}

ProductTable read_any(const fs::path& file) {
    ProductTable table;
    if (is_npy(file)) {
        return checked(file, read_npy(file), {});
    }
    Raw raw = read_hdf5(file, table);
    return checked(file, std::move(raw), std::move(table));
}

}  // namespace

LookupTable::LookupTable(const ProductTable& table) {
    const auto is_short = [](u32 entry) { return entry < 1u << 16; };
    if (std::all_of(table.entries.begin(), table.entries.end(), is_short)) {
        short_entries_.assign(table.entries.begin(), table.entries.end());
        short_entries_.push_back(0);
    } else {
        entries_ = table.entries;
    }
}

void LookupTable::attach(UnitModel& model, ModelUse& use) const {
    use.short_entries = !short_entries_.empty();
    model.table = entries_.data();
    model.short_table = short_entries_.data();
}

ProductTable read_table(const fs::path& file) {
    if (!is_npy(file)) {  // HDF5 may crash on a damaged file
        require_success(probe_in_child([&] { read_any(file); }, {}), file.string());
    }
    return read_any(file);
}

void write_table(const fs::path& file, const ProductTable& table, bool overwrite) {
    const std::size_t side = std::size_t{1} << table.bits;
    if (is_npy(file)) {
        std::string header = fmt::format("{{'descr': '<u4', 'fortran_order': False, 'shape': ({}, {}), }}", side, side);
        header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');  // the data begin at a multiple of 64
        header += '\n';
        std::string bytes = std::string("\x93NUMPY\x01\x00", 8);
        bytes += static_cast<char>(header.size() & 0xff);
        bytes += static_cast<char>(header.size() >> 8);
        bytes += header;
        bytes.append(reinterpret_cast<const char*>(table.entries.data()), table.entries.size() * 4);
        write_file_atomically(file, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), overwrite);
        return;
    }
    if (file.extension() != ".h5" && file.extension() != ".hdf5") {
        throw InputError(fmt::format("'{}': a table is written as .h5, .hdf5 or .npy", file.string()));
    }
    const Hdf5Handle memory = hdf5::create_memory_file();
    hdf5::write_dataset(memory, "/table", table.entries, {side, side}, 4);
    {
        const std::lock_guard<std::recursive_mutex> guard(hdf5_mutex());
        const Hdf5Handle dataset(H5Dopen2(memory, "/table", H5P_DEFAULT));
        hdf5::write_attribute(dataset, "index", table.by_fraction ? "fraction" : "significand");
        hdf5::write_attribute(dataset, "whole_product", static_cast<std::uint8_t>(table.whole_product));
        hdf5::write_attribute(dataset, "unit", table.unit);
        hdf5::write_attribute(dataset, "axfire", kVersion);
    }
    const std::vector<unsigned char> image = hdf5::file_image(memory);
    write_file_atomically(file, image.data(), image.size(), overwrite);
}

}  // namespace axfire
