// -D COMMAND IDENTIFIER [NAME] VALUE: MQTT 5 properties, as mosquitto_pub and mosquitto_sub have them.
#pragma once

#include "mqtt_as/properties.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_as::cli {

using user_properties = std::vector<std::pair<std::string, std::string>>;

/// Of a message: a publish, or a will.
struct message_properties {
    std::optional<std::uint32_t> message_expiry_interval;
    std::optional<std::string> content_type;
    std::optional<std::string> response_topic;
    std::optional<std::string> correlation_data;
    bool payload_is_utf8 = false;
    std::uint32_t will_delay_interval = 0;  ///< of a will only
    user_properties user;
};

/// Everything that -D can say.
struct property_options {
    struct {
        std::optional<std::uint32_t> session_expiry_interval;
        std::optional<std::uint16_t> receive_maximum;
        std::optional<std::uint32_t> maximum_packet_size;
        bool request_response_information = false;
        bool request_problem_information = true;
        user_properties user;
    } connect;
    message_properties publish;
    message_properties will;
    bool has_will = false;
    struct {
        std::optional<std::uint32_t> identifier;
        user_properties user;
    } subscribe;
    user_properties unsubscribe;
};

/// `words` are those of all -D options in turn; `commands` are the ones that make sense here ("connect publish will").
/// Throws usage_error.
property_options parse_properties(const std::vector<std::string>& words, const std::string& commands);

/// `user` must outlive the result.
std::vector<user_property> views_of(const user_properties& user);

}  // namespace mqtt_as::cli
