// SPDX-License-Identifier: Apache-2.0
// Tries something that may crash, hang or take all memory in a child process first.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace axfire {

/// What became of the child.
struct ProbeResult {
    enum class Outcome {
        success,
        input_error,  ///< the function threw InputError
        error,        ///< ... another exception
        no_memory,    ///< ... std::bad_alloc
        crash,        ///< a signal, or an exit of its own
        timeout,
        no_child,  ///< no process could be started: nothing was tried
    } outcome = Outcome::success;
    std::string text;  ///< the exception's text; the signal's name after a crash
};

struct ProbeLimits {
    double cpu_seconds = 20;      ///< processor time, rounded up to a second
    double wall_seconds = 100;    ///< in all
    std::size_t extra_bytes = 0;  ///< address space beyond what the process has now; 0: no limit. Not under sanitizers
};

/// Runs `function` in a forked child and tells how it ended; nothing that it does is seen by this process, except
/// what it writes to files. Only the calling thread exists in the child: the function must not use locks that another
/// thread may hold (hdf5_mutex() is taken care of) nor start an OpenMP region. Takes about a millisecond.
ProbeResult probe_in_child(const std::function<void()>& function, const ProbeLimits& limits);

/// Throws InputError with one line that starts with `name` unless the outcome is success or no_child.
void require_success(const ProbeResult& result, const std::string& name);

}  // namespace axfire
