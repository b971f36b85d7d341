// The configuration of a client: every key of the original with its default, and what C++ adds. Owns its strings.
#pragma once

#include "mqtt_as/asio/boxed.hpp"
#include "mqtt_as/asio/linking.hpp"
#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/asio/ssl_params.hpp"
#include "mqtt_as/asio/task.hpp"
#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/payload.hpp"
#include "mqtt_as/types.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace mqtt_as {

namespace detail {
/// A coroutine that nobody awaits never runs: better it does not compile.
template <class F, class... Args>
constexpr void expect_no_result() {
    static_assert(std::is_void_v<std::invoke_result_t<F, Args...>>,
                  "this handler returns nothing; of the handlers only connect_coro and wifi_coro may be coroutines, "
                  "any other may co_spawn one");
}
}  // namespace detail

/// Called with each received message: `(topic, message, retained)` as in the original, or `(const
/// received_message&)` with everything. The views are valid until it returns. What it throws is reported to
/// `config::on_error`; the message counts as received, unless `config::manual_acknowledgement` leaves that to you.
class message_callback {
public:
    message_callback() = default;
    message_callback(std::nullptr_t) {}
    template <class F>
        requires std::is_invocable_v<F&, std::string_view, std::string_view, bool>
    message_callback(F f)
        : call_([f = std::move(f)](const received_message& m) mutable { f(m.topic(), m.text(), m.retained()); }),
          sees_all_(false) {
        detail::expect_no_result<F&, std::string_view, std::string_view, bool>();
    }
    template <class F>
        requires(std::is_invocable_v<F&, const received_message&> && !std::is_same_v<F, message_callback>)
    message_callback(F f) : call_(std::move(f)) {
        detail::expect_no_result<F&, const received_message&>();
    }

    explicit operator bool() const { return static_cast<bool>(call_); }
    void operator()(const received_message& m) const { call_(m); }
    /// It is given the message as a whole.
    bool sees_all() const { return sees_all_; }

private:
    std::function<void(const received_message&)> call_;
    bool sees_all_ = true;
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
            call_ = std::function<void(Args...)>(std::move(f));
        } else {
            call_ = std::function<task<>(Args...)>(std::move(f));
            linked_ = &detail::coroutines;
        }
    }

    explicit operator bool() const { return plain() || coroutine(); }
    /// The one of both that it is; nullptr.
    const std::function<void(Args...)>* plain() const { return when_set<0>(); }
    const std::function<task<>(Args...)>* coroutine() const { return when_set<1>(); }
    /// What runs it, where it is a coroutine: see linking.hpp.
    const detail::coroutine_code* linked() const { return linked_; }

private:
    using either = std::variant<std::function<void(Args...)>, std::function<task<>(Args...)>>;

    template <std::size_t kind>
    auto when_set() const -> const std::variant_alternative_t<kind, either>* {
        const auto* f = call_ ? std::get_if<kind>(&*call_) : nullptr;
        return f != nullptr && *f ? f : nullptr;
    }

    boxed<either> call_;  // most clients have none
    const detail::coroutine_code* linked_ = nullptr;
};

/// A handler that few clients have.
template <class... Args>
class seldom_callback {
public:
    seldom_callback() = default;
    seldom_callback(std::nullptr_t) {}
    template <class F>
        requires(std::is_invocable_v<F&, Args...> && !std::is_same_v<F, seldom_callback>)
    seldom_callback(F f) {
        detail::expect_no_result<F&, Args...>();
        if (std::function<void(Args...)> call(std::move(f)); call) call_ = std::move(call);
    }

    explicit operator bool() const { return static_cast<bool>(call_); }
    void operator()(Args... arguments) const { (*call_)(std::forward<Args>(arguments)...); }

private:
    boxed<std::function<void(Args...)>> call_;
};

/// What the server publishes for us when we vanish. `config.will = {"shed", "Goodbye cruel world!", false, 0};`
struct will_message {
    std::string topic;
    std::string payload;
    bool retain = false;
    qos_level qos = 0;
    // MQTT 5 from here on
    std::chrono::seconds delay{0};                           ///< the server waits this long for us to come back
    std::optional<std::uint32_t> message_expiry_interval{};  ///< seconds
    std::optional<std::string> content_type{};
    std::optional<std::string> response_topic{};
    std::optional<std::string> correlation_data{};  ///< any bytes
    bool payload_is_utf8 = false;
    std::vector<std::pair<std::string, std::string>> user_properties{};
};

/// What `publish` does when `limits` of unfinished operations or payload bytes are reached.
enum class full_policy : std::uint8_t {
    reject,            ///< completes with queue_full
    wait,              ///< waits for room, in order; the caller's memory, the caller's back-pressure
    drop_oldest_qos0,  ///< the oldest qos 0 message that was not yet sent ends as `dropped`; else queue_full
};

/// What happens to messages for `MQTTClient::queue` while `queue_len` of them wait to be taken.
enum class overflow_policy : std::uint8_t {
    wait,            ///< nothing is lost: acknowledgements are withheld, and reading stops when
                     ///< `limits::inbound_max` messages wait
    discard_oldest,  ///< as the original: counted in `queue.discards()`, and acknowledged
};

