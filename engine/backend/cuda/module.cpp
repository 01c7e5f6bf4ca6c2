// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda/module.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "engine/backend/cuda/nvrtc.h"
#include "engine/backend/jit/cache.h"
#include "engine/backend/jit/embedded.h"
#include "engine/backend/jit/instances.h"

namespace axfire::cuda {

namespace {

constexpr std::string_view kStandIns = "engine/backend/cuda/device/include/";

/// "sm_90", or "compute_90" for PTX.
std::string target(int capability, Code code) {
    const std::vector<int>& known = nvrtc().architectures;
    const bool exact = std::find(known.begin(), known.end(), capability) != known.end();
    int chosen = 0;
    for (const int architecture : known) {
        chosen = architecture <= capability ? std::max(chosen, architecture) : chosen;
    }
    return fmt::format("{}_{}", exact && code == Code::machine ? "sm" : "compute", chosen);
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A user's file with those that it includes by "..." from its own folder in their places.
std::string with_includes(const std::filesystem::path& path, int depth) {
    std::ifstream in(path);
    if (!in || depth > 20) {
        throw InputError(fmt::format("'{}' cannot be read", path.string()));
    }
    std::string text;
    for (std::string line; std::getline(in, line);) {
        const std::size_t include = line.find("#include \"");
        const std::size_t begin = include + 10;
        const std::size_t end = include == std::string::npos ? include : line.find('"', begin);
        if (end != std::string::npos) {
            text += with_includes(path.parent_path() / line.substr(begin, end - begin), depth + 1);
        } else if (line.find("#pragma once") == std::string::npos) {
            text += line + "\n";
        }
    }
    return text;
}

/// A user's file in a namespace of its own, and `call` of its function, or of nothing where there is none.
std::string user_function(const char* space, const std::string& name, const ModelUse& use) {
    const std::string signature = "inline void call(axfire::u32 a, axfire::u32 b, axfire::u32& lo, axfire::u32& hi) {";
    if (name.empty()) {
        return fmt::format("namespace {} {{\n{} lo = hi = a & b & 0u; }}\n}}\n", space, signature);
    }
    const std::size_t colon = name.rfind(':');
    const std::string text = with_includes(name.substr(0, colon), 0);
    const std::string function = name.substr(colon + 1);
    const std::string body =
        use.kind == ModelKind::operation
            ? fmt::format("lo = __float_as_uint((float){}(__uint_as_float(a), __uint_as_float(b))); hi = 0;", function)
            : fmt::format(
                  "const axfire::u64 r = (axfire::u64){}(a, b); lo = (axfire::u32)r; hi = (axfire::u32)(r >> 32);",
                  function);
    return fmt::format(
        "#define restrict __restrict__\n#define _Bool bool\nnamespace {} {{\n{}\n"
        "#undef restrict\n#undef _Bool\n{} {} }}\n}}\n",
        space, text, signature, body);
}

Code wanted_code() {
    const char* const code = std::getenv("AXFIRE_CUDA_CODE");
    return code != nullptr && std::string_view(code) == "ptx" ? Code::ptx : Code::machine;
}

}  // namespace

std::vector<Header> device_headers() {
    std::vector<Header> list;
    for (const EmbeddedFile& file : embedded_headers()) {
        const bool stands_in = std::string_view(file.path).starts_with(kStandIns);
        list.push_back({stands_in ? file.path + kStandIns.size() : file.path, file.text});
    }
    return list;
}

const std::vector<std::string>& device_flags() {
    static const std::vector<std::string> flags = {"--std=c++20",       "--fmad=false",
                                                   "--ftz=false",       "--prec-div=true",
                                                   "--prec-sqrt=true",  "--device-as-default-execution-space",
                                                   "--disable-warnings"};
    return flags;
}

std::string device_units(AdderId add, MultiplierId mul) {
    return "#define AXFIRE_ISA gpu\n" + only_units(add, mul);
}

std::string module_source(const ModuleRequest& r) {
    std::string source =
        device_units(r.add.unit, r.mul.unit) + fmt::format(
                                                   "#include \"engine/backend/cuda/device/kernels.h\"\n"
                                                   "namespace axfire::gpu {{\n"
                                                   "constexpr AdderSpec kAdd{};\n"
                                                   "constexpr MultiplierSpec kMul{};\n"
                                                   "using Add = {};\n"
                                                   "using Mul = {};\n"
                                                   "}}\n",
                                                   initialiser(r.add), initialiser(r.mul),
                                                   r.add == AdderSpec{} ? "NativeAdd" : "FixedAdd<kAdd>",
                                                   r.mul == MultiplierSpec{} ? "NativeMul" : "FixedMul<kMul>");
    source += user_function("adder_model", r.adder_model, r.add.model_use);
    source += user_function("multiplier_model", r.multiplier_model, r.mul.model_use);
    source +=
        "namespace axfire {\n"
        "void device_model(const UnitModel& model, u32 a, u32 b, u32& lo, u32& hi) {\n"
        "    model.lanes == nullptr ? adder_model::call(a, b, lo, hi) : multiplier_model::call(a, b, lo, hi);\n"
        "}\n"
        "namespace gpu {\n";
    for (std::size_t i = 0; i < r.kernels.size(); ++i) {
        source += fmt::format("AXFIRE_KERNEL(k{}, {}, {})\n", i, r.kernels[i].argument_bytes, r.kernels[i].functor);
    }
    return source + "}}\n";
}

std::string module_image(const std::string& source, int capability, Code code, const std::string& name,
                         const Notice& notice) {
    std::vector<std::string> options = device_flags();
    options.push_back("--gpu-architecture=" + target(capability, code));
    ContentHash hash;
    hash.add("cuda module").add(source).add(nvrtc().version);
    for (const std::string& option : options) {
        hash.add(option);
    }
    for (const EmbeddedFile& file : embedded_headers()) {
        hash.add(file.path).add(file.text);
    }
    const std::string key = hash.hex();
    if (const auto cached = find_in_cache(key)) {
        return read_file(cached->path);
    }
    notice(fmt::format("compiling device kernels for {} (once; kept in {})", name, cache_folder().string()));
    std::string image = compile_device_code(source, device_headers(), options).code;
    image.push_back('\0');  // PTX ends there, whatever the cache puts behind it
    const WorkFolder work(cache_folder());
    const std::filesystem::path file = work.path() / "image";
    std::ofstream(file, std::ios::binary) << image;
    store_in_cache(key, file, "");
    return image;
}

std::vector<Module> load_modules(const std::vector<ModuleRequest>& requests, const DeviceInfo& device,
                                 const Notice& notice) {
    std::vector<std::string> images(requests.size());
    std::exception_ptr error;
    std::mutex mutex;
    const auto compile_all = [&](Code code) {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            threads.emplace_back([&, i] {
                try {
                    const Notice one_at_a_time = [&](const std::string& text) {
                        const std::lock_guard guard(mutex);
                        notice(text);
                    };
                    images[i] = module_image(module_source(requests[i]), device.capability, code, requests[i].name,
                                             one_at_a_time);
                } catch (...) {
                    const std::lock_guard guard(mutex);
                    error = std::current_exception();
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        if (error) {
            std::rethrow_exception(error);
        }
    };
    const auto load = [&] {
        std::vector<Module> modules;
        for (const std::string& image : images) {
            modules.emplace_back(image);
        }
        return modules;
    };
    const Code code = wanted_code();
    compile_all(code);
    try {
        return load();
    } catch (const Error& refused) {
        if (code == Code::ptx || (refused.code != kInvalidImage && refused.code != kNoBinaryForGpu)) {
            throw;
        }
    }
    compile_all(Code::ptx);
    return load();
}

}  // namespace axfire::cuda
