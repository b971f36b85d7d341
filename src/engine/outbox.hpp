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

namespace mqtt_as {

class outbox {
public:
    outbox(pool& memory, const limits& limits)
        : buffer_(memory), copied_max_(std::min(limits.batch_bytes_max, std::size_t{1} << 30)),
          gather_from_(limits.gather_from), bodies_(memory) {}

    bool empty() const { return size_ == 0; }
    /// The transport has been given the batch, and nothing is added to it any more.
    bool is_offered() const { return is_offered_; }
    void offer() { is_offered_ = true; }
    /// A write has begun and was taken in part: the transport is full.
    bool partly_sent() const { return sent_ != 0; }
    std::uint32_t size() const { return size_; }

    /// Room for `size` more copied bytes? Grows by use; the first packet of a batch may exceed the limit.
    bool has_room(std::size_t size) {
        if (used_ + size > copied_max_ && used_ != 0) return false;
        return buffer_.reserve(used_ + size);
    }
    /// Room without growing?
    bool has_room_now(std::size_t size) const {
        return used_ + size <= copied_max_ && used_ + size <= buffer_.capacity();
    }
    /// After `has_room`: the place for `size` bytes, which are now part of the batch.
    std::span<std::uint8_t> append(std::size_t size) {
        std::span<std::uint8_t> place{buffer_.data() + used_, size};
        used_ += static_cast<std::uint32_t>(size);
        size_ += static_cast<std::uint32_t>(size);
        return place;
    }

    /// Adds the packet of `op`: copied when small, else by reference. False when the batch is full.
    bool append(operation& op) {
        if (op.body != nullptr || op.packet_size >= gather_from_) return gather(op);
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
        size_ = sent_ = used_ = body_count_ = 0;
        is_offered_ = false;
    }
    /// The bytes before `end`, while nothing but copied ones comes before.
    const std::uint8_t* before(std::uint32_t end) const { return buffer_.data() + end; }

private:
    /// Bytes that are sent from where they lie, behind the first `after` bytes of the buffer.
    struct body {
        const std::uint8_t* data;
        std::uint32_t size;
        std::uint32_t after;
    };
    bool gather(operation& op);
    void gather(const std::uint8_t* data, std::uint32_t size) {
        bodies_[body_count_++] = {data, size, used_};
        size_ += size;
    }

    growing<std::uint8_t> buffer_;
    const std::size_t copied_max_;  // so that a batch can be counted in 32 bits
    const std::size_t gather_from_;
    static constexpr std::uint32_t bodies_max = 7;  // with what lies between them, a gather list of 16 is enough
    growing<body> bodies_;
    std::uint32_t body_count_ = 0;
    std::uint32_t used_ = 0;  // bytes of the buffer
    std::uint32_t size_ = 0;  // bytes of the batch
    std::uint32_t sent_ = 0;  // of them taken by the transport
    bool is_offered_ = false;
};

}  // namespace mqtt_as
