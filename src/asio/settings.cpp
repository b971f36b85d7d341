// Checks a configuration, says in words what is wrong with it, and translates it for the engine.
#include "src/asio/settings.hpp"

#include "mqtt_as/topic.hpp"
#include "src/asio/clock.hpp"
#include "src/asio/parts.hpp"
#include "src/asio/world.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <sys/random.h>
#include <sys/un.h>
#include <system_error>

namespace mqtt_as {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t string_max = 65'535;
constexpr std::chrono::milliseconds time_max = std::chrono::hours(24);

using detail::wrong_config;

std::string text(std::chrono::milliseconds d) {
    return d.count() % 1000 == 0 ? std::to_string(d.count() / 1000) + " s" : std::to_string(d.count()) + " ms";
}

void check_binary(const char* key, std::string_view value) {
    if (value.size() > string_max) {
        wrong_config({key, " has ", std::to_string(value.size()), " bytes: at most 65535 are allowed"});
    }
}

void check_text(const char* key, std::string_view value) {
    check_binary(key, value);
    if (!is_utf8_string(value)) wrong_config({key, " is not UTF-8, or holds U+0000: any other text is allowed"});
}

void check_user_properties(const char* key, const detail::owned_user_properties& properties) {
    for (const auto& [name, value] : properties) {
        check_text(key, name);
        check_text(key, value);
    }
}

void check_time(const char* key, std::chrono::milliseconds value, std::chrono::milliseconds least,
                std::chrono::milliseconds most = time_max) {
    if (value < least || value > most) {
        wrong_config({key, " is ", text(value), ": ", text(least), " to ", text(most), " is allowed"});
    }
}

void check_will(const will_message& will, protocol_version version) {
    if (!is_topic_name(will.topic)) {
        wrong_config({"will.topic is '", will.topic,
                      "': a topic of 1 to 65535 bytes of UTF-8, without '+', '#' and U+0000, is allowed"});
    }
    if (will.qos > 2) wrong_config({"will.qos is ", std::to_string(will.qos), ": 0, 1 or 2 is allowed"});
    check_binary("will.payload", will.payload);
    const bool has_properties = will.delay != 0s || will.message_expiry_interval || will.content_type ||
                                will.response_topic || will.correlation_data || will.payload_is_utf8 ||
                                !will.user_properties.empty();
    if (has_properties && version != protocol_version::v5) {
        wrong_config("will has a delay or properties: MQTT 3.1.1 has none; set config.version to v5");
    }
    if (will.delay < 0s || will.delay > std::chrono::seconds(0xFFFF'FFFF)) {
        wrong_config({"will.delay is ", text(will.delay), ": 0 to 4294967295 s is allowed"});
    }
    if (will.content_type) check_text("will.content_type", *will.content_type);
    if (will.response_topic && !is_topic_name(*will.response_topic)) {
        wrong_config({"will.response_topic is '", *will.response_topic, "': a topic without wildcards is allowed"});
    }
    if (will.correlation_data) check_binary("will.correlation_data", *will.correlation_data);
    check_user_properties("will.user_properties", will.user_properties);
}

void check_server(const config& c) {
    if (c.server.empty() && c.unix_socket.empty()) {
        wrong_config("server is empty: a name or an address is needed, or config.unix_socket");
    }
    if (!c.server.empty() && !c.unix_socket.empty()) {
        wrong_config("server and config.unix_socket are both set: one of them is allowed");
    }
    if (!c.unix_socket.empty() && c.port != 0)
        wrong_config("port is set together with config.unix_socket: a path has no port");
    if (c.server.find('\0') != std::string::npos || c.server.size() > 253) {
        wrong_config("server is not a name or an address: at most 253 bytes without NUL are allowed");
    }
    if (c.unix_socket.size() >= sizeof(sockaddr_un::sun_path)) {
        wrong_config({"unix_socket has ", std::to_string(c.unix_socket.size()), " bytes: at most ",
                      std::to_string(sizeof(sockaddr_un::sun_path) - 1), " are allowed"});
    }
}

void check_parts(const config& c) {
    if (c.ssl) {
        c.ssl.linked()->check(c);
    } else if (c.ssl_params != ssl_params{}) {
        wrong_config("ssl_params is set without config.ssl: the connection would be in the clear");
    }
    const std::string& ssid = c.ssid;
    if (!ssid.empty()) {
        c.ssid.linked()->check(c);
    } else if (!c.wifi_pw.empty()) {
        wrong_config("wifi_pw is set without config.ssid: which network is it for?");
    }
}

void check_identity(const config& c) {
    check_text("client_id", c.client_id);
    if (c.client_id.empty() && !(c.clean && c.clean_init)) {
        wrong_config("client_id is empty with clean or clean_init false: a session that is continued needs a name");
    }
    if (c.user) check_text("user", *c.user);
    if (c.password) check_binary("password", *c.password);
    if (c.password && !c.user && c.version != protocol_version::v5) {
        wrong_config(
            "password is set without config.user: MQTT 3.1.1 does not allow that; set the user, or version to v5");
    }
}

void check_limits(const config& c) {
    const limits& l = c.limits;
    if (l.operations_max == 0) wrong_config("limits.operations_max is 0: at least 1 is needed");
    if (l.inbound_max == 0) wrong_config("limits.inbound_max is 0: at least 1 is needed");
    if (l.packet_bytes_max < 16) wrong_config("limits.packet_bytes_max is less than 16 bytes");
    if (l.batch_bytes_max < 16) wrong_config("limits.batch_bytes_max is less than 16 bytes");
    if (l.gather_from < 16) wrong_config("limits.gather_from is less than 16 bytes");
    constexpr std::size_t queue_max = 65'000;
    if (c.queue_len > queue_max) {
        wrong_config(
            {"queue_len is ", std::to_string(c.queue_len), ": 0 to ", std::to_string(queue_max), " is allowed"});
    }
}

void check_version_5_keys(const config& c) {
    if (c.version != protocol_version::v3_1_1 && c.version != protocol_version::v5) {
        wrong_config("version is unknown: v3_1_1 or v5 is allowed");
    }
    check_user_properties("user_properties", c.user_properties);
    if (c.version == protocol_version::v5) return;
    if (!c.user_properties.empty() || c.request_response_information) {
        wrong_config("user_properties and request_response_information need MQTT 5; set config.version to v5");
    }
}

void check_keys(const config& c) {
    check_version_5_keys(c);
    check_server(c);
    check_parts(c);
    check_identity(c);
    check_time("keepalive", c.keepalive, 0s, 65'535s);
    check_time("ping_interval", c.ping_interval, 0s);
    check_time("response_time", c.response_time, 1ms);
    if (c.session_expiry < 0s || c.session_expiry > std::chrono::seconds(0xFFFF'FFFF)) {
        wrong_config({"session_expiry is ", text(c.session_expiry), ": 0 to 4294967295 s is allowed"});
    }
    check_time("backoff.first_step", c.backoff.first_step, 1ms);
    check_time("backoff.cap", c.backoff.cap, c.backoff.first_step);
    check_time("backoff.steady_for", c.backoff.steady_for, 0s);
    check_time("backoff.stable_after", c.backoff.stable_after, 0s);
    if (c.max_repubs > 1'000) wrong_config({"max_repubs is ", std::to_string(c.max_repubs), ": 0 to 1000 is allowed"});
    if (c.will) check_will(*c.will, c.version);
    check_limits(c);
}

}  // namespace

void check(const config& c) { const detail::settings checked(c); }

namespace detail {

std::vector<user_property> views_of(const owned_user_properties& owned) {
    std::vector<user_property> views;
    for (const auto& [name, value] : owned) views.push_back({name, value});
    return views;
}

void wrong_config(std::initializer_list<std::string_view> words) {
    std::string text = "mqtt_as: config.";
    for (const std::string_view word : words) text += word;
    throw std::invalid_argument(text);
}

settings::settings(config given) {
    check_keys(given);
    // Defaults.
    if (given.client_id.empty()) given.client_id = random_client_id();
    if (given.port == 0 && given.unix_socket.empty()) given.port = given.ssl ? 8883 : 1883;

    seldom_keys& given_seldom = given;
    if (given_seldom != seldom()) seldom_ = std::make_unique<seldom_keys>(std::move(given_seldom));
    usual_ = std::move(static_cast<usual_keys&>(given));
    if (usual_.will || !seldom().user_properties.empty()) {
        views_ = std::make_unique<property_views>();
        views_->of_connect = views_of(seldom().user_properties);
    }
    if (usual_.will) {
        const will_message& w = *usual_.will;
        views_->of_will = views_of(w.user_properties);
        views_->will = {.message_expiry_interval = w.message_expiry_interval,
                        .content_type = w.content_type,
                        .response_topic = w.response_topic,
                        .correlation_data = w.correlation_data,
                        .payload_is_utf8 = w.payload_is_utf8,
                        .user_properties = views_->of_will};
    }
    target_ = {.host = usual_.server,
               .port = usual_.port,
               .unix_socket = seldom().unix_socket,
               .patience = usual_.response_time / 2};
    if (const errc error = mqtt_as::check(engine(), limits()); error != errc::ok) {
        throw std::invalid_argument("mqtt_as: config: " + std::string(describe(error)));
    }
}

const seldom_keys& settings::seldom() const {
    static const seldom_keys unchanged;
    return seldom_ ? *seldom_ : unchanged;
}

/// The queue holds what the application has not taken and thus not acknowledged: the inbox must be larger. In MQTT 5 no
/// Receive Maximum says so to the server, for Mosquitto 2.0.11 exceeds a small one after the first PUBACK (5 announced,
/// 20 and more sent), and would have to be left again and again [MQTT-3.3.4-9]. Not reading holds back any.
limits settings::limits() const {
    mqtt_as::limits l = seldom().limits;
    if (usual_.queue_len > 0) l.inbound_max = std::max(l.inbound_max, static_cast<std::uint16_t>(usual_.queue_len + 1));
    return l;
}

engine_config settings::engine() const {
    const usual_keys& c = usual_;
    engine_config e = {.protocol = c.version == protocol_version::v5 ? c.version.linked() : &wire::v3_1_1,
                       .client_id = c.client_id,
                       .user = c.user ? std::optional<std::string_view>(*c.user) : std::nullopt,
                       .password = c.password ? std::optional<std::string_view>(*c.password) : std::nullopt,
                       .will = std::nullopt,
                       .keepalive = static_cast<std::uint16_t>(c.keepalive.count()),
                       .ping_interval = engine_duration(c.ping_interval),
                       .response_time = engine_duration(c.response_time),
                       .max_repubs = c.max_repubs,
                       .clean_init = c.clean_init,
                       .clean = c.clean,
                       .session_expiry = static_cast<std::uint32_t>(seldom().session_expiry.count()),
                       .properties = {.request_response_information = c.request_response_information,
                                      .request_problem_information = c.request_problem_information},
                       .backoff = seldom().backoff,
                       .qos2_on_lost_session = c.qos2_on_lost_session,
                       .on_refusal = c.on_refusal};
    if (views_) e.properties.user_properties = views_->of_connect;
    if (c.will) {
        const will_message& w = *c.will;
        e.will = engine_will{.topic = w.topic,
                             .payload = payload(w.payload).view(),
                             .qos = w.qos,
                             .retain = w.retain,
                             .delay_interval = static_cast<std::uint32_t>(w.delay.count()),
                             .properties = &views_->will};
    }
    return e;
}

std::string settings::server_text() const {
    if (!target_.unix_socket.empty()) return std::string(target_.unix_socket);
    return usual_.server + ":" + std::to_string(usual_.port);
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
