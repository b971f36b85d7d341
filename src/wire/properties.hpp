// MQTT 5 properties on the wire: checked when received, measured and written when given.
#pragma once

#include "mqtt_as/properties.hpp"
#include "src/wire/packets.hpp"
#include "src/wire/reader.hpp"
#include "src/wire/writer.hpp"

namespace mqtt_as::wire {

// ---- received: properties.cpp -------------------------------------------------------------------

/// Takes the length and the properties of a packet that a server sent, and checks every one of them.
property_view take_properties(reader&, packet_type);

// ---- given: given_properties.cpp ----------------------------------------------------------------
// `put_block` writes the length and the properties.

void put_block(writer&, const connect&);
void put_block(writer&, const will&);
void put_block(writer&, const publish_properties&);
void put_block(writer&, const subscribe_properties&);

/// errc::ok, bad_properties or too_large.
errc check_given(const connect&);
errc check_given(const publish_properties&);
errc check_given(const subscribe_properties&);

}  // namespace mqtt_as::wire
