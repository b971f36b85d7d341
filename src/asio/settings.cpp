// Checks a configuration, says in words what is wrong with it, and translates it for the engine.
#include "src/asio/settings.hpp"

#include "mqtt_as/topic.hpp"
#include "src/asio/clock.hpp"
#include "src/asio/parts.hpp"
#include "src/asio/world.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <sys/random.h>
#include <sys/un.h>
#include <system_error>

namespace mqtt_as {

namespace {

using namespace std::chrono_literals;

using detail::require;

constexpr std::size_t string_max = 65'535;
constexpr std::chrono::milliseconds time_max = std::chrono::hours(24);

std::string text(std::chrono::milliseconds d) {
    return d.count() % 1000 == 0 ? std::to_string(d.count() / 1000) + " s" : std::to_string(d.count()) + " ms";
}

void check_binary(const char* key, std::string_view value) {
    require(value.size() <= string_max, "%s has %zu bytes: at most 65535 are allowed", key, value.size());
}

void check_text(const char* key, std::string_view value) {
    check_binary(key, value);
    require(is_utf8_string(value), "%s is not UTF-8, or holds U+0000: any other text is allowed", key);
}

void check_user_properties(const char* key, const detail::owned_user_properties& properties) {
    for (const auto& [name, value] : properties) {
        check_text(key, name);
        check_text(key, value);
    }
}

void check_time(const char* key, std::chrono::milliseconds value, std::chrono::milliseconds least,
                std::chrono::milliseconds most = time_max) {
    if (value >= least && value <= most) return;
    require(false, "%s is %s: %s to %s is allowed", key, text(value).c_str(), text(least).c_str(), text(most).c_str());
}

/// MQTT 5: four bytes of them.
void check_seconds(const char* key, std::chrono::seconds value) {
    require(value >= 0s && value <= std::chrono::seconds(0xFFFF'FFFF), "%s is %lld s: 0 to 4294967295 s is allowed",
            key, static_cast<long long>(value.count()));
}

void check_will(const will_message& will, protocol_version version) {
    require(is_topic_name(will.topic),
            "will.topic is '%s': a topic of 1 to 65535 bytes of UTF-8, without '+', '#' and U+0000, is allowed",
            will.topic.c_str());
    require(will.qos <= 2, "will.qos is wrong: 0, 1 or 2 is allowed");
    check_binary("will.payload", will.payload);
    const bool has_properties = will.delay != 0s || will.message_expiry_interval || will.content_type ||
                                will.response_topic || will.correlation_data || will.payload_is_utf8 ||
                                !will.user_properties.empty();
    require(!has_properties || version == protocol_version::v5,
            "will has a delay or properties: MQTT 3.1.1 has none; set config.version to v5");
    check_seconds("will.delay", will.delay);
    if (will.content_type) check_text("will.content_type", *will.content_type);
    if (will.response_topic) {
        require(is_topic_name(*will.response_topic),
                "will.response_topic is '%s': a topic without wildcards is allowed", will.response_topic->c_str());
    }
    if (will.correlation_data) check_binary("will.correlation_data", *will.correlation_data);
    check_user_properties("will.user_properties", will.user_properties);
}

/// What a URL or host:port is not: they would be looked up in vain, for ever. Colons are those of an IPv6 address.
bool is_name_or_address(const std::string& name) {
    const auto is_odd = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '[' || c == ']' || c == '\x7F';
    };
    if (std::any_of(name.begin(), name.end(), is_odd)) return false;
    if (name.find(':') == std::string::npos) return true;
    boost::system::error_code no_address;
    boost::asio::ip::make_address(name, no_address);
    return !no_address;
}

void check_server(const config& c) {
    require(!c.server.empty() || !c.unix_socket.empty(),
            "server is empty: a name or an address is needed, or config.unix_socket");
    require(c.server.empty() || c.unix_socket.empty(),
            "server and config.unix_socket are both set: one of them is allowed");
    require(c.unix_socket.empty() || c.port == 0, "port is set together with config.unix_socket: a path has no port");
    detail::check_name("server", c.server);
    constexpr std::size_t path_max = sizeof(sockaddr_un::sun_path) - 1;
    require(c.unix_socket.size() <= path_max, "unix_socket has %zu bytes: at most %zu are allowed",
            c.unix_socket.size(), path_max);
}

void check_parts(const config& c) {
    if (c.ssl) {
        c.ssl.linked()->check(c);
    } else {
        require(c.ssl_params == ssl_params{},
                "ssl_params is set without config.ssl: the connection would be in the clear");
    }
    if (const std::string& ssid = c.ssid; !ssid.empty()) {
        c.ssid.linked()->check(c);
    } else {
        require(c.wifi_pw.empty(), "wifi_pw is set without config.ssid: which network is it for?");
    }
}

void check_identity(const config& c) {
    check_text("client_id", c.client_id);
    require(!c.client_id.empty() || (c.clean && c.clean_init),
            "client_id is empty with clean or clean_init false: a session that is continued needs a name");
    if (c.user) check_text("user", *c.user);
    if (c.password) check_binary("password", *c.password);
    require(!c.password || c.user || c.version == protocol_version::v5,
            "password is set without config.user: MQTT 3.1.1 does not allow that; set the user, or version to v5");
}

void check_limits(const config& c) {
    const limits& l = c.limits;
    require(l.operations_max > 0, "limits.operations_max is 0: at least 1 is needed");
    require(l.inbound_max > 0, "limits.inbound_max is 0: at least 1 is needed");
    require(l.outbound_qos2_max > 0, "limits.outbound_qos2_max is 0: at least 1 is needed");
    require(l.packet_bytes_max >= 16, "limits.packet_bytes_max is less than 16 bytes");
    require(l.batch_bytes_max >= 16, "limits.batch_bytes_max is less than 16 bytes");
    require(l.gather_from >= 16, "limits.gather_from is less than 16 bytes");
    require(c.queue_len <= 65'000, "queue_len is %zu: 0 to 65000 is allowed", c.queue_len);
}

void check_acknowledgement(const config& c) {
    if (!c.manual_acknowledgement) return;
    const bool has_queue = c.queue_len > 0;
    const bool has_callback = static_cast<bool>(c.subs_cb);
    require(has_queue || has_callback,
            "manual_acknowledgement needs subs_cb or queue_len, which gives you what to acknowledge");
    require(!has_queue || !has_callback,
            "subs_cb and queue_len exclude each other under manual_acknowledgement: who acknowledges?");
    require(has_queue || c.subs_cb.sees_all(),
            "subs_cb takes (topic, message, retained) under manual_acknowledgement: let "
            "it take (const received_message&), which has delivery()");
    require(c.on_overflow == overflow_policy::wait,
            "on_overflow is discard_oldest under manual_acknowledgement: nobody would acknowledge what was discarded");
}

void check_version_5_keys(const config& c) {
    const bool is_5 = c.version == protocol_version::v5;
    require(is_5 || c.version == protocol_version::v3_1_1, "version is unknown: v3_1_1 or v5 is allowed");
    check_user_properties("user_properties", c.user_properties);
    require(is_5 || (c.user_properties.empty() && !c.request_response_information),
            "user_properties and request_response_information need MQTT 5; set config.version to v5");
}

void check_keys(const config& c) {
    check_version_5_keys(c);
    check_server(c);
    check_parts(c);
    check_identity(c);
    check_time("keepalive", c.keepalive, 0s, 65'535s);
    check_time("ping_interval", c.ping_interval, 0s);
    check_time("response_time", c.response_time, 1ms);
    check_seconds("session_expiry", c.session_expiry);
    check_time("backoff.first_step", c.backoff.first_step, 1ms);
    check_time("backoff.cap", c.backoff.cap, c.backoff.first_step);
    check_time("backoff.steady_for", c.backoff.steady_for, 0s);
    check_time("backoff.stable_after", c.backoff.stable_after, 0s);
    require(c.max_repubs <= 1'000, "max_repubs is %u: 0 to 1000 is allowed", c.max_repubs);
    if (c.will) check_will(*c.will, c.version);
    check_limits(c);
    check_acknowledgement(c);
}

/// The queue holds what the application has not taken and thus not acknowledged: the inbox must be larger. In MQTT 5 no
/// Receive Maximum says so to the server, for Mosquitto 2.0.11 exceeds a small one after the first PUBACK (5 announced,
/// 20 and more sent), and would have to be left again and again [MQTT-3.3.4-9]. Not reading holds back any.
limits limits_of(const config& c) {
    limits l = c.limits;
    if (c.queue_len > 0) l.inbound_max = std::max(l.inbound_max, static_cast<std::uint16_t>(c.queue_len + 1));
    return l;
}

/// Without what has views.
engine_config engine_config_of(const config& c) {
    return {.protocol = c.version == protocol_version::v5 ? c.version.linked() : &wire::v3_1_1,
            .client_id = {},
            .keepalive = static_cast<std::uint16_t>(c.keepalive.count()),
            .ping_interval = detail::engine_duration(c.ping_interval),
            .response_time = detail::engine_duration(c.response_time),
            .max_repubs = c.max_repubs,
            .clean_init = c.clean_init,
            .clean = c.clean,
            .session_expiry = static_cast<std::uint32_t>(c.session_expiry.count()),
            .properties = {.request_response_information = c.request_response_information,
                           .request_problem_information = c.request_problem_information},
            .backoff = c.backoff,
            .qos2_on_lost_session = c.qos2_on_lost_session,
            .on_refusal = c.on_refusal};
}

}  // namespace

void check(const config& c) { const detail::settings checked(c); }

namespace detail {

std::vector<user_property> views_of(const owned_user_properties& owned) {
    std::vector<user_property> views;
    for (const auto& [name, value] : owned) views.push_back({name, value});
    return views;
}

void require(bool is_good, const char* words, ...) {
    if (is_good) return;
    char* text = nullptr;
    std::va_list arguments;
    va_start(arguments, words);
    const int size = ::vasprintf(&text, words, arguments);
    va_end(arguments);
    if (size < 0) throw std::bad_alloc();
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    throw std::invalid_argument(std::string("mqtt_as: config.") + text);
}

void check_name(const char* key, const std::string& name) {
    require(name.size() <= 253, "%s has %zu bytes: a name or an address has at most 253", key, name.size());
    require(is_name_or_address(name),
            "%s is '%s': a name or an address is allowed, without a scheme, brackets or a port (that is config.port)",
            key, name.c_str());
}

settings::settings(const config& given)
    : client_id_(given.client_id), server_(given.server), keys_{.subs_cb = given.subs_cb,
                                                                .wifi_coro = given.wifi_coro,
                                                                .connect_coro = given.connect_coro,
                                                                .dprint = given.dprint,
                                                                .on_error = given.on_error,
                                                                .on_link = given.on_link,
                                                                .on_renewal_refused = given.on_renewal_refused,
                                                                .queue_len = given.queue_len,
                                                                .version = given.version,
                                                                .link = given.link,
                                                                .on_full = given.on_full,
                                                                .on_overflow = given.on_overflow},
      engine_(engine_config_of(given)), limits_(limits_of(given)),
      target_{.host = server_, .port = given.port, .unix_socket = {}, .patience = given.response_time / 2} {
    check_keys(given);
    if (client_id_.empty()) client_id_ = random_client_id();
    engine_.client_id = client_id_;
    if (!server_.empty() && target_.port == 0) target_.port = given.ssl ? 8883 : 1883;
    if (given.user || given.password || given.will || !given.unix_socket.empty() || !given.user_properties.empty())
        keep_seldom_keys(given);
    if (const errc error = mqtt_as::check(engine_, limits_); error != errc::ok)
        throw std::invalid_argument("mqtt_as: config: " + std::string(describe(error)));
}

void settings::keep_seldom_keys(const config& given) {
    seldom_ = std::make_unique<seldom_keys>(seldom_keys{.unix_socket = given.unix_socket,
                                                        .user = given.user.value_or(""),
                                                        .password = given.password.value_or(""),
                                                        .will = given.will,
                                                        .user_properties = given.user_properties});
    seldom_keys& s = *seldom_;
    target_.unix_socket = s.unix_socket;
    if (given.user) engine_.user = s.user;
    if (given.password) engine_.password = s.password;
    s.views_of_connect = views_of(s.user_properties);
    engine_.properties.user_properties = s.views_of_connect;
    if (!s.will) return;
    const will_message& w = *s.will;
    s.views_of_will = views_of(w.user_properties);
    s.will_properties = {.message_expiry_interval = w.message_expiry_interval,
                         .content_type = w.content_type,
                         .response_topic = w.response_topic,
                         .correlation_data = w.correlation_data,
                         .payload_is_utf8 = w.payload_is_utf8,
                         .user_properties = s.views_of_will};
    engine_.will = engine_will{.topic = w.topic,
                               .payload = payload(w.payload).view(),
                               .qos = w.qos,
                               .retain = w.retain,
                               .delay_interval = static_cast<std::uint32_t>(w.delay.count()),
                               .properties = &s.will_properties};
}

std::string settings::server_text() const {
    if (!target_.unix_socket.empty()) return std::string(target_.unix_socket);
    return server_ + ":" + std::to_string(target_.port);
}

owned_publish::owned_publish(std::string_view t, payload&& b, const publish_options& o)
    : topic(t), body(std::move(b)), options(o) {
    if (!body.owns()) {
        const bytes view = body.view();
        body = payload(std::string(reinterpret_cast<const char*>(view.data()), view.size()));
    }
    const auto keep = [](std::optional<std::string_view>& view, std::string& copy) {
        if (view) view = copy.assign(*view);
    };
    publish_properties& p = options.properties;
    keep(p.content_type, content_type_);
    keep(p.response_topic, response_topic_);
    keep(p.correlation_data, correlation_data_);
    for (const user_property& u : p.user_properties) user_properties_.emplace_back(u.name, u.value);
    views_ = views_of(user_properties_);
    p.user_properties = views_;
}

std::uint64_t random_seed() {
    if (world* const w = world::of_this_thread) return w->draw();
    std::uint64_t seed = 0;
    while (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
        if (errno != EINTR) throw std::system_error(errno, std::system_category(), "mqtt_as: getrandom");
    }
    return seed;
}

std::string random_client_id() {
    constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr std::string_view begin = "mqttas";
    std::string id(23, '\0');  // of that capacity: every client has one
    std::size_t size = begin.copy(id.data(), begin.size());
    while (size < id.size()) {
        // 62 of 64 values are used, the other two are drawn again: every letter is equally likely.
        for (std::uint64_t bits = random_seed(), i = 0; i < 10 && size < id.size(); ++i, bits >>= 6) {
            if (const std::size_t letter = bits & 63; letter < letters.size()) id[size++] = letters[letter];
        }
    }
    return id;
}

}  // namespace detail

}  // namespace mqtt_as
