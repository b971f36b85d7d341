// The configuration of a client on a board: the keys and defaults of hosts, with views in the place of strings.
#pragma once

#include "mqtt_as/board_memory.hpp"
#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/lwip/callable.hpp"
#include "mqtt_as/lwip/ssl_params.hpp"
#include "mqtt_as/lwip/task.hpp"
#include "mqtt_as/message_view.hpp"
#include "mqtt_as/types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace mqtt_as {

class MQTTClient;

using received_message = message_view;

/// Called with each received message: `(topic, message, retained)` as in the original, or `(const
/// received_message&)` with everything. The views are valid until it returns.
class message_callback {
public:
    message_callback() = default;
    message_callback(std::nullptr_t) {}
    template <class F>
        requires std::is_invocable_v<F&, std::string_view, std::string_view, bool>
    message_callback(F f) : call_([f](const received_message& m) mutable { f(m.topic(), m.text(), m.retained()); }) {}
    template <class F>
        requires(std::is_invocable_v<F&, const received_message&> && !std::is_same_v<F, message_callback>)
    message_callback(F f) : call_(f) {}

    explicit operator bool() const { return static_cast<bool>(call_); }
    void operator()(const received_message& m) { call_(m); }

private:
    callable<void(const received_message&)> call_;
};

/// A user's handler that may be a coroutine (returns `task<>`) or a plain function (returns nothing).
template <class... Args>
class coro_callback {
public:
    coro_callback() = default;
    coro_callback(std::nullptr_t) {}
    template <class F>
        requires(std::is_invocable_v<F&, Args...> && !std::is_same_v<F, coro_callback>)
    coro_callback(F f) {
        if constexpr (std::is_void_v<std::invoke_result_t<F&, Args...>>) {
            call_ = [f](Args... args) mutable {
                f(args...);
                return task<>();
            };
        } else {
            call_ = f;
        }
    }

    explicit operator bool() const { return static_cast<bool>(call_); }
    task<> operator()(Args... args) { return call_(args...); }

private:
    callable<task<>(Args...)> call_;
};

/// What the server publishes for us when we vanish; none without a topic. `config.will = {"shed", "Goodbye cruel
/// world!", false, 0};`
struct will_message {
    std::string_view topic{};
    std::string_view payload{};
    bool retain = false;
    std::uint8_t qos = 0;
};

/// A board that is given only one version does not link the other.
class version_choice {
public:
    [[gnu::always_inline]] version_choice(protocol_version v)
        : protocol_(v == protocol_version::v5 ? &wire::v5 : &wire::v3_1_1) {}
    const wire::protocol* protocol() const { return protocol_; }

private:
    const wire::protocol* protocol_;
};

/// The engine's limits for a client's. An outage fills the queue with publishes: subscriptions have places of their
/// own, because `connect_coro` must find one.
constexpr limits engine_limits(limits l) {
    l.operations_max += l.subscriptions_max;
    return l;
}

/// What a client with these limits needs as `config::memory`.
constexpr std::size_t client_memory_required(const limits& l) { return memory_required(engine_limits(l)); }

/// Where the server is, who we are, and how to behave. What is viewed must live as long as the client: literals.
struct config {
    // ---- the original's keys ----------------------------------------------------------------------
    std::string_view client_id{};  ///< empty: `mqttas` and 17 random characters
    const char* server = "";       ///< a name or an address
    std::uint16_t port = 0;        ///< 0: 1883, or 8883 with `ssl`
    std::optional<std::string_view> user{};
    std::optional<std::string_view> password{};
    std::chrono::duration<std::int32_t> keepalive{60};  ///< 0: no keep-alive rule; at most 65,535 s
    duration ping_interval{0};                          ///< 0: keepalive / 4; only shortens
    duration response_time{10'000};                     ///< how long the server may take to answer anything
    bool ssl = false;                                   ///< secure the connection by TLS; needs `ssl_params.tls`
    mqtt_as::ssl_params ssl_params{};
    bool clean_init = true;  ///< begin with a clean session at the first connection
    bool clean = true;       ///< begin with a clean session at every reconnection
    std::uint32_t max_repubs = 4;
    will_message will{};
    message_callback subs_cb{};
    coro_callback<bool> wifi_coro{};            ///< (true) when the broker is connected, (false) when it is lost; the
                                                ///< next call ends one that still runs
    coro_callback<MQTTClient&> connect_coro{};  ///< at each connection, when subscriptions are in force again;
                                                ///< cancelled by an outage; at most one runs
    std::string_view ssid{};                    ///< the Wi-Fi network for `port::join_wifi`; empty: none is joined
    std::string_view wifi_pw{};

    // ---- what C++ adds ----------------------------------------------------------------------------
    version_choice version = protocol_version::v3_1_1;
    std::chrono::duration<std::uint32_t> session_expiry{0xFFFF'FFFF};  ///< MQTT 5
    mqtt_as::limits limits = small_board_limits;
    backoff_config backoff{};
    qos2_policy qos2_on_lost_session = qos2_policy::republish;
    refusal_policy on_refusal = refusal_policy::retry_at_cap;

    // ---- of boards --------------------------------------------------------------------------------
    bool store_publishes = false;      ///< an accepted publish of qos 1 or 2 survives a power cycle (`port::save`)
    std::span<std::uint8_t> memory{};  ///< `client_memory_required(limits)`; empty: `port::engine_memory()`
};

}  // namespace mqtt_as
