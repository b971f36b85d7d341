// What both versions do alike: the shapes of packets, with the places of MQTT 5's properties left open.
#pragma once

#include "mqtt_as/topic.hpp"
#include "src/wire/protocol.hpp"
#include "src/wire/publish.hpp"
#include "src/wire/reader.hpp"

namespace mqtt_as::wire {

/// The longest string or binary data, and so the longest will: their length has two bytes.
inline constexpr std::size_t data_bytes_max = 65'535;

// ---- decoding -----------------------------------------------------------------------------------

/// For `protocol::received_flags`: not qos 3 [MQTT-3.3.1-4], no DUP with qos 0 [MQTT-3.3.1-2].
inline constexpr std::uint16_t publish_flags = 0b0011'1100'0011'1111;
inline constexpr std::uint16_t pubrel_flags = 0b0100;  // [MQTT-3.6.1-1]

/// Fails on 0 [MQTT-2.3.1-1].
inline std::uint16_t take_packet_id(reader& in) {
    const auto packet_id = static_cast<std::uint16_t>(in.take_number(2));
    if (packet_id == 0) in.fail(violation::zero_packet_identifier);
    return packet_id;
}

[[gnu::cold]] violation why_no_name(std::string_view topic);

/// Flags, topic name and packet identifier of a PUBLISH; `size` becomes what they take of `body`. Without a reader,
/// because this runs for every message.
inline violation read_publish_head(std::uint8_t flags, bytes body, publish& out, std::size_t& size) {
    out.qos = flags >> 1 & 3;
    out.retain = (flags & 1) != 0;
    out.dup = (flags & dup_flag) != 0;
    out.packet_id = 0;
    if (body.size() < 2) return violation::truncated_packet;
    const std::uint8_t* at = body.data();
    const std::size_t topic_size = read_u16(at);
    size = 2 + topic_size + (out.qos != 0 ? 2 : 0);
    if (size > body.size()) return violation::truncated_packet;
    out.topic = {reinterpret_cast<const char*>(at + 2), topic_size};
    if (!is_name(out.topic)) return why_no_name(out.topic);
    if (out.qos == 0) return violation::none;
    out.packet_id = read_u16(at + size - 2);
    return out.packet_id != 0 ? violation::none : violation::zero_packet_identifier;
}

/// For `protocol::codes`, which is a list of lists: packet type, length, codes. Types of the same list are neighbours,
/// and halved that they are the same: PUBACK and PUBREC, PUBREL and PUBCOMP. 0, 0 ends it.
constexpr std::uint8_t codes_for(packet_type type) { return static_cast<std::uint8_t>(static_cast<int>(type) / 2); }

}  // namespace mqtt_as::wire
