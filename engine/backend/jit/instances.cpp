// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/jit/instances.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "arith/error.h"
#include "arith/spec_text.h"
#include "engine/backend/jit/cache.h"
#include "engine/backend/jit/compiler.h"
#include "engine/backend/jit/embedded.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

/// An instance that the program was built with, or nullptr.
const Instance* find_built(const AdderSpec& add, const MultiplierSpec& mul) {
    const CpuKernels& kernels = cpu_kernels();
    for (unsigned i = 0; i < kernels.built_count; ++i) {
        const BuiltInstance& built = kernels.built[i];
        AdderSpec wanted = add;
        if (built.any_parameters) {
            wanted.parameters = built.add.parameters;
        }
        if (wanted == built.add && mul == built.mul) {
            return &built.instance;
        }
    }
    return nullptr;
}

/// The same request without pointers: what is compiled.
InstanceRequest constants_of(InstanceRequest r) {
    r.add.model = nullptr;
    r.mul.model = nullptr;
    return r;
}

std::vector<std::string> flags() {
    std::vector<std::string> words = kernel_flags(cpu_kernels().isa);
    for (const char* const word : {"-std=c++20", "-O3", "-shared", "-fPIC", "-fvisibility=hidden", "-w"}) {
        words.emplace_back(word);
    }
    return words;
}

std::string key_of(const std::string& source) {
    ContentHash hash;
    hash.add("instance").add(source).add(compiler().command).add(compiler().version);
    for (const std::string& flag : flags()) {
        hash.add(flag);
    }
    for (const EmbeddedFile& file : embedded_headers()) {
        hash.add(file.path).add(file.text);
    }
    return hash.hex();
}

/// Compiles a source into the cache. Throws InputError with the compiler's first error.
CachedLibrary compile_instance(const std::string& source, const std::string& key) {
    const WorkFolder work(cache_folder());
    for (const EmbeddedFile& file : embedded_headers()) {
        const fs::path path = work.path() / file.path;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << file.text;
    }
    const fs::path file = work.path() / "instance.cpp";
    std::ofstream(file, std::ios::binary) << source;
    const fs::path library = work.path() / "instance.so";
    std::vector<std::string> words = flags();
    words.insert(words.end(), {"-I" + work.path().string(), file.string(), "-o", library.string()});
    const ProcessResult result = compile(words);
    if (result.outcome != ProcessResult::Outcome::finished || result.status != 0) {
        throw InputError(fmt::format(
            "{} cannot compile kernels: {}", compiler().command,
            result.outcome == ProcessResult::Outcome::timeout ? "it does not end" : first_error(result.errors)));
    }
    return store_in_cache(key, library, "");
}

const Instance* open_instance(const fs::path& library) {
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    return handle == nullptr ? nullptr : static_cast<const Instance*>(dlsym(handle, "axfire_instance"));
}

/// The cached one, or compiled. An entry that cannot be opened is made anew.
const Instance* make(const std::optional<CachedLibrary>& cached, const std::string& source, const std::string& key) {
    if (cached) {
        if (const Instance* const instance = open_instance(cached->path)) {
            return instance;
        }
    }
    const CachedLibrary library = compile_instance(source, key);
    const Instance* const instance = open_instance(library.path);
    if (instance == nullptr) {
        throw InputError(fmt::format("'{}' was compiled and cannot be loaded", library.path.string()));
    }
    return instance;
}

/// What the process has loaded, by key.
class Loaded {
public:
    const Instance* find(const std::string& key) {
        const std::lock_guard guard(mutex_);
        const auto it = instances_.find(key);
        return it == instances_.end() ? nullptr : it->second;
    }
    void keep(const std::string& key, const Instance* instance) {
        const std::lock_guard guard(mutex_);
        instances_[key] = instance;
    }

private:
    std::mutex mutex_;
    std::map<std::string, const Instance*> instances_;
};

struct Job {
    std::string key;
    std::string source;
    std::string name;
    std::vector<std::size_t> wanted_by;
    std::optional<CachedLibrary> cached;
    const Instance* instance = nullptr;
    std::string error;  ///< where there is none
};

/// As many side by side as there are processors.
void make_all(std::vector<Job>& jobs) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < jobs.size(); i = next++) {
            try {
                jobs[i].instance = make(jobs[i].cached, jobs[i].source, jobs[i].key);
            } catch (const std::exception& error) {
                jobs[i].error = error.what();
            }
        }
    };
    std::vector<std::thread> threads;
    const std::size_t most = std::max(1u, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < std::min(most, jobs.size()); ++i) {
        threads.emplace_back(work);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

std::string name_of(const InstanceRequest& r) {
    return fmt::format("{} and {}", to_string(r.mul), to_string(r.add));
}

}  // namespace

std::vector<const Instance*> find_instances(const std::vector<InstanceRequest>& requests, Jit jit,
                                            const Notice& notice) {
    static Loaded loaded;
    std::vector<const Instance*> found(requests.size(), &cpu_kernels().general);
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const InstanceRequest request = constants_of(requests[i]);
        if (const Instance* const built = find_built(request.add, request.mul)) {
            found[i] = built;
            continue;
        }
        if (jit == Jit::off) {
            continue;
        }
        if (compiler().command.empty()) {
            const std::string text = fmt::format("{} by the general kernels, several times slower: {}",
                                                 name_of(requests[i]), compiler().lacking);
            if (jit == Jit::required) {
                throw InputError(text);
            }
            notice(text);
            continue;
        }
        const std::string source = instance_source(request, cpu_kernels().isa);
        const std::string key = key_of(source);
        if (const Instance* const before = loaded.find(key)) {
            found[i] = before;
            continue;
        }
        auto job = std::find_if(jobs.begin(), jobs.end(), [&](const Job& j) { return j.key == key; });
        if (job == jobs.end()) {
            jobs.push_back({key, source, name_of(requests[i]), {}, {}, nullptr, {}});
            job = jobs.end() - 1;
        }
        job->wanted_by.push_back(i);
    }
    for (Job& job : jobs) {
        job.cached = find_in_cache(job.key);
        if (!job.cached) {
            notice(fmt::format("compiling kernels for {} (once; kept in {})", job.name, cache_folder().string()));
        }
    }
    make_all(jobs);
    for (const Job& job : jobs) {
        if (job.instance != nullptr) {
            loaded.keep(job.key, job.instance);
            for (const std::size_t i : job.wanted_by) {
                found[i] = job.instance;
            }
        } else if (jit == Jit::required) {
            throw InputError(job.error);
        } else {
            notice(fmt::format("{} by the general kernels, several times slower: {}", job.name, job.error));
        }
    }
    return found;
}

}  // namespace axfire
