// The words for what networks do to packets: those of the fault proxy on real sockets (`mqtt-as chaos`) and of the
// network in virtual time (mqtt_as/testing/world.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mqtt_as::chaos {

enum class packet_type : std::uint8_t {
    continuation,  ///< not a packet: more bytes of a large one
    connect,
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
    auth,
};

enum class toward : std::uint8_t { broker, client };

/// What becomes of bytes that arrive on a silent connection.
enum class silence : std::uint8_t {
    held,     ///< they pass when healed, when TCP repeats them: as late as in a real network
    dropped,  ///< they are swallowed; when healed, the connection is reset (a middlebox that forgot it)
};

enum class action : std::uint8_t {
    drop,        ///< the packet vanishes
    withhold,    ///< it waits for `release`
    late,        ///< it passes after `rule::by`, others overtake it
    duplicate,   ///< it passes twice
    swallow,     ///< a qos 1 PUBLISH vanishes and its PUBACK is given all the same
    refuse,      ///< the last byte of a SUBACK becomes 0x80
    cut_finish,  ///< half of it passes, then FIN
    cut_reset,   ///< half of it passes, then RST
    corrupt,     ///< it passes with `rule::bit` inverted
};

/// Which packets, and what becomes of them. The first rule that matches and is not used up decides.
struct rule {
    std::string client{};  ///< the client identifier; empty: any
    toward to = toward::broker;
    packet_type type = packet_type::publish;
    action what = action::drop;
    std::string topic{};              ///< of PUBLISH; empty: any
    unsigned skip = 0;                ///< matching packets that pass first
    unsigned times = 1;               ///< matching packets it applies to
    std::chrono::milliseconds by{0};  ///< for `late`
    std::size_t bit = 0;  ///< for `corrupt`: counted from the packet's first one, again from there at its end
};

/// The state of the path of a client, for its present and its future connections.
struct path {
    std::chrono::milliseconds delay{0};  ///< each way
    std::size_t bytes_per_second = 0;    ///< each way; 0: unlimited
    bool mute = false;                   ///< connections are accepted, and silent
};

}  // namespace mqtt_as::chaos
