// SPDX-License-Identifier: Apache-2.0
// Operators that only move elements, or give them other extents.
#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "engine/formats/onnx/importer.h"

namespace axfire::onnx_import {

namespace {

/// The first input with its elements moved.
Outputs move(const Call& call, const IndexMap& map, double fill = 0) {
    if (call.is_constant(0)) {
        return {apply(map, call.constant(0), fill)};
    }
    if (map.dims.empty() || map.dims[0] != 1) {
        call.fail(fmt::format("gives the shape {} from {}; axis 0 is the batch and must stay as it is",
                              to_string(map.dims), to_string(call.signal(0).dims)));
    }
    return {call.importer.move(call.name, call.signal(0), map, fill)};
}

/// The first input under other extents.
Outputs relabel(const Call& call, const Dims& dims) {
    const Dims& in = dims_of(call.input(0));
    if (count(dims) != count(in)) {
        call.fail(fmt::format("gives the shape {} to the elements of {}", to_string(dims), to_string(in)));
    }
    if (call.is_constant(0)) {
        Constant c = call.constant(0);
        c.dims = dims;
        return {std::move(c)};
    }
    if (dims.empty() || dims[0] != 1) {
        call.fail(fmt::format("gives the shape {}; axis 0 is the batch and must stay as it is", to_string(dims)));
    }
    return {call.importer.reshape(call.name, call.signal(0), dims)};
}

/// The batch of a signal is not one of the axes that an operator works on.
void keep_batch(const Call& call, std::size_t axis) {
    if (!call.is_constant(0) && axis == 0) {
        call.fail("works on axis 0, the batch, which would mix samples");
    }
}

Outputs reshape(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    const bool keep_zero = call.integer("allowzero").value_or(0) != 0;
    Dims dims = call.required_integers(1);
    std::ptrdiff_t open = -1;
    std::size_t known = 1;
    for (std::size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] == -1 && open < 0) {
            open = static_cast<std::ptrdiff_t>(i);
            continue;
        }
        if (dims[i] == 0 && !keep_zero) {
            if (i >= in.size()) {
                call.fail(fmt::format("keeps the extent of axis {}, which {} does not have", i, to_string(in)));
            }
            dims[i] = in[i];
        }
        // A model exported for a fixed batch has it among the extents.
        if (i == 0 && !call.is_constant(0) && dims[0] > 1 && dims[0] == call.importer.batch) {
            dims[0] = 1;
        }
        if (dims[i] < 0 || __builtin_mul_overflow(known, static_cast<std::size_t>(dims[i]), &known)) {
            call.fail(fmt::format("its shape is {}", to_string(dims)));
        }
    }
    if (open >= 0) {
        const std::size_t n = count(in);
        if (known == 0 || n % known != 0) {
            call.fail(fmt::format("its shape {} does not fit the elements of {}", to_string(dims), to_string(in)));
        }
        dims[static_cast<std::size_t>(open)] = static_cast<std::int64_t>(n / known);
    }
    return relabel(call, dims);
}

Outputs flatten(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    const std::int64_t given = call.integer("axis").value_or(1);
    const std::size_t axis = given == static_cast<std::int64_t>(in.size()) ? in.size() : call.axis(given, in.size());
    Dims dims{1, 1};
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (__builtin_mul_overflow(dims[i < axis ? 0 : 1], in[i], &dims[i < axis ? 0 : 1])) {
            call.fail(fmt::format("its input {} is too large", to_string(in)));
        }
    }
    return relabel(call, dims);
}

/// Axes from an attribute before opset 13, from the second input from then on.
std::optional<std::vector<std::int64_t>> axes(const Call& call) {
    const auto attribute = call.integers("axes");
    return attribute ? attribute : call.integers_input(1);
}

Outputs squeeze(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    std::set<std::size_t> gone;
    if (const auto given = axes(call)) {
        for (const std::int64_t a : *given) {
            gone.insert(call.axis(a, in.size()));
        }
    } else {
        for (std::size_t a = call.is_constant(0) ? 0 : 1; a < in.size(); ++a) {
            if (in[a] == 1) {
                gone.insert(a);
            }
        }
    }
    Dims dims;
    for (std::size_t a = 0; a < in.size(); ++a) {
        if (!gone.contains(a)) {
            dims.push_back(in[a]);
        } else {
            keep_batch(call, a);
            if (in[a] != 1) {
                call.fail(fmt::format("removes axis {} of {}, which is not 1", a, to_string(in)));
            }
        }
    }
    return relabel(call, dims);
}

