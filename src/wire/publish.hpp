// PUBLISH on its way out, and what it is answered with. Without properties, as most are, they are the same in both
// versions but for one byte.
#pragma once

#include "mqtt_as/topic.hpp"
#include "src/wire/plain_text.hpp"
#include "src/wire/profile.hpp"
#include "src/wire/protocol.hpp"

#include <cstring>

namespace mqtt_as::wire {

/// As is_topic_name.
inline bool is_name(std::string_view topic) {
    return (is_plain(topic) && topic.size() <= 65'535) || is_topic_name(topic);
}

/// As memcpy, without a call for what topic names mostly are.
inline void copy(std::uint8_t* to, const char* from, std::size_t size) {
    if (!profile::prefers_speed || size - 8 > 8) {
        std::memcpy(to, from, size);
        return;
    }
    std::uint64_t first;
    std::uint64_t last;
    std::memcpy(&first, from, 8);
    std::memcpy(&last, from + size - 8, 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + size - 8, &last, 8);
}

/// Bytes of a fixed header before `remaining_length` others.
inline std::uint32_t fixed_header_size(std::uint32_t remaining_length) {
    std::uint32_t size = 2;
    for (std::uint32_t rest = remaining_length >> 7; rest != 0; rest >>= 7) ++size;
    return size;
}

/// Topic and qos of a PUBLISH.
inline errc check_publish_fields(const publish_head& head) {
    if (!is_name(head.topic)) return errc::bad_topic;
    return head.qos > profile::qos_max ? errc::bad_qos : errc::ok;
}

/// `property_bytes` counts the properties with their length, 0 in 3.1.1.
inline errc lay_out_publish(const publish_head& head, std::size_t property_bytes, publish_layout& out) {
    const std::size_t topic_bytes = 2 + head.topic.size();
    const std::size_t body_size = topic_bytes + (head.qos != 0 ? 2 : 0) + property_bytes;
    if (body_size > remaining_length_max || head.payload_size > remaining_length_max - body_size)
        return errc::too_large;
    out.remaining_length = static_cast<std::uint32_t>(body_size + head.payload_size);
    const std::uint32_t header_size = fixed_header_size(out.remaining_length);
    out.property_bytes = static_cast<std::uint32_t>(property_bytes);
    out.head_size = header_size + static_cast<std::uint32_t>(body_size);
    out.packet_id_offset = head.qos != 0 ? header_size + static_cast<std::uint32_t>(topic_bytes) : 0;
    return errc::ok;
}

/// A PUBLISH up to its topic name; where that ends.
inline std::uint8_t* put_topic(std::uint8_t* at, std::uint8_t first, std::uint32_t remaining_length,
                               std::string_view topic) {
    *at++ = first;
    for (; remaining_length > 0x7F; remaining_length >>= 7) *at++ = static_cast<std::uint8_t>(remaining_length | 0x80);
    *at++ = static_cast<std::uint8_t>(remaining_length);
    *at++ = static_cast<std::uint8_t>(topic.size() >> 8);
    *at++ = static_cast<std::uint8_t>(topic.size());
    copy(at, topic.data(), topic.size());
    return at + topic.size();
}

/// A PUBLISH up to its properties; where they begin.
inline std::uint8_t* put_publish_start(std::uint8_t* at, const publish_head& head, const publish_layout& layout) {
    const auto first = static_cast<std::uint8_t>(0x30 | head.qos << 1 | (head.retain ? 1 : 0));
    at = put_topic(at, first, layout.remaining_length, head.topic);
    if (head.qos == 0) return at;
    *at++ = 0;
    *at++ = 0;
    return at;
}

inline constexpr std::size_t bare_acknowledgement_size = 4;

/// Of PUBACK, PUBREC, PUBREL and PUBCOMP.
inline std::uint8_t first_byte_of(packet_type type) {
    const int flags = type == packet_type::pubrel ? 2 : 0;  // [MQTT-3.6.1-1]
    return static_cast<std::uint8_t>(static_cast<int>(type) << 4 | flags);
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP with nothing but the packet identifier: success.
inline void put_bare_acknowledgement(std::uint8_t* to, packet_type type, std::uint16_t packet_id) {
    to[0] = first_byte_of(type);
    to[1] = 2;
    to[2] = static_cast<std::uint8_t>(packet_id >> 8);
    to[3] = static_cast<std::uint8_t>(packet_id);
}

struct checked_publish {
    errc error = errc::ok;
    publish_layout layout{};
};
// By value, so that whoever does not need them keeps their arguments in registers.
[[gnu::noinline]] inline checked_publish check_by_table(const protocol& p, publish_head head) {
    checked_publish result;
    result.error = p.check_publish(head, result.layout);
    return result;
}
[[gnu::noinline]] inline void encode_by_table(const protocol& p, std::uint8_t* to, publish_head head,
                                              publish_layout layout) {
    p.encode_publish_head(to, head, layout);
}

/// As protocol::check_publish.
inline checked_publish check_publish(const protocol& p, const publish_head& head) {
    checked_publish result;
    if (!profile::prefers_speed) {
        result.error = p.check_publish(head, result.layout);
        return result;
    }
    if (!head.properties.empty()) return check_by_table(p, head);
    result.error = check_publish_fields(head);
    if (result.error == errc::ok) result.error = lay_out_publish(head, p.has_properties ? 1 : 0, result.layout);
    return result;
}

/// As protocol::encode_publish_head; where the payload begins.
inline std::uint8_t* encode_publish_head(const protocol& p, std::uint8_t* to, const publish_head& head,
                                         const publish_layout& layout) {
    if (!profile::prefers_speed) {
        p.encode_publish_head(to, head, layout);
    } else if (layout.property_bytes > 1) {
        encode_by_table(p, to, head, layout);
    } else {
        std::uint8_t* const properties = put_publish_start(to, head, layout);
        if (layout.property_bytes == 1) *properties = 0;
    }
    return to + layout.head_size;
}

}  // namespace mqtt_as::wire
