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

#include <utility>

namespace mqtt_as {

class orphans {
public:
    /// A connection is accepted. `is_strange`: none of ours was before.
    void on_session(bool is_present, bool is_strange) {
        if (!is_present)
            chances_ = 0;
        else if (is_strange)
            chances_ = 4;
    }
    void on_connection_lost() {
        if (std::exchange(next_, 0) != 0) --chances_;
    }
    /// Of a PINGREQ that was sent when they had begun.
    void on_pingresp() {
        if (std::exchange(next_, 0) != 0) chances_ = 0;
    }

    /// Messages of qos 2 have to wait.
    bool are_possible() const { return chances_ != 0; }
    void begin() { next_ = 1; }
    /// PUBCOMP of an identifier that nobody uses means no harm.
    bool have_begun() const { return next_ != 0; }
    /// The identifier to be released next; 0: none.
    std::uint16_t next() const { return next_ <= qos2_packet_id_max ? next_ : 0; }
    void release_next() { ++next_; }

private:
    std::uint8_t chances_ = 0;  // how many connections may still end over it
    std::uint8_t next_ = 0;     // on this connection; 0: not begun; behind the last one: PINGRESP is awaited
};

/// On boards there is no room for this. Theirs are few: MQTT 5, where the server says what is wrong, or a new session.
class no_orphans {
public:
    static void on_session(bool, bool) {}
    static void on_connection_lost() {}
    static void on_pingresp() {}
    static constexpr bool are_possible() { return false; }
    static void begin() {}
    static constexpr bool have_begun() { return false; }
    static constexpr std::uint16_t next() { return 0; }
    static void release_next() {}
};

}  // namespace mqtt_as
