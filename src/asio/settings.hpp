// A configuration, checked and translated: what the engine is told, as views into strings that stay where they are.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/engine_config.hpp"
#include "src/asio/transport/socket_transport.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::detail {

using owned_user_properties = std::vector<std::pair<std::string, std::string>>;

std::vector<user_property> views_of(const owned_user_properties&);

class settings {
public:
    /// Throws std::invalid_argument.
    explicit settings(config given);
    settings(const settings&) = delete;
    settings& operator=(const settings&) = delete;

    const usual_keys& user() const { return usual_; }
    const seldom_keys& seldom() const;
    config all() const { return {usual_, seldom()}; }
    /// Its views are valid as long as this object.
    engine_config engine() const;
    mqtt_as::limits limits() const;
    const socket_target& target() const { return target_; }
    /// "name:port" or a path, for people.
    std::string server_text() const;

private:
    usual_keys usual_;
    std::unique_ptr<const seldom_keys> seldom_;  // where one of them was changed
    /// What the engine sees of properties, where there are any.
    struct property_views {
        std::vector<user_property> of_connect;
        std::vector<user_property> of_will;
        publish_properties will;
    };
    std::unique_ptr<property_views> views_;
    socket_target target_;
};

/// Throws std::invalid_argument: "mqtt_as: config." and these words.
[[noreturn]] void wrong_config(std::initializer_list<std::string_view> words);
[[noreturn]] inline void wrong_config(std::string_view words) { wrong_config({words}); }

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
