// MQTTClient: the client of boards, over lwIP.
//
// Every operation is called in one of three ways:
//
//     mqtt_as::publish_result r = co_await client.publish("t", "text", {.qos = 1});     // a failure ends the task
//     auto r = co_await client.publish("t", "text", {.qos = 1}, mqtt_as::as_result);    // `if (!r) ... r.error`
//     mqtt_as::errc e = client.publish("t", "text", {.qos = 1}, [](mqtt_as::errc, mqtt_as::publish_result) { ... });
//
// The operation begins with the call, which copies what it is given. A callback runs once, never inside the call that
// began it, and not at all when that did not return `errc::ok`; it captures what is trivially copyable.
//
// One thread runs the event loop and makes all calls. Nothing is allocated: a client owns static memory, and what finds
// no room there is rejected with out_of_memory.
#pragma once

#include "mqtt_as/as_result.hpp"
#include "mqtt_as/board_memory.hpp"
#include "mqtt_as/engine.hpp"
#include "mqtt_as/lwip/arena.hpp"
#include "mqtt_as/lwip/config.hpp"
#include "mqtt_as/lwip/event_loop.hpp"
#include "mqtt_as/lwip/payload.hpp"
#include "mqtt_as/lwip/publish_store.hpp"
#include "mqtt_as/lwip/task.hpp"
#include "mqtt_as/lwip/transport.hpp"

#include <concepts>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>

namespace mqtt_as {

struct connect_options {
    bool quick = false;  ///< for `port::join_wifi`'s sake; nothing waits for the network to prove itself here
    bool retry = false;  ///< an absent server is an outage like any other instead of an error
};

struct publish_options {
    std::uint8_t qos = 0;
    bool retain = false;
    /// More than 0: after it the wait ends with timed_out. A message that was sent by then is sent again once at most.
    duration timeout{0};
    const publish_properties& properties = no_publish_properties;  ///< MQTT 5
};

struct subscribe_options {
    std::uint8_t qos = 0;
    bool no_local = false;             ///< MQTT 5: not what we publish ourselves
    bool retain_as_published = false;  ///< MQTT 5
    std::uint8_t retain_handling = 0;  ///< MQTT 5: retained messages 0: always, 1: if new, 2: never
    duration timeout{0};
};

struct unsubscribe_options {
    duration timeout{0};
};

struct disconnect_options {
    duration grace{2'000};  ///< how long to wait for what is on the wire
};

/// How an operation ended. `reason` is that of the acknowledgement.
struct operation_result {
    reason_code reason{};
    bool may_have_been_delivered = false;  ///< on failure: false means that not one byte of it was sent
    bool may_be_duplicated = false;        ///< qos 2, published again after the server had lost the session
};

struct publish_result : operation_result {};

struct subscribe_result : operation_result {
    std::uint8_t granted_qos() const { return static_cast<std::uint8_t>(reason) & 3; }
};

struct unsubscribe_result : operation_result {};

/// How `connect` ended. On failure the fields from `at` on say where and why.
struct connect_result {
    bool session_present = false;
    stage at{};                  ///< link, resolve, connect, mqtt...
    reason_code reason{};        ///< with connection_refused
    violation why{};             ///< with protocol_violation
    int transport_error = 0;     ///< lwIP's err_t (negative), or what is wrong with the server's certificate:
                                 ///< MBEDTLS_X509_BADCERT_..., with tls_failed
    bool can_retry_help = true;  ///< false: it will fail the same way until someone changes something
};

/// Where the client stands. Times are those of `now`.
struct explanation : status {
    time_point now;
    counters count;
};

namespace detail {

struct operation_wait : waiter {
    using waiter::waiter;
    ~operation_wait();
    MQTTClient* client = nullptr;  ///< while the engine knows of it
    op_id id{};
    operation_result result{};
};

template <class Result>
struct wait_for_operation : operation_wait {
    using operation_wait::operation_wait;
    Result take_result() const { return Result{result}; }
    outcome<Result> take_outcome() const { return {error, Result{result}}; }
};

struct wait_for_connect : waiter {
    using waiter::waiter;
    connect_result result{};
    connect_result take_result() const { return result; }
    outcome<connect_result> take_outcome() const { return {error, connect_result(result)}; }
};

struct wait_for_nothing : waiter {
    using waiter::waiter;
    void take_result() const {}
    outcome<void> take_outcome() const { return {error}; }
};

struct wait_for_answer : waiter {
    using waiter::waiter;
    static constexpr bool never_fails = true;
    bool take_result() const { return error == errc::ok; }
};

/// Waits with a callback, in a block of the arena.
template <class Wait, class F, class Begin>
errc call_back(F handler, Begin begin) {
    struct calling : Wait {
        explicit calling(F h) : Wait(&over), handler(h) {}
        F handler;
        static void over(waiter& w) {
            auto& mine = static_cast<calling&>(static_cast<Wait&>(w));
            F f = mine.handler;
            const errc error = mine.error;
            if constexpr (std::is_void_v<decltype(mine.take_result())>) {
                discard(&mine);
                f(error);
            } else {
                auto result = mine.take_result();
                discard(&mine);
                f(error, result);
            }
        }
        static void discard(calling* c) {
            c->~calling();
            give_memory(c);
        }
    };
    static_assert(std::is_trivially_copyable_v<F>, "a callback captures what is trivially copyable");
    void* const room = take_memory(sizeof(calling));
    if (room == nullptr) return errc::out_of_memory;
    auto* const wait = new (room) calling(handler);
    if (begin(static_cast<Wait&>(*wait))) return errc::ok;
    const errc error = wait->error;
    calling::discard(wait);
    return error;
}

}  // namespace detail

/// As asyncio.Event: set by the client, cleared by the application.
class event_flag {
public:
    bool is_set() const { return is_set_; }
    void set() {
        is_set_ = true;
        loop_.end_all(waiting_, errc::ok);
    }
    void clear() { is_set_ = false; }
    /// Ends when the flag is set, at once if it is.
    [[nodiscard]] auto wait() {
        return detail::awaitable<detail::wait_for_nothing, false>([this](detail::waiter& w) {
            if (!is_set_) waiting_.push(w);
            return !is_set_;
        });
    }

private:
    friend class MQTTClient;
    explicit event_flag(event_loop& loop) : loop_(loop) {}
    event_loop& loop_;
    detail::waiter_list waiting_;
    bool is_set_ = false;
};

class MQTTClient {
    template <class Result>
    using operation = detail::wait_for_operation<Result>;

public:
    /// Print what `dprint` is told (`port::print`). For all clients.
    static inline bool DEBUG = false;
    /// Messages published again with the same packet identifier on a live connection, by all clients.
    static inline std::uint32_t REPUB_COUNT = 0;

