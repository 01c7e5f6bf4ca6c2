// SPDX-License-Identifier: Apache-2.0
#include "datasets/normalised.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "arith/error.h"
#include "datasets/shapes.h"

namespace axfire {

namespace {

using datasets::Shape;

class Normalised final : public Dataset {
public:
    Normalised(std::unique_ptr<Dataset> data, std::vector<double> mean, std::vector<double> deviation)
        : data_(std::move(data)), mean_(std::move(mean)), deviation_(std::move(deviation)) {
        const Shape& shape = data_->shape();
        for (std::size_t axis = 1; axis < shape.size(); ++axis) {
            channel_values_ *= shape[axis];
        }
    }

    std::size_t size() const override { return data_->size(); }
    const Shape& shape() const override { return data_->shape(); }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double dt_ms) const override { return data_->default_steps(dt_ms); }
    Sample load(std::size_t i) const override {
        Sample sample = data_->load(i);
        std::size_t channel = 0;  // counts on through the frames: a frame has a whole number of them
        for (std::size_t begin = 0; begin < sample.values.size(); begin += channel_values_, ++channel) {
            const double mean = mean_[channel % mean_.size()];
            const double deviation = deviation_[channel % deviation_.size()];
            for (std::size_t k = begin; k < begin + channel_values_; ++k) {
                sample.values[k] = static_cast<float>((double{sample.values[k]} - mean) / deviation);
            }
        }
        return sample;
    }

private:
    std::unique_ptr<Dataset> data_;
    std::vector<double> mean_;
    std::vector<double> deviation_;
    std::size_t channel_values_ = 1;
};

void check_count(const char* name, const std::vector<double>& numbers, const Shape& shape) {
    const std::size_t channels = shape.empty() ? 1 : shape[0];
    if (numbers.size() != 1 && numbers.size() != channels) {
        throw InputError(fmt::format(
            "{} numbers as {}, but the samples have shape {}: give one number, or one for each of the {} channels",
            numbers.size(), name, datasets::shape_text(shape), channels));
    }
}

}  // namespace

std::unique_ptr<Dataset> normalised(std::unique_ptr<Dataset> data, const std::vector<double>& mean,
                                    const std::vector<double>& deviation) {
    if (data->has_events()) {
        throw InputError("mean and std do not fit data of events, which have no values; leave them out");
    }
    check_count("mean", mean, data->shape());
    check_count("std", deviation, data->shape());
    for (const double number : mean) {
        if (!std::isfinite(number)) {
            throw InputError(fmt::format("mean {} is not a finite number", number));
        }
    }
    for (const double number : deviation) {
        if (!(number > 0) || !std::isfinite(number)) {
            throw InputError(fmt::format("std {} is out of range; it is a finite number above 0", number));
        }
    }
    return std::make_unique<Normalised>(std::move(data), mean, deviation);
}

}  // namespace axfire
