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

/// What is known of a PUBLISH before it is written.
struct publish_layout {
    std::uint32_t remaining_length = 0;  ///< of those that go the short way
    std::uint32_t head_size = 0;         ///< bytes before the payload
};

/// Of one without properties.
inline errc lay_out_publish(const publish_head& head, bool has_properties, publish_layout& out) {
    const std::size_t body_size = 2 + head.topic.size() + (head.qos != 0 ? 2 : 0) + (has_properties ? 1 : 0);
    if (body_size > remaining_length_max || head.payload.size() > remaining_length_max - body_size)
        return errc::too_large;
    out.remaining_length = static_cast<std::uint32_t>(body_size + head.payload.size());
    out.head_size = fixed_header_size(out.remaining_length) + static_cast<std::uint32_t>(body_size);
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

inline constexpr std::size_t bare_packet_size = 2;
inline constexpr std::size_t bare_acknowledgement_size = 4;

/// Of all but CONNECT and PUBLISH.
inline std::uint8_t first_byte_of(packet_type type) {
    constexpr unsigned have_flag_2 = 1u << static_cast<unsigned>(packet_type::pubrel) |
                                     1u << static_cast<unsigned>(packet_type::subscribe) |
                                     1u << static_cast<unsigned>(packet_type::unsubscribe);
    const auto n = static_cast<unsigned>(type);
    return static_cast<std::uint8_t>(n << 4 | (have_flag_2 >> n & 1) << 1);  // [MQTT-3.6.1-1, 3.8.1-1, 3.10.1-1]
}

inline constexpr std::size_t short_packet_max = 5;

/// PUBACK, PUBREC, PUBREL, PUBCOMP; with packet identifier 0 PINGREQ and DISCONNECT, which have none. Reason `success`
/// is left out. How many bytes it has.
inline std::size_t put_short_packet(std::uint8_t* to, packet_type type, std::uint16_t packet_id, reason_code reason) {
    std::uint8_t* at = to + 2;
    if (packet_id != 0) {
        *at++ = static_cast<std::uint8_t>(packet_id >> 8);
        *at++ = static_cast<std::uint8_t>(packet_id);
    }
    if (reason != reason_code::success) *at++ = static_cast<std::uint8_t>(reason);
    const auto size = static_cast<std::size_t>(at - to);
    to[0] = first_byte_of(type);
    to[1] = static_cast<std::uint8_t>(size - 2);
    return size;
}

struct checked_publish {
    errc error = errc::ok;
    publish_layout layout{};
};
[[gnu::noinline]] inline errc check_the_long_way(const protocol& p, const publish_head& head, std::size_t& head_size) {
    return p.check_publish(head, head_size);
}
[[gnu::noinline]] inline std::size_t encode_the_long_way(const protocol& p, std::span<std::uint8_t> to,
                                                         const publish_head& head) {
    writer out(to);
    return p.encode_publish(out, head);
}

/// As protocol::check_publish. Without properties, as most are, there is a short way.
inline checked_publish check_publish(const protocol& p, const publish_head& head) {
    checked_publish result;
    if (profile::prefers_speed && head.properties.empty()) {
        result.error = check_publish_fields(head);
        if (result.error == errc::ok) result.error = lay_out_publish(head, p.has_properties(), result.layout);
    } else {
        std::size_t head_size = 0;
        result.error = check_the_long_way(p, head, head_size);
        result.layout.head_size = static_cast<std::uint32_t>(head_size);
    }
    return result;
}

/// As protocol::encode_publish, where it is the short way for those without properties.
inline std::size_t encode_publish(const protocol& p, std::uint8_t* to, const publish_head& head,
                                  const publish_layout& layout) {
    if (!profile::prefers_speed || !head.properties.empty())
        return encode_the_long_way(p, {to, layout.head_size}, head);
    const auto first = static_cast<std::uint8_t>(0x30 | head.qos << 1 | (head.retain ? 1 : 0));
    std::uint8_t* at = put_topic(to, first, layout.remaining_length, head.topic);
    const auto packet_id = static_cast<std::size_t>(at - to);
    if (head.qos != 0) {
        *at++ = 0;
        *at++ = 0;
    }
    if (p.has_properties()) *at = 0;
    return packet_id;
}

}  // namespace mqtt_as::wire
