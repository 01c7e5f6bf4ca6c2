// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/regression.h"

#include <algorithm>

namespace axfire {

Patches::Patches(const Node& projection, const Shape& in, const Shape& out, std::size_t places)
    : conv_(std::get_if<nodes::Conv2d>(&projection.kind)), in_(in), out_(out) {
    if (conv_ == nullptr) {
        columns_ = element_count(in) + 1;
        places_ = {0};
        return;
    }
    const Shape& w = conv_->weight.shape;
    columns_ = w[1] * w[2] * w[3] + 1;
    const std::size_t plane = out[1] * out[2];
    // Steps of an odd number wander over rows and columns alike.
    const std::size_t step = std::max<std::size_t>(1, plane / places) | 1;
    for (std::size_t p = 0; p < plane; p += step) {
        places_.push_back(p);
    }
}

Eigen::MatrixXf Patches::of(const std::vector<float>& input) const {
    Eigen::MatrixXf rows =
        Eigen::MatrixXf::Zero(static_cast<Eigen::Index>(places_.size()), static_cast<Eigen::Index>(columns_));
    rows.col(static_cast<Eigen::Index>(columns_) - 1).setOnes();
    if (conv_ == nullptr) {
        rows.row(0).head(static_cast<Eigen::Index>(input.size())) =
            Eigen::Map<const Eigen::RowVectorXf>(input.data(), static_cast<Eigen::Index>(input.size()));
        return rows;
    }
    const Shape& w = conv_->weight.shape;
    const std::size_t height = in_[in_.size() - 2];
    const std::size_t width = in_[in_.size() - 1];
    for (std::size_t r = 0; r < places_.size(); ++r) {
        const std::size_t y = places_[r] / out_[2] * conv_->stride[0];
        const std::size_t x = places_[r] % out_[2] * conv_->stride[1];
        Eigen::Index column = 0;
        for (std::size_t c = 0; c < w[1]; ++c) {
            for (std::size_t ky = 0; ky < w[2]; ++ky) {
                for (std::size_t kx = 0; kx < w[3]; ++kx, ++column) {
                    const std::size_t iy = y + ky * conv_->dilation[0] - conv_->pad_begin[0];  // wraps above the image
                    const std::size_t ix = x + kx * conv_->dilation[1] - conv_->pad_begin[1];
                    if (iy < height && ix < width) {
                        rows(static_cast<Eigen::Index>(r), column) = input[(c * height + iy) * width + ix];
                    }
                }
            }
        }
    }
    return rows;
}

Ridge::Ridge(std::size_t columns)
    : gram_(Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(columns), static_cast<Eigen::Index>(columns))) {
    // Else the machine's own, to which Eigen cuts its sums.
    Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
}

void Ridge::add(const Eigen::MatrixXf& rows) {
    gram_ += (rows.transpose() * rows).cast<double>();
    rows_ += static_cast<std::size_t>(rows.rows());
}

Eigen::MatrixXd Ridge::solve(const Eigen::MatrixXd& moment, double strength) const {
    const double n = static_cast<double>(rows_);
    const Eigen::Index last = gram_.rows() - 1;
    Eigen::MatrixXd matrix = gram_ / n;
    const double held = strength * matrix.diagonal().head(last).mean() + 1e-12;
    matrix.diagonal().head(last).array() += held;
    matrix(last, last) += 1e-9;
    return matrix.ldlt().solve(moment / n);
}

void add_to_weights(Node& projection, const Eigen::MatrixXd& delta) {
    auto* conv = std::get_if<nodes::Conv2d>(&projection.kind);
    auto* linear = std::get_if<nodes::Linear>(&projection.kind);
    Tensor& weight = conv != nullptr ? conv->weight : linear->weight;
    Tensor& bias = conv != nullptr ? conv->bias : linear->bias;
    const std::size_t outputs = weight.shape[0];
    const std::size_t each = weight.data.size() / outputs;
    if (bias.empty()) {
        bias = {{outputs}, std::vector<float>(outputs)};
    }
    for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t k = 0; k <= each; ++k) {
            float& value = k < each ? weight.data[o * each + k] : bias.data[o];
            value = static_cast<float>(value + delta(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(o)));
        }
    }
}

}  // namespace axfire
