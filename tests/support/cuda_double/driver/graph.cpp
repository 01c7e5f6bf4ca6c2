// SPDX-License-Identifier: Apache-2.0
// Stream capture and graphs. A graph's nodes run in the order in which they were captured.
#include "tests/support/cuda_double/driver/state.h"

using namespace axfire::cuda_double;

namespace {

/// Takes all streams out of the capture that this one began.
std::shared_ptr<Capture> end_capture(CUstream_st& origin) {
    const std::shared_ptr<Capture> capture = origin.capture;
    for (const auto& stream : capture->streams) {
        stream->capture = nullptr;
    }
    --origin.device->captures;
    return capture;
}

}  // namespace

AXFIRE_CUDA_API CUresult cuStreamBeginCapture_v2(CUstream handle, int mode) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->is_default || stream->capture != nullptr) {
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if (mode < 0 || mode > 2) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        stream->capture = std::make_shared<Capture>();
        stream->capture->graph = std::make_unique<CUgraph_st>();
        stream->capture->streams.push_back(stream->shared_from_this());
        stream->captured = 0;
        stream->joined = 0;
        ++stream->device->captures;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || graph == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *graph = nullptr;
        if (stream->capture == nullptr) {
            return CUDA_ERROR_ILLEGAL_STATE;
        }
        if (stream->capture->streams.front().get() != stream) {
            return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
        }
        const std::shared_ptr<Capture> capture = end_capture(*stream);
        for (const auto& other : capture->streams) {
            if (other.get() != stream && other->captured > other->joined) {
                return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
            }
        }
        *graph = capture->graph.release();
        state().graphs.insert(*graph);
        return CUDA_SUCCESS;
    });
}

/// 0: not capturing, 1: capturing.
AXFIRE_CUDA_API CUresult cuStreamIsCapturing(CUstream handle, int* status) {
    return api(__func__, Needs::context, [&] {
        const CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || status == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *status = stream->capture != nullptr ? 1 : 0;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long) {
    return api(__func__, Needs::context, [&] {
        if (executable == nullptr || state().graphs.count(graph) == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *executable = new CUgraphExec_st{graph->nodes};
        state().graph_executables.insert(*executable);
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuGraphUpload(CUgraphExec executable, CUstream) {
    return api(__func__, Needs::context, [&] {
        return state().graph_executables.count(executable) == 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuGraphLaunch(CUgraphExec executable, CUstream handle) {
    return api(__func__, Needs::context, [&] {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr || state().graph_executables.count(executable) == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        stream->has_kernels = true;
        enqueue(*stream, [nodes = executable->nodes] {
            for (const Task& node : nodes) {
                if (const CUresult result = node ? node() : CUDA_SUCCESS; result != CUDA_SUCCESS) {
                    return result;
                }
            }
            return CUDA_SUCCESS;
        });
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuGraphExecDestroy(CUgraphExec executable) {
    return api(__func__, Needs::context, [&] {
        if (state().graph_executables.erase(executable) == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        delete executable;
        return CUDA_SUCCESS;
    });
}

AXFIRE_CUDA_API CUresult cuGraphDestroy(CUgraph graph) {
    return api(__func__, Needs::context, [&] {
        if (state().graphs.erase(graph) == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        delete graph;
        return CUDA_SUCCESS;
    });
}
