// SPDX-License-Identifier: Apache-2.0
// Modules from PTX, their functions, and launches.
#include <algorithm>
#include <cstring>

#include "tests/support/cuda_double/driver/limits.h"
#include "tests/support/cuda_double/driver/state.h"
#include "tests/support/cuda_double/ptx/block.h"
#include "tests/support/cuda_double/ptx/lexer.h"
#include "tests/support/cuda_double/ptx/parser.h"

using namespace axfire::cuda_double;

namespace {

/// The error log that the caller of cuModuleLoadDataEx has room for.
struct JitLog {
    char* buffer = nullptr;
    std::size_t bytes = 0;
    void** used = nullptr;

    JitLog(unsigned count, const CUjit_option* options, void** values) {
        for (unsigned k = 0; k < count; ++k) {
            if (options[k] == CU_JIT_ERROR_LOG_BUFFER) {
                buffer = static_cast<char*>(values[k]);
            } else if (options[k] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) {
                bytes = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(values[k]));
                used = &values[k];
            }
        }
    }

    void write(const std::string& text) const {
        if (buffer == nullptr || bytes == 0) {
            say(text);
            return;
        }
        const std::size_t length = std::min(text.size(), bytes - 1);
        std::memcpy(buffer, text.data(), length);
        buffer[length] = '\0';
        if (used != nullptr) {
            *used = reinterpret_cast<void*>(length);
        }
    }
};

void free_variables(const CUmod_st& module) {
    for (const auto& [name, global] : module.program.globals) {
        state().memory.free(global.address);
    }
}

CUresult load(CUmodule* handle, const void* image, const JitLog& log) {
    if (handle == nullptr || image == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    const auto* bytes = static_cast<const unsigned char*>(image);
    const bool is_text = bytes[0] == '/' || bytes[0] == '.' || bytes[0] == '\n' || bytes[0] == ' ';
    if (!is_text) {
        log.write("only PTX is read here, no cubin and no fatbin");
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    State& s = state();
    Device& device = current_device();
    auto module = std::make_shared<CUmod_st>();
    module->device = &device;
    try {
        module->program = parse_module(static_cast<const char*>(image), s.memory, device.ordinal);
    } catch (const std::exception& error) {
        log.write(error.what());
        return CUDA_ERROR_INVALID_PTX;
    }
    const Module& program = module->program;
    if (program.version > kPtxVersion) {
        free_variables(*module);
        log.write("PTX of a version that this driver does not know");
        return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    }
    if (program.target > s.settings.capability) {
        free_variables(*module);
        log.write("PTX for sm_" + std::to_string(program.target) + ", the device is sm_" +
                  std::to_string(s.settings.capability));
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    *handle = module.get();
    device.modules[*handle] = std::move(module);
    return CUDA_SUCCESS;
}

std::shared_ptr<CUmod_st> find_module(CUmodule handle) {
    const auto& modules = current_device().modules;
    const auto it = modules.find(handle);
    return it == modules.end() ? nullptr : it->second;
}

bool is_function(CUfunction function) {
    for (const auto& [handle, module] : current_device().modules) {
        for (const auto& f : module->functions) {
            if (f.get() == function) {
                return true;
            }
        }
    }
    return false;
}

u32 static_shared_bytes(const CUfunc_st& f) {
    Launch launch;
    launch.module = &f.module.lock()->program;
    launch.kernel = f.function;
    return launch.shared_bytes();
}

CUresult result_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::address:
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        case FaultKind::misaligned:
            return CUDA_ERROR_MISALIGNED_ADDRESS;
        case FaultKind::assertion:
            return CUDA_ERROR_ASSERT;
        case FaultKind::budget:
            return CUDA_ERROR_LAUNCH_TIMEOUT;
        default:
            return CUDA_ERROR_LAUNCH_FAILED;
    }
}

bool fits(const Dim3& grid, const Dim3& block, u32 max_threads) {
    return grid.x != 0 && grid.y != 0 && grid.z != 0 && grid.x <= 0x7fffffff && grid.y <= 65535 && grid.z <= 65535 &&
           block.x != 0 && block.y != 0 && block.z != 0 && block.x <= 1024 && block.y <= 1024 && block.z <= 64 &&
           block.count() <= max_threads;
}

}  // namespace

AXFIRE_CUDA_API CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, CUjit_option* options,
                                            void** values) {
    return api(__func__, Needs::context, [&] { return load(module, image, JitLog(count, options, values)); });
}

AXFIRE_CUDA_API CUresult cuModuleLoadData(CUmodule* module, const void* image) {
    return api(__func__, Needs::context, [&] { return load(module, image, JitLog(0, nullptr, nullptr)); });
}

