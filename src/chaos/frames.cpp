// Fixed headers, packet identifiers, topics and client identifiers, read by hand.
#include "src/chaos/frames.hpp"

#include <algorithm>
#include <stdexcept>

namespace mqtt_as::chaos {

namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    if (at >= bytes.size()) throw std::runtime_error("an MQTT packet ends too early");
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

struct fixed_header {
    std::size_t size;       // of itself
    std::size_t remaining;  // bytes after it
};

// Empty while its length is not complete.
std::optional<fixed_header> read_fixed_header(std::string_view bytes) {
    std::size_t remaining = 0;
    for (std::size_t n = 0; n < 4; ++n) {
        if (bytes.size() < n + 2) return std::nullopt;
        const std::uint8_t digit = byte_at(bytes, n + 1);
        remaining |= static_cast<std::size_t>(digit & 0x7F) << (7 * n);
        if (digit < 0x80) return fixed_header{n + 2, remaining};
    }
    throw std::runtime_error("an MQTT packet has a length of more than four bytes");
}

// The length of the CONNECT properties and of the field that tells it: MQTT 5 puts them before the client identifier.
std::size_t connect_properties_size(std::string_view body, std::size_t at) {
    std::size_t size = 0;
    for (std::size_t n = 0;; ++n) {
        const std::uint8_t digit = byte_at(body, at + n);
        size |= static_cast<std::size_t>(digit & 0x7F) << (7 * n);
        if (digit < 0x80) return size + n + 1;
    }
}

std::string client_id_of_connect(std::string_view body) {
    const std::size_t protocol = 2u + number_at(body, 0);  // the protocol's name, then level, flags, keep alive
    std::size_t at = protocol + 4;
    if (byte_at(body, protocol) == 5) at += connect_properties_size(body, at);
    return std::string(body.substr(at + 2, number_at(body, at)));
}

}  // namespace

std::optional<frame> framer::next() {
    if (rest_of_large_ > 0) {
        if (buffer_.empty()) return std::nullopt;
        const std::size_t size = std::min(rest_of_large_, buffer_.size());
        frame piece{.type = packet_type::continuation, .bytes = buffer_.substr(0, size)};
        buffer_.erase(0, size);
        rest_of_large_ -= size;
        return piece;
    }
    const auto header = read_fixed_header(buffer_);
    if (!header) return std::nullopt;
    const std::size_t total = header->size + header->remaining;
    const std::size_t wanted = std::min(total, whole_max);
    if (buffer_.size() < wanted) return std::nullopt;

    frame found{.type = packet_type(byte_at(buffer_, 0) >> 4), .bytes = buffer_.substr(0, wanted)};
    buffer_.erase(0, wanted);
    rest_of_large_ = total - wanted;
    const std::string_view body = std::string_view(found.bytes).substr(header->size);
    switch (found.type) {
    case packet_type::connect: found.name = client_id_of_connect(body); break;
    case packet_type::publish: {
        found.qos = byte_at(found.bytes, 0) >> 1 & 3;
        const std::size_t topic_size = number_at(body, 0);
        found.name = body.substr(2, topic_size);
        if (found.qos > 0) found.id = number_at(body, 2 + topic_size);
        break;
    }
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubrel:
    case packet_type::pubcomp:
    case packet_type::subscribe:
    case packet_type::suback:
    case packet_type::unsubscribe:
    case packet_type::unsuback: found.id = number_at(body, 0); break;
    default: break;
    }
    return found;
}

std::string make_acknowledgement(packet_type type, std::uint16_t id) {
    const int flags = type == packet_type::pubrel ? 2 : 0;
    return {static_cast<char>(static_cast<int>(type) << 4 | flags), 2, static_cast<char>(id >> 8),
            static_cast<char>(id & 0xFF)};
}

}  // namespace mqtt_as::chaos
