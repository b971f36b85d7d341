// The outbox: the one batch of bytes that is being written.
#include "src/engine/outbox.hpp"

#include <algorithm>

namespace mqtt_as {

bool outbox::gather(operation& op) {
    if (body_count_ + 2 > bodies_max || !bodies_.reserve(body_count_ + 2u)) return false;
    if (op.packet_size < limits_.gather_from) {
        if (!has_room(op.packet_size)) return false;
        std::memcpy(append(op.packet_size).data(), op.packet(), op.packet_size);
    } else {
        gather(op.packet(), op.packet_size);
    }
    if (op.has_body()) gather(op.body, op.payload_size);
    op.batch_end = size_;
    return true;
}

std::size_t outbox::rest(std::span<bytes> gather) const {
    if constexpr (!profile::gathers) {
        if (sent_ == used_ || gather.empty()) return 0;
        gather[0] = bytes(buffer_.data() + sent_, std::size_t{used_} - sent_);
        return 1;
    }
    std::size_t count = 0;
    std::uint32_t skip = sent_;
    const auto give = [&](const std::uint8_t* data, std::uint32_t size) {
        const std::uint32_t skipped = std::min(skip, size);
        skip -= skipped;
        if (skipped < size && count < gather.size()) gather[count++] = bytes(data + skipped, size - skipped);
    };
    std::uint32_t copied = 0;
    for (std::uint32_t i = 0; i < body_count_; ++i) {
        give(buffer_.data() + copied, bodies_[i].after - copied);
        give(bodies_[i].data, bodies_[i].size);
        copied = bodies_[i].after;
    }
    give(buffer_.data() + copied, used_ - copied);
    return count;
}

bool outbox::on_sent(std::size_t size) {
    assert(size <= std::size_t{size_} - sent_);
    sent_ = static_cast<size_type>(sent_ + size);
    return sent_ == size_;
}

}  // namespace mqtt_as
