// The broker in virtual time, by the packet codec of the simulator, which shares nothing with the library's.
//
// Theory of operation. A `session` lives by client identifier and may outlive its connection; a `connection` lives from
// the accepted transport to its end. A message goes to each session once, at the best qos that its filters grant, and
// to one member of each group that shares a subscription: they take turns. What waits for an acknowledgement is in
// `in_flight`, in the order of sending; the rest is queued.
//
// It is not the simulator's broker: that one is a judge of one client whose payloads it knows beforehand.
#pragma once

#include "mqtt_as/testing/broker.hpp"
#include "tests/sim/packet.hpp"
#include "tests/sim/schedule.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::testing {

using connection_id = std::uint32_t;

class server {
public:
    explicit server(sim::schedule& time) : time_(time) {}

    // ---- the network ---------------------------------------------------------------------------
    std::function<void(connection_id, std::string)> send;
    std::function<void(connection_id)> hang_up;
    void accepted(connection_id);
    void received(connection_id, std::string_view bytes);
    void lost(connection_id);

    // ---- what virtual_broker asks --------------------------------------------------------------
    void publish(message, sim::props properties = {}, const std::string* except = nullptr);
    void on_message(std::string filter, std::function<void(const message&)> f) {
        listeners_.emplace_back(std::move(filter), std::move(f));
    }
    /// Calls something at this moment of the world, but not now.
    std::function<void(std::function<void()>)> soon;
    /// The process dies and comes back: who is to refuse connections meanwhile is the network.
    std::function<void(bool dead)> set_dead;
    void forget_sessions();
    bool is_connected(std::string_view client) const;
    bool has_session(std::string_view client) const { return sessions_.contains(client); }
    bool is_subscribed(std::string_view client, std::string_view filter) const;
    std::optional<std::string> retained(std::string_view topic) const;

    std::vector<message> messages;
    std::vector<std::string> violations;
    std::size_t connects = 0;
    broker_limits limits;
    std::uint8_t refusal = 0;
    std::set<std::string, std::less<>> refused_filters;

private:
    struct outgoing {
        message what;
        sim::props properties;
        std::uint16_t id = 0;
        bool received = false;  // PUBREC has come
    };
    struct session {
        std::map<std::string, std::uint8_t, std::less<>> subscriptions;  // filter -> options
        std::deque<outgoing> queue;
        std::deque<outgoing> in_flight;
        std::set<std::uint16_t> incoming;  // qos 2 that is not released yet
        std::uint16_t last_id = 0;
        connection_id on = 0;
        std::uint64_t expiry_s = 0;  // 0: ends with the connection
        std::uint64_t number = 0;    // told apart from an earlier one of that name
    };
    struct connection {
        std::string client;
        bool is_accepted = false;
        std::uint8_t level = 4;
        std::uint16_t keep_alive = 0;
        sim::moment last_heard = 0;
        std::optional<sim::last_will> will;
        std::uint16_t receive_maximum = 65'535;  // the client's
        std::map<std::uint32_t, std::string> aliases;
        sim::byte_string input;
    };

    void handle(connection_id, const sim::packet&);
    void on_connect(connection_id, connection&, const sim::packet&);
    void on_publish(connection_id, connection&, const sim::packet&);
    void on_acknowledgement(connection_id, session&, const sim::packet&);
    void on_subscribe(connection_id, connection&, session&, const sim::packet&);
    void on_unsubscribe(connection_id, connection&, session&, const sim::packet&);
    void publish_will(const std::string& client, const sim::last_will&);
    using members = std::vector<std::pair<const std::string*, session*>>;  // by client identifier
    session& next_of(const std::string& shared_filter, const members&);
    void deliver(session&, outgoing);
    void pump(session&);
    std::uint32_t seconds_since(const message&) const;
    bool is_expired(const message&, const sim::props&) const;
    void transmit(connection_id, const sim::packet&);
    void send_publish(connection_id, const outgoing&, bool dup);
    void violation(connection_id, const std::string& what);
    void end(connection_id, bool publishes_will);
    void watch_keep_alive(connection_id);
    session* session_of(connection_id);

    sim::schedule& time_;
    std::map<connection_id, connection> connections_;
    std::map<std::string, session, std::less<>> sessions_;
    std::map<std::string, std::pair<message, sim::props>, std::less<>> retained_;
    std::vector<std::pair<std::string, std::function<void(const message&)>>> listeners_;
    std::map<std::string, std::string, std::less<>> had_their_turn_;  // shared filter -> client identifier
    std::uint64_t session_numbers_ = 0;
    std::uint64_t named_ = 0;  // clients that came without an identifier
};

}  // namespace mqtt_as::testing
