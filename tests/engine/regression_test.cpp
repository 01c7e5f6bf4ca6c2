// SPDX-License-Identifier: Apache-2.0
// The corrections of `convert --method calibrate` are the same bits on every machine.
#include <bit>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "engine/convert/regression.h"

namespace axfire {

namespace {

/// Numbers from -1 to 1.
Eigen::MatrixXf random_matrix(std::mt19937& random, Eigen::Index rows, Eigen::Index columns) {
    Eigen::MatrixXf m(rows, columns);
    for (Eigen::Index j = 0; j < columns; ++j) {
        for (Eigen::Index i = 0; i < rows; ++i) {
            m(i, j) = static_cast<float>(static_cast<std::int32_t>(random())) * 0x1p-31f;
        }
    }
    return m;
}

}  // namespace

// The expected hash was found on x86-64 and on aarch64. The sizes are beyond what Eigen leaves to one thread, and what
// it leaves in one piece for the caches.
TEST(Regression, GivesTheSameBitsOnEveryMachine) {
    std::mt19937 random(1);
    Ridge ridge(301);
    Eigen::MatrixXd moment = Eigen::MatrixXd::Zero(301, 40);
    for (int sample = 0; sample < 2; ++sample) {
        const Eigen::MatrixXf rows = random_matrix(random, 900, 301);
        const Eigen::MatrixXf residual = random_matrix(random, 900, 40);
        ridge.add(rows);
        moment += (rows.transpose() * residual).cast<double>();
    }
    const Eigen::MatrixXd delta = ridge.solve(moment, 0.01);
    std::uint64_t hash = 0xcbf29ce484222325;
    for (Eigen::Index j = 0; j < delta.cols(); ++j) {
        for (Eigen::Index i = 0; i < delta.rows(); ++i) {
            hash = (hash ^ std::bit_cast<std::uint64_t>(delta(i, j))) * 0x100000001b3;
        }
    }
    EXPECT_EQ(hash, 0xfabbc8c60a249233u);
}

}  // namespace axfire
