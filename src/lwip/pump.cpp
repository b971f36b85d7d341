// A client's turn: moves bytes, time and events between the engine and lwIP. It knows nothing of MQTT.
#include "mqtt_as/lwip/client.hpp"
#include "mqtt_as/lwip/port.hpp"
#include "src/lwip/core_lock.hpp"

#include <algorithm>
#include <array>
#include <lwip/netif.h>
#include <utility>
#include <variant>

namespace mqtt_as {

namespace {

/// While lwIP has no memory to write into and nothing is on its way, it is asked again this often.
constexpr duration retry_write{20};
/// The time that an interface has to come up when Wi-Fi is to be joined.
constexpr duration joining_limit{60'000};
constexpr duration joining_sign{1'000};  // how often the engine is told that it goes on
/// How long the server's TCP has to acknowledge DISCONNECT before we leave all the same.
constexpr duration goodbye_limit{500};

using state = detail::transport::state;

/// An interface that can reach others: up, with a link and an address.
bool has_network() {
    const detail::core_lock lock;
    const netif* const n = netif_default;
    if (n == nullptr || !netif_is_up(n) || !netif_is_link_up(n)) return false;
#if LWIP_IPV6
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; ++i)  // 0 is the link-local one
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, i))) return true;
#endif
#if LWIP_IPV4
    if (!ip4_addr_isany_val(*netif_ip4_addr(n))) return true;
#endif
    return false;
}

/// The same certificate will be as wrong the next time.
bool has_wrong_certificate(const detail::transport::facts& t) {
    return MQTT_AS_LWIP_HAS_TLS && t.error == errc::tls_failed && t.number > 0;
}

}  // namespace

duration MQTTClient::turn(time_point now) {
    if (invalid_ != errc::ok) return duration::max();
    watch_link(now);
    watch_transport(now);
    judge_time(now);
    write(now);
    perform(now);
    follow_connection();
    run_jobs();

    duration rest = duration::max();
    if (const auto due = engine_.deadline()) rest = *due - now;
    if (is_waiting_for_link_ || is_saying_goodbye_) rest = std::min(rest, retry_write);
    if (is_write_blocked_) rest = std::min(rest, retry_write);
    if (!asking_.empty()) rest = std::min(rest, asked_at_ + config_.response_time - now);
    return rest;
}

// ---- the way to the server ----------------------------------------------------------------------------------

void MQTTClient::watch_link(time_point now) {
    const bool is_up = has_network();
    if (std::exchange(is_link_up_, is_up) != is_up) {
        engine_.on_link(now, is_up);
        collect();
    }
    if (!is_waiting_for_link_) return;
    if (is_up) {
        is_waiting_for_link_ = false;
        transport_.open(config_.server, port_of_server());
    } else if (!config_.ssid.empty()) {
        if (now - opening_since_ > joining_limit) return end_connection(now, errc::wifi_timed_out, 0);
        if (now - told_at_ < joining_sign) return;
        told_at_ = now;  // joining takes its time: without a sign the engine gives up after response_time
        engine_.on_stage(now, epoch_, stage::link);
        collect();
    }
}

void MQTTClient::perform(time_point now) {
    while (const auto c = engine_.poll_command()) {
        if (c->what == command::kind::open) {
            epoch_ = c->epoch;
            open(now);
        } else if (is_leaving_ && transport_.look().now_in == state::open) {
            is_saying_goodbye_ = true;
            leaving_since_ = now;
        } else {
            end_connection(now, errc::connection_closed, 0);
        }
    }
    if (!is_saying_goodbye_) return;
    const auto t = transport_.look();
    if (t.now_in != state::open || !t.is_on_its_way || now - leaving_since_ > goodbye_limit)
        end_connection(now, errc::connection_closed, 0);
}

void MQTTClient::open(time_point now) {
    told_stage_ = stage::idle;
    opening_since_ = told_at_ = now;
    is_waiting_for_link_ = true;
    if (is_link_up_) return watch_link(now);
    engine_.on_stage(now, epoch_, stage::link);
    collect();
    if (config_.ssid.empty()) return;
    const errc refused = port::join_wifi(config_.ssid, config_.wifi_pw);
    if (refused != errc::ok) end_connection(now, refused, 0, refused != errc::wifi_wrong_key);
}

