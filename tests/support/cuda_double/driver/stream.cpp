// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_double/driver/stream.h"

#include <algorithm>
#include <chrono>

#include "tests/support/cuda_double/driver/state.h"

namespace axfire::cuda_double {

namespace {

double now_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_event(CUevent event) {
    return event != nullptr && current_device().events.count(event) != 0;
}

}  // namespace

void enqueue(CUstream_st& stream, Task task, std::vector<CUstream_st::Dependency> after) {
    if (stream.capture != nullptr) {
        stream.capture->graph->nodes.push_back(std::move(task));
        stream.captured = stream.capture->graph->nodes.size();
        return;
    }
    // The default stream and the blocking ones do their work in the order in which it came.
    Device& device = *stream.device;
    if (stream.is_default) {
        for (const auto& other : device.streams) {
            if (other->is_blocking) {
                after.push_back({other, other->end()});
            }
        }
    } else if (stream.is_blocking) {
        after.push_back({device.default_stream, device.default_stream->end()});
    }
    stream.queue.push_back({std::move(task), std::move(after)});
    if (state().settings.eager && !stream.is_default && !stream.has_kernels) {
        drain(stream, stream.end());
    }
}

void drain(CUstream_st& stream, std::uint64_t position) {
    while (stream.done < position) {
        const CUstream_st::Work work = std::move(stream.queue.front());
        stream.queue.pop_front();
        ++stream.done;
        for (const CUstream_st::Dependency& d : work.after) {
            drain(*d.stream, d.position);
        }
        if (stream.device->error == CUDA_SUCCESS && work.task) {
            stream.device->error = work.task();
        }
    }
}

void drain(Device& device) {
    drain(*device.default_stream, device.default_stream->end());
    for (const auto& stream : device.streams) {
        drain(*stream, stream->end());
    }
}

}  // namespace axfire::cuda_double

using namespace axfire::cuda_double;

namespace {

CUresult create_stream(CUstream* stream, unsigned flags) {
    if (stream == nullptr || flags > CU_STREAM_NON_BLOCKING) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    Device& device = current_device();
    device.streams.push_back(std::make_shared<CUstream_st>());
    *stream = device.streams.back().get();
    (*stream)->device = &device;
    (*stream)->is_blocking = flags == CU_STREAM_DEFAULT;
    return CUDA_SUCCESS;
}

}  // namespace

AXFIRE_CUDA_API CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
    return api(__func__, Needs::context, [&] { return create_stream(stream, flags); });
}

AXFIRE_CUDA_API CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int) {
    return api(__func__, Needs::context, [&] { return create_stream(stream, flags); });
}

AXFIRE_CUDA_API CUresult cuStreamDestroy_v2(CUstream handle) {
    return api(__func__, Needs::context, [&] {
        Device& device = current_device();
        const auto it = std::find_if(device.streams.begin(), device.streams.end(),
                                     [&](const auto& stream) { return stream.get() == handle; });
        if (it == device.streams.end()) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (handle->capture != nullptr) {
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        drain(*handle, handle->end());
        device.streams.erase(it);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuStreamSynchronize(CUstream handle) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->capture != nullptr) {
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        drain(*stream, stream->end());
        return stream->device->error;
    });
}

/// Does one piece of work, so that a loop of queries ends.
AXFIRE_CUDA_API CUresult cuStreamQuery(CUstream handle) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->queue.empty()) {
            return CUDA_SUCCESS;
        }
        drain(*stream, stream->done + 1);
        return stream->device->error != CUDA_SUCCESS ? stream->device->error : CUDA_ERROR_NOT_READY;
    });
}

AXFIRE_CUDA_API CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || !is_event(event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (event->capture != nullptr) {  // the stream takes part in the capture from here
            if (stream->capture == nullptr) {
                stream->capture = event->capture;
                stream->captured = 0;
                stream->joined = 0;
                event->capture->streams.push_back(stream->shared_from_this());
            }
            if (stream->capture != event->capture) {
                return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
            }
            event->stream->joined = std::max(event->stream->joined, event->captured);
        } else if (event->stream != nullptr) {
            enqueue(*stream, {}, {{event->stream, event->position}});
        }
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void* data) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        enqueue(*stream, [function, data] {
            function(data);
            return CUDA_SUCCESS;
        });
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuEventCreate(CUevent* event, unsigned flags) {
    return api(__func__, Needs::context, [&] {
        if (event == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *event = new CUevent_st;
        (*event)->device = &current_device();
        (*event)->has_time = (flags & CU_EVENT_DISABLE_TIMING) == 0;
        current_device().events.insert(*event);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuEventDestroy_v2(CUevent event) {
    return api(__func__, Needs::context, [&] {
        if (!is_event(event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        current_device().events.erase(event);
        delete event;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuEventRecord(CUevent event, CUstream handle) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || !is_event(event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        event->stream = stream->shared_from_this();
        event->capture = stream->capture;
        event->captured = stream->captured;
        if (stream->capture != nullptr) {
            return CUDA_SUCCESS;
        }
        event->time = std::make_shared<double>(0);
        enqueue(*stream, [time = event->time] {
            *time = now_ms();
            return CUDA_SUCCESS;
        });
        event->position = stream->end();
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuEventSynchronize(CUevent event) {
    return api(__func__, Needs::context, [&] {
        if (!is_event(event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (event->capture != nullptr) {
            return CUDA_ERROR_CAPTURED_EVENT;
        }
        if (event->stream != nullptr) {
            drain(*event->stream, event->position);
        }
        return event->device->error;
    });
}

AXFIRE_CUDA_API CUresult cuEventQuery(CUevent event) {
    return api(__func__, Needs::context, [&] {
        if (!is_event(event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (event->stream == nullptr || event->stream->done >= event->position) {
            return CUDA_SUCCESS;
        }
        drain(*event->stream, event->stream->done + 1);
        return event->device->error != CUDA_SUCCESS ? event->device->error : CUDA_ERROR_NOT_READY;
    });
}

AXFIRE_CUDA_API CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    return api(__func__, Needs::context, [&] {
        if (milliseconds == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!is_event(start) || !is_event(end) || !start->has_time || !end->has_time || start->time == nullptr ||
            end->time == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        for (const CUevent event : {start, end}) {
            if (event->stream->done < event->position) {
                return CUDA_ERROR_NOT_READY;
            }
        }
        *milliseconds = static_cast<float>(*end->time - *start->time);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
    return cuEventElapsedTime(milliseconds, start, end);
}
