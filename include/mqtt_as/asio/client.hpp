// MQTTClient: the client of hosts. This header knows completion callbacks and declares coroutines; it includes
// nothing of Asio, so that it compiles fast. For completion tokens and coroutines include "mqtt_as/asio/async.hpp".
//
// Completions. Every asynchronous method is called in one of these ways:
//
//     client.publish("t", "text", {.qos = 1}, [](std::error_code, mqtt_as::publish_result) { ... });   // callback
//     mqtt_as::publish_result r = co_await client.publish("t", "text", {.qos = 1});  // throws std::system_error
//     auto r = co_await client.publish("t", "text", {.qos = 1}, mqtt_as::as_result);  // `if (!r) ... r.error`
//     auto future = client.publish("t", "text", {.qos = 1}, boost::asio::use_future);                  // any token
//
// A completion runs exactly once, never inside the call that began it, never inside another completion, never
// under a lock; on the handler's associated executor, else on the client's. Asio's tokens get a
// boost::system::error_code; `use_awaitable` and `use_future` throw what the coroutine form throws.
//
// Coroutine forms begin when they are awaited: `co_await` them at once, or keep the client and what you passed by view.
//
// Threads. Every method may be called from any thread and from any callback (`config::single_threaded` excepted).
// Callbacks must not block: while one does, nothing is read or sent, and a server that misses the pings ends the
// connection after one and a half `config::keepalive`. What takes long awaits in a coroutine behind
// `MQTTClient::queue`; what blocks has a thread of its own.
// The client must be destroyed while none of its callbacks runs in another thread.
#pragma once

