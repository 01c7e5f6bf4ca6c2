// SPDX-License-Identifier: Apache-2.0
// Corrections of a projection's weights by ridge regression.
#pragma once

// The order of Eigen's sums would follow the processor's vectors and the number of threads.
#define EIGEN_DONT_VECTORIZE
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Dense>

#include "engine/network/network.h"

namespace axfire {

/// The rows of a linear map: for a convolution the patches of its input at some output places, for a linear node the
/// whole input. The last column is 1, for the bias.
class Patches {
public:
    /// `places`: of a convolution's outputs, at most so many are taken of each sample, evenly spread.
    Patches(const Node& projection, const Shape& in, const Shape& out, std::size_t places);

    std::size_t columns() const { return columns_; }
    std::size_t rows() const { return places_.size(); }
    /// Index among a channel's outputs of row r.
    std::size_t place(std::size_t r) const { return places_[r]; }
    /// The rows [rows][columns] for one sample.
    Eigen::MatrixXf of(const std::vector<float>& input) const;

private:
    const nodes::Conv2d* conv_;
    Shape in_, out_;
    std::size_t columns_;
    std::vector<std::size_t> places_;
};

/// Normal equations, summed over samples.
class Ridge {
public:
    explicit Ridge(std::size_t columns);
    void add(const Eigen::MatrixXf& rows);
    /// delta [columns][outputs] that least squares |rows delta - residual|^2 / n + strength mean(diag) |delta|^2 gives,
    /// the last column not held back; `moment` is the sum of rows^T residual over the same rows.
    Eigen::MatrixXd solve(const Eigen::MatrixXd& moment, double strength) const;

private:
    Eigen::MatrixXd gram_;
    std::size_t rows_ = 0;
};

/// Adds delta [columns][outputs] to weight and bias of a convolution of one group, or of a linear node.
void add_to_weights(Node& projection, const Eigen::MatrixXd& delta);

}  // namespace axfire
