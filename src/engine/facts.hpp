// The plain facts that the engine keeps about itself: all of them are nothing at first, and made so at once.
//
// The small ones come first: a Cortex-M0+ reaches bytes below 32 in one instruction, half words below 64 and words
// below 128.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operation.hpp"
#include "src/engine/orphans.hpp"
#include "src/engine/supervisor.hpp"
#include "src/wire/packets.hpp"

namespace mqtt_as {

/// What outlives a connection.
struct lasting_facts {
    using phase = status::phase;

    // ---- phase ----------------------------------------------------------------------------------------------
    phase phase_ = phase::stopped;
    stage stage_ = stage::idle;
    enum class after : std::uint8_t { retry, reopen, give_up, stop };
    after after_ = after::retry;  // what follows when the transport is gone
    errc refusing_ = errc::ok;    // requests: not_started after `stop`; closed after `close`, for good
    bool retry_first_ = false;    // `start` asked for it
    bool was_online_ = false;     // since `start`
    bool at_cap_ = false;         // the next wait is at the back-off's cap
    bool open_due_ = false;       // a command that waits to be taken
    bool is_link_down_ = false;
    bool assembly_used_ = false;  // given out in the last call: its views are valid until this one
    bool has_message_ = false;    // for the application, in the packet just read

    // ---- session --------------------------------------------------------------------------------------------
    bool ever_online_ = false;
    bool clean_start_ = false;  // sent with the last CONNECT
    bool wiping_ = false;       // 3.1.1: this connection only ends the old session
    bool wiped_ = false;
    std::uint8_t connects_unanswered_ = 0;  // CONNECTs since the last accepting CONNACK; more than one is as two
    bool session_present_ = false;
    bool first_connection_ = false;
    [[no_unique_address]] std::conditional_t<profile::qos_max == 2, orphans, no_orphans> orphans_;

