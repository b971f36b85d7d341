// The few packets that the sink, the raw socket and the Asio floor need, apart from the library, which is what they
// measure.
#pragma once

#include "bench/rows.hpp"

#include <cstdint>
#include <string>

namespace bench {

inline void put_u16(std::string& out, std::size_t value) {
    const char bytes[] = {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
    out.append(bytes, sizeof bytes);
}

inline std::string packet(std::uint8_t first, const std::string& body) {
    std::string out(1, static_cast<char>(first));
    std::size_t size = body.size();
    for (; size > 0x7F; size >>= 7) out += static_cast<char>(size | 0x80);
    out += static_cast<char>(size);
    return out + body;
}

inline std::string connect_packet(version v) {
    std::string body;
    put_u16(body, 4);
    body += "MQTT";
    body += static_cast<char>(v);
    body += '\2';       // clean
    put_u16(body, 60);  // keep alive
    if (v == version::v5) body += '\0';
    put_u16(body, 5);
    body += "limit";
    return packet(0x10, body);
}
inline std::size_t connack_size(version v) { return v == version::v5 ? 5 : 4; }

/// All of a PUBLISH but its payload.
inline void append_head(std::string& out, version v, int qos, std::size_t packet_id, std::string_view to,
                        std::size_t payload_size) {
    const std::size_t id_size = qos != 0 ? 2 : 0;
    const std::size_t tail_size = id_size + (v == version::v5 ? 1 : 0);
    std::size_t size = 2 + to.size() + tail_size + payload_size;
    out += static_cast<char>(0x30 | qos << 1);
    for (; size > 0x7F; size >>= 7) out += static_cast<char>(size | 0x80);
    out += static_cast<char>(size);
    put_u16(out, to.size());
    out += to;
    const char tail[] = {static_cast<char>(packet_id >> 8), static_cast<char>(packet_id & 0xFF), '\0'};
    if (tail_size != 0) out.append(tail + 2 - id_size, tail_size);
}

inline std::string publish_packet(version v, int qos, std::size_t packet_id, std::size_t payload_size,
                                  std::string_view to = topic) {
    std::string out;
    append_head(out, v, qos, packet_id, to, payload_size);
    out.append(payload_size, 'x');
    return out;
}

/// `count` publishes with the identifiers 1, 2, 3...
inline std::string publish_packets(version v, int qos, std::size_t count, std::size_t payload_size,
                                   std::string_view to = topic) {
    std::string all;
    for (std::size_t i = 1; i <= count; ++i) all += publish_packet(v, qos, i, payload_size, to);
    return all;
}

inline std::string acknowledgement(std::uint8_t first, std::size_t packet_id) {
    std::string all{static_cast<char>(first), '\2'};
    put_u16(all, packet_id);
    return all;
}

inline std::string subscribe_packet(version v, const std::string& filter, std::uint8_t qos) {
    std::string body;
    put_u16(body, 1);  // packet identifier
    if (v == version::v5) body += '\0';
    put_u16(body, filter.size());
    body += filter;
    body += static_cast<char>(qos);
    return packet(0x82, body);
}

}  // namespace bench
