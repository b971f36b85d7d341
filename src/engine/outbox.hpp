// The outbox: the bytes that are being written. On hosts a batch: small packets copied together, large ones gathered.
// On boards one packet, sent from where it lies.
//
// Nothing is staged while a write is under way: what waits stays untouched (and can be cancelled) until the
// transport comes back for more, and then as much of it goes as there is room for. Before the transport comes, direct
// publishes are in it already.
#pragma once

#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"
#include "src/wire/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace mqtt_as {

/// For hosts.
class batch_outbox {
public:
    batch_outbox(pool& memory, const limits& limits)
        : limits_(limits), buffer_(memory, limits.batch_bytes_max), bodies_(memory, bodies_max) {}

    /// Its memory, before the pool ends.
    void give_back() {
        buffer_.give_back();
        bodies_.give_back();
    }

    bool empty() const { return size_ == 0; }
    /// The transport has been given the batch, and nothing is added to it any more.
    bool is_offered() const { return is_offered_; }
    void offer() { is_offered_ = true; }
    /// A write has begun and was taken in part: the transport is full.
    bool partly_sent() const { return sent_ != 0; }
    std::uint32_t size() const { return size_; }
    /// Nothing can be added. On hosts that depends on what it is.
    static constexpr bool is_full() { return false; }

    /// Room for `size` more copied bytes? It grows by use; the first packet of a batch may exceed the limit.
    bool has_room(std::size_t size) { return has_room_now(size) || grow(used_ + size); }
    /// Room without growing?
    bool has_room_now(std::size_t size) const { return used_ + size <= room_; }
    /// After `has_room`: where as many bytes can be written before `append` makes them a part of the batch.
    std::span<std::uint8_t> room_for(std::size_t size) { return {buffer_.data() + used_, size}; }
    /// After `has_room`: the place for `size` bytes, which are now part of the batch.
    std::span<std::uint8_t> append(std::size_t size) {
        std::span<std::uint8_t> place{buffer_.data() + used_, size};
        used_ += static_cast<std::uint32_t>(size);
        size_ += static_cast<std::uint32_t>(size);
        return place;
    }
    /// CONNECT, which `encode` puts into a writer. False without memory. `room` is for what will be received.
    template <class Encode>
    bool append_connect(std::span<std::uint8_t> /*room*/, Encode&& encode) {
        wire::writer measure;
        encode(measure);
        if (!has_room(measure.size())) return false;
        wire::writer out(append(measure.size()));
        encode(out);
        return true;
    }

    /// Adds the packet of `op`: copied when small, else by reference. False when the batch is full.
    bool append(operation& op) {
        if (op.has_body() || op.packet_size >= limits_.gather_from) return gather(op);
        if (!has_room(op.packet_size)) return false;
        std::memcpy(append(op.packet_size).data(), op.packet(), op.packet_size);
        op.batch_end = static_cast<profile::size_type>(size_);
        return true;
    }

    /// What is left to write.
    std::size_t rest(std::span<bytes> gather) const;
    /// The transport took `size` more bytes. True when the batch is through.
    bool on_sent(std::size_t size) {
        assert(size <= std::size_t{size_} - sent_);
        sent_ += static_cast<std::uint32_t>(size);
        return sent_ == size_;
    }
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
        std::uint32_t size;
        std::uint32_t after;
    };

private:
    bool grow(std::size_t size) {
        if ((size > copied_max() && used_ != 0) || !buffer_.reserve(size)) return false;
        room_ = static_cast<std::uint32_t>(std::min<std::size_t>(buffer_.capacity(), copied_max()));
        return true;
    }
    bool gather(operation& op);
    void gather(const std::uint8_t* data, std::uint32_t size) {
        bodies_[body_count_++] = {data, size, used_};
        size_ += size;
    }
    /// So that a batch can be counted in 32 bits.
    std::size_t copied_max() const { return std::min(limits_.batch_bytes_max, std::size_t{1} << 30); }

    const limits& limits_;
    growing_array<std::uint8_t> buffer_;
    growing_array<body> bodies_;
    std::uint32_t room_ = 0;  // how much of the buffer a batch may use without growing; a first packet above the limit
                              // leaves more
    std::uint32_t used_ = 0;  // bytes of the buffer
    std::uint32_t size_ = 0;  // bytes of the batch
    std::uint32_t sent_ = 0;  // of them taken by the transport
    std::uint8_t body_count_ = 0;
    bool is_offered_ = false;
};

/// For boards, with the same interface: a batch of one packet, which is not copied.
class packet_outbox {
public:
    packet_outbox(pool&, const limits&) {}
    static void give_back() {}

    bool empty() const { return size_ == 0; }
    /// It is staged when the transport asks for it.
    bool is_offered() const { return !empty(); }
    static void offer() {}
    bool partly_sent() const { return sent_ != 0; }
    std::uint32_t size() const { return size_; }
    bool is_full() const { return !empty(); }

    /// Of what no operation has the bytes.
    static constexpr std::size_t small_packet_max = 8;
    bool has_room(std::size_t size) const { return empty() && size <= small_packet_max; }
    static constexpr bool has_room_now(std::size_t) { return false; }
    std::span<std::uint8_t> room_for(std::size_t size) { return {small_packet_, size}; }
    std::span<std::uint8_t> append(std::size_t size) { return send({small_packet_, size}); }
    /// CONNECT lies where its answer will be put together: until it is through nothing is received.
    template <class Encode>
    bool append_connect(std::span<std::uint8_t> room, Encode&& encode) {
        wire::writer out(room);
        encode(out);
        if (out.fits()) send(room.first(out.size()));
        return out.fits();
    }
    bool append(operation& op) {
        assert(!is_full());
        send({op.packet(), op.packet_size});
        op.batch_end = static_cast<profile::size_type>(size_);
        return true;
    }

    std::size_t rest(std::span<bytes> gather) const {
        if (sent_ == size_ || gather.empty()) return 0;
        gather[0] = bytes(packet_ + sent_, std::size_t{size_} - sent_);
        return 1;
    }
    bool on_sent(std::size_t size) {
        assert(size <= std::size_t{size_} - sent_);
        sent_ = static_cast<std::uint16_t>(sent_ + size);
        return sent_ == size_;
    }
    std::uint32_t sent() const { return sent_; }
    void reset() { size_ = sent_ = 0; }
    static constexpr const std::uint8_t* before(std::uint32_t) { return nullptr; }

private:
    std::span<std::uint8_t> send(std::span<std::uint8_t> packet) {
        packet_ = packet.data();
        size_ = static_cast<std::uint16_t>(packet.size());
        return packet;
    }

    std::uint16_t size_ = 0;
    std::uint16_t sent_ = 0;
    const std::uint8_t* packet_ = nullptr;
    std::uint8_t small_packet_[small_packet_max];
};

using outbox = std::conditional_t<profile::makes_batches, batch_outbox, packet_outbox>;

}  // namespace mqtt_as
