// A configuration, checked and translated: what the engine is told, as views into strings that stay where they are.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/engine_config.hpp"
#include "src/asio/transport/socket_transport.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::detail {

using owned_user_properties = std::vector<std::pair<std::string, std::string>>;

std::vector<user_property> views_of(const owned_user_properties&);

/// The keys that the front itself looks at while the client lives.
struct front_keys {
    message_callback subs_cb;
    coro_callback<bool> wifi_coro;
    coro_callback<MQTTClient&> connect_coro;
    seldom_callback<std::string_view> dprint;
    seldom_callback<std::exception_ptr, std::string_view> on_error;
    seldom_callback<bool, std::string_view> on_link;
    seldom_callback<std::string_view, reason_code> on_renewal_refused;
    std::size_t queue_len;
    protocol_version version;
    link_kind link;
    full_policy on_full;
    overflow_policy on_overflow;
};

/// What a client keeps of its configuration: that has a kilobyte, most of it empty strings.
class settings {
public:
    /// Throws std::invalid_argument.
    explicit settings(const config& given);
    settings(const settings&) = delete;
    settings& operator=(const settings&) = delete;

    const front_keys& keys() const { return keys_; }
    /// Its views are valid as long as this object.
    const engine_config& engine() const { return engine_; }
    const mqtt_as::limits& limits() const { return limits_; }
    const socket_target& target() const { return target_; }
    const std::string& client_id() const { return client_id_; }
    /// "name:port" or a path, for people.
    std::string server_text() const;

private:
    /// Where there is any of it.
    struct seldom_keys {
        std::string unix_socket;
        std::string user;
        std::string password;
        std::optional<will_message> will;
        owned_user_properties user_properties;
        // What the engine sees of them.
        std::vector<user_property> views_of_connect{};
        std::vector<user_property> views_of_will{};
        publish_properties will_properties{};
    };
    void keep_seldom_keys(const config& given);

    std::string client_id_;
    std::string server_;
    std::unique_ptr<seldom_keys> seldom_;
    front_keys keys_;
    engine_config engine_;
    mqtt_as::limits limits_;
    socket_target target_;
};

/// Throws std::invalid_argument unless it is: "mqtt_as: config." and these words, as printf writes them.
[[gnu::format(printf, 2, 3)]] void require(bool is_good, const char* words, ...);

/// Of the server: a name or an address, or empty.
void check_name(const char* key, const std::string& name);

/// A publish's topic, body and options, owned: it waits for room in the engine.
struct owned_publish {
    owned_publish(std::string_view topic, payload&& body, const publish_options& options);
    owned_publish(const owned_publish&) = delete;
    owned_publish& operator=(const owned_publish&) = delete;

    std::string topic;
    payload body;
    publish_options options;  ///< its views point into the strings below

private:
    std::string content_type_, response_topic_, correlation_data_;
    owned_user_properties user_properties_;
    std::vector<user_property> views_;
};

/// `mqttas` and 17 random letters and digits: what every server must accept [MQTT-3.1.3-5].
std::string random_client_id();
/// Real entropy; in a thread that has a world of its own, what that draws.
std::uint64_t random_seed();

}  // namespace mqtt_as::detail