    /// Nothing happens before `connect()`, which also says what is wrong with the configuration.
    MQTTClient(event_loop&, const config&);
    ~MQTTClient();
    MQTTClient(const MQTTClient&) = delete;
    MQTTClient& operator=(const MQTTClient&) = delete;

    /// Connects, and from then on stays connected: later outages are healed without the application.
    ///
    /// Ends when the server has accepted us. Without `retry` the first attempt decides.
    /// Errors: those of `check(engine_config)` for a wrong configuration, already_started, closed, out_of_memory (at
    ///         once); resolve_failed, connect_failed, tls_failed, stage_timed_out, connection_refused...
    [[nodiscard]] auto connect(connect_options options = {}) { return connect_<false>(options); }
    [[nodiscard]] auto connect(as_result_t) { return connect_<true>({}); }
    [[nodiscard]] auto connect(connect_options options, as_result_t) { return connect_<true>(options); }
    template <std::invocable<errc, connect_result> F>
    errc connect(connect_options options, F handler) {
        return detail::call_back<detail::wait_for_connect>(
            handler, [&](detail::wait_for_connect& w) { return begin_connect(w, options); });
    }

    /// Publishes `body` to `topic`; waits through outages.
    ///
    /// Ends once: qos 0 when lwIP took the last byte; qos 1 on PUBACK; qos 2 on PUBCOMP.
    /// Errors: bad_topic, bad_qos, bad_properties, too_large, unsupported_by_version, unsupported_by_server,
    ///         queue_full, out_of_memory, not_started (between `disconnect()` and `connect()`), closed (at once);
    ///         refused (see reason), timed_out, stopped, session_lost (later).
    [[nodiscard]] auto publish(std::string_view topic, payload body, publish_options options = {}) {
        return publish_<false>(topic, body, options);
    }
    [[nodiscard]] auto publish(std::string_view topic, payload body, as_result_t) {
        return publish_<true>(topic, body, {});
    }
    [[nodiscard]] auto publish(std::string_view topic, payload body, publish_options options, as_result_t) {
        return publish_<true>(topic, body, options);
    }
    template <std::invocable<errc, publish_result> F>
    errc publish(std::string_view topic, payload body, publish_options options, F handler) {
        return detail::call_back<operation<publish_result>>(
            handler, [&](detail::operation_wait& w) { return begin_publish(w, topic, body.view(), options); });
    }

