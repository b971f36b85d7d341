// MQTT 3.1.1: bytes to packets and packets to bytes, each function named by what section 3 calls it.
#include "src/wire/common.hpp"

#include <array>

namespace mqtt_as::wire {
namespace {

// ---- decoding -----------------------------------------------------------------------------------

/// Return codes 0 to 5 (table 3.1) as their equivalents; 6 to 255 are reserved.
constexpr std::array connack_reasons = {
    reason_code::success,
    reason_code::unsupported_protocol_version,
    reason_code::client_identifier_not_valid,
    reason_code::server_unavailable,
    reason_code::bad_user_name_or_password,
    reason_code::not_authorized,
};

constexpr std::uint8_t suback_codes[] = {0x00, 0x01, 0x02, 0x80};  // [MQTT-3.9.3-2]

violation decode_connack(bytes body, connack& out) noexcept {
    reader in(body);
    out = {};
    out.session_present = take_acknowledge_flags(in);
    const std::uint32_t code = in.take_number(1);
    if (code < connack_reasons.size()) {
        out.reason = connack_reasons[code];
    } else {
        in.fail(violation::bad_reason_code);
    }
    if (code != 0 && out.session_present) in.fail(violation::bad_session_present);  // [MQTT-3.2.2-4]
    return in.why_at_end();
}

violation decode_publish(std::uint8_t flags, bytes body, publish& out) noexcept {
    std::size_t head_size = 0;
    const violation why = read_publish_head(flags, body, out, head_size);
    if (why != violation::none) return why;
    out.payload = body.subspan(head_size);
    out.properties = {};
    return violation::none;
}

violation decode_acknowledgement(packet_type type, bytes body, acknowledgement& out) noexcept {
    reader in(body);
    out = {};
    out.packet_id = take_packet_id(in);
    if (type == packet_type::suback) out.reason = take_only_reason(in, suback_codes);
    return in.why_at_end();
}

/// A server never sends it in 3.1.1: the fixed header lets none through.
violation decode_disconnect(bytes, disconnect&) noexcept { return violation::bad_packet_type; }

// ---- encoding -----------------------------------------------------------------------------------

void encode_connect(writer& out, const connect& packet) noexcept {
    put_connect(out, packet, protocol_version::v3_1_1, nullptr);
}

void encode_publish_head(std::uint8_t* to, const publish_head& head, const publish_layout& layout) noexcept {
    put_publish_start(to, head, layout);
}

void encode_acknowledgement(writer& out, packet_type type, std::uint16_t packet_id, reason_code) noexcept {
    put_acknowledgement_start(out, type, 2, packet_id);
}

void encode_subscribe(writer& out, const subscribe& packet) noexcept {
    put_fixed_header(out, 0x82, 2 + 2 + packet.filter.size() + 1);
    out.put_u16(0);
    out.put_string(packet.filter);
    out.put_byte(packet.qos);
}

void encode_unsubscribe(writer& out, const subscribe& packet) noexcept {
    put_fixed_header(out, 0xA2, 2 + 2 + packet.filter.size());
    out.put_u16(0);
    out.put_string(packet.filter);
}

void encode_disconnect(writer& out, reason_code) noexcept { put_fixed_header(out, 0xE0, 0); }

// ---- what the caller may ask for ------------------------------------------------------------------

errc check_publish(const publish_head& head, publish_layout& layout) noexcept {
    const errc fields = check_publish_fields(head);
    if (fields != errc::ok) return fields;
    if (!head.properties.empty()) return errc::unsupported_by_version;
    return lay_out_publish(head, 0, layout);
}

errc check_subscribe(const subscribe& packet) noexcept {
    const bool wants_more = packet.no_local || packet.retain_as_published || packet.retain_handling != 0;
    if (wants_more || !packet.properties.empty()) return errc::unsupported_by_version;
    return check_filter(packet.filter, packet.qos);
}

errc check_unsubscribe(const subscribe& packet) noexcept {
    if (!packet.properties.empty()) return errc::unsupported_by_version;
    return check_filter(packet.filter, 0);
}

/// Session expiry, receive maximum and maximum packet size are the engine's own and left out silently.
errc check_connect(const connect& packet) noexcept {
    const bool is_known = packet.clean_start || !packet.client_id.empty();
    if (!is_known) return errc::bad_client_id;                          // [MQTT-3.1.3-7]
    if (packet.password && !packet.user) return errc::bad_credentials;  // [MQTT-3.1.2-22]
    const connect_properties& asked = packet.properties;
    if (asked.request_response_information || !asked.request_problem_information || !asked.user_properties.empty()) {
        return errc::unsupported_by_version;
    }
    if (packet.last_will && (packet.last_will->delay_interval != 0 || !packet.last_will->properties->empty())) {
        return errc::unsupported_by_version;
    }
    return check_connect_fields(packet);
}

}  // namespace

constinit const protocol v3_1_1 = {
    .version = protocol_version::v3_1_1,
    .may_resend_while_connected = true,
    .may_start_clean_and_keep = false,
    .may_send_password_alone = false,
    .disconnect_has_reason = false,
    .acknowledgement_has_reason = false,
    .has_properties = false,
    .limits_inbound = false,
    .wants_short_lengths = false,
    .received_flags = {0, 0, 1, publish_flags, 1, 1, pubrel_flags, 1, 0, 1, 0, 1, 0, 1, 0, 0},
    .decode_connack = decode_connack,
    .decode_publish = decode_publish,
    .decode_acknowledgement = decode_acknowledgement,
    .decode_disconnect = decode_disconnect,
    .encode_connect = encode_connect,
    .encode_publish_head = encode_publish_head,
    .encode_acknowledgement = encode_acknowledgement,
    .encode_subscribe = encode_subscribe,
    .encode_unsubscribe = encode_unsubscribe,
    .encode_disconnect = encode_disconnect,
    .check_publish = check_publish,
    .check_subscribe = check_subscribe,
    .check_unsubscribe = check_unsubscribe,
    .check_connect = check_connect,
};

}  // namespace mqtt_as::wire