    // ---- events that wait to be taken: at most one of each kind, in this order ---------------------------------
    enum notice : std::uint8_t {
        tell_disconnected = 1,
        tell_gave_up = 2,
        tell_waiting = 4,
        tell_connected = 8,
        tell_refusals = 16,
        tell_renewed = 32,
        tell_stopped = 64
    };
    std::uint8_t notices_ = 0;
    void tell(notice n) { notices_ = static_cast<std::uint8_t>(notices_ | n); }
    void keep_quiet(unsigned which) { notices_ = static_cast<std::uint8_t>(notices_ & ~which); }
};

/// What is set in the course of a connection and forgotten with it.
struct connection_facts {
    bool leaving_ = false;    // closing, but DISCONNECT is still to be taken by the transport
    bool close_due_ = false;  // a command that waits to be taken
    bool connect_due_ = false;
    bool disconnect_due_ = false;
    bool ping_due_ = false;
    bool ping_outstanding_ = false;
    bool is_silent_ = false;        // an answer is due, and nothing has come since `silent_since_`
    bool silent_by_write_ = false;  // ... only because a write is under way: begins anew when it is through
    bool probed_ = false;
    bool life_is_due_ = false;  // the network changed: without a sign of life until `life_due_` it is replaced
    bool is_draining_ = false;  // the peer's TCP was still taking what we had sent when we looked last, and nothing has
                                // been received since
    reason_code goodbye_{};     // of DISCONNECT
    profile::size_type in_flight_ = 0;  // publishes that use the server's receive maximum
    profile::size_type renewals_pending_ = 0;
    profile::size_type ping_end_ = 0;  // where PINGREQ ends in the batch; 0: none
};

/// Where nothing but 3.1.1 is spoken there are none.
struct no_properties {
    no_properties() = default;
    constexpr no_properties(property_view) {}
    constexpr operator property_view() const { return {}; }
};
using kept_properties = std::conditional_t<profile::only_v3_1_1, no_properties, property_view>;

/// What the server calls us, for the next CONNECT; empty when it left that to us. It names us once: after that we do.
class client_id_of_v5 {
public:
    std::string_view text() const { return {text_, size_}; }
    void keep(std::string_view id, pool& memory) {
        if (id.empty() || text_ != nullptr) return;
        text_ = static_cast<char*>(memory.take(id.size()));
        if (text_ == nullptr) return;
        std::memcpy(text_, id.data(), id.size());
        size_ = static_cast<std::uint16_t>(id.size());
    }
    void forget(pool& memory) {
        if (text_ != nullptr) memory.give(text_, size_);
    }

private:
    char* text_ = nullptr;
    std::uint16_t size_ = 0;
};
/// 3.1.1 has no such thing.
struct client_id_of_v3_1_1 {
    static std::string_view text() { return {}; }
    static void keep(std::string_view, pool&) {}
    static void forget(pool&) {}
};
using kept_client_id = std::conditional_t<profile::only_v3_1_1, client_id_of_v3_1_1, client_id_of_v5>;

/// All flags, then all moments: see above.
struct facts : lasting_facts, connection_facts {
    std::uint16_t keep_alive_s_ = 0;  // of this connection; 0: none
};

/// Answers come in the order of what they answer [MQTT-4.6.0-2]: that of a publish can be missing only from when those
/// before it had theirs. However long a slow server takes for a thousand, it is asked for none again.
class turn_of_first {
public:
    /// Since when `op`, which has waited for longest, may be expected to be answered. Asked whenever the time is
    /// planned, which is often enough.
    time_point of(const operation& op, time_point now) {
        if (!op.is_publish()) return op.sent_at;
        if (op.packet_id != packet_id_) {
            packet_id_ = op.packet_id;
            since_ = now;
        }
        return std::max(since_, op.sent_at);
    }
    /// The first one had no answer, so the turn of `next` is none: that has waited for as long.
    void pass_to(const operation* next) {
        if (next != nullptr) packet_id_ = next->packet_id;
    }

private:
    std::uint16_t packet_id_ = 0;
    time_point since_;
};
/// Boards have no thousand.
struct no_turn {
    static time_point of(const operation& op, time_point) { return op.sent_at; }
    static void pass_to(const operation*) {}
};

struct moments {
    time_point now_;    // of the input that is worked on
    time_point since_;  // of the phase
    time_point until_;  // waiting: next attempt; opening, handshake: limit of the stage; online: next ping; draining:
                        // end of grace; leaving: limit
    epoch epoch_ = 0;
    time_point last_received_;
    time_point judging_since_;  // connected: no acknowledgement is missed for what came before: we did not read, or the
                                // peer's TCP was still taking what we had sent
    /// In an outage. A connection has none: it is the same place.
    time_point& outage_since() { return judging_since_; }
    const time_point& outage_since() const { return judging_since_; }
    [[no_unique_address]] std::conditional_t<profile::is_board, no_turn, turn_of_first> turn_;
    time_point silent_since_;
    time_point ping_sent_at_;
    time_point life_due_;
    duration round_trip_{0};  // measured last, on any connection; 0: never

    [[no_unique_address]] kept_properties properties_;  // of the packet just read
};

/// On boards they wrap after 65,535.
struct small_counters {
    operator counters() const {
        return {connections, outages, republications, resent, unknown_acknowledgements, duplicates_dropped};
    }
    std::uint16_t connections = 0;
    std::uint16_t outages = 0;
    std::uint16_t republications = 0;
    std::uint16_t resent = 0;
    std::uint16_t unknown_acknowledgements = 0;
    std::uint16_t duplicates_dropped = 0;
};
using kept_counters = std::conditional_t<profile::is_board, small_counters, counters>;

/// The same, of what is seldom looked at.
struct rare_facts {
    ending last_;  // of the last connection or attempt

    [[no_unique_address]] kept_client_id given_client_id_;
    mqtt_as::supervisor supervisor;
    time_point link_since_;  // when it came or went
    kept_counters count;
};

}  // namespace mqtt_as
