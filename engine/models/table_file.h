// SPDX-License-Identifier: Apache-2.0
// Tables of products in files: HDF5 (.h5, .hdf5) and NumPy's .npy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "arith/model.h"

namespace axfire {

/// All products of two t-bit operands.
struct ProductTable {
    unsigned bits = 0;                   ///< t, 1..12
    std::vector<std::uint32_t> entries;  ///< [2^t][2^t]: operand A, operand B
    bool by_fraction = false;            ///< the operands are the M fraction bits of normalised significands
    bool whole_product = false;          ///< of a logarithmic unit: no bit below the last place is dropped
    std::string unit;                    ///< what it was made from; empty if unknown
};

/// A table as kernels read it: in 16 bits an entry where all fit.
class LookupTable {
public:
    explicit LookupTable(const ProductTable& table);
    /// Makes it the table of a model. The model must not outlive it.
    void attach(UnitModel& model, ModelUse& use) const;

private:
    std::vector<u32> entries_;
    std::vector<std::uint16_t> short_entries_;  ///< and one more
};

/// Reads a table. An HDF5 file holds one integer dataset `table`, 2-D and square or 1-D, with the attributes `index`
/// ("significand" or "fraction"), `whole_product` and `unit`, all optional; .npy holds the bare integers.
/// Throws InputError that names the file: damaged, not square, no power of two, too large, negative entries, an entry
/// of more bits than a product has.
ProductTable read_table(const std::filesystem::path& file);

/// Writes one, in the form that the file's ending names; complete or not at all. Throws InputError.
void write_table(const std::filesystem::path& file, const ProductTable& table, bool overwrite);

}  // namespace axfire
