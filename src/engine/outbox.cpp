// The outbox: the one batch of bytes that is being written.
#include "src/engine/outbox.hpp"

#include <algorithm>

namespace mqtt_as {

bool outbox::append(operation& op) {
    // A batch is counted in 32 bits, and a body adds up to two segments to the one in use.
    if (size_ > UINT32_MAX - op.wire_size()) return false;
    if (segment_count_ + 3 > segments_.size()) return false;
    if (op.packet_size < limits_.gather_from) {
        if (!has_room(op.packet_size)) return false;
        std::memcpy(append(op.packet_size).data(), op.packet(), op.packet_size);
    } else {
        gather(op.packet(), op.packet_size);
    }
    if (op.body != nullptr) gather(op.body, op.body_size);
    op.batch_end = size_;
    return true;
}

std::size_t outbox::rest(std::span<bytes> gather) const {
    std::size_t count = 0;
    std::uint32_t skip = sent_;
    const std::uint8_t* copied = buffer_.data();
    for (std::uint32_t i = 0; i < segment_count_ && count < gather.size(); ++i) {
        const segment& s = segments_[i];
        const std::uint8_t* data = s.elsewhere;
        if (data == nullptr) {
            data = copied;
            copied += s.size;
        }
        const std::uint32_t skipped = std::min(skip, s.size);
        skip -= skipped;
        if (skipped < s.size) gather[count++] = bytes(data + skipped, s.size - skipped);
    }
    return count;
}

bool outbox::on_sent(std::size_t size) {
    assert(size <= size_ - sent_);
    sent_ += static_cast<std::uint32_t>(size);
    if (sent_ != size_) return false;
    return true;
}

}  // namespace mqtt_as
