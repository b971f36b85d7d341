// MQTT 5: bytes to packets and packets to bytes, each function named by what section 3 calls it.
#include "src/wire/common.hpp"
#include "src/wire/properties.hpp"

namespace mqtt_as::wire {
namespace {

// ---- the reason codes that a server may put into each packet --------------------------------------

constexpr std::uint8_t connack_codes[] = {  // table 3-1
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F};
constexpr std::uint8_t puback_codes[] = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};  // 3-4; PUBREC 3-5
constexpr std::uint8_t pubrel_codes[] = {0x00, 0x92};                                            // 3-6; PUBCOMP 3-7
constexpr std::uint8_t suback_codes[] = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2};
constexpr std::uint8_t unsuback_codes[] = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91};
/// Table 3-10 without what only a client sends. 0x8C stands in table 2-6 alone, and harms nobody.
constexpr std::uint8_t disconnect_codes[] = {0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D,
                                             0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
                                             0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2};

// ---- decoding -------------------------------------------------------------------------------------

/// Apart, so that its stack is not that of reading them, too.
[[gnu::noinline]] void take_limits(const property_view& properties, connack& out) {
    negotiated& agreed = out.agreed;
    for (const property& each : properties) {
        const std::uint32_t number = each.number;
        switch (each.id) {
        case property_id::session_expiry_interval: out.session_expiry_interval = number; break;
        case property_id::server_keep_alive: out.server_keep_alive = static_cast<std::uint16_t>(number); break;
        case property_id::receive_maximum: agreed.receive_maximum = static_cast<std::uint16_t>(number); break;
        case property_id::maximum_qos: agreed.maximum_qos = static_cast<std::uint8_t>(number); break;
        case property_id::maximum_packet_size: agreed.maximum_packet_size = number; break;
        case property_id::retain_available: agreed.retain_available = number != 0; break;
        case property_id::wildcard_subscription_available: agreed.wildcard_subscription_available = number != 0; break;
        case property_id::subscription_identifier_available:
            agreed.subscription_identifier_available = number != 0;
            break;
        case property_id::shared_subscription_available: agreed.shared_subscription_available = number != 0; break;
        case property_id::assigned_client_identifier: out.assigned_client_identifier = each.data; break;
        default: break;
        }
    }
}

violation decode_connack(bytes body, connack& out) noexcept {
    reader in(body);
    out = {};
    // A server that knows only 3.1.1 says so in its own way [3.1.1: MQTT-3.1.2-2]. The user should hear it.
    if (body.size() == 2 && body[0] == 0 && body[1] == 1) {
        out.reason = reason_code::unsupported_protocol_version;
        return violation::none;
    }
    out.session_present = take_acknowledge_flags(in);
    out.reason = take_reason(in, connack_codes);
    if (is_failure(out.reason) && out.session_present) in.fail(violation::bad_session_present);  // [MQTT-3.2.2-6]
    out.properties = take_properties(in, packet_type::connack);
    if (in.why_at_end() == violation::none) take_limits(out.properties, out);
    return in.why_at_end();
}

/// What follows the packet identifier, when there are properties.
[[gnu::noinline]] violation decode_publish_rest(bytes rest, publish& out) {
    reader in(rest);
    out.properties = take_properties(in, packet_type::publish);
    out.payload = in.take(in.left());
    return in.why();
}

violation decode_publish(std::uint8_t flags, bytes body, publish& out) noexcept {
    std::size_t head_size = 0;
    const violation why = read_publish_head(flags, body, out, head_size);
    if (why != violation::none) return why;
    const bytes rest = body.subspan(head_size);
    if (rest.empty() || rest[0] != 0) return decode_publish_rest(rest, out);
    out.properties = {};
    out.payload = rest.subspan(1);
    return violation::none;
}

violation decode_acknowledgement(packet_type type, bytes body, acknowledgement& out) noexcept {
    reader in(body);
    out = {};
    out.packet_id = take_packet_id(in);
    if (type == packet_type::suback || type == packet_type::unsuback) {
        out.properties = take_properties(in, type);
        out.reason = take_only_reason(in, type == packet_type::suback ? bytes(suback_codes) : bytes(unsuback_codes));
        return in.why_at_end();
    }
    const bool is_first_step = type == packet_type::puback || type == packet_type::pubrec;
    if (in.left() != 0) out.reason = take_reason(in, is_first_step ? bytes(puback_codes) : bytes(pubrel_codes));
    if (in.left() != 0) out.properties = take_properties(in, type);
    return in.why_at_end();
}

violation decode_disconnect(bytes body, disconnect& out) noexcept {
    reader in(body);
    out = {};
    if (in.left() != 0) out.reason = take_reason(in, disconnect_codes);
    if (in.left() != 0) out.properties = take_properties(in, packet_type::disconnect);
    return in.why_at_end();
}

