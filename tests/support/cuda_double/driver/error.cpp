// SPDX-License-Identifier: Apache-2.0
// The names of errors, and functions by their names.
#include <dlfcn.h>

#include "tests/support/cuda_double/driver/state.h"

using namespace axfire::cuda_double;

namespace axfire::cuda_double {

namespace {

struct ErrorText {
    CUresult code;
    const char* name;
    const char* text;
};

#define AXFIRE_ERROR(code, text) \
    { code, #code, text }
constexpr ErrorText kErrors[] = {
    AXFIRE_ERROR(CUDA_SUCCESS, "no error"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    AXFIRE_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    AXFIRE_ERROR(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    AXFIRE_ERROR(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    AXFIRE_ERROR(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    AXFIRE_ERROR(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
    AXFIRE_ERROR(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain"),
    AXFIRE_ERROR(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    AXFIRE_ERROR(CUDA_ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state"),
    AXFIRE_ERROR(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    AXFIRE_ERROR(CUDA_ERROR_NOT_READY, "device not ready"),
    AXFIRE_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    AXFIRE_ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    AXFIRE_ERROR(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    AXFIRE_ERROR(CUDA_ERROR_ASSERT, "device-side assert triggered"),
    AXFIRE_ERROR(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    AXFIRE_ERROR(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    AXFIRE_ERROR(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    AXFIRE_ERROR(CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized"),
    AXFIRE_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"),
    AXFIRE_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"),
    AXFIRE_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "capture was not ended in the same stream as it began"),
    AXFIRE_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
    AXFIRE_ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "operation would make the legacy stream depend on a capture"),
    AXFIRE_ERROR(CUDA_ERROR_CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream"),
    AXFIRE_ERROR(CUDA_ERROR_UNKNOWN, "unknown error"),
};
#undef AXFIRE_ERROR

const ErrorText* find_error(CUresult code) {
    for (const ErrorText& e : kErrors) {
        if (e.code == code) {
            return &e;
        }
    }
    return nullptr;
}

}  // namespace

const char* error_name(CUresult error) {
    const ErrorText* e = find_error(error);
    return e == nullptr ? nullptr : e->name;
}

}  // namespace axfire::cuda_double

AXFIRE_CUDA_API CUresult cuGetErrorName(CUresult error, const char** name) {
    const ErrorText* e = find_error(error);
    *name = e == nullptr ? nullptr : e->name;
    return e == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

AXFIRE_CUDA_API CUresult cuGetErrorString(CUresult error, const char** text) {
    const ErrorText* e = find_error(error);
    *text = e == nullptr ? nullptr : e->text;
    return e == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

/// The newest form of a function is what a name without a version means.
AXFIRE_CUDA_API CUresult cuGetProcAddress_v2(const char* name, void** function, int, std::uint64_t, int* status) {
    *function = nullptr;
    Dl_info self;
    if (dladdr(reinterpret_cast<void*>(&cuGetErrorName), &self) != 0) {
        if (void* library = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD)) {
            *function = dlsym(library, (std::string(name) + "_v2").c_str());
            *function = *function != nullptr ? *function : dlsym(library, name);
            dlclose(library);
        }
    }
    if (status != nullptr) {
        *status = *function != nullptr ? 0 : 1;
    }
    return *function != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
