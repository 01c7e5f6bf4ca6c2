// SPDX-License-Identifier: Apache-2.0
#include "engine/models/trial.h"

#include <dlfcn.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "arith/error.h"
#include "arith/philox.h"
#include "engine/backend/jit/process.h"
#include "engine/formats/probe.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

struct Operands {
    u32 a, b;
};
struct Result {
    u32 lo, hi;
    friend bool operator==(const Result&, const Result&) = default;
};

constexpr double kSeconds = 10;
constexpr std::size_t kRandomPairs = 65536;
static_assert(kRandomPairs % kModelLanes == 0);

/// Operands of an N-bit circuit; of a whole operation (bits 0) bit patterns of binary32.
std::vector<Operands> operands(u32 bits) {
    std::vector<Operands> pairs;
    if (bits != 0 && bits <= 8) {
        for (u32 i = 0; i < 1u << (2 * bits); ++i) {
            pairs.push_back({i >> bits, i & ((1u << bits) - 1)});
        }
    } else {
        const u32 mask = bits == 0 ? ~0u : static_cast<u32>((u64{1} << bits) - 1);
        std::vector<u32> edges{0, 1, 2, 3, mask, mask - 1, mask >> 1, (mask >> 1) + 1};
        if (bits == 0) {
            edges.insert(edges.end(), {0x3f800000, 0x3f800001, 0x3f7fffff, 0x00800000, 0x007fffff, 0x7f7fffff,
                                       0x7f800000, 0xff800000, 0x80000000, 0xbf800000, 0x7fc00000});
        }
        for (const u32 a : edges) {
            for (const u32 b : edges) {
                pairs.push_back({a, b});
            }
        }
        for (std::size_t i = 0; i < kRandomPairs / 2; ++i) {
            const PhiloxBlock block = philox_block(0, 0, i);
            pairs.push_back({block.word[0] & mask, block.word[1] & mask});
            pairs.push_back({block.word[2] & mask, block.word[3] & mask});
        }
    }
    while (pairs.size() % kModelLanes != 0) {
        pairs.push_back(pairs.back());
    }
    return pairs;
}

template <class T>
void write_all(const fs::path& path, const std::vector<T>& items) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(items.data()), static_cast<std::streamsize>(items.size() * sizeof(T)));
}

std::vector<Result> read_results(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::vector<Result> results(bytes.size() / sizeof(Result));
    if (!results.empty()) {
        std::memcpy(results.data(), bytes.data(), results.size() * sizeof(Result));
    }
    return results;
}

std::string no_end() {
    return fmt::format("it does not end: {} s were not enough for {} operand pairs", kSeconds, kRandomPairs);
}

/// The sanitizers' own line: "<file>:<line>:<column>: runtime error: ..." or "...ERROR: AddressSanitizer: ...".
std::string report_line(const std::string& errors) {
    for (const char* const mark : {"runtime error:", "ERROR: AddressSanitizer"}) {
        if (const std::size_t at = errors.find(mark); at != std::string::npos) {
            const std::size_t begin = errors.rfind('\n', at) + 1;
            return errors.substr(begin, errors.find('\n', at) - begin);
        }
    }
    return errors.substr(0, errors.find('\n'));
}

/// The results of the checked program; throws what it found.
std::vector<Result> run_checked(const fs::path& program, const std::vector<Operands>& pairs, const fs::path& work) {
    ProcessOptions options;
    options.input = work / "operands";
    options.output = work / "results";
    options.seconds = kSeconds;
    write_all(options.input, pairs);
    const ProcessResult r = run_process({program.string()}, options);
    using Outcome = ProcessResult::Outcome;
    if (r.outcome == Outcome::timeout) {
        throw InputError(no_end());
    }
    if (r.outcome == Outcome::signalled) {
        throw InputError(fmt::format("it ends with SIG{}", sigabbrev_np(r.status)));
    }
    if (r.outcome != Outcome::finished || r.status != 0) {
        throw InputError(r.errors.empty() ? fmt::format("it ends the program with status {}", r.status)
                                          : report_line(r.errors));
    }
    return read_results(options.output);
}

