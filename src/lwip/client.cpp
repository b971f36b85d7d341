// What the application asks of a client: each request begins in the engine, and its waiter is the operation's owner.
#include "mqtt_as/lwip/client.hpp"

#include "mqtt_as/lwip/port.hpp"

#include <algorithm>
#include <cstring>

namespace mqtt_as {

namespace {

/// `mqttas` and letters and digits that every server takes [MQTT-3.1.3-5].
std::string_view make_client_id(std::span<char> to, std::uint64_t chance) {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz012345";
    constexpr std::string_view prefix = "mqttas";
    std::memcpy(to.data(), prefix.data(), prefix.size());
    std::size_t size = prefix.size();
    for (int i = 0; i < 12; ++i, chance >>= 5) to[size++] = alphabet[chance & 31];
    return {to.data(), size};
}

std::span<std::uint8_t> memory_for(const config& c) { return c.memory.empty() ? port::engine_memory() : c.memory; }

}  // namespace

detail::operation_wait::~operation_wait() {
    if (client != nullptr) client->engine_.disown(id);
}

MQTTClient::MQTTClient(event_loop& loop, const mqtt_as::config& given)
    : up(loop), down(loop), config_(given), loop_(loop), next_client_(loop.clients_),
      limits_(engine_limits(given.limits)), engine_config_(make_engine_config()), memory_(memory_for(given)),
      engine_(engine_config_, limits_, memory_, port::entropy()), connect_job_(loop), wifi_job_(loop) {
    loop.clients_ = this;
    const bool can_secure = MQTT_AS_LWIP_HAS_TLS && config_.ssl_params.tls != nullptr;
    if (config_.ssl != can_secure)
        invalid_ = errc::bad_config;  // never in the clear what was meant to be secured
    else
        invalid_ = engine_.ok() ? check(engine_config_, limits_) : errc::out_of_memory;
    if (can_secure) transport_.secure_by(config_.ssl_params);
    // Before anything else is published, and gets a record.
    if (config_.store_publishes && invalid_ == errc::ok) store_.restore(engine_, event_loop::time());
}

MQTTClient::~MQTTClient() {
    connect_job_.cancel();
    wifi_job_.cancel();
    close();
    for (detail::waiter_list* list : {&connecting_, &disconnecting_, &asking_, &up.waiting_, &down.waiting_})
        loop_.end_all(*list, errc::closed);
    while (reading_ != nullptr) reading_ = transport_.give_back(reading_);
    MQTTClient** at = &loop_.clients_;
    while (*at != this) at = &(*at)->next_client_;
    *at = next_client_;
}

engine_config MQTTClient::make_engine_config() {
    if (config_.client_id.empty() && config_.clean && config_.clean_init)
        config_.client_id = make_client_id(own_id_, port::entropy());
    engine_config e;
    e.protocol = config_.version.protocol();
    e.client_id = config_.client_id;
    e.user = config_.user;
    e.password = config_.password;
    if (!config_.will.topic.empty()) {
        e.will = engine_will{.topic = config_.will.topic,
                             .payload = payload(config_.will.payload).view(),
                             .qos = config_.will.qos,
                             .retain = config_.will.retain};
    }
    e.keepalive = static_cast<std::uint16_t>(config_.keepalive.count());
    e.ping_interval = config_.ping_interval;
    e.response_time = config_.response_time;
    e.max_repubs = config_.max_repubs;
    e.clean_init = config_.clean_init && !has_session_record();
    e.clean = config_.clean;
    e.session_expiry = config_.session_expiry.count();
    e.receive_maximum = config_.limits.inbound_max;
    e.backoff = config_.backoff;
    e.qos2_on_lost_session = config_.qos2_on_lost_session;
    e.on_refusal = config_.on_refusal;
    return e;
}

/// Before this life, too, the server kept a session of ours.
bool MQTTClient::has_session_record() const {
    const bytes record = port::load(session_record);
    return !config_.clean && std::ranges::equal(record, payload(config_.client_id).view());
}

// ---- requests ---------------------------------------------------------------------------------------------

bool MQTTClient::begin_connect(detail::wait_for_connect& w, connect_options options) {
    w.error = invalid_ != errc::ok ? invalid_ : engine_.start(event_loop::time(), options.retry);
    if (w.error != errc::ok) return false;
    is_leaving_ = false;
    connecting_.push(w);
    collect();
    return true;
}

bool MQTTClient::submit(detail::operation_wait& w, submitted s) {
    w.error = s.error;
    if (s.error == errc::ok) {
        w.id = s.id;
        w.client = this;
    }
    collect();
    return s.error == errc::ok;
}

bool MQTTClient::begin_publish(detail::operation_wait& w, std::string_view topic, bytes body,
                               const publish_options& o) {
    if (!engine_.ok()) return reject(w, errc::out_of_memory);
    if (engine_.unfinished() >= config_.limits.operations_max) return reject(w, errc::queue_full);
    const publish_request request{.topic = topic,
                                  .payload = body,
                                  .qos = o.qos,
                                  .retain = o.retain,
                                  .timeout = o.timeout,
                                  .properties = o.properties,
                                  .owner = &w};
    const submitted s = engine_.publish(event_loop::time(), request);
    const bool must_survive = config_.store_publishes && o.qos > 0 && s.error == errc::ok;
    if (must_survive && !store_.save(s.id, request)) {
        engine_.disown(s.id);
        engine_.cancel(event_loop::time(), s.id, cancel_scope::end_wait);
        collect();
        return reject(w, errc::out_of_memory);
    }
    return submit(w, s);
}

bool MQTTClient::begin_subscribe(detail::operation_wait& w, std::string_view filter, const subscribe_options& o) {
    if (!engine_.ok()) return reject(w, errc::out_of_memory);
    return submit(w, engine_.subscribe(event_loop::time(), {.filter = filter,
                                                            .qos = o.qos,
                                                            .no_local = o.no_local,
                                                            .retain_as_published = o.retain_as_published,
                                                            .retain_handling = o.retain_handling,
                                                            .timeout = o.timeout,
                                                            .owner = &w}));
}

bool MQTTClient::begin_unsubscribe(detail::operation_wait& w, std::string_view filter, const unsubscribe_options& o) {
    if (!engine_.ok()) return reject(w, errc::out_of_memory);
    return submit(w, engine_.unsubscribe(event_loop::time(), {.filter = filter, .timeout = o.timeout, .owner = &w}));
}

bool MQTTClient::begin_disconnect(detail::waiter& w, disconnect_options options) {
    if (!engine_.ok()) return false;  // there is nothing to end
    is_leaving_ = true;
    disconnecting_.push(w);
    engine_.stop(event_loop::time(), options.grace);
    collect();
    return true;
}

bool MQTTClient::begin_broker_up(detail::waiter& w) {
    const time_point now = event_loop::time();
    if (!isconnected()) return reject(w, errc::connection_closed);
    if (now - engine_.last_received() < duration(1'000)) return false;
    asked_at_ = now;
    asking_.push(w);
    engine_.ping(now);
    return true;
}

bool MQTTClient::reject(detail::waiter& w, errc error) {
    w.error = error;
    return false;
}

void MQTTClient::close() {
    if (!engine_.ok()) return;
    engine_.close(event_loop::time());
    collect();
}

void MQTTClient::dprint(std::string_view line) {
    if (DEBUG) port::print(line);
}

}  // namespace mqtt_as
