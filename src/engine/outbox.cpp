// The outbox of hosts: large packets in a batch.
#include "src/engine/outbox.hpp"

#include <algorithm>

namespace mqtt_as {

bool batch_outbox::gather(operation& op) {
    if (body_count_ + 2 > bodies_max || !bodies_.reserve(body_count_ + 2u)) return false;
    if (op.packet_size < limits_.gather_from) {
        if (!has_room(op.packet_size)) return false;
        std::memcpy(append(op.packet_size).data(), op.packet(), op.packet_size);
    } else {
        gather(op.packet(), op.packet_size);
    }
    if (op.has_body()) gather(op.body, op.payload_size);
    op.batch_end = static_cast<profile::size_type>(size_);
    return true;
}

std::size_t batch_outbox::rest(std::span<bytes> gather) const {
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

}  // namespace mqtt_as
