// The simulated broker: keeps sessions, acknowledges, delivers, lies on demand, and judges the client.
//
// Theory of operation. A `session` lives by client identifier and outlives connections; a `connection` lives from the
// accepted transport to its end. For each identifier that the client has open the session keeps a `flow`: what was
// sent under it, and how far the handshake is. Acknowledgements pass through `acknowledge`, where armed faults hold,
// repeat or swap them; `transmit` does the bookkeeping when a packet really leaves. Every rule of the specification
// that a server can see broken is judged here; the oracle keeps the ledger.
#pragma once

#include "tests/sim/faults.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/packet.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_as::sim {

using connection_id = std::uint32_t;  // the engine's epoch of it

struct broker_options {
    std::string client_id;                   // the only client there is
    std::uint16_t keep_alive = 60;           // what its CONNECT must say
    std::uint16_t receive_maximum = 65'535;  // MQTT 5, said in CONNACK unless at the default
    std::uint32_t maximum_packet_size = 0;   // 0: none
    std::optional<std::uint16_t> server_keep_alive;
    std::uint8_t maximum_qos = 2;
    bool retain_available = true;
    std::uint32_t expiry_s = 0;            // 3.1.1: sessions of absent clients are dropped after this; 0: never
    std::uint64_t processing_ms = 0;       // until each answer leaves
    std::size_t unfinished_qos2_max = 20;  // 3.1.1: as Mosquitto, it acknowledges more and drops them
};

/// For the story: kind, identifier, serial number, filters, codes.
std::string in_words(const packet&);

class broker {
public:
    broker(schedule&, random_source, judge&, oracle&, tally&, broker_options);

    // ---- the network tells --------------------------------------------------------------------
    void accepted(connection_id);
    void received(connection_id, bytes);
    void lost(connection_id);
    std::function<void(connection_id, byte_string)> send;
    std::function<void(connection_id, bool reset)> hang_up;

    // ---- the world asks -----------------------------------------------------------------------
    /// The next `times` occasions for this fault are taken.
    void arm(fault, unsigned times = 1);
    void disarm_all();
    /// A message of somebody else: queued for the client if it is subscribed. Its serial number, 0 if not owed.
    std::uint32_t publish(const std::string& topic, std::uint8_t qos, std::size_t size, bool retain = false);
    /// The client's process is gone: nobody will finish what it began. Another one comes, on connections from
    /// `first` on, with this keep alive.
    void client_died(connection_id first, std::uint16_t keep_alive);
    void lose_sessions();
    void set_mute(bool);
    /// Ends all connections, as SIGKILL does. Sessions are on disk and survive.
    void killed();
    void send_disconnect(std::uint8_t reason);
    void send_malformed();
    void send_unknown_acknowledgement();
    void set_options(const broker_options& o) { options_ = o; }
    void sabotage_with(sabotage s) { sabotage_ = s; }

    // ---- what tests look at -------------------------------------------------------------------
    const broker_options& options() const { return options_; }
    bool is_subscribed(const std::string& filter) const { return subscription_of(filter).has_value(); }
    /// The options byte it was asked for with.
    std::optional<std::uint8_t> subscription_of(const std::string& filter) const;
    /// The connection of the client's session, 0 when there is none.
    connection_id current() const;
    std::uint32_t session_number() const { return session_ ? session_->number : 0; }
    std::size_t owed_to_client() const;
    const std::vector<last_will>& wills() const { return wills_; }
    /// Packets received, by kind, over all connections; DUP publishes apart.
    std::uint32_t seen(kind k) const { return seen_[static_cast<std::size_t>(k)]; }
    std::uint32_t seen_dup() const { return seen_dup_; }
    const packet& last_connect() const { return last_connect_; }
    bool last_connect_resumed() const { return last_resumed_; }

private:
    struct flow {  // an identifier that the client has open
        kind what = kind::publish;
        std::uint8_t qos = 0;
        std::uint32_t serial = 0;  // of a publish
        std::vector<requested_filter> filters;
        std::uint64_t order = 0;         // of first arrival
        connection_id last_on = 0;       // connection it was last sent on
        bool received = false;           // PUBREC was sent
        std::uint64_t pubrec_order = 0;  // when, on connection `pubrec_on`
        connection_id pubrec_on = 0;
        bool released = false;  // PUBREL has come
        connection_id released_on = 0;
        unsigned withhold = 0;     // acknowledgements still to be swallowed
        std::uint8_t refusal = 0;  // the failing code it is answered with
    };
    struct outgoing {  // a message on its way to the client
        std::uint32_t serial = 0;
        std::string topic;
        std::size_t size = 0;
        std::uint8_t qos = 0;
        bool retain = false;
        std::uint16_t id = 0;
        bool received = false;  // PUBREC has come
        connection_id sent_on = 0;
    };
    struct session {
        std::uint32_t number = 0;
        std::map<std::string, std::uint8_t> subscriptions;  // filter and options byte
        std::map<std::uint16_t, flow> flows;
        std::deque<outgoing> queue;
        std::deque<outgoing> in_flight;                                          // in the order of sending
        std::map<std::uint16_t, std::pair<std::uint32_t, std::uint64_t>> ended;  // serial and order of flows that were
        std::uint16_t last_id = 0;
        std::uint16_t last_begun = 0;  // an identifier of the client, not of qos 2, whose are few
        connection_id on = 0;
        bool persistent = false;
        std::uint32_t expiry_s = 0;  // 0: never, when persistent
        moment away_since = 0;
    };
    struct retained {
        std::uint8_t qos = 0;
        std::size_t size = 0;
    };
    struct connection {
        bool connected = false;     // CONNECT was accepted
        bool answered = false;      // CONNACK has been sent
        bool ended = false;         // nothing more is read or sent
        bool disconnected = false;  // DISCONNECT has come
        std::uint8_t level = 4;
        bool resumed = false;
        bool fresh_seen = false;                 // a PUBLISH without DUP has come: resends are over
        std::uint64_t last_resend = 0;           // order of the flow resent last
        std::uint64_t last_pubrel = 0;           // pubrec_order of the flow released last
        std::set<std::uint16_t> open;            // PUBLISHes of this connection not yet answered in full
        std::set<std::uint16_t> strange;         // identifiers answered without cause, or more than once
        std::uint16_t receive_maximum = 65'535;  // the client's
        std::uint32_t maximum_packet_size = 0;   // the client's; 0: none
        broker_options agreed;                   // what CONNACK said
        std::optional<last_will> will;
        std::uint16_t keep_alive = 0;
        moment last_heard = 0;
        byte_string input;
        std::size_t used = 0;      // bytes of `input` already read
        std::vector<packet> held;  // acknowledgements waiting to be overtaken
    };

