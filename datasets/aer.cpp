// SPDX-License-Identifier: Apache-2.0
#include "datasets/aer.h"

#include <fmt/format.h>

#include <algorithm>

#include "arith/error.h"
#include "datasets/record_file.h"

namespace axfire {

namespace {

constexpr datasets::RecordKind kEventRecord{5, "an event record", "the file is truncated or of another format"};

/// One record, decoded.
struct Record {
    std::uint32_t x;
    std::uint32_t y;
    std::uint32_t polarity;
    std::uint32_t time_us;
};

template <class Take>
void for_each_record(const std::filesystem::path& path, Take take) {
    datasets::read_records(path, kEventRecord, [&](std::span<const std::uint8_t> bytes) {
        for (; !bytes.empty(); bytes = bytes.subspan(kEventRecord.bytes)) {
            take(Record{bytes[0], bytes[1], std::uint32_t{bytes[2]} >> 7,
                        (bytes[2] & 0x7Fu) << 16 | std::uint32_t{bytes[3]} << 8 | bytes[4]});
        }
    });
}

}  // namespace

std::vector<Event> read_aer(const std::filesystem::path& path, Sensor sensor) {
    std::vector<Event> events;
    events.reserve(datasets::count_records(path, kEventRecord));
    for_each_record(path, [&](const Record& record) {
        if (record.x >= sensor.width || record.y >= sensor.height) {
            throw InputError(fmt::format("{}: event {} is at x={}, y={}, outside the {}x{} sensor", path.string(),
                                         events.size(), record.x, record.y, sensor.width, sensor.height));
        }
        events.push_back({record.time_us, (record.polarity * sensor.height + record.y) * sensor.width + record.x});
    });
    return events;
}

AerExtent measure_aer(const std::filesystem::path& path) {
    AerExtent extent{{1, 1}, 0};
    for_each_record(path, [&](const Record& record) {
        extent.sensor.height = std::max(extent.sensor.height, record.y + 1);
        extent.sensor.width = std::max(extent.sensor.width, record.x + 1);
        extent.last_us = std::max(extent.last_us, record.time_us);
    });
    return extent;
}

void check_aer(const std::filesystem::path& path) {
    datasets::count_records(path, kEventRecord);
}

}  // namespace axfire
