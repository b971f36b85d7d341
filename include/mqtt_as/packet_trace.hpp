// One line of text for each packet that goes by: what a maintainer needs to see of a problem, and no secrets.
#pragma once

#include "mqtt_as/types.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace mqtt_as {

/// Reads one direction of one connection from its first byte on and puts each packet in words:
///
///     CONNECT 3.1.1 client "shed" clean keep-alive 60 will qos 1 user password, 58 bytes
///     PUBLISH qos 1 dup id 17 "shed/light" payload 3, 19 bytes
///     SUBACK id 3: Granted QoS 1, 5 bytes
///
/// Type, flags, packet identifier, topic, reason and sizes. Never a payload, a user name or a password. What it reads
/// need not be valid. Allocates nothing.
class packet_trace {
public:
    explicit packet_trace(protocol_version version) : version_(version) {}

    /// Reads up to the end of the next packet and takes that off the front of `in`. The packet in words, valid until
    /// the next call; empty: all was read, and no packet ended in it.
    std::string_view read(bytes& in) noexcept;
    /// The packet whose end has not come: "PUBLISH..., 4096 of 100012 bytes". Empty between packets.
    std::string_view unfinished() noexcept;

private:
    std::string_view describe() noexcept;

    const protocol_version version_;
    std::array<std::uint8_t, 512> head_{};  // as much of the packet as is looked at
    std::array<char, 320> text_{};
    std::uint32_t read_ = 0;         // bytes of the packet so far
    std::uint32_t header_size_ = 0;  // once it is known
    std::uint32_t size_ = 0;         // of the whole packet, once it is known
    bool is_lost_ = false;           // this is not MQTT: no packet's end can be told
};

}  // namespace mqtt_as
