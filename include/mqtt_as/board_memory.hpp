// Memory of an engine on a board: how much it needs, stated at compile time, and a static block of that size.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <cstddef>
#include <cstdint>

namespace mqtt_as {

/// Limits for a small board: about 1 KiB of buffers, eight operations, four subscriptions. Copy and change them.
inline constexpr limits board_limits{.operations_max = 8,
                                     .payload_bytes_max = 256,
                                     .subscriptions_max = 4,
                                     .inbound_max = 4,
                                     .inbound_qos2_max = 8,
                                     .packet_bytes_max = 256,
                                     .batch_bytes_max = 128,
                                     .gather_from = 64};

namespace detail {
// What the engine's own structures take; the library asserts these when it is compiled for a board.
inline constexpr std::size_t state_bytes = sizeof(void*) == 4 ? 384 : 640;
inline constexpr std::size_t operation_bytes = sizeof(void*) == 4 ? 56 : 80;
inline constexpr std::size_t filter_bytes = sizeof(void*) == 4 ? 24 : 40;
inline constexpr std::size_t granule = 2 * sizeof(void*);  // pieces of the block are multiples of this
constexpr std::size_t piece(std::size_t size) { return (size + granule - 1) / granule * granule; }
}  // namespace detail

constexpr std::size_t memory_required(const limits& l) {
    return detail::state_bytes + l.operations_max * detail::piece(detail::operation_bytes) +
           l.subscriptions_max * detail::piece(detail::filter_bytes) + detail::piece(l.packet_bytes_max) +
           detail::piece(l.batch_bytes_max) + detail::piece(l.inbound_max * 6) +
           detail::piece((l.inbound_max + 4) * 4) + detail::piece(l.inbound_qos2_max * 2) + detail::piece(3 * 12) +
           l.payload_bytes_max;
}

}  // namespace mqtt_as
