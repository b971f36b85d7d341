// A network that a test may break: the broker's side in the test's own namespace, the client's in another one.
//
//     broker side                         client side
//     wifi-ap  10.9.1.2, fd09:1::2  ====  wifi      10.9.1.1, fd09:1::1
//     cell-bs  10.9.2.2             ====  cell      10.9.2.1
//     the broker's own address: 10.9.9.9, which the client reaches by either
//
// Nothing has to be cleaned up: namespaces end with the process, or with the next network.
#pragma once

#include "mqtt_as/asio/event_loop.hpp"
#include "tests/outages/world.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/net_namespace.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace mqtt_as::outages {

/// A time that the real world is held to. ThreadSanitizer, which looks for races, makes everything several times
/// slower.
constexpr milliseconds at_full_speed(milliseconds time) {
#ifdef __SANITIZE_THREAD__
    return 10 * time;
#else
    return time;
#endif
}

class network {
public:
    network();
    ~network();
    network(const network&) = delete;
    network& operator=(const network&) = delete;

    /// Runs a shell command on a side.
    void on_client_side(const std::string& command) const;
    void on_broker_side(const std::string& command) const { test::shell(command); }
    /// Starts a program that lives on the client side.
    std::unique_ptr<test::child_process> start_on_client_side(const std::vector<std::string>& argv,
                                                              const std::filesystem::path& output) const;
    /// A second way to 10.9.9.9, which is taken when the first one is gone.
    void add_cell() const;
    /// All packets to the client, or from it, by this chance [percent]; 0 heals.
    void drop(unsigned percent) const;
    /// `lines` are what /etc/hosts says, for this process only.
    void set_hosts(const std::string& lines) const;
    /// Ends the client side's event loop.
    void stop();

    event_loop client_side;  ///< its clients are on the client side

private:
    void make_cable(const std::string& near, const std::string& far) const;

    test::net_namespace client_;  // made first: the test stays in the other one
    test::net_namespace broker_;
    test::temp_folder folder_;
    std::thread thread_;
};

/// The world of outage tests with its publisher on the client side.
class network_world : public network, public world {
public:
    explicit network_world(protocol_version version) : world(version, "listener 1884") {
        publishers_loop = &client_side;
    }
    ~network_world() { stop(); }

    /// A client that reaches the broker by the network.
    config remote(const std::string& server) const;
    /// The publisher connected to this address of the broker, the subscriber beside the broker, the traffic running.
    void start_by(config publisher);
    void start_by(const std::string& server) { start_by(remote(server)); }

    /// What the publisher was told last of its link: "up wifi", "down wifi has no carrier"; "" nothing yet.
    std::string link() const;
    /// Waits until it is told this; prints how long that took.
    bool expect_link(const std::string& what, moment since) const;

    /// Waits until a message of qos 1 is delivered that was published after the first `published`, and with it all of
    /// those; prints and returns how long that took.
    milliseconds expect_delivery_after(std::size_t published, const std::string& what, moment since) const;

    struct outage {
        std::string name;
        std::function<void()> begin;
        std::function<void()> end;
        std::vector<milliseconds> lengths = {100ms, 300ms, 1000ms, 3000ms, 100ms, 600ms, 6000ms};
    };
    struct recoveries {
        milliseconds median;
        milliseconds longest;
    };
    /// Plays the outage in all lengths: how long each took from its end until messages went on.
    recoveries play(const outage&);
    /// From the last outage until all is delivered, and nothing lost or out of order.
    void expect_nothing_lost();

private:
    mutable test::watched<std::string> link_;
};

/// Tests in both versions of the protocol that need a network of their own.
class on_a_network : public both_versions {
protected:
    void SetUp() override;
};

}  // namespace mqtt_as::outages

#define ON_A_NETWORK(suite)                                                                                            \
    using suite = on_a_network;                                                                                        \
    INSTANTIATE_TEST_SUITE_P(network, suite, testing::Values(protocol_version::v3_1_1, protocol_version::v5), name_of)
