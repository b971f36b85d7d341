// What DISCONNECT says about each breach of the protocol (MQTT 5, section 4.13 and where the comment says).
#include "mqtt_as/types.hpp"

namespace mqtt_as {

reason_code reason_for(violation why) noexcept {
    switch (why) {
    case violation::none: return reason_code::success;
    case violation::bad_fixed_header_flags:  // [MQTT-2.1.3-1]
    case violation::bad_remaining_length:    // [MQTT-1.5.5-1]
    case violation::truncated_packet:
    case violation::trailing_bytes:
    case violation::bad_string:    // [MQTT-1.5.4-1]
    case violation::bad_qos:       // [MQTT-3.3.1-4]
    case violation::bad_property:  // section 2.2.2.2
    case violation::bad_acknowledge_flags: return reason_code::malformed_packet;
    case violation::packet_too_large: return reason_code::packet_too_large;
    case violation::receive_maximum_exceeded: return reason_code::receive_maximum_exceeded;
    case violation::bad_topic_alias: return reason_code::topic_alias_invalid;
    case violation::bad_packet_type:
    case violation::bad_topic_name:  // 0x90 is for names that are correctly formed
    case violation::zero_packet_identifier:
    case violation::bad_reason_code:
    case violation::repeated_property:
    case violation::bad_property_value:
    case violation::bad_session_present:
    case violation::wrong_code_count:
    case violation::unexpected_packet:
    case violation::unasked_property: break;
    }
    return reason_code::protocol_error;
}

}  // namespace mqtt_as
