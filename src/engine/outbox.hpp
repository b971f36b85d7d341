// The outbox: the one batch of bytes that is being written. Small packets are copied together, large ones are gathered.
//
// Nothing is staged while a batch is under way: what waits stays untouched (and can be cancelled) until the
// transport comes back for more, and then all of it goes at once. That is all the batching there is. Before the
// transport comes, direct publishes are in it already.
#pragma once

#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"
#include "src/wire/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace mqtt_as {

class outbox {
public:
    outbox(pool& memory, const limits& limits)
        : limits_(limits), buffer_(memory, limits.batch_bytes_max), bodies_(memory, profile::gathers ? bodies_max : 0) {
    }

    bool empty() const { return size_ == 0; }
    /// The transport has been given the batch, and nothing is added to it any more.
    bool is_offered() const { return is_offered_; }
    void offer() { is_offered_ = true; }
    /// A write has begun and was taken in part: the transport is full.
    bool partly_sent() const { return sent_ != 0; }
    std::uint32_t size() const { return size_; }

    /// Room for `size` more copied bytes? Hosts: grows by use; the first packet of a batch may exceed the limit.
    bool has_room(std::size_t size) { return (!profile::is_board && has_room_now(size)) || grow(used_ + size); }
    /// Room without growing?
    bool has_room_now(std::size_t size) const { return used_ + size <= room_; }
    /// After `has_room`: the place for `size` bytes, which are now part of the batch.
    std::span<std::uint8_t> append(std::size_t size) {
        std::span<std::uint8_t> place{buffer_.data() + used_, size};
        used_ = static_cast<size_type>(used_ + size);
        size_ = static_cast<size_type>(size_ + size);
        return place;
    }

    /// Adds the packet of `op`: copied when small, else by reference. False when the batch is full.
    bool append(operation& op) {
        if (profile::gathers && (op.has_body() || op.packet_size >= limits_.gather_from)) return gather(op);
        if (!has_room(op.packet_size)) return false;
        std::memcpy(append(op.packet_size).data(), op.packet(), op.packet_size);
        op.batch_end = size_;
        return true;
    }

    /// What is left to write.
    std::size_t rest(std::span<bytes> gather) const;
    /// The transport took `size` more bytes. True when the batch is through.
    bool on_sent(std::size_t size);
    std::uint32_t sent() const { return sent_; }
    /// The connection is over: nobody looks at the bytes any more.
    void reset() {
        size_ = sent_ = used_ = 0;
        body_count_ = 0;
        is_offered_ = false;
    }
    /// The bytes before `end`, while nothing but copied ones comes before.
    const std::uint8_t* before(std::uint32_t end) const { return buffer_.data() + end; }

    /// With what lies between them, a gather list of 16 is enough.
    static constexpr std::uint8_t bodies_max = 7;
    /// Bytes that are sent from where they lie, behind the first `after` bytes of the buffer.
    struct body {
        const std::uint8_t* data;
        profile::size_type size;
        profile::size_type after;
    };

private:
    using size_type = profile::size_type;

    bool grow(std::size_t size) {
        if constexpr (profile::is_board) return buffer_.reserve(size);
        if ((size > copied_max() && used_ != 0) || !buffer_.reserve(size)) return false;
        room_ = static_cast<std::uint32_t>(std::min<std::size_t>(buffer_.capacity(), copied_max()));
        return true;
    }
    bool gather(operation& op);
    void gather(const std::uint8_t* data, std::uint32_t size) {
        bodies_[body_count_++] = {data, static_cast<size_type>(size), used_};
        size_ = static_cast<size_type>(size_ + size);
    }
    /// So that a batch can be counted in 32 bits.
    std::size_t copied_max() const { return std::min(limits_.batch_bytes_max, std::size_t{1} << 30); }

    const limits& limits_;
    array_of<std::uint8_t> buffer_;
    array_of<body> bodies_;
    struct nothing {
        constexpr nothing(std::uint32_t) {}
        constexpr operator std::uint32_t() const { return 0; }
    };
    /// Hosts: how much of the buffer a batch may use without growing. A first packet above the limit leaves more.
    [[no_unique_address]] std::conditional_t<profile::is_board, nothing, std::uint32_t> room_ = 0;
    size_type used_ = 0;  // bytes of the buffer
    size_type size_ = 0;  // bytes of the batch
    size_type sent_ = 0;  // of them taken by the transport
    std::uint8_t body_count_ = 0;
    bool is_offered_ = false;
};

}  // namespace mqtt_as
