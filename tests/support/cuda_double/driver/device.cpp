// SPDX-License-Identifier: Apache-2.0
// Devices and their primary contexts.
#include <cstring>

#include "tests/support/cuda_double/driver/limits.h"
#include "tests/support/cuda_double/driver/state.h"

using namespace axfire::cuda_double;

namespace {

Device* find_device(CUdevice device) {
    return device >= 0 && device < state().settings.devices ? state().devices[device].get() : nullptr;
}

/// Runs `body` with a device that there is.
template <class Body>
CUresult with_device(const char* function, CUdevice ordinal, Body body) {
    return api(function, Needs::initialised, [&]() -> CUresult {
        Device* device = find_device(ordinal);
        return device == nullptr ? CUDA_ERROR_INVALID_DEVICE : body(*device);
    });
}

}  // namespace

/// Reads the settings anew and counts calls from here.
AXFIRE_CUDA_API CUresult cuInit(unsigned flags) {
    State& s = state();
    const std::lock_guard lock(s.mutex);
    s.settings = Settings::from_environment();
    s.calls.clear();
    s.memory.watched_bytes = s.settings.watched;
    const CUresult result = begin_call(__func__, Needs::nothing);
    if (result != CUDA_SUCCESS || flags != 0) {
        return result != CUDA_SUCCESS ? result : CUDA_ERROR_INVALID_VALUE;
    }
    if (s.settings.devices <= 0) {
        return CUDA_ERROR_NO_DEVICE;
    }
    for (int n = static_cast<int>(s.devices.size()); n < s.settings.devices; ++n) {
        s.devices.push_back(std::make_unique<Device>(n));
    }
    s.is_initialised = true;
    return CUDA_SUCCESS;
}

AXFIRE_CUDA_API CUresult cuDriverGetVersion(int* version) {
    return api(__func__, Needs::nothing, [&] {
        *version = state().settings.version;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGetCount(int* count) {
    return api(__func__, Needs::initialised, [&] {
        *count = state().settings.devices;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return with_device(__func__, ordinal, [&](const Device& d) {
        *device = d.ordinal;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGetName(char* name, int bytes, CUdevice device) {
    return with_device(__func__, device, [&](const Device&) {
        if (name == nullptr || bytes <= 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        std::strncpy(name, "Axfire test double (no GPU)", static_cast<std::size_t>(bytes));
        name[bytes - 1] = '\0';
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    return with_device(__func__, device, [&](const Device& d) {
        std::memcpy(uuid->bytes, "axfire-double-0", sizeof uuid->bytes);
        uuid->bytes[14] = static_cast<char>('0' + d.ordinal);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    return cuDeviceGetUuid(uuid, device);
}

AXFIRE_CUDA_API CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice device) {
    return with_device(__func__, device, [&](const Device&) {
        *bytes = state().settings.memory;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    return with_device(__func__, device, [&](const Device&) {
        *value = device_attribute(attribute, state().settings.capability);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    return with_device(__func__, device, [&](Device& d) {
        ++d.retained;
        *context = &d.context;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    return with_device(__func__, device, [&](Device& d) {
        if (d.retained == 0) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (--d.retained == 0) {
            d.reset(state().memory);
        }
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    return with_device(__func__, device, [&](Device& d) {
        d.reset(state().memory);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuCtxSetCurrent(CUcontext context) {
    return api(__func__, Needs::initialised, [&] {
        current_context() = context;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuCtxGetCurrent(CUcontext* context) {
    return api(__func__, Needs::initialised, [&] {
        *context = current_context();
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuCtxGetDevice(CUdevice* device) {
    return api(__func__, Needs::context, [&] {
        *device = current_device().ordinal;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuCtxSynchronize() {
    return api(__func__, Needs::context, [&] {
        if (current_device().captures != 0) {
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        drain(current_device());
        return current_device().error;
    });
}
