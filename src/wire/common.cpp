// What both versions do alike: packets from bytes and bytes from packets, with MQTT 5's properties where there are any.
#include "src/wire/common.hpp"

#include "src/wire/properties.hpp"

#include <cstring>

namespace mqtt_as::wire {

// ---- decoding -----------------------------------------------------------------------------------

namespace {

/// Any PUBLISH.
[[gnu::noinline]] violation decode_publish_slowly(const protocol& by, bytes body, publish& out) {
    reader in(body);
    out.topic = in.take_data();
    if (in.why() == violation::none && !is_topic_name(out.topic))
        in.fail(is_utf8_string(out.topic) ? violation::bad_topic_name : violation::bad_string);
    if (out.qos != 0) out.packet_id = take_packet_id(in);
    out.properties = {};
    if (by.has_properties()) by.properties->take(in, packet_type::publish, out.properties);
    out.payload = in.take(in.left());
    return in.why();
}

/// A good one whose properties, where it `has_properties`, are none. Without a reader, because this runs for every
/// message. False: it is another one.
bool decode_plain_publish(bool has_properties, bytes body, publish& out) {
    if (body.size() < 2) return false;
    const std::uint8_t* const at = body.data();
    const std::size_t topic_end = 2 + std::size_t{read_u16(at)};
    const std::size_t head_size = topic_end + (out.qos != 0 ? 2 : 0) + (has_properties ? 1 : 0);
    if (head_size > body.size() || (has_properties && at[head_size - 1] != 0)) return false;
    if (out.qos != 0) {
        out.packet_id = read_u16(at + topic_end);
        if (out.packet_id == 0) return false;
    }
    out.topic = {reinterpret_cast<const char*>(at + 2), topic_end - 2};
    out.properties = {};
    out.payload = body.subspan(head_size);
    return is_name(out.topic);
}

}  // namespace

violation protocol::decode_publish(std::uint8_t flags, bytes body, publish& out) const noexcept {
    out.qos = flags >> 1 & 3;
    out.retain = (flags & 1) != 0;
    out.dup = (flags & dup_flag) != 0;
    out.packet_id = 0;
    if (profile::prefers_speed && decode_plain_publish(has_properties(), body, out)) return violation::none;
    return decode_publish_slowly(*this, body, out);
}

namespace {

bytes codes_of(const protocol& p, packet_type type) {
    const std::uint8_t* at = p.codes;
    while (*at != codes_for(type) && *at != 0) at += 2 + at[1];
    return {at + 2, at[1]};
}

/// Return codes of 3.1.1's CONNACK (table 3.1) as their equivalents.
constexpr reason_code connack_reasons[] = {
    reason_code::success,
    reason_code::unsupported_protocol_version,
    reason_code::client_identifier_not_valid,
    reason_code::server_unavailable,
    reason_code::bad_user_name_or_password,
    reason_code::not_authorized,
};

reason_code take_reason(reader& in, bytes allowed) {
    const auto code = static_cast<std::uint8_t>(in.take_number(1));
    if (std::memchr(allowed.data(), code, allowed.size()) != nullptr) return static_cast<reason_code>(code);
    in.fail(violation::bad_reason_code);
    return {};
}

/// The first byte of CONNACK: true for session present.
bool take_acknowledge_flags(reader& in) {
    const std::uint32_t flags = in.take_number(1);
    if (flags > 1) in.fail(violation::bad_acknowledge_flags);
    return flags == 1;
}

}  // namespace

/// [id or flags] [properties of SUBACK and UNSUBACK] [code] [properties of others]; what is last may be missing.
violation protocol::decode_answer(packet_type type, bytes body, answer& out) const noexcept {
    reader in(body);
    const bool is_connack = type == packet_type::connack;
    const bool is_list = type == packet_type::suback || type == packet_type::unsuback;  // a code for each filter
    if (is_connack)
        out.session_present = take_acknowledge_flags(in);
    else if (type != packet_type::disconnect)
        out.packet_id = take_packet_id(in);
    const bytes codes_allowed = codes_of(*this, type);
    if (is_list && has_properties()) properties->take(in, type, out.properties);
    if (!codes_allowed.empty() && (is_list || is_connack || in.left() != 0)) {
        if (is_list && in.left() != 1) in.fail(violation::wrong_code_count);
        out.reason = take_reason(in, codes_allowed);
    }
    if (has_properties()) {
        if (is_connack || in.left() != 0) properties->take(in, type, out.properties);
    } else if (is_connack) {
        out.reason = connack_reasons[static_cast<std::size_t>(out.reason)];
    }
    if (is_failure(out.reason) && out.session_present)  // [3.1.1: MQTT-3.2.2-4], [5: MQTT-3.2.2-6]
        in.fail(violation::bad_session_present);
    return in.why_at_end();
}

violation protocol::decode_connack(bytes body, connack& out) const noexcept {
    // A server that knows only 3.1.1 says so in its own way [3.1.1: MQTT-3.1.2-2]. The user should hear it.
    const bool is_of_3_1_1 = has_properties() && body.size() == 2 && body[0] == 0 && body[1] == 1;
    const protocol& speaks = is_of_3_1_1 ? v3_1_1 : *this;
    const violation why = speaks.decode_answer(packet_type::connack, body, out);
    if (has_properties() && why == violation::none) take_limits(out.properties, out);
    return why;
}

// ---- encoding -----------------------------------------------------------------------------------

void protocol::encode_connect(writer& out, const connect& packet) const noexcept {
    const engine_config& config = packet.config;
    int flags = 0;
    if (packet.clean_start) flags |= 0x02;
    if (packet.last_will) flags |= 0x04 | packet.last_will->qos << 3 | (packet.last_will->retain ? 0x20 : 0);
    if (config.password) flags |= 0x40;
    if (config.user) flags |= 0x80;
    out.put_byte(0x10);
    const std::size_t begin = out.open();
    out.put_string("MQTT");
    out.put_byte(static_cast<std::uint8_t>(version));
    out.put_byte(static_cast<std::uint8_t>(flags));
    out.put_u16(config.keepalive);
    if (has_properties()) properties->put_of_connect(out, packet);

    out.put_string(packet.client_id);
    if (packet.last_will) {
        const will& last = *packet.last_will;
        if (has_properties()) properties->put_of_will(out, last);
        out.put_string(last.topic);
        out.put_string({reinterpret_cast<const char*>(last.payload.data()), last.payload.size()});
    }
    if (config.user) out.put_string(*config.user);
    if (config.password) out.put_string(*config.password);
    out.close(begin);
}

std::size_t protocol::encode_publish(writer& out, const publish_head& head) const noexcept {
    out.put_byte(static_cast<std::uint8_t>(0x30 | head.qos << 1 | (head.retain ? 1 : 0)));
    const std::size_t begin = out.open();
    out.put_string(head.topic);
    const std::size_t packet_id = out.size();
    if (head.qos != 0) out.put_u16(0);
    if (has_properties()) properties->put_of_publish(out, head.properties);
    return packet_id + out.close(begin, head.payload.size());
}

std::size_t protocol::encode_request(writer& out, packet_type type, const subscribe& packet) const noexcept {
    out.put_byte(first_byte_of(type));
    const std::size_t begin = out.open();
    out.put_u16(0);
    if (has_properties()) properties->put_of_request(out, packet.properties);
    out.put_string(packet.filter);
    if (type == packet_type::subscribe) out.put_byte(options_byte(packet));
    return begin + out.close(begin);
}

// ---- what the caller may ask for ------------------------------------------------------------------

namespace {

/// Of a packet that `out` has measured.
errc judged(const writer& out) {
    if (!profile::only_v3_1_1 && out.is_bad()) return errc::bad_properties;
    return out.size() > packet_bytes_max ? errc::too_large : errc::ok;
}

}  // namespace

errc protocol::check_publish(const publish_head& head, std::size_t& head_size) const noexcept {
    const errc fields = check_publish_fields(head);
    if (fields != errc::ok) return fields;
    if (!has_properties() && !head.properties.empty()) return errc::unsupported_by_version;
    writer count;
    encode_publish(count, head);
    head_size = count.size();
    const errc given = judged(count);
    return given == errc::ok && head.payload.size() > packet_bytes_max - head_size ? errc::too_large : given;
}

errc protocol::check_request(packet_type type, const subscribe& packet) const noexcept {
    const bool subscribes = type == packet_type::subscribe;
    const bool has_options = packet.no_local || packet.retain_as_published || packet.retain_handling != 0;
    if (!has_properties() && ((subscribes && has_options) || !packet.properties.empty()))
        return errc::unsupported_by_version;
    if (!is_topic_filter(packet.filter)) return errc::bad_filter;
    if (subscribes && packet.qos > profile::qos_max) return errc::bad_qos;
    if (!has_properties()) return errc::ok;
    const bool is_confused = packet.no_local && is_shared_filter(packet.filter);   // [MQTT-3.8.3-4]
    const bool is_good = subscribes ? !is_confused && packet.retain_handling <= 2  //
                                    : !packet.properties.subscription_identifier;
    if (!is_good) return errc::bad_properties;
    writer count;
    encode_request(count, type, packet);
    return judged(count);
}

/// Session expiry, receive maximum and maximum packet size are the engine's own, and 3.1.1 leaves them out silently.
errc protocol::check_connect(const connect& packet) const noexcept {
    const engine_config& config = packet.config;
    if (config.password && !config.user && !may_send_password_alone) return errc::bad_credentials;
    if (!has_properties()) {
        const connect_properties& asked = config.properties;
        const will* const last = packet.last_will;
        if (asked.request_response_information || !asked.request_problem_information ||
            !asked.user_properties.empty() ||
            (last != nullptr && (last->delay_interval != 0 || !last->properties->empty())))
            return errc::unsupported_by_version;
    }
    if (!is_utf8_string(packet.client_id)) return errc::bad_client_id;
    if (config.user && !is_utf8_string(*config.user)) return errc::bad_credentials;
    if (config.password && config.password->size() > data_bytes_max) return errc::bad_credentials;
    if (packet.last_will) {
        const will& last = *packet.last_will;
        if (!is_topic_name(last.topic) || last.qos > 2 || last.payload.size() > data_bytes_max) return errc::bad_will;
    }
    if (!has_properties()) return errc::ok;
    writer count;
    encode_connect(count, packet);
    return judged(count);
}

}  // namespace mqtt_as::wire