#include "mqtt_as/as_result.hpp"
#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/asio/debug.hpp"
#include "mqtt_as/asio/error.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/asio/task.hpp"
#include "mqtt_as/asio/waiter.hpp"
#include "mqtt_as/asio/wan.hpp"
#include "mqtt_as/engine.hpp"
#include "mqtt_as/payload.hpp"

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mqtt_as {

// Options are trivially copyable: g++ 12 copies aggregates in `co_await` expressions bitwise. Views in them are
// borrowed until the operation begins.

struct connect_options {
    bool quick = false;  ///< with `config::ssid`, at the first connection: a network just joined need not prove for
                         ///< 5 s that it is stable
    bool retry = false;  ///< an absent server is an outage like any other instead of an error
};

struct publish_options {
    qos_level qos = 0;
    bool retain = false;
    /// More than 0: after it, or after 12 days if that is longer, the wait ends with timed_out. A message that was sent
    /// by then is sent again once at most.
    std::chrono::milliseconds timeout{0};
    publish_properties properties{};  ///< MQTT 5
};

struct subscribe_options {
    qos_level qos = 0;
    bool no_local = false;             ///< MQTT 5: not what we publish ourselves
    bool retain_as_published = false;  ///< MQTT 5
    std::uint8_t retain_handling = 0;  ///< MQTT 5: retained messages 0: always, 1: if new, 2: never
    std::chrono::milliseconds timeout{0};
    subscribe_properties properties{};  ///< MQTT 5
};

struct unsubscribe_options {
    std::chrono::milliseconds timeout{0};
    subscribe_properties properties{};  ///< MQTT 5
};

struct disconnect_options {
    std::chrono::milliseconds grace{2'000};  ///< how long to wait for what is on the wire
};

static_assert(std::is_trivially_copyable_v<connect_options> && std::is_trivially_copyable_v<publish_options> &&
              std::is_trivially_copyable_v<subscribe_options> && std::is_trivially_copyable_v<unsubscribe_options> &&
              std::is_trivially_copyable_v<disconnect_options>);

/// What a client has done since it was made.
struct statistics : counters {
    std::uint64_t bytes_sent = 0;  ///< of MQTT, without TLS and TCP
    std::uint64_t bytes_received = 0;
};

/// Where the client stands, why, and what comes next. Times are those of `now`.
struct explanation : status {
    time_point now;
    bool closed = false;          ///< after `close()`
    std::string server;           ///< "name:port", or the path of the Unix socket
    std::string link;             ///< the interface in use, or why there is no way to the server; "" unknown
    std::optional<int> rssi;      ///< with `config::ssid`: the signal's strength [dBm] as the last call asked for it
    std::string address;          ///< the address last tried or in use, for example "127.0.0.1:1883"
    std::string error_text;       ///< of `last_error`, with tls_failed: what is wrong, in words
    std::string security;         ///< while up: "TLSv1.3, TLS_AES_256_GCM_SHA384, resumed"; empty without TLS
    std::uint32_t soon_lost = 0;  ///< connections in a row that the server ended within `backoff.stable_after`
    std::size_t waiting_for_room = 0;  ///< publishes that wait under full_policy::wait
    std::size_t queue_size = 0;        ///< messages in `queue`
    bool reads = true;                 ///< false: nothing is read until messages that you were given are taken, or
                                       ///< acknowledged (`limits::inbound_max`)
    std::uint64_t discards = 0;        ///< messages that `queue` discarded
    std::size_t unacknowledged = 0;    ///< with `config::manual_acknowledgement`: messages that you were given on this
                                       ///< connection and have not acknowledged
    std::optional<time_point> unacknowledged_since{};  ///< when you were given the oldest of them
    statistics count;

    /// What may be behind connections that are lost again and again, as a question; empty when they are not.
    std::string suspicion() const;
    /// One line: "down 41 s: TCP: Connection refused (127.0.0.1:1883); attempt 7; next in 12.3 s; 318 messages
    /// (94 KB) queued".
    std::string text() const;
};

namespace detail {

// One struct per operation: its arguments, and how it begins. `name` goes into exceptions.
struct connect_operation {
    static constexpr const char* name = "connect";
    connect_options options;
    void begin(core&, result_waiter<connect_result>*);
};
struct publish_operation {
    static constexpr const char* name = "publish";
    std::string_view topic;
    payload body;
    publish_options options;
    void begin(core&, result_waiter<publish_result>*);
};
struct subscribe_operation {
    static constexpr const char* name = "subscribe";
    std::string_view filter;
    subscribe_options options;
    void begin(core&, result_waiter<subscribe_result>*);
};
struct unsubscribe_operation {
    static constexpr const char* name = "unsubscribe";
    std::string_view filter;
    unsubscribe_options options;
    void begin(core&, result_waiter<unsubscribe_result>*);
};
struct disconnect_operation {
    static constexpr const char* name = "disconnect";
    disconnect_options options;
    void begin(core&, result_waiter<void>*);
};
struct broker_up_operation {
    static constexpr const char* name = "broker_up";
    void begin(core&, result_waiter<bool>*);
};
struct wan_operation {
    static constexpr const char* name = "wan_ok";
    wan_options options;
    void begin(core&, result_waiter<wan_result>*);
};
struct receive_operation {
    static constexpr const char* name = "receive";
    void begin(core&, result_waiter<queued_message>*);
};
struct wait_operation {
    static constexpr const char* name = "wait";
    bool up;
    void begin(core&, result_waiter<void>*);
};

/// Begins a publish. `body` is moved from when it is adopted.
void begin_publish(core&, std::string_view topic, payload& body, const publish_options&,
                   result_waiter<publish_result>*);

/// The last argument of an asynchronous method: anything but its options.
template <class T, class Options>
concept token_beside = !std::convertible_to<T, Options>;

}  // namespace detail

/// As asyncio.Event: set by the client, cleared by the application.
class event_flag {
public:
    event_flag(const event_flag&) = delete;
    event_flag& operator=(const event_flag&) = delete;
    bool is_set() const;
    void set();
    void clear();
    /// Completes when the flag is set, at once if it is. Errors: cancelled; closed.
    [[nodiscard]] task<> wait();
    template <class Token>
    auto wait(Token&& token) {
        return detail::start<void>(core_, std::forward<Token>(token), detail::wait_operation{up_});
    }

private:
    friend class MQTTClient;
    event_flag(const std::shared_ptr<detail::core>& c, bool up) : core_(c), up_(up) {}
    const std::shared_ptr<detail::core>& core_;  // the client's: it cannot be copied
    bool up_;
};

/// Received messages that wait to be taken, when `config::queue_len` is more than 0.
class message_queue {
public:
    message_queue(const message_queue&) = delete;
    message_queue& operator=(const message_queue&) = delete;
    /// Takes the oldest message, waiting for one. Taking it acknowledges it, unless that is left to you. Errors:
    /// cancelled; closed; bad_config when `config::queue_len` is 0.
    [[nodiscard]] task<queued_message> receive();
    template <class Token>
    auto receive(Token&& token) {
        return detail::start<queued_message>(core_, std::forward<Token>(token), detail::receive_operation{});
    }
    /// Takes the oldest message, waiting for one no longer than `span`; nothing when none has come by then. Never loses
    /// one, as `receive() || timer` may. Errors: as `receive`. Threads: the coroutine's executor runs one handler at a
    /// time.
    [[nodiscard]] task<std::optional<queued_message>> receive_for(std::chrono::milliseconds span);
    /// Takes the oldest message if there is one.
    std::optional<queued_message> try_receive();

    std::size_t size() const;
    /// `config::queue_len`.
    std::size_t capacity() const;
    /// Messages discarded because `capacity()` was reached, under overflow_policy::discard_oldest.
    std::uint64_t discards() const;

private:
    friend class MQTTClient;
    explicit message_queue(const std::shared_ptr<detail::core>& c) : core_(c) {}
    const std::shared_ptr<detail::core>& core_;  // the client's: it cannot be copied
};

class MQTTClient {
    std::shared_ptr<detail::core> core_;

public:
    /// Print what `dprint` is told: `true` or a `debug_level`. For all clients.
    static inline debug_switch DEBUG;
    /// Messages published again with the same packet identifier on a live connection, by all clients.
    static inline std::atomic<std::uint32_t> REPUB_COUNT{0};

    /// Throws std::invalid_argument when the configuration is wrong: in words. What is needed of it is copied. Nothing
    /// happens before `connect()`. The loop must outlive the client.
    MQTTClient(event_loop&, const config&);
    /// Completions and callbacks run on `executor`, one at a time.
    MQTTClient(const boost::asio::any_io_executor& executor, const config&);
    /// `close()`, without waiting: outstanding completions still run, with `closed`.
    virtual ~MQTTClient();
    MQTTClient(const MQTTClient&) = delete;
    MQTTClient& operator=(const MQTTClient&) = delete;

    /// Connects, and from then on stays connected: later outages are healed without the application.
    ///
    /// Completes when the server has accepted us. Without `retry` the first attempt decides.
    /// Errors: already_started, closed (at once); resolve_failed, connect_failed, tls_failed, stage_timed_out,
    ///         connection_refused... : coroutines throw connect_error; `explain()` tells it in words.
    /// Cancellation: any kind gives up; the client is then as after `disconnect()`.
    [[nodiscard]] task<connect_result> connect(connect_options options = {});
    [[nodiscard]] task<outcome<connect_result>> connect(connect_options options, as_result_t);
    [[nodiscard]] task<outcome<connect_result>> connect(as_result_t);
    template <detail::token_beside<connect_options> Token>
    auto connect(Token&& token) {
        return connect(connect_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto connect(connect_options options, Token&& token) {
        return detail::start<connect_result>(core_, std::forward<Token>(token), detail::connect_operation{options});
    }

    /// Publishes `body` to `topic`; waits through outages. Before the first `connect()` it is accepted, and waits.
    ///
    /// Completes once: qos 0 when the transport took the last byte; qos 1 on PUBACK; qos 2 on PUBCOMP.
    /// Lifetime: views are borrowed until the operation has begun; owned bodies are not copied (see `payload`).
    /// Errors: bad_topic, bad_qos, bad_properties, too_large, unsupported_by_version, unsupported_by_server,
    ///         queue_full, not_started (between `disconnect()` and `connect()`), closed (at once);
    ///         refused (see reason), timed_out, cancelled, stopped, dropped, session_lost (later).
    /// Cancellation: total: only if nothing of it was sent. partial, terminal: ends the wait; the packet may still
    ///         arrive (`may_have_been_delivered`).
    [[nodiscard]] task<publish_result> publish(std::string_view topic, payload body, publish_options options = {});
    [[nodiscard]] task<outcome<publish_result>> publish(std::string_view topic, payload body, publish_options options,
                                                        as_result_t);
    [[nodiscard]] task<outcome<publish_result>> publish(std::string_view topic, payload body, as_result_t);
    template <detail::token_beside<publish_options> Token>
    auto publish(std::string_view topic, payload body, Token&& token) {
        static_assert(!std::is_arithmetic_v<std::remove_cvref_t<Token>>,
                      "qos and retain are options: publish(topic, payload, {.qos = 1})");
        return publish(topic, std::move(body), publish_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto publish(std::string_view topic, payload body, publish_options options, Token&& token) {
        using handler = std::decay_t<Token>;
        if constexpr (detail::plain_callback<handler, publish_result>) {  // the shortest way: nothing is moved twice
            using waiter = detail::callback_waiter<handler, publish_result>;
            detail::begin_publish(*core_, topic, body, options,
                                  detail::make_waiter<waiter>(*core_, std::forward<Token>(token)));
        } else {
            return detail::start<publish_result>(core_, std::forward<Token>(token),
                                                 detail::publish_operation{topic, std::move(body), options});
        }
    }

    /// Subscribes to `filter`; the subscription stays wanted, and is renewed when the server has lost it.
    ///
    /// Completes on SUBACK. Waits through outages.
    /// Errors: bad_filter, bad_qos, unsupported_by_version, queue_full, not_started, closed (at once);
    ///         refused (see reason: it is forgotten), timed_out, cancelled, stopped (later).
    /// Cancellation: as `publish`.
    [[nodiscard]] task<subscribe_result> subscribe(std::string_view filter, int qos = 0);
    [[nodiscard]] task<subscribe_result> subscribe(std::string_view filter, subscribe_options options);
    [[nodiscard]] task<outcome<subscribe_result>> subscribe(std::string_view filter, subscribe_options options,
                                                            as_result_t);
    [[nodiscard]] task<outcome<subscribe_result>> subscribe(std::string_view filter, int qos, as_result_t);
    template <detail::token_beside<subscribe_options> Token>
        requires(!std::convertible_to<Token, int>)
    auto subscribe(std::string_view filter, Token&& token) {
        return subscribe(filter, subscribe_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto subscribe(std::string_view filter, int qos, Token&& token) {
        return subscribe(filter, subscribe_options{.qos = qos}, std::forward<Token>(token));
    }
    template <class Token>
    auto subscribe(std::string_view filter, subscribe_options options, Token&& token) {
        return detail::start<subscribe_result>(core_, std::forward<Token>(token),
                                               detail::subscribe_operation{filter, options});
    }

    /// Ends a subscription; forgotten at once, also while down. Completes on UNSUBACK, waiting through outages.
    /// Errors, cancellation: as `subscribe`.
    [[nodiscard]] task<unsubscribe_result> unsubscribe(std::string_view filter, unsubscribe_options options = {});
    [[nodiscard]] task<outcome<unsubscribe_result>> unsubscribe(std::string_view filter, unsubscribe_options options,
                                                                as_result_t);
    template <detail::token_beside<unsubscribe_options> Token>
    auto unsubscribe(std::string_view filter, Token&& token) {
        return unsubscribe(filter, unsubscribe_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto unsubscribe(std::string_view filter, unsubscribe_options options, Token&& token) {
        return detail::start<unsubscribe_result>(core_, std::forward<Token>(token),
                                                 detail::unsubscribe_operation{filter, options});
    }

    /// Acknowledges a message of qos 1 or 2, with `config::manual_acknowledgement`: now it may be forgotten by the
    /// server.
    ///
    /// In any order, from any thread. The server is told in the order of arrival [MQTT-4.6.0-2]: of this message when
    /// all earlier ones are acknowledged, too. What is not acknowledged when the connection ends is delivered again by
    /// the next one, when the server keeps the session. False, and nothing has happened, when that is so already: the
    /// connection on which you were given it is over.
    bool acknowledge(delivery);

    /// True while the server has us connected. No side effect.
    bool isconnected() const noexcept;

    /// Ends the connection in good order (no will). `connect()` may follow.
    ///
    /// Completes within about `grace`; other operations end as stopped.
    /// Errors: closed.  Cancellation: any kind ends the wait only.
    [[nodiscard]] task<> disconnect(disconnect_options options = {});
    [[nodiscard]] task<outcome<void>> disconnect(disconnect_options options, as_result_t);
    template <detail::token_beside<disconnect_options> Token>
    auto disconnect(Token&& token) {
        return disconnect(disconnect_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto disconnect(disconnect_options options, Token&& token) {
        return detail::start<void>(core_, std::forward<Token>(token), detail::disconnect_operation{options});
    }

    /// Ends everything at once and for good, without DISCONNECT: the server publishes the will. Outstanding
    /// operations complete with closed. Called on the client's executor, no other callback starts after it.
    void close();

    /// Whether the server answers: true at once when something came within the last second, else it is asked
    /// (PINGREQ) and has `response_time` to answer. False when down. Errors: closed. Cancellation: ends the wait.
    [[nodiscard]] task<bool> broker_up();
    template <class Token>
    auto broker_up(Token&& token) {
        return detail::start<bool>(core_, std::forward<Token>(token), detail::broker_up_operation{});
    }

    /// Whether the Internet can be reached: true when the broker is up, as `broker_up` finds out, and a DNS server
    /// answers properly. The result says what is wrong if not. MQTT goes on meanwhile.
    ///
    /// Completes within `response_time` and `options.timeout`.  Lifetime: views are borrowed until it has begun.
    /// Errors: bad_query, closed.  Cancellation: any kind ends it.
    [[nodiscard]] task<wan_result> wan_ok(wan_options options = {});
    template <detail::token_beside<wan_options> Token>
    auto wan_ok(Token&& token) {
        return wan_ok(wan_options{}, std::forward<Token>(token));
    }
    template <class Token>
    auto wan_ok(wan_options options, Token&& token) {
        return detail::start<wan_result>(core_, std::forward<Token>(token), detail::wan_operation{options});
    }

    /// Where the client stands, why, and what comes next.
    explanation explain() const;
    /// Connections, outages, republications, bytes... of this client.
    statistics count() const;
    /// This client's part of REPUB_COUNT.
    std::uint32_t repub_count() const { return count().republications; }
    /// What `config::client_id` said, or what was drawn because it said nothing.
    const std::string& client_id() const noexcept;
    boost::asio::any_io_executor get_executor() const;

    /// The event interface: set at each connection and at each loss of one; cleared by the application.
    event_flag up;
    event_flag down;
    message_queue queue;

    /// Takes the client's debug lines: gives them to `config::dprint`, or prints them on standard output if DEBUG.
    /// Override it, or set that, to log them elsewhere. Runs on the client's executor.
    virtual void dprint(std::string_view line);
};

}  // namespace mqtt_as
