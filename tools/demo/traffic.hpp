// The two clients of the demonstration and the numbered messages between them.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/ledger.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace mqtt_as::demo {

using moment = std::chrono::steady_clock::time_point;

inline constexpr std::size_t messages_per_second = 200;
inline constexpr std::chrono::seconds response_time{2};

/// A client and the moments at which it gained and lost its broker.
class station {
public:
    struct history {
        std::vector<moment> ups;
        std::vector<moment> downs;
    };

    station(event_loop& loop, config settings);

    const std::string& name() const { return client.client_id(); }
    history seen() const;

private:
    config watching(config settings);
    test::watched<history> history_;

public:
    MQTTClient client;
};

/// A publisher and a subscriber on a thread of their own. All functions are for the thread that made it.
class traffic {
public:
    /// Both connect to this port of 127.0.0.1 and stay connected.
    explicit traffic(std::uint16_t port);
    ~traffic();
    traffic(const traffic&) = delete;
    traffic& operator=(const traffic&) = delete;

    bool is_subscribed() const { return subscribed_; }
    void start_publishing();
    void stop_publishing();

    test::ledger book() const;
    std::size_t delivered() const;

private:
    config settings(const char* client_id, std::uint16_t port) const;
    void publish_what_is_due();
    void publish_one();

    event_loop loop_;
    test::watched<test::ledger> book_;
    std::atomic<bool> subscribed_ = false;
    std::atomic<bool> publishing_ = false;
    moment began_;
    std::size_t published_ = 0;

public:
    station publisher;
    station subscriber;

private:
    std::thread thread_;
};

}  // namespace mqtt_as::demo
