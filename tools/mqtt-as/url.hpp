// mqtt://user:password@host:port/topic, or mqtts:// with TLS, as mosquitto_pub's -L takes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::cli {

struct url {
    bool secured = false;  ///< mqtts
    std::optional<std::string> user;
    std::optional<std::string> password;
    std::string host;
    std::optional<std::uint16_t> port;
    std::optional<std::string> topic;
    friend bool operator==(const url&, const url&) = default;
};

/// `%40` and the like are decoded in user and password, which could not hold `@`, `:` and `/` otherwise; the topic is
/// taken as it stands. Throws usage_error.
url parse_url(std::string_view text);

}  // namespace mqtt_as::cli
