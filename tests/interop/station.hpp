// A client of ours on an event loop of its own; what it is asked for is waited for on the test's thread.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "tests/support/eventually.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace mqtt_as::interop {

/// A received message.
struct heard {
    std::string topic;
    std::string text;
    int qos = 0;
    bool retained = false;
    friend bool operator==(const heard&, const heard&) = default;
};
/// For tests that fail: long texts are told by their size.
std::ostream& operator<<(std::ostream&, const heard&);

class station {
public:
    explicit station(config settings);
    ~station();

    /// Whether a session was there; empty when it does not connect within a minute.
    std::optional<bool> connect();
    /// The granted qos, or the error as a negative number.
    int subscribe(std::string_view filter, int qos);
    std::error_code disconnect();
    /// As a process that dies.
    void vanish();
    std::error_code publish(std::string_view topic, std::string_view text, int qos, bool retain = false);
    /// Without waiting: how many of these have been acknowledged is `acknowledged`.
    void publish_later(std::string_view topic, std::string_view text, int qos);
    bool wait_acknowledged(std::size_t count) const;
    bool wait_online(bool online) const;

    std::vector<heard> received() const;
    /// Waits for so many messages.
    bool wait_received(std::size_t count) const;
    void forget_received();

private:
    struct record {
        std::vector<heard> messages;
        std::size_t acknowledged = 0;
        bool online = false;
    };
    config watching(config settings);
    template <class Result, class Begin>
    std::optional<std::pair<std::error_code, Result>> await(Begin begin);

    test::watched<record> record_;
    event_loop loop_;
    std::optional<MQTTClient> client_;
    std::thread thread_;
};

}  // namespace mqtt_as::interop
