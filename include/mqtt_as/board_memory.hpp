// Memory of an engine on a board: how much it needs, stated at compile time, and a static block of that size.
//
// An engine compiled for a board takes one block, whole, at construction, and nothing else ever. What it cannot do
// within that block is refused: queue_full or out_of_memory to whoever asks, no reading while the inbox is full, and a
// packet that is too large ends the connection.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace mqtt_as {

/// Limits for a small board: eight operations, four subscriptions, packets of 256 bytes. Copy and change them. On
/// boards
///
/// - `payload_bytes_max` counts the whole packets of unfinished publishes, their topics included;
/// - `packet_bytes_max` must hold the largest packet, CONNECT among them;
/// - `batch_bytes_max` and `gather_from` mean nothing: one packet is sent at a time, from where it lies.
inline constexpr limits small_board_limits{.operations_max = 8,
                                           .payload_bytes_max = 256,
                                           .subscriptions_max = 4,
                                           .inbound_max = 4,
                                           .inbound_qos2_max = 8,
                                           .packet_bytes_max = 256,
                                           .batch_bytes_max = 256};

namespace detail {
// What the engine's own structures take. The library asserts that it is enough when it is compiled for a board.
inline constexpr bool is_small = sizeof(void*) == 4;
inline constexpr std::size_t state_bytes = is_small ? 284 : 392;
inline constexpr std::size_t operation_bytes = is_small ? 48 : 72;
inline constexpr std::size_t filter_bytes = is_small ? 20 : 32;
inline constexpr std::size_t entry_bytes = 4;  // of the inbox
inline constexpr std::size_t due_bytes = 4;    // an acknowledgement that is due
inline constexpr std::size_t due_spare = 4;
inline constexpr std::size_t block_bytes_max = 65'535;  // counted in 16 bits
inline constexpr std::size_t granule = sizeof(void*);   // pieces of the block are multiples of this
constexpr std::size_t piece(std::size_t size) { return (size + granule - 1) / granule * granule; }
}  // namespace detail

/// Bytes of topic filters for which `memory_required` makes room, on average.
inline constexpr std::size_t filter_text_bytes = 24;

/// The bytes that an engine compiled for a board takes: enough for all limits at once. SUBSCRIBE and UNSUBSCRIBE under
/// way, and filters longer than `filter_text_bytes`, use what publishes leave.
constexpr std::size_t memory_required(const limits& l) {
    using namespace detail;
    return state_bytes + l.operations_max * piece(operation_bytes + granule - 1) + piece(l.payload_bytes_max) +
           l.subscriptions_max * piece(filter_bytes + filter_text_bytes) + piece(l.packet_bytes_max) +
           piece(l.inbound_max * entry_bytes) + piece((l.inbound_max + due_spare) * due_bytes) +
           piece(l.inbound_qos2_max * sizeof(std::uint16_t));
}

/// Gives one engine one block, which its user owns, and which is aligned for any type. `engine::ok()` is false when the
/// block is smaller than `memory_required(limits)`, or has an engine already; also where that is 64 KiB or more.
class block_memory : public memory_source {
public:
    explicit block_memory(std::span<std::uint8_t> block) : block_(block) {}
    block_memory(const block_memory&) = delete;
    block_memory& operator=(const block_memory&) = delete;

    void* allocate(std::size_t size) noexcept override {
        if (is_taken_ || size > block_.size()) return nullptr;
        is_taken_ = true;
        return block_.data();
    }
    void deallocate(void*, std::size_t) noexcept override { is_taken_ = false; }

private:
    std::span<std::uint8_t> block_;
    bool is_taken_ = false;
};

/// The same with a block of its own:
///
///     static mqtt_as::board_memory<my_limits> memory;
///     static mqtt_as::engine engine(my_config, my_limits, memory, seed);
template <limits Limits>
class board_memory final : public block_memory {
    static_assert(memory_required(Limits) <= detail::block_bytes_max, "a board's engine counts its memory in 16 bits");

public:
    board_memory() : block_memory(storage_) {}

private:
    alignas(std::max_align_t) std::uint8_t storage_[memory_required(Limits)];
};

}  // namespace mqtt_as
