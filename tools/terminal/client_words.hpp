// What is shown of a client: whether it is online, why not, and what comes next.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "tools/terminal/ink.hpp"

#include <string>

namespace mqtt_as::terminal {

bool is_online(const explanation&);
/// "online 12.3 s", "down   4.1 s".
std::string state_text(const explanation&);
/// Why it is down; empty while it is online.
std::string why_text(const explanation&);
/// "attempt 3 in 0.7 s"; empty while it is online.
std::string next_text(const explanation&);

}  // namespace mqtt_as::terminal