    void violation(const std::string& what) { judge_.object("the client broke the protocol: " + what); }
    bool take(fault);
    void handle(connection_id, connection&, const packet&, std::size_t size);
    void on_connect(connection_id, connection&, const packet&);
    void on_publish(connection_id, connection&, const packet&, std::size_t size);
    bool judge_resend(connection_id, connection&, const packet&, flow&);
    void on_pubrel(connection_id, connection&, const packet&);
    void on_client_acknowledgement(connection_id, connection&, const packet&);
    void on_subscribe(connection_id, connection&, const packet&);
    void on_unsubscribe(connection_id, connection&, const packet&);
    void acknowledge(connection_id, packet);
    void transmit(connection_id, const packet&);
    void deliver(operation&, const packet&);
    void refuse_connection(connection_id, connection&, const packet&);
    void resume(connection_id, connection&);
    void pump(connection_id);
    /// The connection, or one that has ended when it is long forgotten.
    connection& at(connection_id);
    flow& open_flow(const packet&, bool& is_new);
    bool drops_more_of_qos2(const connection&) const;
    /// The process that began it is gone, or has given it up.
    bool is_orphan(const flow& f) const {
        return f.last_on < first_of_process_ || (f.what == kind::publish && oracle_.has_given_up(f.serial));
    }
    void keep_for(std::uint32_t expiry_s);
    void expire_later();
    enum class origin : std::uint8_t { somebody, client };
    std::uint32_t route(const std::string& topic, std::uint8_t qos, std::size_t size, bool retain, origin);
    std::uint32_t enqueue(outgoing);
    void send_retained(const requested_filter&, bool is_new);
    void send_wrong_acknowledgement(connection_id, connection&, const packet&);
    bool is_too_large(const connection&, const outgoing&) const;
    void drop_too_large(const outgoing&);
    void send_publish(connection_id, connection&, outgoing&, bool dup);
    std::uint16_t next_id();
    void end(connection_id, bool reset);
    void forget_session();
    void watch_keep_alive(connection_id);
    connection* online(connection_id&);

    schedule& time_;
    random_source random_;
    judge& judge_;
    oracle& oracle_;
    tally& tally_;
    broker_options options_;
    std::array<unsigned, fault_kinds> armed_{};
    sabotage sabotage_ = sabotage::none;
    operation* delayed_ = nullptr;  // sabotage::reorder holds one back
    bool mute_ = false;
    std::map<connection_id, connection> connections_;
    connection gone_;  // stands for all that are forgotten
    std::optional<session> session_;
    std::map<std::string, retained> retained_;
    connection_id first_of_process_ = 0;
    std::uint32_t sessions_ = 0;
    std::uint64_t arrivals_ = 0;
    std::vector<last_will> wills_;
    std::array<std::uint32_t, 16> seen_{};
    std::uint32_t seen_dup_ = 0;
    packet last_connect_;
    bool last_resumed_ = false;
};

}  // namespace mqtt_as::sim
