// What a broker says in CONNACK about what it takes.
#pragma once

#include "mqtt_as/properties.hpp"
#include "tools/mqtt-as/doctor/finding.hpp"

#include <optional>
#include <string_view>

namespace mqtt_as::cli::doctor {

/// Adds the limits to the notes, one line of those that differ from what MQTT 5 takes for granted, and all of them to
/// the facts.
void add_limits(finding& to, property_view connack, std::optional<std::string_view> prefix);

}  // namespace mqtt_as::cli::doctor
