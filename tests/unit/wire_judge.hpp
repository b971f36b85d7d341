// What must hold of every packet that a decoder lets through, whatever bytes it was made of.
#pragma once

#include "mqtt_as/topic.hpp"
#include "tests/unit/wire_bytes.hpp"

#include <set>

namespace mqtt_as::wire {

inline void expect_within(bytes body, const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    if (size == 0) return;
    EXPECT_GE(first, body.data());
    EXPECT_LE(first + size, body.data() + body.size());
}

/// Every view lies within the body, every field keeps the rules.
inline void expect_good(const any_packet& packet, packet_type type, bytes body) {
    expect_within(body, packet.text.data(), packet.text.size());
    expect_within(body, packet.data.data(), packet.data.size());
    expect_within(body, packet.properties.encoded().data(), packet.properties.encoded().size());
    EXPECT_TRUE(!packet.needs_id || packet.packet_id != 0);
    EXPECT_TRUE(type != packet_type::publish || is_topic_name(packet.text));
    std::set<property_id> seen;
    for (const property& each : packet.properties) {
        expect_within(body, each.name.data(), each.name.size());
        expect_within(body, each.data.data(), each.data.size());
        const bool is_binary = each.id == property_id::correlation_data || each.id == property_id::authentication_data;
        EXPECT_TRUE(is_binary || is_utf8_string(each.data));
        EXPECT_TRUE(is_utf8_string(each.name));
        EXPECT_NE(each.id, property_id::topic_alias);
        const bool may_repeat =
            each.id == property_id::user_property || each.id == property_id::subscription_identifier;
        EXPECT_TRUE(seen.insert(each.id).second || may_repeat);
    }
}

}  // namespace mqtt_as::wire
