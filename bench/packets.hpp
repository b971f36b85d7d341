// The few packets that the sink and the raw socket need, apart from the library, which is what they measure.
#pragma once

#include "bench/rows.hpp"

#include <cstdint>
#include <string>

namespace bench {

inline void put_u16(std::string& out, std::size_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xFF);
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
    body += v == version::v5 ? '\5' : '\4';
    body += '\2';       // clean
    put_u16(body, 60);  // keep alive
    if (v == version::v5) body += '\0';
    put_u16(body, 5);
    body += "limit";
    return packet(0x10, body);
}

inline std::string publish_packet(version v, int qos, std::uint16_t packet_id, std::size_t payload_size) {
    std::string body;
    put_u16(body, topic.size());
    body += topic;
    if (qos != 0) put_u16(body, packet_id);
    if (v == version::v5) body += '\0';
    body.append(payload_size, 'x');
    return packet(static_cast<std::uint8_t>(0x30 | qos << 1), body);
}

inline std::string subscribe_packet(version v, const std::string& filter) {
    std::string body;
    put_u16(body, 1);  // packet identifier
    if (v == version::v5) body += '\0';
    put_u16(body, filter.size());
    body += filter;
    body += '\0';  // qos
    return packet(0x82, body);
}

inline std::string flood_filter(const load& l) {
    return "flood/" + std::to_string(l.what.payload_size) + '/' + std::to_string(l.warm_up + l.count);
}

}  // namespace bench
