// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>

#include <fmt/format.h>

#include "arith/error.h"
#include "datasets/hdf5_lock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AXFIRE_SANITIZED 1
#else
#define AXFIRE_SANITIZED 0
#endif

namespace axfire {
namespace {

using Outcome = ProbeResult::Outcome;

// The child's message: one letter for the outcome, then the text.
constexpr std::pair<char, Outcome> kLetters[] = {
    {'k', Outcome::success}, {'i', Outcome::input_error}, {'e', Outcome::error}, {'m', Outcome::no_memory}};
constexpr std::size_t kMaxMessage = 16384;

std::size_t address_space_bytes() {
    std::size_t pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%zu", &pages) != 1) {
            pages = 0;
        }
        std::fclose(file);
    }
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void limit(int resource, rlim_t value) {
    rlimit now{};
    if (getrlimit(resource, &now) == 0) {
        now.rlim_cur = std::min(value, now.rlim_max);
        setrlimit(resource, &now);
    }
}

/// What the C library says before it aborts is of no use to anyone.
void silence() {
    const int null = open("/dev/null", O_WRONLY);
    if (null >= 0) {
        dup2(null, STDERR_FILENO);
        close(null);
    }
}

void restrict_child(const ProbeLimits& limits, std::size_t address_space) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT}) {
        std::signal(signal, SIG_DFL);
    }
    if (!AXFIRE_SANITIZED) {
        silence();
    }
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, static_cast<rlim_t>(std::ceil(limits.cpu_seconds)));
    if (limits.extra_bytes > 0 && address_space > 0 && !AXFIRE_SANITIZED) {
        limit(RLIMIT_AS, address_space + limits.extra_bytes);
    }
}

[[noreturn]] void run_child(const std::function<void()>& function, int pipe_end) {
    std::string message = "k";
    try {
        function();
    } catch (const InputError& error) {
        message = std::string("i") + error.what();
    } catch (const std::bad_alloc&) {
        message = "m";
    } catch (const std::exception& error) {
        message = std::string("e") + error.what();
    } catch (...) {
        message = "e";
    }
    message.resize(std::min(message.size(), kMaxMessage));
    // At most 16 KiB: fits the pipe, so this never blocks.
    [[maybe_unused]] const ssize_t written = write(pipe_end, message.data(), message.size());
    _exit(0);
}

/// Collects what the child writes until it closes the pipe; false when the time is over.
bool read_message(int pipe_end, double seconds, std::string& message) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    char buffer[4096];
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) {
            return false;
        }
        pollfd waiting{pipe_end, POLLIN, 0};
        const int ready = poll(&waiting, 1, static_cast<int>(std::min<long long>(left, 1 << 30)));
        if (ready < 0 && errno != EINTR) {
            return false;
        }
        if (ready <= 0) {
            continue;
        }
        const ssize_t got = read(pipe_end, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return true;
        }
        if (got > 0) {
            message.append(buffer, static_cast<std::size_t>(got));
        }
    }
}

ProbeResult result_of(const std::string& message, bool in_time, int status) {
    if (!in_time || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) {
        return {Outcome::timeout, ""};
    }
    for (const auto& [letter, outcome] : kLetters) {
        if (!message.empty() && message[0] == letter) {
            return {outcome, message.substr(1)};
        }
    }
    const char* name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : nullptr;
    return {Outcome::crash, name != nullptr ? std::string("SIG") + name : fmt::format("exit {}", WEXITSTATUS(status))};
}

}  // namespace

ProbeResult probe_in_child(const std::function<void()>& function, const ProbeLimits& limits) {
    int ends[2];
    if (pipe(ends) != 0) {
        return {Outcome::no_child, std::strerror(errno)};
    }
    const std::size_t address_space = address_space_bytes();
    pid_t child = -1;
    {
        const std::lock_guard<std::recursive_mutex> guard(hdf5_mutex());
        child = fork();
        if (child == 0) {
            // The mutex is held under the parent's thread id; the child needs a fresh one.
            new (&hdf5_mutex()) std::recursive_mutex;
            close(ends[0]);
            restrict_child(limits, address_space);
            run_child(function, ends[1]);
        }
    }
    const int fork_error = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return {Outcome::no_child, std::strerror(fork_error)};
    }
    std::string message;
    const bool in_time = read_message(ends[0], limits.wall_seconds, message);
    close(ends[0]);
    if (!in_time) {
        kill(child, SIGKILL);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return result_of(message, in_time, status);
}

void require_success(const ProbeResult& result, const std::string& name) {
    switch (result.outcome) {
        case Outcome::success:
        case Outcome::no_child:
            return;
        case Outcome::input_error:
            throw InputError(result.text);
        case Outcome::error:
            throw InputError(fmt::format("{}: cannot be read: {}", name, result.text));
        case Outcome::no_memory:
            throw InputError(fmt::format("{}: asks for far more memory than its size explains; it is damaged", name));
        case Outcome::crash:
            throw InputError(fmt::format("{}: is damaged: reading it ended with {}", name, result.text));
        case Outcome::timeout:
            throw InputError(fmt::format("{}: is damaged: reading it does not end", name));
    }
}

}  // namespace axfire
