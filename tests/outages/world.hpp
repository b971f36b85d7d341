// What an outage test plays with: a broker, a network that fails on demand, clients, and a ledger for each qos.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/ledger.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mqtt_as::outages {

using namespace std::chrono_literals;
using moment = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

/// A client and the moments at which it gained and lost its broker. Its functions wait, and are for the test's thread.
class peer {
public:
    peer(event_loop& loop, config settings);

    /// Connects as an application that bears an absent broker; false when it takes longer than 10 s.
    bool connect();
    /// Subscribes; what the server answered, or the error.
    std::error_code subscribe(std::string_view filter, int qos);
    std::error_code disconnect();

    std::size_t outages() const;
    bool wait_online(milliseconds limit = 10s) const;
    /// Waits for the loss number `count` of the broker (the first is 1): when it was noticed.
    std::optional<moment> wait_outage(std::size_t count, milliseconds limit) const;

private:
    struct history {
        std::vector<moment> ups;
        std::vector<moment> downs;
    };
    config watching(config settings);
    // Its callback's, too: the destructor of a client does not wait for one that runs on another thread.
    std::shared_ptr<test::watched<history>> history_ = std::make_shared<test::watched<history>>();

public:
    MQTTClient client;
};

/// How a publish ended that was not acknowledged.
struct failure {
    std::size_t number;
    std::error_code error;
    bool may_have_been_delivered;
};

class world {
public:
    /// `broker_settings` are more lines for the broker's configuration.
    explicit world(protocol_version version, std::string_view broker_settings = {});
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// Through the proxy, keeping its session, answers due within 2 s.
    config settings(const std::string& client_id) const;
    /// To the broker's Unix socket: no fault of the proxy reaches it.
    config direct(const std::string& client_id) const;
    std::unique_ptr<peer> make_peer(config settings);

    /// Makes and connects both ends: the subscriber's messages on topic `t/QOS` go to the ledger of that qos. Returns
    /// when the broker has saved the subscription.
    void start(config publisher, config subscriber);
    void start() { start(settings("publisher"), settings("subscriber")); }

    /// Publishes the next numbered message of this qos.
    void publish(int qos, publish_options options = {}, std::size_t size = 0);
    void publish_many(int qos, int count);
    /// Publishes one message of qos 1 every 10 ms until `stop_traffic`.
    void start_traffic();
    void stop_traffic();

    test::ledger book(int qos) const;
    std::vector<failure> failures() const;
    /// Ends the traffic and waits until all messages are acknowledged and delivered: each at least once, in order, the
    /// application never blocked.
    void expect_all_arrives(milliseconds limit = 20s);
    /// Waits for the next new message of qos 1 after `when`, prints and returns how long that took.
    milliseconds expect_recovery(std::string_view what, moment when, milliseconds limit = 10s);
    /// Prints how long something took, for people.
    static void note(std::string_view what, moment since, moment until);

    void deliver(const received_message& message);

    test::broker_process broker;
    event_loop* publishers_loop = nullptr;  ///< another than `loop`
    test::fault_proxy proxy{broker.socket()};
    event_loop loop;
    std::unique_ptr<peer> publisher;
    std::unique_ptr<peer> subscriber;

private:
    void beat();
    void publish_steadily();

    protocol_version version_;
    std::array<test::watched<test::ledger>, 3> books_;
    test::watched<std::vector<failure>> failures_;
    std::atomic<bool> traffic_ = false;
    moment last_beat_;
    std::atomic<milliseconds> longest_pause_{0ms};  ///< between two beats of the event loop
    std::thread thread_;
};

/// A test that is run in both versions of the protocol.
class both_versions : public testing::TestWithParam<protocol_version> {};

inline std::string name_of(const testing::TestParamInfo<protocol_version>& info) {
    return info.param == protocol_version::v5 ? "v5" : "v3";
}

}  // namespace mqtt_as::outages

#define IN_BOTH_VERSIONS(suite)                                                                                        \
    using suite = both_versions;                                                                                       \
    INSTANTIATE_TEST_SUITE_P(outages, suite, testing::Values(protocol_version::v3_1_1, protocol_version::v5), name_of)
