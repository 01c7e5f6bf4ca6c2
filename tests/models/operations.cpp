// SPDX-License-Identifier: Apache-2.0
// Whole floating-point operations and integer functions in C++, as users write them.
#include <cstdint>
#include <cstring>

#include "shared.h"

float add_native(float a, float b) {
    return a + b;
}
float mul_native(float a, float b) {
    return a * b;
}
/// Binary32 patterns added and re-biased: Mitchell's multiplication for normal operands.
float mul_patterns(float a, float b) {
    std::uint32_t x, y;
    std::memcpy(&x, &a, 4);
    std::memcpy(&y, &b, 4);
    const std::uint32_t sign = (x ^ y) & 0x80000000u;
    const std::uint32_t sum = (x & 0x7fffffffu) + (y & 0x7fffffffu) - 0x3f800000u;
    const std::uint32_t r = sign | ((x << 1) == 0 || (y << 1) == 0 ? 0 : sum & 0x7fffffffu);
    float result;
    std::memcpy(&result, &r, 4);
    return result;
}
namespace {
template <class T>
T product(T a, T b) {
    return static_cast<T>(a * b);
}
}  // namespace
std::uint64_t mul12u_exact(std::uint16_t a, std::uint16_t b) {
    return product<std::uint64_t>(a, b) + kNothing;
}
/// LOA with four approximate bits.
unsigned add24u_loa4(unsigned a, unsigned b) {
    const unsigned carry = (a >> 3) & (b >> 3) & 1u;
    return (((a >> 4) + (b >> 4) + carry) << 4) + ((a | b) & 15u);
}