std::uint16_t MQTTClient::port_of_server() const {
    if (config_.port != 0) return config_.port;
    return config_.ssl ? 8883 : 1883;
}

/// Ends whatever there is of the connection, and tells the engine.
void MQTTClient::end_connection(time_point now, errc error, int number, bool can_retry_help) {
    is_waiting_for_link_ = is_write_blocked_ = is_open_ = false;
    const bool in_good_order = std::exchange(is_saying_goodbye_, false) || transport_.look().is_finished;
    while (reading_ != nullptr) reading_ = transport_.give_back(reading_);
    reading_from_ = 0;
    transport_.close(in_good_order);
    loop_.end_all(asking_, errc::connection_closed);
    engine_.on_closed(now, epoch_, error, number, can_retry_help);
    collect();
}

void MQTTClient::watch_transport(time_point now) {
    const auto t = transport_.look();
    if (t.now_in == state::closed) return;
    if (std::exchange(told_stage_, t.at) != t.at) engine_.on_stage(now, epoch_, t.at);
    if (t.now_in == state::open && !std::exchange(is_open_, true)) {
        was_on_its_way_ = false;
        engine_.on_opened(now, epoch_);
        collect();
    }
    read(now);
    if (reading_ != nullptr) return;  // its last words come first
    if (t.now_in == state::ended)
        end_connection(now, t.error, t.number, !has_wrong_certificate(t));
    else if (t.is_finished && !t.has_received)
        end_connection(now, errc::connection_closed, 0);
}

// ---- bytes --------------------------------------------------------------------------------------------------

/// Each segment is given to the engine where it lies.
void MQTTClient::read(time_point now) {
    if (reading_ == nullptr) reading_ = transport_.take_received();
    while (reading_ != nullptr) {
        const bytes segment(static_cast<const std::uint8_t*>(reading_->payload), reading_->len);
        bytes rest = segment.subspan(reading_from_);
        while (!rest.empty()) {
            const taken t = engine_.on_bytes(now, epoch_, rest);
            rest = rest.subspan(t.size);
            if (t.received != nullptr) {
                const message received = *t.received;  // the callback's own calls may end that one
                if (config_.subs_cb) config_.subs_cb(received_message(received));
                engine_.acknowledge(now, received.id);
            }
            collect();
            if (t.reason == taken::why::busy) {
                reading_from_ = static_cast<std::uint16_t>(segment.size() - rest.size());
                return;
            }
        }
        reading_from_ = 0;
        reading_ = transport_.give_back(reading_);
        if (reading_ == nullptr) reading_ = transport_.take_received();
        loop_.end_all(asking_, errc::ok);
    }
}

void MQTTClient::write(time_point now) {
    is_write_blocked_ = false;
    bool has_written = false;
    while (is_open_ && !is_saying_goodbye_) {
        std::array<bytes, 2> gather;
        const std::size_t count = engine_.poll_transmit(now, gather);
        collect();
        if (count == 0) break;
        const std::size_t size = transport_.write(std::span<const bytes>(gather).first(count));
        is_write_blocked_ = size == 0;
        if (size == 0) break;
        has_written = true;
        engine_.on_sent(now, epoch_, size);
        collect();
    }
    if (has_written) transport_.flush();
}

// ---- time ---------------------------------------------------------------------------------------------------

void MQTTClient::judge_time(time_point now) {
    if (!asking_.empty() && now - asked_at_ >= config_.response_time) loop_.end_all(asking_, errc::timed_out);
    const auto due = engine_.deadline();
    if (!due || now < *due) return;
    if (is_open_) {
        // Bytes that were on their way at the last look and have been acknowledged since are a sign of life, and they
        // are acknowledged before all others. Those that were sent since do not count: the TCP of a dead server
        // acknowledges a ping, too.
        const auto t = transport_.look();
        if (was_on_its_way_ && t.acknowledgements != acknowledgements_) engine_.on_peer_progress(now, epoch_);
        acknowledgements_ = t.acknowledgements;
        was_on_its_way_ = t.is_on_its_way;
        collect();
    }
    engine_.on_time(now);
    collect();
}

