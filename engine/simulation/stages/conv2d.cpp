// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/simulation/device/program.h"
#include "engine/simulation/stages/window.h"
#include "synapses/magnitudes.h"

namespace axfire {

namespace {

/// From this part of active inputs on a layer of events is convolved densely, by `axfire bench --growth`.
constexpr double kDenseFrom = 0.3;

class Conv2dStage : public Stage {
public:
    Conv2dStage(const nodes::Conv2d& node, const StageContext& c) : events_(c.in_events), spreads_(c.spreads_events()) {
        const auto u = [](std::size_t n) { return static_cast<u32>(n); };
        const Shape& w = node.weight.shape;
        Conv2dArgs& a = args_;
        a = {};
        a.channels_in = u(w[1] * node.groups);
        a.channels_out = u(c.out[0]);
        set_window(a, w[2], w[3], node, c);
        a.groups = u(node.groups);
        const u32 group_out = a.channels_out / a.groups;
        const u32 group_in = a.channels_in / a.groups;
        a.group_stride = padded(group_out);
        a.arithmetic = c.projection();

        // [group][C_in of the group][K_h][K_w][padded C_out of the group]
        const Buffer given = to_buffer(node.weight.data);
        const std::size_t window = static_cast<std::size_t>(a.kernel_h) * a.kernel_w;
        Buffer weight(static_cast<std::size_t>(a.channels_in) * window * a.group_stride);
        for (u32 o = 0; o < a.channels_out; ++o) {
            for (u32 i = 0; i < group_in; ++i) {
                for (std::size_t k = 0; k < window; ++k) {
                    const std::size_t channel = static_cast<std::size_t>(o / group_out) * group_in + i;
                    weight[(channel * window + k) * a.group_stride + o % group_out] =
                        given[(static_cast<std::size_t>(o) * group_in + i) * window + k];
                }
            }
        }
        const AdderSpec& add = a.arithmetic.add;
        const MultiplierSpec& mul = a.arithmetic.mul;
        weight = c.stored_weights(std::move(weight));
        weight_mul_ = c.operands(mul, weight);
        if (events_) {
            weight_add_ = c.operands(add, std::move(weight));
        }
        bias_only_ = Buffer(element_count(c.out), kAbsent);
        has_bias_ = std::any_of(node.bias.data.begin(), node.bias.data.end(), [](float b) { return b != 0; });
        if (has_bias_) {
            Buffer bias(static_cast<std::size_t>(a.groups) * a.group_stride);
            const Buffer values = to_buffer(node.bias.data);
            for (u32 o = 0; o < a.channels_out; ++o) {
                bias[static_cast<std::size_t>(o / group_out) * a.group_stride + o % group_out] = values[o];
            }
            bias_ = c.operands(add, std::move(bias));
            const Buffer only = c.sums_without_input(bias_);
            const u32 plane = a.height_out * a.width_out;
            for (u32 o = 0; o < a.channels_out; ++o) {
                const u32 b = only[static_cast<std::size_t>(o / group_out) * a.group_stride + o % group_out];
                std::fill_n(bias_only_.data() + static_cast<std::size_t>(o) * plane, plane, b);
            }
            a.bias = bias_.data();
        }
        // The lanes that hold an output, of all that are computed.
        const double by_channels = static_cast<double>(group_out) / padded(group_out);
        const double by_rows = static_cast<double>(a.width_out) / padded(a.width_out);
        a.lanes_along_rows = by_rows > by_channels;
        a.plane_h =
            std::max(a.pad_h + a.height_in, (a.height_out - 1) * a.stride_h + (a.kernel_h - 1) * a.dilation_h + 1);
        const u32 columns = padded(a.width_out) * a.stride_w + (a.kernel_w - 1) * a.dilation_w;
        a.plane_w = (std::max(a.pad_w + a.width_in, columns) + a.stride_w - 1) / a.stride_w * a.stride_w;
        for (u32 x = 0; x < a.plane_w; ++x) {
            place_.push_back(x % a.stride_w * (a.plane_w / a.stride_w) + x / a.stride_w);
        }
        a.place = place_.data();
        const u32 place = a.groups * a.group_stride;
        rows_ = rows_of(a, a.kernel_w * a.group_stride, a.width_out * place);
        columns_ = columns_of(a, a.group_stride, place);
        a.weight_add = weight_add_.data();
        a.weight_mul = weight_mul_.data();
        a.bias_only = bias_only_.data();
        a.rows = rows_.view();
        a.columns = columns_.view();
        a.weights = magnitudes<u32>(weight_mul_.data(), static_cast<u32>(weight_mul_.size()));
        events_kernel_ = c.projections().conv2d_events;
        dense_kernel_ = c.projections().conv2d_dense;
        const u64 inputs_at_least = static_cast<u64>(kDenseFrom * static_cast<double>(inputs()));
        const bool same_densely =
            add == AdderSpec{} && mul == MultiplierSpec{} && a.groups == 1 && a.weights.greatest < kInfinityBits;
        dense_from_ = same_densely ? inputs_at_least : ~u64{0};
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            const std::size_t places = static_cast<std::size_t>(args_.height_out) * args_.width_out * args_.groups;
            s.sums = Buffer(bias_only_.size(), kAbsent);
            s.scratch.resize(1 + s.threads);
            if (events_) {
                s.scratch[0] = Buffer(places * args_.group_stride);
                s.touched.assign(places * args_.group_stride / kPad, 0);
            } else {
                s.scratch[0] = Buffer(inputs());
            }
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        if (events_ && sources[0].signal->index.empty()) {
            s.out.values = has_bias_ ? bias_only_.data() : nullptr;
            return;
        }
        s.out.values = s.sums.data();
        Conv2dArgs a = args_;
        a.arithmetic.site = s.site;
        a.sums = s.sums.data();
        if (!events_) {
            a.values = sources[0].signal->values != nullptr ? sources[0].signal->values : s.scratch[0].data();
            convolve(a, s);
        } else {
            a.events = sources[0].signal->events();
            const bool densely = a.events.count >= dense_from_;
            if (spreads_ || densely) {
                a.values = spread(sources[0], inputs(), s.input);
            }
            if (densely) {
                convolve(a, s);
                leave_unreached(a, s);
            } else {
                a.accumulator = s.scratch[0].data();
                a.touched = s.touched.data();
                events_kernel_(a);
            }
        }
        s.counts.synaptic_operations += a.operations;
        s.counts.multiplications += a.products;
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        device::ConvolutionArgs c{args_, p.counters()};
        Conv2dArgs& a = c.conv;
        a.weight_add = p.constant(weight_add_);
        a.weight_mul = p.constant(weight_mul_);
        a.bias = p.constant(bias_);
        a.bias_only = p.constant(bias_only_);
        a.values = sources[0].values;
        a.sums = out;
        a.arithmetic = p.units(args_.arithmetic);
        a.rows = a.columns = {};
        const AdderSpec& add = args_.arithmetic.add;
        const MultiplierSpec& mul = args_.arithmetic.mul;
        const std::size_t places = static_cast<std::size_t>(a.height_out) * a.width_out;
        if (events_) {
            const std::size_t group_out = a.channels_out / a.groups;
            const std::size_t together = group_out < 4 ? 1 : 4;
            p.launch(together == 1 ? "ConvolveEvents<1, Add, Mul>" : "ConvolveEvents<4, Add, Mul>", add, mul, c,
                     places * a.groups * ((group_out + together - 1) / together));
            return;
        }
        a.place = p.constant(place_);
        a.plane = p.array(static_cast<std::size_t>(a.channels_in) * a.plane_h * a.plane_w + kPad, 0);
        p.launch("BringImage<Add, Mul>", add, mul, c, inputs());
        constexpr std::size_t kPlaces = 4;
        p.launch("ConvolveImage<4, Add, Mul>", add, mul, c, (places + kPlaces - 1) / kPlaces * a.channels_out);
        const u64 taps = static_cast<u64>(a.channels_in / a.groups) * a.kernel_h * a.kernel_w;
        const u64 operations = taps * a.channels_out * places;
        p.count({.synaptic_operations = operations, .multiplications = operations});
    }

private:
    u32* plane_of(StageState& s, std::size_t thread) const {
        Buffer& plane = s.scratch[1 + thread];
        if (plane.empty()) {
            plane = Buffer(static_cast<std::size_t>(args_.channels_in) * args_.plane_h * args_.plane_w + kPad);
        }
        return plane.data();
    }

