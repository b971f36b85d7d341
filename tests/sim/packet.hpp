// MQTT packets as the simulated broker reads and writes them, by code that shares nothing with src/wire: a witness
// that repeats the library's mistakes proves nothing. Clear rather than fast: every field is a copy.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::sim {

using byte_string = std::vector<std::uint8_t>;

enum class kind : std::uint8_t {
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
const char* name_of(kind) noexcept;

/// An MQTT 5 property. `number` for integers, `data` for strings and binary, both names of a pair in `name`, `data`.
struct prop {
    std::uint8_t id = 0;
    std::uint32_t number = 0;
    std::string name;
    std::string data;
    friend bool operator==(const prop&, const prop&) = default;
};
using props = std::vector<prop>;
const prop* find(const props&, std::uint8_t id) noexcept;

struct requested_filter {
    std::string filter;
    std::uint8_t options = 0;  // the qos in 3.1.1; in 5 also no local, retain as published, retain handling
    friend bool operator==(const requested_filter&, const requested_filter&) = default;
};

struct last_will {
    std::string topic;
    byte_string payload;
    std::uint8_t qos = 0;
    bool retain = false;
    props properties;
};

/// Any packet; the fields its kind has no use for stay empty.
struct packet {
    kind type = kind::pingreq;
    std::uint16_t id = 0;     // packet identifier
    std::uint8_t reason = 0;  // CONNACK, acknowledgements, DISCONNECT, AUTH
    props properties;

    bool dup = false;  // PUBLISH
    std::uint8_t qos = 0;
    bool retain = false;
    std::string topic;
    byte_string payload;

    std::vector<requested_filter> filters;  // SUBSCRIBE, UNSUBSCRIBE
    byte_string codes;                      // SUBACK; UNSUBACK in 5

    bool session_present = false;  // CONNACK

    std::uint8_t level = 0;  // CONNECT
    bool clean = false;
    std::uint16_t keep_alive = 0;
    std::string client_id;
    std::optional<last_will> will;
    std::optional<std::string> user;
    std::optional<std::string> password;
};

enum class sender { client, server };

/// What the first bytes of a stream are: a whole packet, a fault, or (neither) not yet a whole packet.
struct reading {
    std::size_t size = 0;
    std::optional<packet> whole;
    std::string fault;
};

/// `level` is 4 or 5; a CONNECT brings its own.
reading read_packet(bytes in, std::uint8_t level, sender from);
/// The packet in its bytes, right or wrong: the broker also sends what it must not.
byte_string write_packet(const packet&, std::uint8_t level);

bool is_well_formed_utf8(std::string_view) noexcept;
bool is_filter(std::string_view) noexcept;
bool is_shared(std::string_view filter) noexcept;
/// FILTER of "$share/NAME/FILTER"; empty when that is not well-formed [MQTT-4.8.2-1], [MQTT-4.8.2-2].
std::string_view without_share(std::string_view shared_filter) noexcept;
bool filter_matches(std::string_view filter, std::string_view topic) noexcept;

}  // namespace mqtt_as::sim
