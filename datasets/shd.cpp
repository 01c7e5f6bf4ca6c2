// SPDX-License-Identifier: Apache-2.0
#include "datasets/shd.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <system_error>

#include "arith/error.h"
#include "datasets/hdf5_file.h"
#include "datasets/time_step.h"

namespace axfire {

namespace {

using datasets::Array;
using datasets::Handle;
using datasets::Shape;

constexpr std::int64_t kUnits = 700;
constexpr std::int64_t kClasses = 20;
constexpr std::int64_t kUnknownLabel = 65535;
constexpr double kMaxTimeUs = std::numeric_limits<std::uint32_t>::max();
constexpr const char* kNeeds = "shd: needs the lists /spikes/times and /spikes/units, and /labels";

/// The memory of one list. HDF5 asks for what a damaged file claims: it gets no more than the file can hold, and all
/// of it is freed with this object, whatever HDF5 did.
struct ListMemory {
    std::size_t limit;
    std::size_t bytes = 0;
    std::unique_ptr<unsigned char[]> block;
};

void* take_memory(std::size_t bytes, void* info) {
    auto& memory = *static_cast<ListMemory*>(info);
    if (memory.block != nullptr || bytes > memory.limit) {
        return nullptr;
    }
    memory.block.reset(new (std::nothrow) unsigned char[bytes]);
    memory.bytes = memory.block != nullptr ? bytes : 0;
    return memory.block.get();
}

void keep_memory(void*, void*) {}

/// An array of N lists of `base` numbers of at most 8 bytes.
Array open_lists(const std::filesystem::path& path, hid_t file, const char* name, H5T_class_t base,
                 const char* base_name) {
    Array array = datasets::open_array(path, file, name, kNeeds);
    const Handle number(array.type_class() == H5T_VLEN ? H5Tget_super(array.type) : H5I_INVALID_HID, H5Tclose);
    if (!number.valid() || H5Tget_class(number) != base || H5Tget_size(number) > 8) {
        throw InputError(fmt::format("{}: {} does not hold lists (variable-length) of {}; {}", path.string(), name,
                                     base_name, kNeeds));
    }
    return array;
}

class Shd final : public Dataset {
public:
    Shd(const std::filesystem::path& path, const Shape& input_shape)
        : path_(path), shape_(datasets::adopt_shape({kUnits}, input_shape)) {
        const Hdf5Lock lock;
        try {
            file_ = datasets::open_hdf5_file(path);
            times_ = open_lists(path, file_, "/spikes/times", H5T_FLOAT, "floats of 2, 4 or 8 bytes");
            units_ = open_lists(path, file_, "/spikes/units", H5T_INTEGER, "integers");
            labels_ = datasets::open_array(path, file_, "/labels", kNeeds);
            if (labels_.type_class() != H5T_INTEGER) {
                throw InputError(fmt::format("{}: /labels is not of an integer type", path.string()));
            }
            check_shapes();
        } catch (...) {
            close();
            throw;
        }
    }
    ~Shd() override {
        const Hdf5Lock lock;
        close();
    }

    std::size_t size() const override { return times_.shape[0]; }
    const Shape& shape() const override { return shape_; }
    bool has_events() const override { return true; }
    std::uint32_t default_steps(double dt_ms) const override {
        std::uint64_t duration_us = 0;  // from 0 to just after the last spike of all
        for (std::size_t i = 0; i < size(); ++i) {
            for (const double time : read_list<double>(times_, i, "/spikes/times")) {
                duration_us = std::max(duration_us, std::uint64_t{microseconds(i, time)} + 1);
            }
        }
        return datasets::steps_covering(duration_us, datasets::picoseconds(dt_ms));
    }

