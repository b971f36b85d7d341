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

/// Fails on 0 [MQTT-2.3.1-1].
inline std::uint16_t take_packet_id(reader& in) {
    const auto packet_id = static_cast<std::uint16_t>(in.take_number(2));
    if (packet_id == 0) in.fail(violation::zero_packet_identifier);
    return packet_id;
}

/// For `protocol::codes`, which is a list of lists: packet type, length, codes. Types of the same list are neighbours,
/// and halved that they are the same: PUBACK and PUBREC, PUBREL and PUBCOMP. 0, 0 ends it.
constexpr std::uint8_t codes_for(packet_type type) { return static_cast<std::uint8_t>(static_cast<int>(type) / 2); }

}  // namespace mqtt_as::wire