Outputs unsqueeze(const Call& call) {
    Dims dims = dims_of(call.input(0));
    const auto given = axes(call);
    if (!given) {
        call.fail("needs axes");
    }
    std::set<std::size_t> added;
    for (const std::int64_t a : *given) {
        added.insert(call.axis(a, dims.size() + given->size()));
    }
    for (const std::size_t a : added) {  // ascending
        keep_batch(call, a);
        dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(a), 1);
    }
    return relabel(call, dims);
}

Outputs transpose_op(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    std::vector<std::int64_t> perm(in.size());
    std::iota(perm.rbegin(), perm.rend(), 0);
    perm = call.integers("perm").value_or(perm);
    std::vector<std::int64_t> sorted = perm;
    std::sort(sorted.begin(), sorted.end());
    bool valid = sorted.size() == in.size();
    for (std::size_t i = 0; valid && i < sorted.size(); ++i) {
        valid = sorted[i] == static_cast<std::int64_t>(i);
    }
    if (!valid) {
        call.fail(fmt::format("its perm {} does not fit its input {}", to_string(perm), to_string(in)));
    }
    if (!perm.empty() && perm[0] != 0) {
        keep_batch(call, 0);
    }
    return move(call, transpose(in, perm));
}

Outputs gather_op(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    const std::size_t axis = call.axis(call.integer("axis").value_or(0), in.size());
    keep_batch(call, axis);
    if (!call.integers_input(1)) {
        call.fail("needs indices");
    }
    return move(call, gather(in, axis, call.constant(1)));
}

Outputs expand_op(const Call& call) {
    const Dims target = call.required_integers(1);
    count(target, kMaxConstant);
    return move(call, expand(dims_of(call.input(0)), target));
}

Outputs slice(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    const bool by_attribute = call.opset < 10;
    const auto part = [&](const char* attribute, std::size_t input) {
        return by_attribute ? call.integers(attribute) : call.integers_input(input);
    };
    const auto starts = part("starts", 1);
    const auto ends = part("ends", 2);
    if (!starts || !ends || starts->size() != ends->size()) {
        call.fail("needs as many ends as starts");
    }
    std::vector<std::int64_t> all(starts->size());
    std::iota(all.begin(), all.end(), 0);
    const auto which = part("axes", 3).value_or(all);
    const auto steps = part("steps", 4).value_or(std::vector<std::int64_t>(starts->size(), 1));
    if (which.size() != starts->size() || steps.size() != starts->size()) {
        call.fail("needs as many axes and steps as starts");
    }
    Dims start(in.size(), 0);
    Dims step(in.size(), 1);
    Dims dims = in;
    for (std::size_t i = 0; i < which.size(); ++i) {
        const std::size_t a = call.axis(which[i], in.size());
        const std::int64_t n = in[a];
        const std::int64_t by = steps[i];
        if (by == 0 || by == std::numeric_limits<std::int64_t>::min()) {
            call.fail(fmt::format("its step is {}", by));
        }
        const auto place = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
            return std::clamp(at < 0 ? std::max(at, -n - 1) + n : at, low, high);
        };
        const std::int64_t first = by > 0 ? place((*starts)[i], 0, n) : place((*starts)[i], -1, n - 1);
        const std::int64_t last = by > 0 ? place((*ends)[i], 0, n) : place((*ends)[i], -1, n - 1);
        const std::int64_t room = by > 0 ? last - first : first - last;
        start[a] = first;
        step[a] = by;
        dims[a] = room > 0 ? (room - 1) / (by > 0 ? by : -by) + 1 : 0;
        if (dims[a] == 0 && !call.is_constant(0)) {
            call.fail(fmt::format("takes nothing of axis {} of {}", a, to_string(in)));
        }
    }
    return move(call, window(in, start, step, dims));
}

Outputs split(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    const std::size_t axis = call.axis(call.integer("axis").value_or(0), in.size());
    keep_batch(call, axis);
    const auto given = call.opset < 13 ? call.integers("split") : call.integers_input(1);
    const auto parts = static_cast<std::int64_t>(call.output_count());
    const std::int64_t each = (in[axis] + parts - 1) / std::max<std::int64_t>(parts, 1);
    Outputs outputs;
    Dims start(in.size(), 0);
    for (std::int64_t p = 0; p < parts; ++p) {
        Dims dims = in;
        dims[axis] = given ? (static_cast<std::size_t>(p) < given->size() ? (*given)[static_cast<std::size_t>(p)] : 0)
                           : std::min(each, in[axis] - start[axis]);
        if (dims[axis] < 1 || dims[axis] > in[axis] - start[axis]) {
            call.fail(fmt::format("does not split axis {} of {} into {} parts that fit", axis, to_string(in), parts));
        }
        outputs.push_back(move(call, window(in, start, Dims(in.size(), 1), dims)).front());
        start[axis] += dims[axis];
    }
    if (start[axis] != in[axis]) {
        call.fail(fmt::format("splits {} of the {} elements of axis {}", start[axis], in[axis], axis));
    }
    return outputs;
}

