// Finds MQTT packets in a stream of bytes: just enough of both versions to name them. Shares nothing with the library,
// so that a mistake there is not repeated here.
#pragma once

#include "mqtt_as/testing/faults.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::chaos {

struct frame {
    packet_type type{};
    std::uint8_t qos = 0;  ///< of PUBLISH
    std::uint16_t id = 0;  ///< packet identifier, where there is one
    std::string name{};    ///< topic of PUBLISH, client identifier of CONNECT
    std::string bytes{};   ///< all of it, fixed header included
};

/// Cuts a stream into frames. A packet larger than `whole_max` comes in pieces: its beginning, then continuations.
class framer {
public:
    static constexpr std::size_t whole_max = 8192;

    framer() = default;
    /// Of bytes that are not MQTT or cannot be read, as in TLS: whatever has come is a continuation.
    static framer of_anything() {
        framer all;
        all.rest_of_large_ = SIZE_MAX;
        return all;
    }

    void feed(std::string_view bytes) { buffer_ += bytes; }
    /// The next frame that is there. Throws std::runtime_error when the bytes are no MQTT.
    std::optional<frame> next();

private:
    std::string buffer_;
    std::size_t rest_of_large_ = 0;
};

/// An acknowledgement of four bytes, valid in both versions: PUBACK, PUBREC, PUBREL, PUBCOMP.
std::string make_acknowledgement(packet_type type, std::uint16_t id);

}  // namespace mqtt_as::chaos
