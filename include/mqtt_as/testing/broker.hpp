// The broker of a test: MQTT 3.1.1 and 5, all qos, sessions, retained messages, wills, shared subscriptions; in memory
// and in virtual time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::testing {

class server;

/// A message as the broker took it.
struct message {
    std::string client;  ///< who published it; empty: `virtual_broker::publish`
    std::string topic;
    std::string text;  ///< the payload: any bytes
    std::uint8_t qos = 0;
    bool retain = false;
    std::chrono::milliseconds at{0};  ///< in the world's time
};

struct message_options {
    std::uint8_t qos = 1;
    bool retain = false;
    std::chrono::seconds expiry{0};  ///< the message expiry interval of MQTT 5; 0: none
};

/// What the broker allows: said in CONNACK with MQTT 5, and demanded from the next connection on.
struct broker_limits {
    std::uint16_t receive_maximum = 65'535;
    std::uint32_t maximum_packet_size = 0;  ///< 0: none
    std::uint8_t maximum_qos = 2;
    bool retain_available = true;
};

class virtual_broker {
public:
    explicit virtual_broker(server& s) : server_(s) {}

    // ---- what clients did -----------------------------------------------------------------------------------
    /// Every message that was published, in the order of arrival: qos 2 exactly once, qos 1 as often as it came.
    const std::vector<message>& received() const;
    /// The payloads of those whose topics match.
    std::vector<std::string> texts(std::string_view filter = "#") const;
    std::optional<std::string> retained(std::string_view topic) const;
    bool is_connected(std::string_view client) const;
    bool has_session(std::string_view client) const;
    bool is_subscribed(std::string_view client, std::string_view filter) const;
    /// Connections that were accepted by CONNACK, by all clients so far.
    std::size_t accepted() const;
    /// What clients did that the specification forbids. Each ended a connection.
    const std::vector<std::string>& violations() const;

    // ---- what others do -------------------------------------------------------------------------------------
    /// As if another client had published it.
    void publish(std::string_view topic, std::string_view text, message_options options = {});
    /// Calls `f` with each message that arrives on a topic that matches, after it was delivered to clients: at the same
    /// moment, when time passes, and one call after the other. What `f` publishes is told when it has returned.
    void on_message(std::string_view filter, std::function<void(const message&)> f);

    // ---- the process ----------------------------------------------------------------------------------------
    /// All connections are reset and new ones refused. Sessions and retained messages are kept.
    void kill();
    void start();
    /// Forgets all sessions; ends the connections that have one.
    void forget_sessions();

    // ---- refusals -------------------------------------------------------------------------------------------
    /// CONNACK with this code from now on (3.1.1: 1 to 5; MQTT 5: 0x80 and above); 0: accepts again.
    void refuse_connections(std::uint8_t code);
    /// Subscriptions to exactly this filter are refused, or no longer.
    void refuse_subscription(std::string_view filter, bool refused = true);
    void set_limits(const broker_limits&);

private:
    server& server_;
};

}  // namespace mqtt_as::testing