Outputs pad(const Call& call) {
    const Dims& in = dims_of(call.input(0));
    if (const std::string mode = call.text("mode", "constant"); mode != "constant") {
        call.fail(fmt::format("its mode '{}' is not supported; only constant is", mode));
    }
    const auto given = call.opset < 11 ? call.integers("pads") : call.integers_input(1);
    double fill = 0;
    if (call.opset < 11) {
        fill = call.real("value").value_or(0);
    } else if (call.has(2) && call.constant(2).size() != 0) {
        fill = call.constant(2).at(0);
    }
    std::vector<std::int64_t> which(in.size());
    std::iota(which.begin(), which.end(), 0);
    which = call.integers_input(3).value_or(which);
    if (!given || given->size() != 2 * which.size()) {
        call.fail(fmt::format("needs two pads for each of the {} axes", which.size()));
    }
    Dims start(in.size(), 0);
    Dims dims = in;
    for (std::size_t i = 0; i < which.size(); ++i) {
        const std::size_t a = call.axis(which[i], in.size());
        const std::int64_t begin = (*given)[i];
        const std::int64_t end = (*given)[i + which.size()];
        constexpr std::int64_t limit = std::int64_t{1} << 32;
        if (begin < -limit || begin > limit || end < -limit || end > limit || in[a] + begin + end < 0) {
            call.fail(fmt::format("its pads {} and {} do not fit axis {} of {}", begin, end, a, to_string(in)));
        }
        start[a] = -begin;
        dims[a] = in[a] + begin + end;
    }
    return move(call, window(in, start, Dims(in.size(), 1), dims), fill);
}

Outputs concat(const Call& call) {
    std::vector<Dims> parts;
    bool constants = true;
    for (std::size_t i = 0; i < call.input_count(); ++i) {
        parts.push_back(dims_of(call.input(i)));
        constants = constants && call.is_constant(i);
    }
    if (parts.empty()) {
        call.fail("has no inputs");
    }
    Dims dims = parts[0];
    const std::size_t axis = call.axis(call.integer("axis").value_or(1), dims.size());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        Dims expected = parts[0];
        expected[axis] = parts[i].size() == expected.size() ? parts[i][axis] : -1;
        if (parts[i] != expected) {
            call.fail(fmt::format("joins {} and {} along axis {}", to_string(parts[0]), to_string(parts[i]), axis));
        }
        dims[axis] += parts[i][axis];
    }
    if (constants) {
        Constant out;
        out.dims = dims;
        out.integer = call.constant(0).integer;
        const std::size_t outer = count(Dims(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis)));
        count(dims, kMaxConstant);
        for (std::size_t row = 0; row < outer; ++row) {
            for (std::size_t i = 0; i < parts.size(); ++i) {
                const Constant& part = call.constant(i);
                const std::size_t block = outer == 0 ? 0 : part.size() / outer;
                for (std::size_t k = row * block; k < (row + 1) * block; ++k) {
                    if (part.integer != out.integer) {
                        call.fail("joins integers and floating-point numbers");
                    }
                    out.integer ? out.integers.push_back(part.integers[k]) : out.reals.push_back(part.reals[k]);
                }
            }
        }
        return {std::move(out)};
    }
    if (axis == 0) {
        call.fail("works on axis 0, the batch, which would mix samples");
    }
    nodes::Concat node{static_cast<int>(axis) - 1, {}};
    std::vector<std::size_t> sources;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t source = call.signal(i).node;  // a constant among signals: not supported, and it says so
        node.inputs.push_back(call.importer.name_of(call.signal(i)));
        if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
            sources.push_back(source);
        }
    }
    return {Signal{call.importer.add(call.name, std::move(node), sources), dims}};
}

constexpr Operator kOperators[] = {
    {"Reshape", reshape},
    {"Flatten", flatten},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Transpose", transpose_op},
    {"Gather", gather_op},
    {"Expand", expand_op},
    {"Slice", slice},
    {"Split", split},
    {"Pad", pad},
    {"Concat", concat},
};

}  // namespace

std::span<const Operator> move_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
