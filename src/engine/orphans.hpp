// What a process before us left at the server, where the session is kept: messages of qos 2 between PUBREC and PUBREL.
//
// They stay for as long as the session does. A new message under the same identifier is taken for the old one and
// dropped, and Mosquitto, which takes so many of them and no more (3.1.1), acknowledges the next one and drops it.
// PUBREL ends them: the server delivers what it had. So before we begin a message of qos 2 in a session that somebody
// else has used, all identifiers that one can have are released; PINGRESP behind the last PUBREL says that the server
// has read them, also where it leaves one that it does not know unanswered [MQTT-4.3.3-2]. Some servers end the
// connection instead (Aedes): after a few times it must do without.
#pragma once

#include "src/engine/operation_index.hpp"

#include <cassert>
#include <type_traits>

namespace mqtt_as {

class orphans {
public:
    /// The session is new.
    void on_session_lost() { state_ = none; }
    /// A message of ours is given up that the server may hold.
    void on_given_up() { state_ = 0; }
    /// The next chance, when this one was used.
    void on_connection_lost() { state_ = static_cast<word>((state_ + qos2_packet_id_max) & ~qos2_packet_id_max); }
    /// Of any ping: none is under way when the last PUBREL goes.
    void on_pingresp() {
        if (are_released()) state_ = none;
    }

    /// Messages of qos 2 have to wait.
    bool are_possible() const { return state_ < none; }
    /// PUBCOMP of an identifier that nobody uses means no harm.
    bool have_begun() const { return released() != 0; }
    bool are_released() const { return released() == qos2_packet_id_max; }
    /// The identifier to be released next.
    std::uint16_t next() const {
        assert(!are_released());
        return static_cast<std::uint16_t>(released() + 1);
    }
    void release_next() { ++state_; }

private:
    using word = std::conditional_t<profile::is_board, std::uint8_t, std::uint16_t>;
    /// Also when all chances are used.
    static constexpr word none = 4 * (qos2_packet_id_max + 1);

    word released() const { return state_ & qos2_packet_id_max; }

    word state_ = 0;  // how many are released on this connection; above that, how many connections ended over it
};

/// Where nothing is published at qos 2.
class no_orphans {
public:
    static void on_session_lost() {}
    static void on_given_up() {}
    static void on_connection_lost() {}
    static void on_pingresp() {}
    static constexpr bool are_possible() { return false; }
    static constexpr bool have_begun() { return false; }
    static constexpr bool are_released() { return true; }
    static constexpr std::uint16_t next() { return 0; }
    static void release_next() {}
};

}  // namespace mqtt_as
