// The options that all subcommands share: where the broker is, who we are, the session, the last will, and how long to
// try.
#pragma once

#include "mqtt_as/asio/config.hpp"
#include "tools/mqtt-as/command_line.hpp"
#include "tools/mqtt-as/property_options.hpp"
#include "tools/mqtt-as/tls_options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::cli {

/// What the options mean, once all of them are known.
struct connection {
    std::string program;  ///< "mqtt-as pub": begins each line on standard error
    mqtt_as::config config;
    std::optional<std::string> topic;  ///< of the URL
    property_options properties;
    std::optional<std::chrono::milliseconds> deadline;
    bool quiet = false;
    bool debug = false;
    bool traces = false;    ///< debug lines for packets, too
    bool gives_up = false;  ///< also when the broker refuses us after it had accepted us
};

class connection_options {
public:
    /// Adds all options to `line`. This object must live until `line` has been parsed.
    void add_to(command_line& line);
    // Or some of them. Where, also without -h; where, and by TLS or not; as whom; what is told meanwhile.
    void add_host_to(command_line& line);
    void add_broker_to(command_line& line);
    void add_identity_to(command_line& line);
    void add_debug_to(command_line& line);

    /// `property_commands`: what -D may be about. Throws usage_error.
    connection resolve(const std::string& program, const std::string& property_commands) const;

private:
    void set_broker(connection&) const;
    void set_identity(connection&) const;
    void set_session(connection&) const;
    void set_will(connection&) const;

    std::optional<std::string> host_;
    std::optional<std::string> bare_host_;  ///< without -h
    std::optional<std::uint16_t> port_;
    std::optional<std::string> unix_socket_;
    std::optional<std::string> url_;
    tls_options tls_;
    std::optional<std::string> user_;
    std::optional<std::string> password_;
    std::optional<std::string> client_id_;
    std::optional<std::string> id_prefix_;
    std::optional<std::string> version_;
    std::optional<std::string> session_expiry_;
    std::vector<std::string> property_words_;
    std::uint16_t keepalive_ = 60;
    bool keep_session_ = false;
    bool nodelay_ = false;
    std::optional<std::string> will_topic_;
    std::optional<std::string> will_payload_;
    std::optional<std::uint8_t> will_qos_;
    bool will_retain_ = false;
    std::optional<std::chrono::milliseconds> deadline_;
    bool quiet_ = false;
    bool debug_ = false;
    bool trace_ = false;
    bool give_up_ = false;
};

}  // namespace mqtt_as::cli