    Sample load(std::size_t i) const override {
        if (i >= size()) {
            throw InputError(fmt::format("{}: no sample {}; it holds {}", path_.string(), i, size()));
        }
        const std::vector<double> times = read_list<double>(times_, i, "/spikes/times");
        const std::vector<std::int64_t> units = read_list<std::int64_t>(units_, i, "/spikes/units");
        if (times.size() != units.size()) {
            throw InputError(fmt::format("{}: sample {} has {} times and {} units; each spike needs both",
                                         path_.string(), i, times.size(), units.size()));
        }
        Sample sample;
        sample.label = label(i);
        sample.events.reserve(times.size());
        for (std::size_t spike = 0; spike < times.size(); ++spike) {
            if (units[spike] < 0 || units[spike] >= kUnits) {
                throw InputError(fmt::format("{}: unit {} in sample {} is out of range; units are 0 to {}",
                                             path_.string(), units[spike], i, kUnits - 1));
            }
            sample.events.push_back({microseconds(i, times[spike]), static_cast<std::uint32_t>(units[spike])});
        }
        return sample;
    }

private:
    void check_shapes() {
        std::error_code error;
        file_bytes_ = std::filesystem::file_size(path_, error);
        // A recording takes more than a byte, so a larger number is the mark of a damaged file, and would take years.
        if (times_.shape.size() != 1 || times_.shape[0] == 0 || times_.shape[0] > file_bytes_) {
            throw InputError(
                fmt::format("{}: /spikes/times has shape {}: it must be [N], with N recordings in a file of {} bytes",
                            path_.string(), datasets::shape_text(times_.shape), file_bytes_));
        }
        const auto check = [&](const Array& array, const char* name) {
            if (array.shape != times_.shape) {
                throw InputError(
                    fmt::format("{}: {} has shape {}, but /spikes/times has {} recordings: it must be [{}]",
                                path_.string(), name, datasets::shape_text(array.shape), size(), size()));
            }
        };
        check(units_, "/spikes/units");
        check(labels_, "/labels");
    }

    /// The numbers of one list, as double or std::int64_t.
    template <class T>
    std::vector<T> read_list(const Array& array, std::size_t i, const char* name) const {
        const Hdf5Lock lock;
        // Lists are not compressed: a number takes a byte of the file at the least.
        ListMemory memory{file_bytes_ * sizeof(T), 0, nullptr};
        const Handle type(H5Tvlen_create(std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64), H5Tclose);
        const Handle transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
        H5Pset_vlen_mem_manager(transfer, take_memory, &memory, keep_memory, nullptr);
        hvl_t list{0, nullptr};
        datasets::read_slice(array, i, type, 1, &list, path_, name, transfer);
        if (list.len > memory.bytes / sizeof(T) || (list.len > 0 && list.p != memory.block.get())) {
            throw InputError(fmt::format("{}: sample {} of {} cannot be read; the file is damaged or incomplete",
                                         path_.string(), i, name));
        }
        const auto* numbers = reinterpret_cast<const T*>(memory.block.get());
        return {numbers, numbers + list.len};
    }

    std::uint32_t microseconds(std::size_t i, double time) const {
        const double time_us = std::nearbyint(time * 1e6);
        if (!(time >= 0) || !(time_us <= kMaxTimeUs)) {
            throw InputError(fmt::format("{}: time {} s in sample {} is out of range; times are 0 to {} s",
                                         path_.string(), time, i, kMaxTimeUs / 1e6));
        }
        return static_cast<std::uint32_t>(time_us);
    }

    std::int32_t label(std::size_t i) const {
        std::int64_t label = kUnknownLabel;
        {
            const Hdf5Lock lock;
            datasets::read_slice(labels_, i, H5T_NATIVE_INT64, 1, &label, path_, "/labels");
        }
        if (label == kUnknownLabel) {
            return kNoLabel;
        }
        if (label < 0 || label >= kClasses) {
            throw InputError(
                fmt::format("{}: label {} of sample {} is out of range; labels are 0 to {}, or {} for none",
                            path_.string(), label, i, kClasses - 1, kUnknownLabel));
        }
        return static_cast<std::int32_t>(label);
    }

    void close() {
        labels_.close();
        units_.close();
        times_.close();
        file_.reset();
    }

    std::filesystem::path path_;
    Shape shape_;
    std::uintmax_t file_bytes_ = 0;
    Handle file_;
    Array times_;
    Array units_;
    Array labels_;
};

}  // namespace

std::unique_ptr<Dataset> open_shd(const std::filesystem::path& path, const Shape& input_shape) {
    return std::make_unique<Shd>(path, input_shape);
}

}  // namespace axfire
