// A world for tests of applications: an event loop whose time passes when nothing else happens, a network that fails on
// demand, a broker. An outage of half an hour takes a few milliseconds, and happens the same way every time.
//
//     mqtt_as::testing::world world;
//     mqtt_as::MQTTClient client(world.loop(), world.settings("gateway"));
//     my_gateway gateway(client);                              // what is to be tested
//     world.after(10s, [&] { world.network.stall(); });
//     world.after(40s, [&] { world.network.heal(); });
//     world.run_for(2min);
//     EXPECT_EQ(world.broker.texts("readings/#"), everything_in_order);
//
// What is virtual: the client's time, `mqtt_as::sleep_for`, `event_loop::after`, connections, the network link. What is
// not: Asio's own timers and sockets, std::chrono's clocks, other threads, `wan_ok`, Wi-Fi and TLS (`ssl` and `ssid`
// are ignored: connections are made all the same). A world belongs to the thread that made it; one at a time.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "mqtt_as/asio/run.hpp"
#include "mqtt_as/testing/broker.hpp"
#include "mqtt_as/testing/network.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace mqtt_as::testing {

class world_parts;

class world {
    std::unique_ptr<world_parts> parts_;

public:
    /// The same seed, the same run: what clients draw at random (the pauses between attempts) comes from it.
    explicit world(std::uint64_t seed = 1);
    /// Clients must be gone.
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    virtual_network network;
    virtual_broker broker;

    /// For clients, and for all that the application does.
    event_loop& loop();
    /// A configuration that reaches the broker and keeps its session, so that nothing may be lost.
    config settings(std::string client_id) const;

    /// Time since the beginning.
    std::chrono::milliseconds now() const;
    /// The script: `f` is called in `span` from now.
    void after(std::chrono::milliseconds span, std::function<void()> f);

    /// Lets time pass. What leaves a handler or a coroutine of `start` as an exception is thrown here, as is what
    /// leaves a callback, a completion or a `*_coro` of a client without `config::on_error`: once, and the first of
    /// several.
    void run_for(std::chrono::milliseconds span);
    /// Lets time pass until `holds()`; false when it did not come true within `limit`.
    bool run_until(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::hours(1));

    /// Starts a coroutine of the application.
    void start(task<> coroutine) {
        boost::asio::co_spawn(loop().context(), std::move(coroutine), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }
    /// Lets time pass until the coroutine has ended: what it returns or throws. Throws std::runtime_error when that
    /// takes longer than `limit`.
    template <class T>
    T await(task<T> coroutine, std::chrono::milliseconds limit = std::chrono::hours(1)) {
        struct ending {
            bool has_come = false;
            std::exception_ptr thrown;
            std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> result;
        };
        const auto end = std::make_shared<ending>();
        if constexpr (std::is_void_v<T>) {
            boost::asio::co_spawn(loop().context(), std::move(coroutine), [end](std::exception_ptr thrown) {
                *end = {.has_come = true, .thrown = thrown, .result = {}};
            });
        } else {
            boost::asio::co_spawn(loop().context(), std::move(coroutine), [end](std::exception_ptr thrown, T result) {
                *end = {.has_come = true, .thrown = thrown, .result = std::move(result)};
            });
        }
        if (!run_until([&] { return end->has_come; }, limit))
            throw std::runtime_error("mqtt_as::testing: what is awaited has not ended within " +
                                     std::to_string(limit.count()) + " ms of the world's time");
        if (end->thrown) std::rethrow_exception(end->thrown);
        if constexpr (!std::is_void_v<T>) return std::move(*end->result);
    }
};

}  // namespace mqtt_as::testing
