// Words that several subcommands need.
#pragma once

#include "mqtt_as/asio/config.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

namespace mqtt_as::cli {

/// The port in use, with its default.
std::uint16_t port_of(const config&);
/// "broker.local port 8883, MQTT 3.1.1 over TLS".
std::string subject_of(const config&);
/// Small letters and digits, not to be guessed.
std::string random_letters(std::size_t count);
/// "2026-11-22 20:15:00 UTC".
std::string utc_text(std::time_t);

}  // namespace mqtt_as::cli
