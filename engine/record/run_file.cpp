// SPDX-License-Identifier: Apache-2.0
#include "engine/record/run_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/hdf5.h"
#include "engine/record/absorbing_driver.h"
#include "engine/record/commit_file.h"
#include "engine/record/pending.h"
#include "engine/record/schema.h"

namespace axfire {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPendingBytes = std::size_t{64} << 20;  // of samples that wait in memory
constexpr double kCopyingShare = 0.05;                        // of the time, at most, to make commits

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

struct RunFile::Impl {
    explicit Impl(RunFileOptions given)
        : options(std::move(given)), target(options.path, options.overwrite), pending(options) {
        check_options(options);
        guarded([&] {
            open();
            write_schema(file, options, fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))));
            commit();
        });
    }

    ~Impl() {
        if (!broken && !finished && pending.samples() > 0) {
            try {
                guarded([&] {
                    flush();
                    commit();
                });
            } catch (...) {  // what was committed before stays
            }
        }
        close();
    }

    void append(const std::vector<SampleRecord>& samples) {
        check_usable();
        for (const SampleRecord& sample : samples) {
            pending.add(sample);
            if (pending.bytes() > kPendingBytes) {
                guarded([&] { flush(); });
            }
        }
        if (options.commit_seconds < 0 ||
            seconds_since(last_commit) >= std::max(options.commit_seconds, commit_cost / kCopyingShare)) {
            guarded([&] {
                flush();
                commit();
            });
        }
    }

    void finish(const std::vector<LayerTotals>& layers, const std::string& summary, const Confusion& confusion) {
        check_usable();
        guarded([&] {
            flush();
            open();
            write_totals(file, options, layers, summary, confusion);
            hdf5::write_attribute(hdf5::open_group(file, "axfire"), "status", "finished");
            commit();
        });
        finished = true;
    }

    /// Runs one step of writing; afterwards either it is on the disk, or the last commit is all there is.
    template <class Step>
    void guarded(Step step) {
        const Hdf5Lock lock;
        try {
            step();
        } catch (...) {
            broken = true;
            const int error = driver.error;
            close();
            if (error != 0) {
                target.fail(error);
            }
            throw;
        }
    }

    /// The working copy, opened.
    void open() {
        if (file.valid()) {
            return;
        }
        const auto start = Clock::now();
        const bool first = !created;
        driver = {target.working_copy(), 0};
        const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
        if (set_absorbing_driver(access, driver) < 0) {
            throw std::runtime_error("HDF5 does not take the file driver");
        }
        if (first) {
            // Chunks that grow move; what they leave behind is used again, also after the file was closed and opened.
            const Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE));
            H5Pset_file_space_strategy(creation, H5F_FSPACE_STRATEGY_FSM_AGGR, true, 1);
            H5Pset_obj_track_times(creation, false);
            file = Hdf5Handle(H5Fcreate(target.path().c_str(), H5F_ACC_TRUNC, creation, access));
            created = true;
        } else {
            file = Hdf5Handle(H5Fopen(target.path().c_str(), H5F_ACC_RDWR, access));
        }
        check_driver();
        if (!file.valid()) {
            throw InputError(fmt::format("{}: HDF5 cannot open it again to write on", target.path().string()));
        }
        copy_cost = seconds_since(start);
    }

    /// Moves what is pending into the working copy.
    void flush() {
        if (pending.samples() == 0) {
            return;
        }
        open();
        done += pending.samples();
        pending.write(file);
        hdf5::write_attribute(hdf5::open_group(file, "axfire"), "samples_done", static_cast<std::uint64_t>(done));
        check_driver();
    }

    void commit() {
        if (!file.valid()) {
            last_commit = Clock::now();
            return;
        }
        const auto start = Clock::now();
        const bool closed = file.close();
        check_driver();
        if (!closed) {
            throw InputError(fmt::format("{}: HDF5 cannot close it", target.path().string()));
        }
        target.commit();
        commit_cost = copy_cost + seconds_since(start);
        last_commit = Clock::now();
    }

    void close() {
        const Hdf5Lock lock;
        file.close();
    }

    void check_driver() {
        if (driver.error != 0) {
            close();
            target.fail(driver.error);
        }
    }

    void check_usable() const {
        if (finished) {
            throw std::logic_error("the run file is finished");
        }
        if (broken) {
            throw InputError(fmt::format("{}: writing failed before", target.path().string()));
        }
    }

    RunFileOptions options;
    CommitFile target;
    PendingSamples pending;
    AbsorbingFile driver;
    Hdf5Handle file;
    std::size_t done = 0;  // samples in the working copy
    Clock::time_point last_commit = Clock::now();
    double copy_cost = 0;  // seconds to make the working copy
    double commit_cost = 0;
    bool created = false;
    bool finished = false;
    bool broken = false;
};

RunFile::RunFile(RunFileOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

RunFile::~RunFile() = default;

void RunFile::append(const std::vector<SampleRecord>& samples) {
    impl_->append(samples);
}

void RunFile::finish(const std::vector<LayerTotals>& layers, const std::string& summary, const Confusion& confusion) {
    impl_->finish(layers, summary, confusion);
}

}  // namespace axfire