/// Who tells the client that its network comes and goes.
enum class link_kind : std::uint8_t {
    none,       ///< nobody: a lost network is noticed by silence
    rtnetlink,  ///< the kernel: interfaces, addresses and routes towards the server. Loopback and Unix sockets need
                ///< none
};

/// Where the server is, who we are, and how to behave: `config{.server = "192.168.0.10", .ssl = true}`, or assigned key
/// by key. Checked when a client is made of it, which keeps what it needs: std::invalid_argument says which key is
/// wrong and what is allowed.
struct config {
    // ---- the original's keys ----------------------------------------------------------------------
    std::string client_id{};  ///< empty: `mqttas` and 17 random characters, new for each client
    std::string server{};     ///< a name, an IPv4 or an IPv6 address; or use `unix_socket`
    std::uint16_t port = 0;   ///< 0: 1883, or 8883 with `ssl`
    std::optional<std::string> user{};
    std::optional<std::string> password{};               ///< any bytes
    std::chrono::seconds keepalive{60};                  ///< 0: no keep-alive rule; at most 65,535 s
    std::chrono::milliseconds ping_interval{0};          ///< 0: keepalive / 4; only shortens
    linking<bool, detail::tls_code, detail::tls> ssl{};  ///< true: secure the connection by TLS, as `ssl_params` says
    mqtt_as::ssl_params ssl_params{};
    std::chrono::milliseconds response_time{10'000};  ///< how long the server may take to answer anything
    bool clean_init = true;                           ///< begin with a clean session at the first connection
    bool clean = true;                                ///< begin with a clean session at every reconnection
    std::uint32_t max_repubs = 4;                     ///< repetitions on a live connection before it is given up
    std::optional<will_message> will{};
    message_callback subs_cb{};
    coro_callback<bool> wifi_coro{};            ///< (true) when the broker is connected, (false) when it is lost
    coro_callback<MQTTClient&> connect_coro{};  ///< at each connection, when subscriptions are in force again;
                                                ///< cancelled by an outage; at most one runs
    /// The Wi-Fi network to be joined, by wpa_supplicant; empty: the system's network is used.
    linking<std::string, detail::wifi_code, detail::wifi> ssid{};
    std::string wifi_pw{};  ///< 8 to 63 characters, or the key as 64 hexadecimal digits; empty: an open network
    /// More than 0: messages go to `MQTTClient::queue`, this many. Under overflow_policy::wait more of qos 0, which has
    /// no acknowledgement to be withheld, up to `limits::inbound_max`.
    std::size_t queue_len = 0;

    // ---- what C++ adds ----------------------------------------------------------------------------
    std::string unix_socket{};  ///< path of a Unix socket, instead of `server` and `port`
    linking<protocol_version, wire::protocol, wire::v5> version{std::in_place, protocol_version::v3_1_1};
    std::chrono::seconds session_expiry{0xFFFF'FFFF};  ///< MQTT 5: how long the server keeps a session that is not
                                                       ///< clean; the default is for ever
    link_kind link = link_kind::rtnetlink;
    std::string wifi_interface{};                        ///< empty: the first that wpa_supplicant manages
    std::string wpa_supplicant = "/run/wpa_supplicant";  ///< the folder of its control sockets (ctrl_interface)
    mqtt_as::limits limits{};
    full_policy on_full = full_policy::reject;
    overflow_policy on_overflow = overflow_policy::wait;
    /// Messages of qos 1 and 2 are acknowledged by `MQTTClient::acknowledge`, not by us when you have been given them.
    bool manual_acknowledgement = false;
    qos2_policy qos2_on_lost_session = qos2_policy::republish;
    refusal_policy on_refusal = refusal_policy::retry_at_cap;
    backoff_config backoff{};                   ///< `fleet_backoff` for many devices behind one broker
    bool single_threaded = false;               ///< all calls come from the one thread that runs the executor: no locks
    bool request_response_information = false;  ///< MQTT 5: CONNECT asks for it
    bool request_problem_information = true;    ///< MQTT 5: the server may send reason strings
    std::vector<std::pair<std::string, std::string>> user_properties{};  ///< MQTT 5: of CONNECT
    /// Takes the debug lines instead of standard output, whether DEBUG says so or not (see MQTTClient::dprint).
    seldom_callback<std::string_view /*line*/> dprint{};
    /// Told of each exception that left a callback or a `*_coro`; `where` names it. Unset: one line on stderr.
    seldom_callback<std::exception_ptr, std::string_view /*where*/> on_error{};
    /// Told when the way to the server goes and comes back; `what` says why, or which interface. A connection is held
    /// while it is gone: `wifi_coro` and `down` tell of the broker.
    seldom_callback<bool /*up*/, std::string_view /*what*/> on_link{};
    /// Told of each wanted subscription that the server refused to renew; it stays wanted.
    seldom_callback<std::string_view /*filter*/, reason_code> on_renewal_refused{};
};

/// Throws std::invalid_argument as the constructor of MQTTClient would.
void check(const config&);

}  // namespace mqtt_as
