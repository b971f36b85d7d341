// The one place where MQTT 3.1.1 and 5 differ: a few named permissions, lists of what may come, and what there is of
// properties.
//
// The engine holds a pointer to one of two constants and never asks which. What both versions do alike is one function
// for both; an image that uses 3.1.1 alone does not link what checks and writes properties. Everything is a pure
// function: no state, no allocation, no I/O.
#pragma once

#include "src/wire/packets.hpp"
#include "src/wire/writer.hpp"

namespace mqtt_as::wire {

// ---- framing: the same in both versions --------------------------------------------------------

inline std::uint16_t read_u16(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }

struct protocol;
class reader;

struct fixed_header {
    std::uint8_t first = 0;           ///< packet type and flags
    std::uint8_t header_size = 0;     ///< bytes of it that have come: 2 to 5 when it is complete
    bool is_complete = false;         ///< and good
    violation why = violation::none;  ///< when malformed
    std::uint32_t remaining_length = 0;

    /// The next byte, while more is needed. Malformed as soon as the bytes seen can no longer become a good header: the
    /// first byte alone is judged (types a server never sends in this version, reserved flags [MQTT-2.2.2-2], qos 3,
    /// DUP with qos 0), then the length. PINGRESP has no body, so that a length other than 0 is malformed, too.
    void add(std::uint8_t byte, const protocol&) noexcept;

    bool needs_more() const { return !is_complete && why == violation::none; }
    packet_type type() const { return static_cast<packet_type>(first >> 4); }
    std::uint8_t flags() const { return first & 0x0F; }
    std::size_t packet_size() const { return header_size + std::size_t{remaining_length}; }
};

/// Of the first bytes of a packet.
fixed_header read_fixed_header(bytes in, const protocol&) noexcept;
/// The same, short for most packets: at most 127 bytes follow the header.
inline fixed_header read_short_header(bytes in, const protocol&) noexcept;

/// The DUP flag in the first byte of a PUBLISH.
inline constexpr std::uint8_t dup_flag = 0x08;

/// MQTT 5's properties. `put_*` writes their length and themselves; a writer that only counts hears whether they are
/// good.
struct property_functions {
    /// Takes the length and the properties of a packet that a server sent, and checks every one of them.
    void (*take)(reader&, packet_type, property_view&);
    void (*put_of_connect)(writer&, const connect&);
    void (*put_of_will)(writer&, const will&);
    void (*put_of_publish)(writer&, const publish_properties&);
    void (*put_of_request)(writer&, const subscribe_properties&);
};

struct protocol {
    protocol_version version;

    // ---- permissions -------------------------------------------------------------------------
    bool may_resend_while_connected;       ///< 3.1.1 yes, 5 never [MQTT-4.4.0-1]
    bool may_start_clean_and_keep;         ///< 5: Clean Start with Session Expiry; 3.1.1 needs two connections
    bool may_send_password_alone;          ///< 5 [MQTT-3.1.2-19]; not 3.1.1 [MQTT-3.1.2-22]
    bool has_reasons;                      ///< 5: DISCONNECT and acknowledgements can say why
    bool has_receive_maximum;              ///< 5: each side says how many messages it takes at a time
    bool wants_short_lengths;              ///< 5: a variable byte integer has the fewest bytes [MQTT-1.5.5-1]
    packet_type received_max;              ///< the last one that a server may send: 3.1.1 PINGRESP, 5 AUTH
    const std::uint8_t* codes;             ///< that a server may put into each packet: see `codes_of`
    const property_functions* properties;  ///< nullptr: none, and no options of subscriptions either

    bool has_properties() const { return !profile::only_v3_1_1 && properties != nullptr; }

    // ---- decoding: `body` is the packet without its fixed header, whole ------------------------
    // The packet is a new one. Given `none`, it is whole then and its views lie in `body`; else it means nothing.

    /// `flags` as read_fixed_header let them through.
    violation decode_publish(std::uint8_t flags, bytes body, publish&) const noexcept;
    /// CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT: each has its own list of codes.
    violation decode_answer(packet_type, bytes body, answer&) const noexcept;
    /// CONNACK, and what its properties say.
    violation decode_connack(bytes body, connack&) const noexcept;

    // ---- encoding: whole packets, fixed header included ----------------------------------------
    // Arguments have been validated by the engine (see `check_*`). The writer may be a counting one.
    void encode_connect(writer&, const connect&) const noexcept;
    /// Without the payload, which follows. Returns where the packet identifier is, which is left 0.
    std::size_t encode_publish(writer&, const publish_head&) const noexcept;
    /// SUBSCRIBE or UNSUBSCRIBE. Returns the same.
    std::size_t encode_request(writer&, packet_type, const subscribe&) const noexcept;

    // ---- what the caller may ask for: errc::ok or why not ---------------------------------------
    /// Topic, qos, properties, packet size. `head_size`: what `encode_publish` will write, when all is well.
    errc check_publish(const publish_head&, std::size_t& head_size) const noexcept;
    /// Filter, properties; of SUBSCRIBE also qos and options.
    errc check_request(packet_type, const subscribe&) const noexcept;
    errc check_connect(const connect&) const noexcept;  ///< client id, user, password, will, properties
};

/// By packet type: bit n: a server may send it with flags n. Not qos 3 [MQTT-3.3.1-4], no DUP with qos 0
/// [MQTT-3.3.1-2].
inline constexpr std::uint16_t publish_flags = 0b0011'1100'0011'1111;
inline constexpr std::uint16_t pubrel_flags = 0b0100;  // [MQTT-3.6.1-1]
inline constexpr std::uint16_t received_flags[] = {0, 0, 1, publish_flags, 1, 1, pubrel_flags, 1, 0, 1, 0, 1, 0,
                                                   1, 1, 1};

inline fixed_header read_short_header(bytes in, const protocol& p) noexcept {
    const bool is_short = in.size() >= 2 && in[1] < 0x80 && in[0] < static_cast<int>(packet_type::pingresp) << 4;
    if (!is_short || (received_flags[in[0] >> 4] >> (in[0] & 0x0F) & 1) == 0) return read_fixed_header(in, p);
    return {.first = in[0], .header_size = 2, .is_complete = true, .remaining_length = in[1]};
}

/// The options of a filter in SUBSCRIBE: in 3.1.1 the qos alone.
inline std::uint8_t options_byte(const subscribe& s) {
    return static_cast<std::uint8_t>(s.qos | (s.no_local ? 0x04 : 0) | (s.retain_as_published ? 0x08 : 0) |
                                     s.retain_handling << 4);
}
inline void read_options(std::uint8_t bits, subscribe& s) {
    s.qos = bits & 3;
    s.no_local = (bits & 0x04) != 0;
    s.retain_as_published = (bits & 0x08) != 0;
    s.retain_handling = bits >> 4;
}

extern const protocol v3_1_1;
extern const protocol v5;

}  // namespace mqtt_as::wire