// ---- what the engine has to tell ----------------------------------------------------------------------------

/// After each call of the engine. No code of the user's runs here: requests call it, too.
void MQTTClient::collect() {
    for (bool more = true; more;) {
        more = false;
        while (const op_done* done = engine_.poll_done()) {
            if (config_.store_publishes && done->finished) store_.forget(done->id);
            if (done->owner == nullptr || done->reported_before) continue;
            auto& w = *static_cast<detail::operation_wait*>(done->owner);
            w.client = nullptr;
            w.result = {done->reason, done->may_have_been_delivered, done->may_be_duplicated};
            loop_.end(w, done->error);
        }
        if (const auto e = engine_.poll_event()) {
            hear(*e);
            more = true;
        }
    }
}

void MQTTClient::hear(const event& e) {
    if (const auto* c = std::get_if<connected>(&e)) {
        if (detail::waiter* w = connecting_.first)
            static_cast<detail::wait_for_connect*>(w)->result.session_present = c->session_present;
        loop_.end_all(connecting_, errc::ok);
        remember_session();
    } else if (std::holds_alternative<renewed>(e)) {
        may_run_connect_coro_ = true;
    } else if (const auto* d = std::get_if<disconnected>(&e)) {
        may_run_connect_coro_ = false;
        if (!d->was_online) tell_failed_attempt(*d);
    } else if (const auto* g = std::get_if<gave_up>(&e)) {
        if (detail::waiter* w = connecting_.first)
            static_cast<detail::wait_for_connect*>(w)->result = {.at = g->last.at,
                                                                 .reason = g->last.reason,
                                                                 .why = g->last.why,
                                                                 .transport_error = g->last.transport_error,
                                                                 .can_retry_help = g->last.can_retry_help};
        loop_.end_all(connecting_, g->last.error);
    } else if (std::holds_alternative<stopped>(e)) {
        may_run_connect_coro_ = false;
        loop_.end_all(connecting_, errc::stopped);
        loop_.end_all(disconnecting_, errc::ok);
    }
}

/// "Attempt failed: error 42": an errc by its number, because the sentences of `describe` are large.
void MQTTClient::tell_failed_attempt(const disconnected& d) {
    if (!DEBUG) return;
    char line[] = "Attempt failed: error   ";
    const auto number = static_cast<unsigned>(d.error);
    line[sizeof line - 3] = static_cast<char>('0' + number / 10);
    line[sizeof line - 2] = static_cast<char>('0' + number % 10);
    dprint(line);
}

void MQTTClient::remember_session() {
    if (config_.clean || has_session_record()) return;
    const std::array<bytes, 1> parts{payload(config_.client_id).view()};
    (void)port::save(session_record, parts);
}

/// Tells the application of a connection's beginning and end. It learns of each pair, also when both fell into one
/// turn.
void MQTTClient::follow_connection() {
    const bool is_up = engine_.is_online();
    const std::uint32_t connection = engine_.count().connections;
    if (const std::uint32_t n = engine_.count().republications; n != republications_) {
        REPUB_COUNT += n - republications_;
        republications_ = n;
    }
    if (is_told_up_ && (!is_up || connection != told_connection_)) {
        is_told_up_ = false;
        dprint("Disconnected from the broker.");
        connect_job_.cancel();
        down.set();
        if (config_.wifi_coro) wifi_job_.start(config_.wifi_coro(false));
    }
    if (is_up && !is_told_up_) {
        is_told_up_ = true;
        told_connection_ = connection;
        dprint("Connected to the broker.");
        up.set();
        if (config_.wifi_coro) wifi_job_.start(config_.wifi_coro(true));
    }
    if (is_told_up_ && std::exchange(may_run_connect_coro_, false) && config_.connect_coro)
        connect_job_.start(config_.connect_coro(*this));
}

void MQTTClient::run_jobs() {
    if (connect_job_.take_end() && connect_job_.error() != errc::ok)
        (void)port::on_task_failed(connect_job_.error(), "connect_coro");
    if (wifi_job_.take_end() && wifi_job_.error() != errc::ok)
        (void)port::on_task_failed(wifi_job_.error(), "wifi_coro");
}

}  // namespace mqtt_as
