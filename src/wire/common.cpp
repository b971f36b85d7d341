// What both versions do alike, the parts that are not worth inlining.
#include "src/wire/common.hpp"

#include <cstring>

namespace mqtt_as::wire {

// ---- decoding -----------------------------------------------------------------------------------

violation why_no_name(std::string_view topic) {
    return is_utf8_string(topic) ? violation::bad_topic_name : violation::bad_string;
}

bool take_acknowledge_flags(reader& in) {
    const std::uint32_t flags = in.take_number(1);
    if (flags > 1) in.fail(violation::bad_acknowledge_flags);
    return flags == 1;
}

reason_code take_reason(reader& in, bytes allowed) {
    const auto code = static_cast<std::uint8_t>(in.take_number(1));
    if (std::memchr(allowed.data(), code, allowed.size()) == nullptr) in.fail(violation::bad_reason_code);
    return static_cast<reason_code>(code);
}

reason_code take_only_reason(reader& in, bytes allowed) {
    if (in.left() != 1) in.fail(violation::wrong_code_count);
    return take_reason(in, allowed);
}

// ---- encoding -----------------------------------------------------------------------------------

void put_fixed_header(writer& out, std::uint8_t first, std::size_t remaining_length) {
    out.put_byte(first);
    out.put_variable(static_cast<std::uint32_t>(remaining_length));
}

void put_acknowledgement_start(writer& out, packet_type type, std::size_t remaining_length, std::uint16_t packet_id) {
    put_fixed_header(out, first_byte_of(type), remaining_length);
    out.put_u16(packet_id);
}

namespace {

void put_connect_body(writer& out, const connect& packet, protocol_version version, const connect_blocks* blocks) {
    int flags = 0;
    if (packet.clean_start) flags |= 0x02;
    if (packet.last_will) flags |= 0x04 | packet.last_will->qos << 3 | (packet.last_will->retain ? 0x20 : 0);
    if (packet.password) flags |= 0x40;
    if (packet.user) flags |= 0x80;
    out.put_string("MQTT");
    out.put_byte(static_cast<std::uint8_t>(version));
    out.put_byte(static_cast<std::uint8_t>(flags));
    out.put_u16(packet.keep_alive);
    if (blocks != nullptr) blocks->put_of_connect(out, packet);

    out.put_string(packet.client_id);
    if (packet.last_will) {
        const will& last = *packet.last_will;
        if (blocks != nullptr) blocks->put_of_will(out, last);
        out.put_string(last.topic);
        out.put_u16(static_cast<std::uint16_t>(last.payload.size()));
        out.put_bytes(last.payload.data(), last.payload.size());
    }
    if (packet.user) out.put_string(*packet.user);
    if (packet.password) out.put_string(*packet.password);
}

}  // namespace

void put_connect(writer& out, const connect& packet, protocol_version version, const connect_blocks* blocks) {
    writer count;
    put_connect_body(count, packet, version, blocks);
    put_fixed_header(out, 0x10, count.size());
    put_connect_body(out, packet, version, blocks);
}

// ---- what the caller may ask for ------------------------------------------------------------------

errc check_filter(std::string_view filter, std::uint8_t qos) {
    if (!is_topic_filter(filter)) return errc::bad_filter;
    return qos > profile::qos_max ? errc::bad_qos : errc::ok;
}

errc check_connect_fields(const connect& packet) {
    if (!is_utf8_string(packet.client_id)) return errc::bad_client_id;
    if (packet.user && !is_utf8_string(*packet.user)) return errc::bad_credentials;
    if (packet.password && packet.password->size() > data_bytes_max) return errc::bad_credentials;
    if (packet.last_will) {
        const will& last = *packet.last_will;
        if (!is_topic_name(last.topic) || last.qos > 2 || last.payload.size() > data_bytes_max) return errc::bad_will;
    }
    return errc::ok;
}

}  // namespace mqtt_as::wire