    /// By all threads of the stage, each of which makes some rows.
    void convolve(Conv2dArgs& a, StageState& s) const {
        if (s.threads == 1) {
            a.plane = plane_of(s, 0);
            dense_kernel_(a);
            return;
        }
        const u64 operations = static_cast<u64>(weight_mul_.size()) * a.height_out * a.width_out;
        const std::vector<Tile> parts = tiles(s.threads, a.height_out, 1, operations);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            plane_of(s, i);  // here, since no exception may leave the threads
        }
        u64 done = 0;
        u64 products = 0;
#pragma omp parallel for num_threads(static_cast <int>(parts.size())) reduction(+ : done, products)
        for (std::size_t i = 0; i < parts.size(); ++i) {
            Conv2dArgs part = a;
            part.plane = plane_of(s, i);
            part.first_row = parts[i].first;
            part.last_row = parts[i].last;
            dense_kernel_(part);
            done += part.operations;
            products += part.products;
        }
        a.operations = done;
        a.products = products;
    }

    /// After a dense convolution of events, in which silent inputs counted as +0: under exact@fp32 that changes no sum.
    /// Counts what the events alone would have done, and mends the sums that none of them reaches.
    void leave_unreached(Conv2dArgs& a, StageState& s) const {
        const u32 plane_in = a.height_in * a.width_in;
        const u32 plane = a.height_out * a.width_out;
        s.events_at.assign(2 * static_cast<std::size_t>(plane_in), 0);  // events, then those with a product
        u32* const events = s.events_at.data();
        u32* const graded = events + plane_in;
        u32 first = 0;
        for (u32 e = 0; e < a.events.count; ++e) {
            while (a.events.index[e] - first >= plane_in) {
                first += plane_in;
            }
            const u32 at = a.events.index[e] - first;
            ++events[at];
            graded[at] +=
                a.arithmetic.multiply_spikes || (a.events.amplitude != nullptr && a.events.amplitude[e] != kOneBits);
        }
        a.operations = 0;
        a.products = 0;
        for (u32 y = 0; y < a.height_in; ++y) {
            for (u32 x = 0; x < a.width_in; ++x) {
                const u32 at = y * a.width_in + x;
                if (events[at] == 0) {
                    continue;
                }
                const u32 row = a.rows.begin[y], last_row = a.rows.begin[y + 1];
                const u32 column = a.columns.begin[x], last_column = a.columns.begin[x + 1];
                const u64 reached = static_cast<u64>(last_row - row) * (last_column - column) * a.channels_out;
                a.operations += events[at] * reached;
                a.products += graded[at] * reached;
                for (u32 r = row; r < last_row; ++r) {
                    for (u32 c = column; c < last_column; ++c) {
                        s.touched[a.rows.taps[r].o * a.width_out + a.columns.taps[c].o] = 1;
                    }
                }
            }
        }
        for (u32 pixel = 0; pixel < plane; ++pixel) {
            for (u32 o = 0; s.touched[pixel] == 0 && o < a.channels_out; ++o) {
                a.sums[static_cast<u64>(o) * plane + pixel] = bias_only_[static_cast<std::size_t>(o) * plane + pixel];
            }
            s.touched[pixel] = 0;
        }
    }

    std::size_t inputs() const {
        return static_cast<std::size_t>(args_.channels_in) * args_.height_in * args_.width_in;
    }

    bool events_;
    bool spreads_;
    bool has_bias_ = false;
    u64 dense_from_;  ///< events of a step
    Buffer weight_add_, weight_mul_, bias_, bias_only_;
    std::vector<u32> place_;
    Taps rows_, columns_;
    Conv2dArgs args_;
    void (*events_kernel_)(Conv2dArgs&);
    void (*dense_kernel_)(Conv2dArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Conv2d& node, const StageContext& context) {
    return std::make_unique<Conv2dStage>(node, context);
}

}  // namespace axfire
