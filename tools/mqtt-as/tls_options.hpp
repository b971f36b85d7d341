// The options of TLS, as mosquitto_pub has them.
#pragma once

#include "mqtt_as/asio/config.hpp"
#include "tools/mqtt-as/command_line.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::cli {

/// The advice wherever TLS is missing.
inline constexpr std::string_view how_to_ask_for_tls = "add --cafile FILE or --tls-use-os-certs";

class tls_options {
public:
    /// Adds the options to `line`. This object must live until `line` has been parsed.
    void add_to(command_line& line);

    /// Whether one of them asks for TLS. Some only change it, and need one of those.
    bool ask_for_tls() const;
    /// Secures the connection, or objects to options that need TLS. Throws usage_error.
    void apply(mqtt_as::config&, bool secured) const;

private:
    void check(const mqtt_as::config&) const;

    std::optional<std::string> ca_file_;
    std::optional<std::string> ca_path_;
    std::optional<std::string> cert_;
    std::optional<std::string> key_;
    std::optional<std::string> key_password_;
    bool insecure_ = false;
    bool system_cas_ = false;
    std::optional<std::string> version_;
    std::optional<std::string> psk_;
    std::optional<std::string> psk_identity_;
    std::optional<std::string> alpn_;
};

/// Throws usage_error when one of the files is not there or may not be read: at the start that is a mistake of whoever
/// typed it, while later, when it is renewed, it is an outage.
void expect_readable_files(const ssl_params&);

}  // namespace mqtt_as::cli
