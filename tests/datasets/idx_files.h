// SPDX-License-Identifier: Apache-2.0
// Small IDX files for tests.
#pragma once

#include <zlib.h>

#include <initializer_list>
#include <stdexcept>

#include "tests/datasets/support.h"

namespace axfire::testing {

/// An IDX file of bytes: the header announces `lengths`, whatever `data` holds.
inline Bytes idx(std::initializer_list<std::uint32_t> lengths, const Bytes& data) {
    Bytes bytes{0, 0, 8, static_cast<std::uint8_t>(lengths.size())};
    for (const std::uint32_t length : lengths) {
        for (const int shift : {24, 16, 8, 0}) {
            bytes.push_back(static_cast<std::uint8_t>(length >> shift));
        }
    }
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

/// The same bytes as gzip writes them.
inline Bytes gzip(const Bytes& data) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;
    if (deflateInit2(&stream, 9, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("deflateInit2 failed");
    }
    Bytes packed(deflateBound(&stream, data.size()) + 64);
    stream.next_in = const_cast<Bytef*>(data.data());
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    const int status = deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) {
        throw std::runtime_error("deflate failed");
    }
    return packed;
}

}  // namespace axfire::testing
