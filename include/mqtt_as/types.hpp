// The words every part of the library shares: bytes, time, identifiers, errors and reason codes.
#pragma once

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mqtt_as {

using bytes = std::span<const std::uint8_t>;

/// The library's version: major, minor, micro.
inline constexpr int VERSION[3] = {0, 1, 0};

// ---- time -------------------------------------------------------------------------------------

/// A span of time in milliseconds, up to 24 days either way.
using duration = std::chrono::duration<std::int32_t, std::milli>;

// std::chrono makes of `<` a comparison of three outcomes, for which a Cortex-M0+ calls a function.
constexpr bool operator<(duration a, duration b) { return a.count() < b.count(); }
constexpr bool operator>(duration a, duration b) { return b < a; }
// Of numbers: a choice between objects is one between their addresses, in memory.
constexpr duration shorter(duration a, duration b) { return duration(b < a ? b.count() : a.count()); }
constexpr duration longer(duration a, duration b) { return duration(a < b ? b.count() : a.count()); }

/// A moment on a clock of 32-bit milliseconds that wraps every 49.7 days. Two moments can be compared
/// while they lie less than 24 days apart. There is no `now()`: whoever drives the engine says what
/// time it is, so that engine code cannot read a clock.
class time_point {
public:
    constexpr time_point() = default;
    constexpr explicit time_point(std::uint32_t ms) : ms_(ms) {}

    constexpr std::uint32_t count() const { return ms_; }

    friend constexpr time_point operator+(time_point t, duration d) {
        return time_point(t.ms_ + static_cast<std::uint32_t>(d.count()));
    }
    friend constexpr duration operator-(time_point a, time_point b) {
        return duration(static_cast<std::int32_t>(a.ms_ - b.ms_));
    }
    friend constexpr bool operator==(time_point, time_point) = default;
    friend constexpr bool operator<(time_point a, time_point b) { return (a - b).count() < 0; }
    friend constexpr bool operator>(time_point a, time_point b) { return b < a; }
    friend constexpr bool operator<=(time_point a, time_point b) { return !(b < a); }
    friend constexpr bool operator>=(time_point a, time_point b) { return !(a < b); }

private:
    std::uint32_t ms_ = 0;
};

// ---- identifiers ------------------------------------------------------------------------------

/// Names one accepted operation. `index` is small and recycled (a front can keep an array beside the
/// engine's); `generation` tells two operations apart that used the same index.
struct op_id {
    std::uint32_t index = UINT32_MAX;
    std::uint32_t generation = 0;
    friend constexpr bool operator==(op_id, op_id) = default;
};

/// Counts connections. Every input from the world carries the epoch it belongs to; an input of an
/// old epoch is dropped.
using epoch = std::uint32_t;

/// Names one received message that waits for its acknowledgement.
using acknowledge_id = std::uint32_t;

enum class protocol_version : std::uint8_t { v3_1_1 = 4, v5 = 5 };

/// A quality of service in options, made from any integer. One that is not 0, 1 or 2 is refused where it is used
/// (bad_qos).
class qos_level {
public:
    template <std::integral Number>
    constexpr qos_level(Number n) : value_(static_cast<std::uint8_t>(n)) {
        constexpr bool fits = std::unsigned_integral<Number> && sizeof(Number) == 1;
        if (!fits && (n < 0 || n > 2)) value_ = 3;  // 256 is not 0
    }
    constexpr operator std::uint8_t() const { return value_; }

private:
    std::uint8_t value_;
};

// ---- errors -----------------------------------------------------------------------------------

/// Everything the client can report. Values are never reused.
enum class errc : std::uint8_t {
    ok = 0,

    // rejected at submission: nothing was created
    bad_topic = 1,               ///< the topic name is empty, too long, not UTF-8, or has a wildcard or U+0000
    bad_filter = 2,              ///< the topic filter breaks the rules of MQTT section 4.7
    bad_qos = 3,                 ///< the qos is not 0, 1 or 2
    bad_properties = 4,          ///< a property or option is malformed, out of range, or not allowed in this packet
    unsupported_by_version = 5,  ///< MQTT 3.1.1 has no such feature; set the protocol version to 5
    too_large = 6,               ///< the packet exceeds a limit of the protocol, of the server or of `limits`
    queue_full = 7,              ///< `limits` of operations, of payload bytes or of subscriptions are reached
    out_of_memory = 8,           ///< the memory source is exhausted
    not_started = 9,             ///< between `disconnect()` and the next `connect()`
    closed = 10,                 ///< after `close()`
    already_started = 11,        ///< `connect()` while connected or connecting
    unsupported_by_server = 12,  ///< the server said in CONNACK that it does not offer this
    bad_client_id = 13,          ///< the client identifier is too long, not UTF-8, or empty where the session is kept
    bad_credentials = 14,        ///< user or password too long, user not UTF-8, or (3.1.1) a password without a user
    bad_will = 15,               ///< the will's topic, qos or size breaks the rules of a PUBLISH
    bad_config = 16,             ///< a time or a limit of the configuration is 0, negative or out of range
    bad_query = 17,              ///< `wan_ok` was given no numeric address, no DNS query, or no time

    // outcome of an operation
    refused = 20,       ///< the server answered with a failing reason code
    timed_out = 21,     ///< the operation's own deadline passed
    cancelled = 22,     ///< the caller cancelled it
    stopped = 23,       ///< `disconnect()` or `close()` ended it
    session_lost = 24,  ///< qos 2 under `qos2_policy::report`: the session that knew it is gone
    dropped = 25,       ///< the overflow policy chose to drop it

    // end of a connection, or of an attempt
    link_down = 40,                ///< the network interface is down
    resolve_failed = 41,           ///< the server's name has no address
    connect_failed = 42,           ///< no transport connection (refused, unreachable)
    tls_failed = 43,               ///< the handshake of TLS failed, or its connection broke
    stage_timed_out = 44,          ///< a stage of connecting had no answer within `response_time`
    connection_closed = 45,        ///< the peer closed the connection, or the transport failed
    connection_refused = 46,       ///< CONNACK carried a failing reason code
    server_disconnected = 47,      ///< the server sent DISCONNECT
    silence = 48,                  ///< nothing at all was received although an answer was due
    acknowledgement_missing = 49,  ///< one acknowledgement stayed away while other packets arrived
    protocol_violation = 50,       ///< the server broke the protocol; `violation` says how
    session_unknown = 51,          ///< session present 1 although we hold no session [MQTT-3.2.2-4]
    superseded = 52,               ///< we ended it ourselves: a new attempt replaces it
    network_changed = 53,          ///< the way to the server changed, and the connection did not survive that
    wifi_unavailable = 54,         ///< wpa_supplicant cannot be reached at its control socket
    wifi_refused = 55,             ///< wpa_supplicant does not take the network's settings
    wifi_not_found = 56,           ///< no access point of this name was heard
    wifi_wrong_key = 57,           ///< the access point does not take the password
    wifi_timed_out = 58,           ///< joining the network took more than a minute
    wifi_unstable = 59,            ///< the network was joined and lost again within 5 s
};

/// Reason codes of MQTT 5 (section 2.4). Return codes of MQTT 3.1.1 are given as their equivalent here.
enum class reason_code : std::uint8_t {
    success = 0x00,
    granted_qos_1 = 0x01,
    granted_qos_2 = 0x02,
    disconnect_with_will = 0x04,
    no_matching_subscribers = 0x10,
    no_subscription_existed = 0x11,
    continue_authentication = 0x18,
    re_authenticate = 0x19,
    unspecified_error = 0x80,
    malformed_packet = 0x81,
    protocol_error = 0x82,
    implementation_specific_error = 0x83,
    unsupported_protocol_version = 0x84,
    client_identifier_not_valid = 0x85,
    bad_user_name_or_password = 0x86,
    not_authorized = 0x87,
    server_unavailable = 0x88,
    server_busy = 0x89,
    banned = 0x8A,
    server_shutting_down = 0x8B,
    bad_authentication_method = 0x8C,
    keep_alive_timeout = 0x8D,
    session_taken_over = 0x8E,
    topic_filter_invalid = 0x8F,
    topic_name_invalid = 0x90,
    packet_identifier_in_use = 0x91,
    packet_identifier_not_found = 0x92,
    receive_maximum_exceeded = 0x93,
    topic_alias_invalid = 0x94,
    packet_too_large = 0x95,
    message_rate_too_high = 0x96,
    quota_exceeded = 0x97,
    administrative_action = 0x98,
    payload_format_invalid = 0x99,
    retain_not_supported = 0x9A,
    qos_not_supported = 0x9B,
    use_another_server = 0x9C,
    server_moved = 0x9D,
    shared_subscriptions_not_supported = 0x9E,
    connection_rate_exceeded = 0x9F,
    maximum_connect_time = 0xA0,
    subscription_identifiers_not_supported = 0xA1,
    wildcard_subscriptions_not_supported = 0xA2,
};

/// Codes of 0x80 and above are failures.
constexpr bool is_failure(reason_code code) { return static_cast<std::uint8_t>(code) >= 0x80; }

/// How the server broke the protocol. `describe` puts it in words.
enum class violation : std::uint8_t {
    none = 0,
    bad_packet_type,           ///< a packet type that a server never sends, or that is reserved
    bad_fixed_header_flags,    ///< reserved bits of the fixed header [MQTT-2.2.2-2]
    bad_remaining_length,      ///< a variable byte integer of more than 4 bytes, or not in the fewest bytes
    truncated_packet,          ///< a field reaches past the end of its packet
    trailing_bytes,            ///< bytes are left over after the last field
    bad_string,                ///< not UTF-8, or holds U+0000 [MQTT-1.5.3-1]
    bad_topic_name,            ///< empty, or with a wildcard [MQTT-3.3.2-2]
    bad_qos,                   ///< qos 3, or DUP with qos 0 [MQTT-3.3.1-4]
    zero_packet_identifier,    ///< [MQTT-2.3.1-1]
    bad_reason_code,           ///< a code that this packet cannot carry
    bad_property,              ///< unknown, or not allowed in this packet
    repeated_property,         ///< a property that may appear once appears twice
    bad_property_value,        ///< a value outside its range (0 where that is an error, a boolean of 2)
    bad_acknowledge_flags,     ///< reserved bits of CONNACK's acknowledge flags
    bad_session_present,       ///< session present 1 with a failing code or after a clean start
    wrong_code_count,          ///< SUBACK or UNSUBACK without exactly one code per filter
    unexpected_packet,         ///< a packet that has no place in this phase (before CONNACK, a second CONNACK)
    packet_too_large,          ///< larger than our maximum packet size
    receive_maximum_exceeded,  ///< more unacknowledged messages than our receive maximum
    bad_topic_alias,           ///< 0, above our maximum, or without a topic it stands for
    unasked_property,          ///< a property that we did not ask for, or asked to be spared [MQTT-3.1.2-29]
};

/// What happened and what can be done about it: one English sentence, static storage.
std::string_view describe(errc) noexcept;
/// The reason code's name as the specification spells it, for example "Not authorized".
std::string_view describe(reason_code) noexcept;
/// What the server did wrong, in words.
std::string_view describe(violation) noexcept;
/// The reason code that DISCONNECT carries for this violation (MQTT 5, section 4.13).
reason_code reason_for(violation) noexcept;

}  // namespace mqtt_as
