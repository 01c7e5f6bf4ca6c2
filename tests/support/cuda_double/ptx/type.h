// SPDX-License-Identifier: Apache-2.0
// The fundamental types of PTX.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace axfire::cuda_double {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

enum class Kind : u8 { none, bits, unsigned_integer, signed_integer, binary_float, bfloat, predicate };

struct Type {
    Kind kind = Kind::none;
    u8 bytes = 0;  ///< a predicate takes 1

    constexpr bool is_signed() const { return kind == Kind::signed_integer; }
    constexpr bool is_float() const { return kind == Kind::binary_float || kind == Kind::bfloat; }
    constexpr bool is_integer() const {
        return kind == Kind::bits || kind == Kind::unsigned_integer || kind == Kind::signed_integer;
    }
    friend constexpr bool operator==(Type, Type) = default;
};

inline constexpr Type kPred{Kind::predicate, 1};
inline constexpr Type kB32{Kind::bits, 4};
inline constexpr Type kB64{Kind::bits, 8};
inline constexpr Type kF32{Kind::binary_float, 4};
inline constexpr Type kF64{Kind::binary_float, 8};

/// The type of a name such as "u32", if it is one that the interpreter knows.
constexpr std::optional<Type> parse_type(std::string_view name) {
    if (name == "pred") {
        return kPred;
    }
    if (name == "bf16") {
        return Type{Kind::bfloat, 2};
    }
    if (name.size() < 2 || name.size() > 3) {
        return std::nullopt;
    }
    const std::string_view digits = name.substr(1);
    const u8 bytes = digits == "8" ? 1 : digits == "16" ? 2 : digits == "32" ? 4 : digits == "64" ? 8 : 0;
    Kind kind = Kind::none;
    switch (name[0]) {
        case 'b':
            kind = Kind::bits;
            break;
        case 'u':
            kind = Kind::unsigned_integer;
            break;
        case 's':
            kind = Kind::signed_integer;
            break;
        case 'f':
            kind = bytes > 1 ? Kind::binary_float : Kind::none;
            break;
        default:
            break;
    }
    if (bytes == 0 || kind == Kind::none) {
        return std::nullopt;
    }
    return Type{kind, bytes};
}

}  // namespace axfire::cuda_double
