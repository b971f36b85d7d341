// Bytes and events as text, so that engine tests read like the tables of the specification.
#pragma once

#include "mqtt_as/engine.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine_tests {

using namespace mqtt_as;

// ---- bytes ------------------------------------------------------------------------------------

inline void append_hex(std::string& out, std::uint8_t byte) {
    static constexpr char digits[] = "0123456789abcdef";
    if (!out.empty()) out += ' ';
    out += digits[byte >> 4];
    out += digits[byte & 0x0F];
}

/// "61 0a" for two bytes.
inline std::string hex(bytes in) {
    std::string out;
    for (const auto byte : in) append_hex(out, byte);
    return out;
}
inline std::string hex(std::string_view text) {
    return hex(bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

/// The bytes of "61 0a"; blanks and bars do not matter.
inline std::vector<std::uint8_t> unhex(std::string_view text) {
    std::vector<std::uint8_t> out;
    int high = -1;  // a digit that waits for its second half
    for (const char c : text) {
        const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0) continue;
        if (high >= 0) out.push_back(static_cast<std::uint8_t>(high << 4 | value));
        high = high >= 0 ? -1 : value;
    }
    return out;
}

/// A packet identifier as it stands on the wire.
inline std::string u16(unsigned value) {
    std::string out;
    append_hex(out, static_cast<std::uint8_t>(value >> 8));
    append_hex(out, static_cast<std::uint8_t>(value));
    return out;
}

/// A packet from its first byte and its body; the remaining length is counted here.
inline std::string packet(std::string_view first, std::string_view body) {
    std::string out(first);
    std::size_t left = unhex(body).size();
    do {
        append_hex(out, static_cast<std::uint8_t>((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
        left >>= 7;
    } while (left != 0);
    if (!body.empty()) out.append(" ").append(hex(unhex(body)));
    return out;
}

/// The size of the first packet in `in`, or 0 while it is not whole.
inline std::size_t whole_packet(bytes in) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < in.size() && i < 5; ++i) {
        length |= std::size_t{in[i] & 0x7Fu} << (7 * (i - 1));
        if ((in[i] & 0x80) == 0) return in.size() >= i + 1 + length ? i + 1 + length : 0;
    }
    return 0;
}

/// The packet identifier of a sent packet as a number; 0 where it has none.
inline unsigned id_of(bytes sent) {
    if (sent.size() < 4) return 0;
    std::size_t at = 2;
    while ((sent[at - 1] & 0x80) != 0) ++at;
    const unsigned type = sent[0] >> 4;
    if (type == 3) {
        if ((sent[0] & 0x06) == 0) return 0;
        at += 2u + (static_cast<std::size_t>(sent[at]) << 8 | sent[at + 1]);
    } else if (type < 4 || type > 11) {
        return 0;
    }
    return static_cast<unsigned>(sent[at] << 8 | sent[at + 1]);
}
inline unsigned id_of(std::string_view sent) { return id_of(unhex(sent)); }

inline std::string_view as_text(bytes in) { return {reinterpret_cast<const char*>(in.data()), in.size()}; }
inline bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// ---- events -----------------------------------------------------------------------------------

inline std::string name(errc e) {
    switch (e) {
    case errc::ok: return "ok";
    case errc::bad_topic: return "bad_topic";
    case errc::bad_filter: return "bad_filter";
    case errc::bad_qos: return "bad_qos";
    case errc::bad_properties: return "bad_properties";
    case errc::unsupported_by_version: return "unsupported_by_version";
    case errc::too_large: return "too_large";
    case errc::queue_full: return "queue_full";
    case errc::out_of_memory: return "out_of_memory";
    case errc::not_started: return "not_started";
    case errc::closed: return "closed";
    case errc::already_started: return "already_started";
    case errc::unsupported_by_server: return "unsupported_by_server";
    case errc::refused: return "refused";
    case errc::timed_out: return "timed_out";
    case errc::cancelled: return "cancelled";
    case errc::stopped: return "stopped";
    case errc::session_lost: return "session_lost";
    case errc::dropped: return "dropped";
    case errc::link_down: return "link_down";
    case errc::resolve_failed: return "resolve_failed";
    case errc::connect_failed: return "connect_failed";
    case errc::tls_failed: return "tls_failed";
    case errc::stage_timed_out: return "stage_timed_out";
    case errc::connection_closed: return "connection_closed";
    case errc::connection_refused: return "connection_refused";
    case errc::server_disconnected: return "server_disconnected";
    case errc::silence: return "silence";
    case errc::acknowledgement_missing: return "acknowledgement_missing";
    case errc::protocol_violation: return "protocol_violation";
    case errc::session_unknown: return "session_unknown";
    case errc::superseded: return "superseded";
    case errc::network_changed: return "network_changed";
    default: return "errc_" + std::to_string(static_cast<int>(e));
    }
}

inline std::string name(stage s) {
    static constexpr const char* names[] = {"idle", "link", "resolve", "connect", "tls", "mqtt", "online"};
    return names[static_cast<int>(s)];
}

inline std::string name(violation v) {
    static constexpr const char* names[] = {"none",
                                            "bad_packet_type",
                                            "bad_fixed_header_flags",
                                            "bad_remaining_length",
                                            "truncated_packet",
                                            "trailing_bytes",
                                            "bad_string",
                                            "bad_topic_name",
                                            "bad_qos",
                                            "zero_packet_identifier",
                                            "bad_reason_code",
                                            "bad_property",
                                            "repeated_property",
                                            "bad_property_value",
                                            "bad_acknowledge_flags",
                                            "bad_session_present",
                                            "wrong_code_count",
                                            "unexpected_packet",
                                            "packet_too_large",
                                            "receive_maximum_exceeded",
                                            "bad_topic_alias",
                                            "unasked_property"};
    return names[static_cast<int>(v)];
}

/// " 87", or nothing for success.
inline std::string code(reason_code reason) {
    if (reason == reason_code::success) return {};
    std::string out;
    append_hex(out, static_cast<std::uint8_t>(reason));
    return " " + out;
}

inline std::string text_of(const disconnected& e) {
    std::string out = name(e.error) + " at " + name(e.at);
    if (e.why != violation::none) out += " why " + name(e.why);
    out += code(e.reason);
    if (e.transport_error != 0) out += " transport " + std::to_string(e.transport_error);
    if (e.was_online) out += " was_online";
    if (!e.can_retry_help) out += " hopeless";
    if (!e.properties.empty()) out += " properties " + hex(e.properties.encoded());
    return out;
}

inline std::string text_of(const op_done& e) {
    std::string out = name(e.error) + code(e.reason);
    if (e.may_have_been_delivered) out += " maybe_delivered";
    if (e.may_be_duplicated) out += " maybe_duplicated";
    if (!e.finished) out += " unfinished";
    if (!e.properties.empty()) out += " properties " + hex(e.properties.encoded());
    return out;
}

inline std::string text_of(const message& e) {
    std::string out =
        "message " + std::string(e.topic) + " '" + std::string(as_text(e.payload)) + "' qos " + std::to_string(e.qos);
    if (e.retain) out += " retain";
    if (e.dup) out += " dup";
    if (!e.properties.empty()) out += " properties " + hex(e.properties.encoded());
    return out;
}

inline std::string text_of(const connected& e) {
    std::string out = "connected";
    if (e.session_present) out += " session_present";
    if (e.first) out += " first";
    return out;
}

}  // namespace engine_tests