AXFIRE_CUDA_API CUresult cuModuleUnload(CUmodule handle) {
    return api(__func__, Needs::context, [&] {
        const auto module = find_module(handle);
        if (module == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        drain(current_device());
        free_variables(*module);
        current_device().modules.erase(handle);
        return current_device().error;
    });
}

AXFIRE_CUDA_API CUresult cuModuleGetFunction(CUfunction* function, CUmodule handle, const char* name) {
    return api(__func__, Needs::context, [&] {
        const auto module = find_module(handle);
        if (module == nullptr || function == nullptr || name == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        const auto it = module->program.functions.find(name);
        if (it == module->program.functions.end() || !it->second->is_kernel) {
            return CUDA_ERROR_NOT_FOUND;
        }
        for (const auto& f : module->functions) {  // the same handle every time
            if (f->function == it->second.get()) {
                *function = f.get();
                return CUDA_SUCCESS;
            }
        }
        auto f = std::make_unique<CUfunc_st>(CUfunc_st{module, it->second.get(), 0});
        const u32 used = static_shared_bytes(*f);
        f->dynamic_shared_limit = used < kSharedBytes ? kSharedBytes - used : 0;
        *function = f.get();
        module->functions.push_back(std::move(f));
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, std::size_t* bytes, CUmodule handle,
                                              const char* name) {
    return api(__func__, Needs::context, [&] {
        const auto module = find_module(handle);
        if (module == nullptr || name == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        const auto it = module->program.globals.find(name);
        if (it == module->program.globals.end()) {
            return CUDA_ERROR_NOT_FOUND;
        }
        if (address != nullptr) {
            *address = it->second.address;
        }
        if (bytes != nullptr) {
            *bytes = it->second.bytes;
        }
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) {
    return api(__func__, Needs::context, [&] {
        if (!is_function(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        const Module& program = function->module.lock()->program;
        switch (attribute) {
            case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
                *value = static_cast<int>(function->function->max_threads);
                break;
            case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
                *value = static_cast<int>(static_shared_bytes(*function));
                break;
            case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
                *value = static_cast<int>(function->function->local_bytes);
                break;
            case CU_FUNC_ATTRIBUTE_NUM_REGS:
                *value = static_cast<int>(std::clamp(function->function->register_count, 16u, 255u));
                break;
            case CU_FUNC_ATTRIBUTE_PTX_VERSION:
                *value = static_cast<int>(program.target);
                break;
            case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
                *value = static_cast<int>(state().settings.capability);
                break;
            case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
                *value = static_cast<int>(function->dynamic_shared_limit);
                break;
            default:
                *value = 0;
        }
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    return api(__func__, Needs::context, [&] {
        if (!is_function(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
            return CUDA_SUCCESS;
        }
        const u32 most = shared_opt_in(state().settings.capability);
        if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 ||
            static_cast<u32>(value) + static_shared_bytes(*function) > most) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        function->dynamic_shared_limit = static_cast<u32>(value);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int threads,
                                                                     std::size_t dynamic_shared_bytes) {
    return api(__func__, Needs::context, [&] {
        if (!is_function(function) || threads <= 0 || blocks == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        const u32 capability = state().settings.capability;
        const u64 shared = static_shared_bytes(*function) + dynamic_shared_bytes + 1024;
        u64 count = std::min<u64>(16, threads_per_multiprocessor(capability) / static_cast<u32>(threads));
        count = std::min<u64>(count, (shared_opt_in(capability) + 1024) / shared);
        *blocks = static_cast<u32>(threads) > function->function->max_threads ? 0 : static_cast<int>(count);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                        unsigned block_x, unsigned block_y, unsigned block_z,
                                        unsigned dynamic_shared_bytes, CUstream handle, void** parameters,
                                        void** extra) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || !is_function(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->is_default && stream->device->captures != 0) {
            return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
        const Function& kernel = *function->function;
        Launch launch;
        launch.module = &function->module.lock()->program;
        launch.kernel = &kernel;
        launch.grid = {grid_x, grid_y, grid_z};
        launch.block = {block_x, block_y, block_z};
        launch.dynamic_shared_bytes = dynamic_shared_bytes;
        launch.memory = &state().memory;
        launch.device = stream->device->ordinal;
        launch.budget = state().settings.budget;
        if (extra != nullptr || !fits(launch.grid, launch.block, kernel.max_threads) ||
            dynamic_shared_bytes > function->dynamic_shared_limit ||
            (parameters == nullptr && !kernel.parameters.empty())) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        launch.parameters.assign(kernel.kernel_parameter_bytes, 0);
        for (std::size_t k = 0; k < kernel.parameters.size(); ++k) {
            const Parameter& p = kernel.parameters[k];
            std::memcpy(launch.parameters.data() + p.offset, parameters[k], p.bytes);
        }
        // The module stays as long as something may run that belongs to it.
        stream->has_kernels = true;
        enqueue(*stream, [launch, module = function->module.lock()]() -> CUresult {
            try {
                run_grid(launch);
                return CUDA_SUCCESS;
            } catch (const KernelError& error) {
                say(error.what());
                return result_of(error.kind);
            }
        });
        return CUDA_SUCCESS;
    });
}
