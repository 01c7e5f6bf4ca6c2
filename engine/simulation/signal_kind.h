// SPDX-License-Identifier: Apache-2.0
// What a node does to the kind of its signal: events or analog values.
#pragma once

#include "engine/network/network.h"

namespace axfire {

/// Nodes that hand their source's signal on as it is.
inline bool passes(const Node& node) {
    return std::holds_alternative<nodes::Flatten>(node.kind) || std::holds_alternative<nodes::Reshape>(node.kind) ||
           std::holds_alternative<nodes::Output>(node.kind);
}

/// Whether a node emits events, given whether all of its sources do.
inline bool emits_events(const Node& node, bool source_events) {
    if (const auto* pool = std::get_if<nodes::Pool2d>(&node.kind)) {
        return source_events && pool->kind != nodes::Pool2d::Kind::average;
    }
    return emits_spikes(node) || (source_events && (passes(node) || std::holds_alternative<nodes::Delay>(node.kind) ||
                                                    std::holds_alternative<nodes::Rearrange>(node.kind) ||
                                                    std::holds_alternative<nodes::Concat>(node.kind)));
}

}  // namespace axfire
