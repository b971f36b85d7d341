// A received message, as a view of what was read.
#pragma once

#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"

#include <cstdint>
#include <string_view>

namespace mqtt_as {

/// A received message. The views are valid until the next call of `on_bytes` or the engine's end.
/// `acknowledge` (or `forget`) must be called for each, at any qos: it frees the place in the inbox and, for qos 1 and
/// 2, lets the acknowledgement go out, in the order of arrival [MQTT-4.6.0-2].
struct message {
    acknowledge_id id = 0;
    std::string_view topic;
    bytes payload;
    std::uint8_t qos = 0;
    bool retain = false;
    bool dup = false;
    property_view properties{};
};

}  // namespace mqtt_as
