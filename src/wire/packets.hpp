// The packets a client sends and receives, as plain views. Nothing here owns memory.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/message.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"
#include "src/wire/profile.hpp"

#include <optional>
#include <string_view>

namespace mqtt_as::wire {

enum class packet_type : std::uint8_t {
    connect = 1,
    connack,
    publish,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    pingreq,
    pingresp,
    disconnect,
    auth
};

inline constexpr std::uint32_t remaining_length_max = 268'435'455;
inline constexpr std::size_t fixed_header_max = 5;
inline constexpr std::uint32_t packet_bytes_max = remaining_length_max + fixed_header_max;

// ---- received ---------------------------------------------------------------------------------

/// What CONNACK agreed on, with the specification's default where the server said nothing. In 3.1.1 these
/// are the defaults, and where nothing else is spoken they take no room.
struct negotiated {
    std::uint32_t maximum_packet_size = packet_bytes_max;
    std::uint16_t receive_maximum = 65'535;
    std::uint8_t maximum_qos = 2;
    std::uint8_t refused = 0;  ///< a bit for each of retain_available and the like that it said no to

    bool allows(std::size_t packet_size) const { return packet_size <= maximum_packet_size; }
    /// Of those.
    bool offers(property_id what) const { return (refused & bit_of(what)) == 0; }
    void refuse(property_id what) { refused = static_cast<std::uint8_t>(refused | bit_of(what)); }
    static constexpr unsigned bit_of(property_id what) {
        return 1u << (static_cast<unsigned>(what) - static_cast<unsigned>(property_id::retain_available));
    }
    /// Where the server cannot say how many it takes.
    void keep_unfinished_to(std::uint16_t most) { receive_maximum = most; }
    /// Nor packets that are larger than we can make.
    void keep_packets_to(std::size_t most) {
        if (maximum_packet_size > most) maximum_packet_size = static_cast<std::uint32_t>(most);
    }
};
struct not_negotiated {
    not_negotiated() = default;
    constexpr not_negotiated(const negotiated&) {}
    static void keep_unfinished_to(std::uint16_t) {}
    static void keep_packets_to(std::size_t) {}
    static constexpr std::uint32_t maximum_packet_size = packet_bytes_max;
    static constexpr std::uint16_t receive_maximum = 65'535;
    static constexpr std::uint8_t maximum_qos = 2;
    static constexpr bool allows(std::size_t) { return true; }
    static constexpr bool offers(property_id) { return true; }
};
using kept_limits = std::conditional_t<profile::only_v3_1_1, not_negotiated, negotiated>;

/// CONNACK, DISCONNECT; PUBACK, PUBREC, PUBREL, PUBCOMP; SUBACK and UNSUBACK of the one filter that we ask for at a
/// time. Where a packet has no code, as UNSUBACK of 3.1.1, it is success; SUBACK's 0x80 of 3.1.1 is unspecified_error,
/// as in 5; return codes 1 to 5 of CONNACK of 3.1.1 are 0x84, 0x85, 0x88, 0x86, 0x87.
struct answer {
    std::uint16_t packet_id = 0;   ///< not in CONNACK and DISCONNECT
    bool session_present = false;  ///< in CONNACK
    reason_code reason{};
    property_view properties;
};

struct connack : answer {
    negotiated agreed;
    std::optional<std::uint16_t> server_keep_alive;  ///< seconds; the server's word replaces ours
    std::string_view assigned_client_identifier;
    bool has_response_information = false;
};

/// What the application gets, and the packet identifier, which it does not.
struct publish : message {
    std::uint16_t packet_id = 0;  ///< 0 when qos is 0
};

// ---- sent -------------------------------------------------------------------------------------

using will = engine_will;

/// User, password, keep-alive and the like are the configuration's.
struct connect {
    const engine_config& config;
    std::string_view client_id;
    bool clean_start = true;  ///< 3.1.1: clean session
    const will* last_will = nullptr;
    // MQTT 5 only
    std::uint32_t session_expiry_interval = 0;  ///< seconds; sent when not 0
    std::uint32_t maximum_packet_size = 0;      ///< sent when not 0
};

// What the engine wants to know besides is not looked at.

/// A PUBLISH up to its payload, which follows on the wire and is only counted.
using publish_head = publish_request;
/// SUBSCRIBE for one filter, so that each has an answer of its own, and UNSUBSCRIBE, which has the filter and user
/// properties alone.
using subscribe = subscription;

}  // namespace mqtt_as::wire
