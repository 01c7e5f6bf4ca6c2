// SPDX-License-Identifier: Apache-2.0
// The inputs of a projection, row by row, as the sums of its weights' gradients take them.
#pragma once

#include <algorithm>
#include <numeric>

#include "engine/train/gradients/product_slopes.h"

namespace axfire::train {

/// Rows of the source. Of a recurrent source those of the step before, and the slopes where they stand for the inputs:
/// then there is a copy.
class InputRows {
public:
    InputRows(const GradientContext& c, const ProductSlopes& slopes)
        : node_(c.node), from_(c.graph.sources[c.node][0]), slopes_(slopes) {
        if (from_.previous || !slopes_.none()) {
            copy_ = Rows(c.tape.rows(c.node), c.graph.size[from_.node]);
        }
    }
    void note(const Tape& tape, Place at) {
        if (copy_.empty()) {
            return;
        }
        u32* const to = copy_.row(tape.row(node_, at));
        if (from_.previous && at.step == 0) {
            std::fill_n(to, copy_.width, 0u);
            return;
        }
        const Place then{at.sample, at.step - from_.previous};
        std::copy_n(tape.out[from_.node].row(tape.row(from_.node, then)), copy_.width, to);
        if (!slopes_.none()) {
            slopes_.by_w(to, copy_.width);
        }
    }
    const Rows& rows(const Tape& tape) const { return copy_.empty() ? tape.out[from_.node] : copy_; }

private:
    std::size_t node_;
    Origin from_;
    const ProductSlopes& slopes_;
    Rows copy_;
};

/// `n` values as operands of the multiplier in force; `space` is used where they must be converted.
inline const u32* as_operands(const StageContext& context, const Buffer& values, std::size_t n, Buffer& space) {
    const MultiplierSpec& mul = context.arithmetic.synapse_mul;
    if (mul.format == kFp32) {
        return values.data();
    }
    space = Buffer(n);
    context.kernels.convert(mul.format, loading(mul.rounding), values.data(), space.data(), n);
    return space.data();
}

/// sums[o] = the sum of element o of each row, by ascending row: a layer in which every input spikes. `rows` and
/// `sums` are padded for the lanes.
inline void add_rows(const StageContext& context, const u32* rows, std::size_t count, std::size_t width, u32* sums) {
    const u32 stride = padded(static_cast<u32>(width));
    std::vector<u32> index(count);
    std::iota(index.begin(), index.end(), 0u);
    Buffer converted;
    const AdderSpec& add = context.arithmetic.synapse_add;
    if (add.format != kFp32) {
        converted = Buffer(count * stride);
        context.kernels.convert(add.format, loading(add.rounding), rows, converted.data(), count * stride);
        rows = converted.data();
    }
    LinearArgs a{};
    a.inputs = static_cast<u32>(count);
    a.outputs = static_cast<u32>(width);
    a.stride = stride;
    a.weight_add = rows;
    a.weight_mul = rows;
    a.events = {index.data(), nullptr, a.inputs};
    a.sums = sums;
    a.arithmetic = context.projection();
    a.arithmetic.multiply_spikes = false;
    context.projections().linear_events(a);
}

}  // namespace axfire::train
