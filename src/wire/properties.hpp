// MQTT 5 properties on the wire: checked when received, measured and written when given.
#pragma once

#include "mqtt_as/properties.hpp"
#include "src/wire/packets.hpp"
#include "src/wire/protocol.hpp"
#include "src/wire/reader.hpp"
#include "src/wire/writer.hpp"

namespace mqtt_as::wire {

// ---- received: properties.cpp -------------------------------------------------------------------

/// Takes the length and the properties of a packet that a server sent, and checks every one of them.
void take_properties(reader&, packet_type, property_view&);
/// What those of CONNACK say.
void take_limits(property_view, connack&);

// ---- given: given_properties.cpp ----------------------------------------------------------------

extern const property_functions properties_of_5;

}  // namespace mqtt_as::wire