/// The results of the library: half of them as lanes, in the reverse order, half as single calls.
std::vector<Result> run_library(const fs::path& library, const std::vector<Operands>& pairs, const fs::path& work) {
    const fs::path output = work / "library-results";
    const auto evaluate_all = [&] {
        const CompiledModel model = open_model(library);
        std::vector<Result> results(pairs.size());
        for (std::size_t end = pairs.size(); end > 0; end -= kModelLanes) {
            const std::size_t first = end - kModelLanes;
            u32 a[kModelLanes], b[kModelLanes], lo[kModelLanes], hi[kModelLanes];
            for (u32 i = 0; i < kModelLanes; ++i) {
                a[i] = pairs[first + i].a;
                b[i] = pairs[first + i].b;
            }
            if (first / kModelLanes % 2 == 0) {
                model.lanes(a, b, lo, hi);
            } else {
                for (u32 i = kModelLanes; i-- > 0;) {
                    model.single(&a[i], &b[i], &lo[i], &hi[i]);
                }
            }
            for (u32 i = 0; i < kModelLanes; ++i) {
                results[first + i] = {lo[i], hi[i]};
            }
        }
        write_all(output, results);
    };
    ProbeLimits limits;
    limits.cpu_seconds = kSeconds;
    limits.wall_seconds = 3 * kSeconds;
    const ProbeResult r = probe_in_child(evaluate_all, limits);
    if (r.outcome == ProbeResult::Outcome::timeout) {
        throw InputError(no_end());
    }
    if (r.outcome == ProbeResult::Outcome::crash) {
        throw InputError(fmt::format("it ends with {}", r.text));
    }
    if (r.outcome != ProbeResult::Outcome::success) {
        throw InputError(fmt::format("it cannot be tried: {}", r.text));
    }
    return read_results(output);
}

/// Two NaNs of a whole operation are one result.
bool same(const Result& x, const Result& y, bool whole) {
    const auto nan = [](u32 bits) { return (bits & 0x7fffffffu) > 0x7f800000u; };
    return x == y || (whole && nan(x.lo) && nan(y.lo));
}

}  // namespace

CompiledModel open_model(const fs::path& library) {
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw InputError(fmt::format("it cannot be loaded: {}", dlerror()));
    }
    const auto* const whole = static_cast<const int*>(dlsym(handle, "axfire_is_whole_operation"));
    CompiledModel model{};
    model.whole_operation = whole != nullptr && *whole != 0;
    model.lanes = reinterpret_cast<decltype(model.lanes)>(dlsym(handle, "axfire_lanes"));
    model.single = reinterpret_cast<decltype(model.single)>(dlsym(handle, "axfire_single"));
    if (whole == nullptr || model.lanes == nullptr || model.single == nullptr) {
        throw InputError(fmt::format("'{}' is not a compiled model", library.string()));
    }
    return model;
}

void try_model(const ModelReference& reference, const fs::path& checked, const fs::path& library,
               const fs::path& work) {
    const u32 bits = reference.bits;
    const std::vector<Operands> pairs = operands(bits);
    const std::vector<Result> first = run_checked(checked, pairs, work);
    if (first.size() != pairs.size()) {
        throw InputError("it ends the program before all results are there");
    }
    const std::vector<Result> second = run_library(library, pairs, work);
    if (second.size() != pairs.size()) {
        throw InputError("its results cannot be kept: is the disk full?");
    }
    const u32 result_bits = reference.adder ? bits + 1 : 2 * bits;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto [a, b] = pairs[i];
        if (!same(first[i], second[i], bits == 0)) {
            throw InputError(
                fmt::format("its result for ({}, {}) changes from call to call: it keeps a state, or uses a variable "
                            "without a value",
                            a, b));
        }
        const u64 value = (u64{first[i].hi} << 32) | first[i].lo;
        if (bits != 0 && result_bits < 64 && value >> result_bits != 0) {
            throw InputError(
                fmt::format("it gives {} for ({}, {}), more than the {} bits of a {} of {}-bit numbers; "
                            "is bits={} right?",
                            value, a, b, result_bits, reference.adder ? "sum" : "product", bits, bits));
        }
    }
}

}  // namespace axfire