// ---- encoding -------------------------------------------------------------------------------------

constexpr connect_blocks blocks = {.put_of_connect = put_block, .put_of_will = put_block};

void encode_connect(writer& out, const connect& packet) noexcept {
    put_connect(out, packet, protocol_version::v5, &blocks);
}

std::size_t property_bytes(const publish_properties& given) {
    writer count;
    put_block(count, given);
    return count.size();
}

std::size_t property_bytes(const subscribe_properties& given) {
    writer count;
    put_block(count, given);
    return count.size();
}

void encode_publish_head(std::uint8_t* to, const publish_head& head, const publish_layout& layout) noexcept {
    std::uint8_t* const properties = put_publish_start(to, head, layout);
    if (layout.property_bytes == 1) {
        *properties = 0;
        return;
    }
    writer out({properties, layout.property_bytes});
    put_block(out, head.properties);
}

void encode_acknowledgement(writer& out, packet_type type, std::uint16_t packet_id, reason_code reason) noexcept {
    const bool says_reason = reason != reason_code::success;
    put_acknowledgement_start(out, type, says_reason ? 3 : 2, packet_id);
    if (says_reason) out.put_byte(static_cast<std::uint8_t>(reason));
}

std::size_t subscribe_length(const subscribe& packet) {
    return 2 + property_bytes(packet.properties) + 2 + packet.filter.size() + 1;
}

std::size_t unsubscribe_length(const subscribe& packet) {
    return 2 + property_bytes(packet.properties) + 2 + packet.filter.size();
}

void encode_subscribe(writer& out, const subscribe& packet) noexcept {
    put_fixed_header(out, 0x82, subscribe_length(packet));
    out.put_u16(0);
    put_block(out, packet.properties);
    out.put_string(packet.filter);
    out.put_byte(options_byte(packet));
}

void encode_unsubscribe(writer& out, const subscribe& packet) noexcept {
    put_fixed_header(out, 0xA2, unsubscribe_length(packet));
    out.put_u16(0);
    put_block(out, packet.properties);
    out.put_string(packet.filter);
}

void encode_disconnect(writer& out, reason_code reason) noexcept {
    const bool says_reason = reason != reason_code::success;
    put_fixed_header(out, 0xE0, says_reason ? 1 : 0);
    if (says_reason) out.put_byte(static_cast<std::uint8_t>(reason));
}

// ---- what the caller may ask for ------------------------------------------------------------------

errc ok_up_to(std::size_t size, std::size_t max) { return size > max ? errc::too_large : errc::ok; }

errc check_publish(const publish_head& head, publish_layout& layout) noexcept {
    const errc fields = check_publish_fields(head);
    if (fields != errc::ok) return fields;
    if (head.properties.empty()) return lay_out_publish(head, 1, layout);
    const errc given = check_given(head.properties);
    if (given != errc::ok) return given;
    return lay_out_publish(head, property_bytes(head.properties), layout);
}

errc check_subscribe(const subscribe& packet) noexcept {
    const errc filter = check_filter(packet.filter, packet.qos);
    if (filter != errc::ok) return filter;
    const bool is_confused = packet.no_local && is_shared_filter(packet.filter);  // [MQTT-3.8.3-4]
    if (is_confused || packet.retain_handling > 2) return errc::bad_properties;
    const errc given = check_given(packet.properties);
    return given != errc::ok ? given : ok_up_to(subscribe_length(packet), remaining_length_max);
}

errc check_unsubscribe(const subscribe& packet) noexcept {
    const errc filter = check_filter(packet.filter, 0);
    if (filter != errc::ok) return filter;
    if (packet.properties.subscription_identifier) return errc::bad_properties;
    const errc given = check_given(packet.properties);
    return given != errc::ok ? given : ok_up_to(unsubscribe_length(packet), remaining_length_max);
}

errc check_connect(const connect& packet) noexcept {
    const errc fields = check_connect_fields(packet);
    if (fields != errc::ok) return fields;
    const errc given = check_given(packet);
    if (given != errc::ok) return given;
    writer count;
    encode_connect(count, packet);
    return ok_up_to(count.size(), packet_bytes_max);
}

}  // namespace

constinit const protocol v5 = {
    .version = protocol_version::v5,
    .may_resend_while_connected = false,
    .may_start_clean_and_keep = true,
    .may_send_password_alone = true,
    .disconnect_has_reason = true,
    .acknowledgement_has_reason = true,
    .has_properties = true,
    .limits_inbound = true,
    .wants_short_lengths = true,
    .received_flags = {0, 0, 1, publish_flags, 1, 1, pubrel_flags, 1, 0, 1, 0, 1, 0, 1, 1, 1},
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
