// SPDX-License-Identifier: Apache-2.0
// Memory of devices and page-locked memory of the host, and copies between them.
#include <cstring>

#include "tests/support/cuda_double/driver/state.h"

using namespace axfire::cuda_double;

namespace {

CUresult allocate(CUdeviceptr* address, std::size_t bytes) {
    State& s = state();
    Device& device = current_device();
    if (address == nullptr || bytes == 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (bytes > s.settings.memory || s.memory.used(device.ordinal) > s.settings.memory - bytes) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    *address = s.memory.allocate(bytes, device.ordinal).address;
    return CUDA_SUCCESS;
}

u8* device_bytes(CUdeviceptr address, std::size_t bytes) {
    const Allocation* a = state().memory.find(address, bytes);
    return a == nullptr ? nullptr : a->data + (address - a->address);
}

bool is_page_locked(const void* data, std::size_t bytes) {
    const Allocation* a = state().memory.find(reinterpret_cast<u64>(data), bytes);
    return a != nullptr && a->device < 0;
}

CUresult fail(const char* what, CUdeviceptr address, std::size_t bytes) {
    say(std::string(what) + " of " + std::to_string(bytes) + " bytes: " + state().memory.explain(address, bytes));
    return CUDA_ERROR_INVALID_VALUE;
}

/// Copies and fills check their ranges when they are asked for, and again when they are done.
CUresult put_copy(CUstream_st& stream, CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
    if (device_bytes(to, bytes) == nullptr || device_bytes(from, bytes) == nullptr) {
        return fail("a copy", device_bytes(to, bytes) == nullptr ? to : from, bytes);
    }
    enqueue(stream, [to, from, bytes]() -> CUresult {
        u8* target = device_bytes(to, bytes);
        const u8* source = device_bytes(from, bytes);
        if (target == nullptr || source == nullptr) {
            fail("a copy that was waiting", target == nullptr ? to : from, bytes);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        std::memmove(target, source, bytes);
        return CUDA_SUCCESS;
    });
    return CUDA_SUCCESS;
}

/// Page-locked memory is read when the copy is done, other memory at once, unless a graph is captured.
CUresult put_upload(CUstream_st& stream, CUdeviceptr to, const void* from, std::size_t bytes) {
    if (is_page_locked(from, bytes)) {
        return put_copy(stream, to, reinterpret_cast<u64>(from), bytes);
    }
    if (device_bytes(to, bytes) == nullptr) {
        return fail("a copy", to, bytes);
    }
    std::shared_ptr<std::vector<u8>> staged;
    if (stream.capture == nullptr) {
        staged = std::make_shared<std::vector<u8>>(static_cast<const u8*>(from), static_cast<const u8*>(from) + bytes);
    }
    enqueue(stream, [to, from, staged, bytes]() -> CUresult {
        u8* target = device_bytes(to, bytes);
        if (target == nullptr) {
            fail("a copy that was waiting", to, bytes);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        std::memcpy(target, staged != nullptr ? staged->data() : from, bytes);
        return CUDA_SUCCESS;
    });
    return CUDA_SUCCESS;
}

/// To memory that is not page-locked the copy is complete when the call returns, as with the CUDA driver.
CUresult put_download(CUstream_st& stream, void* to, CUdeviceptr from, std::size_t bytes) {
    if (is_page_locked(to, bytes)) {
        return put_copy(stream, reinterpret_cast<u64>(to), from, bytes);
    }
    if (device_bytes(from, bytes) == nullptr) {
        return fail("a copy", from, bytes);
    }
    enqueue(stream, [to, from, bytes]() -> CUresult {
        const u8* source = device_bytes(from, bytes);
        if (source == nullptr) {
            fail("a copy that was waiting", from, bytes);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        std::memcpy(to, source, bytes);
        return CUDA_SUCCESS;
    });
    if (stream.capture != nullptr) {
        return CUDA_SUCCESS;
    }
    drain(stream, stream.end());
    return stream.device->error;
}

template <class T>
CUresult put_fill(CUstream_st& stream, CUdeviceptr to, T value, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (to % sizeof(T) != 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (device_bytes(to, bytes) == nullptr) {
        return fail("a fill", to, bytes);
    }
    enqueue(stream, [to, value, count, bytes]() -> CUresult {
        u8* target = device_bytes(to, bytes);
        if (target == nullptr) {
            fail("a fill that was waiting", to, bytes);
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        for (std::size_t k = 0; k < count; ++k) {
            std::memcpy(target + k * sizeof(T), &value, sizeof(T));
        }
        return CUDA_SUCCESS;
    });
    return CUDA_SUCCESS;
}

/// In a stream of the caller's choice.
template <class Body>
CUresult in_stream(const char* function, CUstream handle, Body body) {
    return api(function, Needs::context, [&]() -> CUresult {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->is_default && stream->device->captures != 0) {
            return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
        return body(*stream);
    });
}

/// In the default stream; a copy has been done when the function returns.
template <class Body>
CUresult at_once(const char* function, Body body) {
    return in_stream(function, nullptr, [&](CUstream_st& stream) -> CUresult {
        const CUresult result = body(stream);
        if (result == CUDA_SUCCESS) {
            drain(stream, stream.end());
        }
        return result != CUDA_SUCCESS ? result : stream.device->error;
    });
}

CUresult allocate_host(void** data, std::size_t bytes) {
    if (data == nullptr || bytes == 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    constexpr std::size_t kAlignment = 256;
    auto owned = std::make_unique_for_overwrite<u8[]>(bytes + kAlignment);
    const u64 begin = reinterpret_cast<u64>(owned.get());
    *data = owned.get() + (kAlignment - begin % kAlignment) % kAlignment;
    std::memset(*data, 0xa5, bytes);
    state().memory.add_host(*data, bytes);
    state().host_memory[*data] = std::move(owned);
    return CUDA_SUCCESS;
}

}  // namespace

AXFIRE_CUDA_API CUresult cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes) {
    return api(__func__, Needs::context, [&] { return allocate(address, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemFree_v2(CUdeviceptr address) {
    return api(__func__, Needs::context, [&] {
        if (address == 0) {
            return CUDA_SUCCESS;
        }
        const Allocation* a = state().memory.begins_at(address);
        if (a == nullptr || a->device != current_device().ordinal || a->is_module) {
            return fail("a release", address, 0);
        }
        drain(current_device());
        state().memory.free(address);
        return current_device().error;
    });
}

AXFIRE_CUDA_API CUresult cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    return api(__func__, Needs::context, [&] {
        if (free == nullptr || total == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *total = state().settings.memory;
        *free = *total - state().memory.used(current_device().ordinal);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuMemHostAlloc(void** data, std::size_t bytes, unsigned) {
    return api(__func__, Needs::context, [&] { return allocate_host(data, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemAllocHost_v2(void** data, std::size_t bytes) {
    return api(__func__, Needs::context, [&] { return allocate_host(data, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemFreeHost(void* data) {
    return api(__func__, Needs::context, [&] {
        if (state().host_memory.count(data) == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        drain(current_device());
        state().memory.free(reinterpret_cast<u64>(data));
        state().host_memory.erase(data);
        return current_device().error;
    });
}

AXFIRE_CUDA_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* data, unsigned) {
    return api(__func__, Needs::context, [&] {
        if (address == nullptr || !is_page_locked(data, 1)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *address = reinterpret_cast<u64>(data);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, std::size_t bytes) {
    return at_once(__func__, [&](CUstream_st& s) { return put_upload(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, std::size_t bytes) {
    return at_once(__func__, [&](CUstream_st& s) { return put_download(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
    return in_stream(__func__, nullptr, [&](CUstream_st& s) { return put_copy(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
    return in_stream(__func__, stream, [&](CUstream_st& s) { return put_upload(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
    return in_stream(__func__, stream, [&](CUstream_st& s) { return put_download(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
    return in_stream(__func__, stream, [&](CUstream_st& s) { return put_copy(s, to, from, bytes); });
}

AXFIRE_CUDA_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, std::size_t count) {
    return in_stream(__func__, nullptr, [&](CUstream_st& s) { return put_fill<u8>(s, to, value, count); });
}

AXFIRE_CUDA_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, std::size_t count) {
    return in_stream(__func__, nullptr, [&](CUstream_st& s) { return put_fill<u32>(s, to, value, count); });
}

AXFIRE_CUDA_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t count, CUstream stream) {
    return in_stream(__func__, stream, [&](CUstream_st& s) { return put_fill<u8>(s, to, value, count); });
}

AXFIRE_CUDA_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, std::size_t count, CUstream stream) {
    return in_stream(__func__, stream, [&](CUstream_st& s) { return put_fill<u32>(s, to, value, count); });
}