    /// Subscribes to `filter`; the subscription stays wanted, and is renewed when the server has lost it.
    ///
    /// Ends on SUBACK. Waits through outages.
    /// Errors: bad_filter, bad_qos, unsupported_by_version, queue_full, out_of_memory, not_started, closed (at once);
    ///         refused (see reason: it is forgotten), timed_out, stopped (later).
    [[nodiscard]] auto subscribe(std::string_view filter, int qos = 0) {
        return subscribe_<false>(filter, {.qos = qos_of(qos)});
    }
    [[nodiscard]] auto subscribe(std::string_view filter, subscribe_options options) {
        return subscribe_<false>(filter, options);
    }
    [[nodiscard]] auto subscribe(std::string_view filter, int qos, as_result_t) {
        return subscribe_<true>(filter, {.qos = qos_of(qos)});
    }
    [[nodiscard]] auto subscribe(std::string_view filter, subscribe_options options, as_result_t) {
        return subscribe_<true>(filter, options);
    }
    template <std::invocable<errc, subscribe_result> F>
    errc subscribe(std::string_view filter, subscribe_options options, F handler) {
        return detail::call_back<operation<subscribe_result>>(
            handler, [&](detail::operation_wait& w) { return begin_subscribe(w, filter, options); });
    }

    /// Ends a subscription; forgotten at once, also while down. Ends on UNSUBACK, waiting through outages.
    [[nodiscard]] auto unsubscribe(std::string_view filter, unsubscribe_options options = {}) {
        return unsubscribe_<false>(filter, options);
    }
    [[nodiscard]] auto unsubscribe(std::string_view filter, unsubscribe_options options, as_result_t) {
        return unsubscribe_<true>(filter, options);
    }
    template <std::invocable<errc, unsubscribe_result> F>
    errc unsubscribe(std::string_view filter, unsubscribe_options options, F handler) {
        return detail::call_back<operation<unsubscribe_result>>(
            handler, [&](detail::operation_wait& w) { return begin_unsubscribe(w, filter, options); });
    }

    /// True while the server has us connected. No side effect.
    bool isconnected() const noexcept { return engine_.ok() && engine_.is_online(); }

    /// Ends the connection in good order (no will): when it ends, the server's TCP has acknowledged DISCONNECT, or
    /// `grace` and half a second have passed. Then the board may sleep. `connect()` may follow.
    [[nodiscard]] auto disconnect(disconnect_options options = {}) {
        return detail::awaitable<detail::wait_for_nothing, false>(
            [&](detail::waiter& w) { return begin_disconnect(w, options); });
    }
    [[nodiscard]] auto disconnect(disconnect_options options, as_result_t) {
        return detail::awaitable<detail::wait_for_nothing, true>(
            [&](detail::waiter& w) { return begin_disconnect(w, options); });
    }
    template <std::invocable<errc> F>
    errc disconnect(disconnect_options options, F handler) {
        return detail::call_back<detail::wait_for_nothing>(
            handler, [&](detail::waiter& w) { return begin_disconnect(w, options); });
    }

    /// Ends everything at once and for good, without DISCONNECT: the server publishes the will.
    void close();

    /// Whether the server answers: true at once when something came within the last second, else it is asked
    /// (PINGREQ) and has `response_time` to answer. False when down.
    [[nodiscard]] auto broker_up() {
        return detail::awaitable<detail::wait_for_answer, false>([&](detail::waiter& w) { return begin_broker_up(w); });
    }

    explanation explain() const { return {engine_.look(), event_loop::time(), engine_.count()}; }
    counters count() const { return engine_.count(); }
    /// This client's part of REPUB_COUNT.
    std::uint32_t repub_count() const { return engine_.count().republications; }
    const mqtt_as::config& config() const noexcept { return config_; }

    /// The event interface: set at each connection and at each loss of one; cleared by the application.
    event_flag up;
    event_flag down;

    /// Takes the client's debug lines: gives them to `port::print` if DEBUG.
    static void dprint(std::string_view line);

private:
    friend class event_loop;
    friend struct detail::operation_wait;

