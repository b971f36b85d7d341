// What every test of the front needs: an event loop that gives up after a while, and a configuration for a server of
// the test.
#pragma once

#include "mqtt_as/mqtt_as.hpp"
#include "tests/asio/scripted_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_as::front_test {

using namespace std::chrono_literals;

/// A server at `port`, quick to answer; attempts follow at once.
inline config config_for(std::uint16_t port, protocol_version version = protocol_version::v3_1_1) {
    config c;
    c.server = "127.0.0.1";
    c.port = port;
    c.version = version;
    c.response_time = 5s;
    c.backoff.first_step = duration(20);
    return c;
}

class world {
public:
    boost::asio::io_context loop;

    auto executor() { return loop.get_executor(); }

    /// Runs `story` to its end; what it throws is thrown. A story that takes longer than `limit` fails the test.
    void run(std::function<task<>()> story, std::chrono::milliseconds limit = 20s) {
        std::exception_ptr thrown;
        bool ended = false;
        boost::asio::co_spawn(loop, std::move(story), [&](std::exception_ptr e) {
            thrown = e;
            ended = true;
            loop.stop();
        });
        loop.restart();
        loop.run_for(limit);
        if (thrown) std::rethrow_exception(thrown);
        if (!ended) {
            ADD_FAILURE() << "the story did not end";
            throw std::runtime_error("the story did not end");
        }
    }

    /// Runs the loop until `condition`, at most 10 s.
    template <class Condition>
    bool until(Condition condition, std::chrono::milliseconds limit = 10s) {
        const auto end = std::chrono::steady_clock::now() + limit;
        loop.restart();
        while (!condition() && std::chrono::steady_clock::now() < end) {
            loop.run_one_for(20ms);
            if (loop.stopped()) loop.restart();
        }
        return condition();
    }
};

/// A client whose session outlives its server, and that counts each numbered message in `got`. (Mosquitto does not save
/// an MQTT 5 session that began with Clean Start.)
inline config survivor(config c, std::map<int, int>& got) {
    c.client_id = "survivor";
    c.clean = c.clean_init = false;
    c.subs_cb = [&got](std::string_view, std::string_view message, bool) { ++got[std::stoi(std::string(message))]; };
    return c;
}

/// Ends the connection in one of the two ways.
inline task<> leave(MQTTClient& client, bool close) {
    if (close) {
        client.close();
    } else {
        co_await client.disconnect();
    }
}

/// Waits in a coroutine until `condition`, at most 10 s.
template <class Condition>
task<bool> eventually(Condition condition, std::chrono::milliseconds limit = 10s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) co_await sleep_for(2ms);
    co_return condition();
}

/// The error of a coroutine that must fail.
template <class Task>
task<std::error_code> error_of(Task operation) {
    try {
        co_await std::move(operation);
    } catch (const std::system_error& e) {
        co_return e.code();
    }
    co_return std::error_code();
}

}  // namespace mqtt_as::front_test