    template <bool R>
    detail::awaitable<detail::wait_for_connect, R> connect_(connect_options o) {
        return detail::awaitable<detail::wait_for_connect, R>(
            [&](detail::wait_for_connect& w) { return begin_connect(w, o); });
    }
    template <bool R>
    detail::awaitable<operation<publish_result>, R> publish_(std::string_view topic, const payload& body,
                                                             const publish_options& o) {
        return detail::awaitable<operation<publish_result>, R>(
            [&](detail::operation_wait& w) { return begin_publish(w, topic, body.view(), o); });
    }
    template <bool R>
    detail::awaitable<operation<subscribe_result>, R> subscribe_(std::string_view filter, const subscribe_options& o) {
        return detail::awaitable<operation<subscribe_result>, R>(
            [&](detail::operation_wait& w) { return begin_subscribe(w, filter, o); });
    }
    template <bool R>
    detail::awaitable<operation<unsubscribe_result>, R> unsubscribe_(std::string_view filter,
                                                                     const unsubscribe_options& o) {
        return detail::awaitable<operation<unsubscribe_result>, R>(
            [&](detail::operation_wait& w) { return begin_unsubscribe(w, filter, o); });
    }
    static std::uint8_t qos_of(int qos) { return qos >= 0 && qos <= 2 ? static_cast<std::uint8_t>(qos) : 3; }

    // True: it waits. False: it has ended already, with the waiter's `error`.
    bool begin_connect(detail::wait_for_connect&, connect_options);
    bool begin_publish(detail::operation_wait&, std::string_view topic, bytes body, const publish_options&);
    bool begin_subscribe(detail::operation_wait&, std::string_view filter, const subscribe_options&);
    bool begin_unsubscribe(detail::operation_wait&, std::string_view filter, const unsubscribe_options&);
    bool begin_disconnect(detail::waiter&, disconnect_options);
    bool begin_broker_up(detail::waiter&);
    bool submit(detail::operation_wait&, submitted);

    duration turn(time_point now);
    void watch_link(time_point now);
    void perform(time_point now);
    void open(time_point now);
    void wait_for_link(time_point now);
    void watch_transport(time_point now);
    void read(time_point now);
    void write(time_point now);
    void judge_time(time_point now);
    void end_connection(time_point now, errc error, int number, bool can_retry_help = true);
    void collect();
    void hear(const event&);
    static void tell_failed_attempt(const disconnected&);
    void follow_connection();
    void run_jobs();

    engine_config make_engine_config();
    std::uint16_t port_of_server() const;
    bool has_session_record() const;
    void remember_session();
    static bool reject(detail::waiter&, errc);

    static constexpr std::uint8_t session_record = 0;

    mqtt_as::config config_;
    event_loop& loop_;
    MQTTClient* next_client_;
    char own_id_[24];  // of `client_id`, when none is given
    limits limits_;
    engine_config engine_config_;
    block_memory memory_;
    engine engine_;
    detail::publish_store store_;
    detail::transport transport_;
    pbuf* reading_ = nullptr;         // what was received and not yet taken by the engine
    std::uint16_t reading_from_ = 0;  // ... from here on in its first segment

    detail::waiter_list connecting_;
    detail::waiter_list disconnecting_;
    detail::waiter_list asking_;  // broker_up
    time_point asked_at_;
    job connect_job_;
    job wifi_job_;

    epoch epoch_ = 0;
    std::uint32_t told_connection_ = 0;  // the connection that the application was told of last
    std::uint32_t republications_ = 0;
    time_point opening_since_;
    time_point leaving_since_;
    time_point told_at_;  // ... the engine that an interface is still expected
    stage told_stage_ = stage::idle;
    errc invalid_ = errc::ok;  // why the configuration cannot be used
    bool is_link_up_ = true;
    bool is_open_ = false;  // the transport, and the engine knows
    bool is_waiting_for_link_ = false;
    bool is_leaving_ = false;         // `disconnect` was called
    bool is_saying_goodbye_ = false;  // the connection is closed when its last bytes are acknowledged
    bool is_write_blocked_ = false;
    bool is_told_up_ = false;
    bool may_run_connect_coro_ = false;
    bool was_on_its_way_ = false;         // bytes at the last look
    std::uint16_t acknowledgements_ = 0;  // of the peer's TCP, at the last look
};

}  // namespace mqtt_as
