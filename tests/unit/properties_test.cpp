// The properties of MQTT 5: which packet may carry which, how often, with what values; and how they are read.
#include "tests/unit/wire_bytes.hpp"

#include <map>
#include <set>

namespace mqtt_as::wire {
namespace {

/// Table 2-4 and section 3, as a server sees it: an example of each property, and where a server may send it.
struct known {
    property_id id;
    const char* example;  ///< identifier and value
    std::set<packet_type> packets;
};

using enum packet_type;
const std::set<packet_type> received = {connack, publish, puback,   pubrec,    pubrel,
                                        pubcomp, suback,  unsuback, disconnect};
const std::set<packet_type> answers = {connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect};

const known known_properties[] = {
    {property_id::payload_format_indicator, "01 01", {publish}},
    {property_id::message_expiry_interval, "02 00 00 00 3C", {publish}},
    {property_id::content_type, "03 00 04 'text'", {publish}},
    {property_id::response_topic, "08 00 03 'a/b'", {publish}},
    {property_id::correlation_data, "09 00 02 00 FF", {publish}},
    {property_id::subscription_identifier, "0B FF FF FF 7F", {publish}},
    {property_id::session_expiry_interval, "11 FF FF FF FF", {connack}},
    {property_id::assigned_client_identifier, "12 00 02 'id'", {connack}},
    {property_id::server_keep_alive, "13 00 00", {connack}},
    {property_id::authentication_method, "15 00 01 'm'", {connack}},
    {property_id::authentication_data, "16 00 01 FF", {connack}},
    {property_id::request_problem_information, "17 00", {}},
    {property_id::will_delay_interval, "18 00 00 00 01", {}},
    {property_id::request_response_information, "19 01", {}},
    {property_id::response_information, "1A 00 01 'r'", {connack}},
    {property_id::server_reference, "1C 00 01 's'", {connack, disconnect}},
    {property_id::reason_string, "1F 00 03 'why'", answers},
    {property_id::receive_maximum, "21 00 01", {connack}},
    {property_id::topic_alias_maximum, "22 00 00", {connack}},
    {property_id::topic_alias, "23 00 01", {publish}},
    {property_id::maximum_qos, "24 01", {connack}},
    {property_id::retain_available, "25 00", {connack}},
    {property_id::user_property, "26 00 01 'k' 00 01 'v'", received},
    {property_id::maximum_packet_size, "27 00 00 00 01", {connack}},
    {property_id::wildcard_subscription_available, "28 01", {connack}},
    {property_id::subscription_identifier_available, "29 00", {connack}},
    {property_id::shared_subscription_available, "2A 01", {connack}},
};

byte_string with_length(const byte_string& given) { return variable(given.size()) + given; }

/// The body of a packet with these properties, their length in front.
byte_string body_with(packet_type type, const byte_string& block_of_properties) {
    switch (type) {
    case connack: return hex("00 00") + block_of_properties;
    case publish: return hex("00 01 't' 00 01") + block_of_properties + hex("'payload'");
    case suback:
    case unsuback: return hex("00 01") + block_of_properties + hex("00");
    case disconnect: return hex("00") + block_of_properties;
    default: return hex("00 01 00") + block_of_properties;
    }
}

/// A packet with these properties, and what the decoder says of it.
struct packet_with {
    packet_with(packet_type type, const byte_string& given)
        : body(bytes(body_with(type, with_length(given)))), packet(decode_any(v5, type, 2, body)), why(packet.why),
          properties(packet.properties) {}
    packet_with(packet_type type, std::string_view given) : packet_with(type, hex(given)) {}

    block body;
    any_packet packet;
    violation why;
    property_view properties;
};

// ---- which packet may carry which ---------------------------------------------------------------

/// What is wrong with a property that we never take, as we asked for none of the kind; none: nothing.
violation why_never(property_id id) {
    switch (id) {
    case property_id::topic_alias: return violation::bad_topic_alias;
    case property_id::authentication_method:
    case property_id::authentication_data: return violation::unasked_property;
    default: return violation::none;
    }
}

TEST(properties, are_allowed_in_the_packets_of_the_specification_only) {
    for (const known& each : known_properties) {
        for (const packet_type type : received) {
            const packet_with result(type, each.example);
            const violation expected = !each.packets.contains(type) ? violation::bad_property : why_never(each.id);
            EXPECT_EQ(result.why, expected) << each.example << " in packet type " << static_cast<int>(type);
        }
    }
}

TEST(properties, have_no_other_identifiers) {
    std::set<int> identifiers;
    for (const known& each : known_properties) identifiers.insert(static_cast<int>(each.id));
    for (int id = 0; id < 256; ++id) {
        if (identifiers.contains(id)) continue;
        const byte_string unknown = byte_string{static_cast<std::uint8_t>(id)} + hex("01 00 00 00 00");
        for (const packet_type type : received)
            EXPECT_EQ(packet_with(type, unknown).why, violation::bad_property) << id;
    }
}

TEST(properties, appear_once_but_for_user_properties_and_subscription_identifiers) {
    for (const known& each : known_properties) {
        for (const packet_type type : each.packets) {
            if (why_never(each.id) != violation::none) continue;
            const bool may_repeat =
                each.id == property_id::user_property || each.id == property_id::subscription_identifier;
            const byte_string once = hex(each.example);
            const violation expected = may_repeat ? violation::none : violation::repeated_property;
            EXPECT_EQ(packet_with(type, once + once).why, expected) << each.example;
            // Also with another property between the two.
            const byte_string user = hex("26 00 00 00 00");
            EXPECT_EQ(packet_with(type, once + user + once).why, expected) << each.example;
        }
    }
}

// ---- values -------------------------------------------------------------------------------------

TEST(properties, have_values_within_their_range) {
    struct row {
        packet_type type;
        const char* given;
        violation why;
    };
    const row rows[] = {
        {publish, "01 00", violation::none},
        {publish, "01 02", violation::bad_property_value},
        {publish, "02 00 00 00 00", violation::none},
        {publish, "0B 00", violation::bad_property_value},
        {publish, "0B 01", violation::none},
        {publish, "0B 80 00", violation::bad_remaining_length},
        {publish, "0B FF FF FF FF 01", violation::bad_remaining_length},
        {connack, "11 00 00 00 00", violation::none},
        {connack, "13 FF FF", violation::none},
        {connack, "21 00 00", violation::bad_property_value},
        {connack, "21 FF FF", violation::none},
        {connack, "22 FF FF", violation::none},
        {connack, "24 00", violation::none},
        {connack, "24 02", violation::bad_property_value},
        {connack, "25 02", violation::bad_property_value},
        {connack, "25 FF", violation::bad_property_value},
        {connack, "27 00 00 00 00", violation::bad_property_value},
        {connack, "27 FF FF FF FF", violation::none},
        {connack, "28 02", violation::bad_property_value},
        {connack, "29 02", violation::bad_property_value},
        {connack, "2A 02", violation::bad_property_value},
        {connack, "12 00 00", violation::none},
        {connack, "12 00 01 00", violation::bad_string},
        {connack, "15 00 01 80", violation::unasked_property},
        {connack, "1A 00 01 FF", violation::bad_string},
        {connack, "1C 00 02 C0 80", violation::bad_string},
        {connack, "1F 00 03 ED BF BF", violation::bad_string},
        {connack, "16 00 03 ED BF BF", violation::unasked_property},
        {publish, "03 00 01 FF", violation::bad_string},
        {publish, "08 00 02 'a' 00", violation::bad_string},
        {publish, "09 00 02 'a' 00", violation::none},  // binary data
        {puback, "26 00 01 FF 00 01 'v'", violation::bad_string},
        {puback, "26 00 01 'k' 00 03 ED A0 80", violation::bad_string},
        {puback, "26 00 00 00 00", violation::none},
        {disconnect, "1C 00 01 00", violation::bad_string},
        {connack, "15 00 01 00", violation::unasked_property},
    };
    for (const row& each : rows) EXPECT_EQ(packet_with(each.type, each.given).why, each.why) << each.given;
}

TEST(properties, end_where_their_length_says) {
    for (const known& each : known_properties) {
        for (const packet_type type : each.packets) {
            const byte_string whole = hex(each.example);
            for (std::size_t cut = 1; cut < whole.size(); ++cut) {
                const byte_string part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
                // The length counts only the part: what follows in the packet must not be taken for its rest.
                const block body{bytes(body_with(type, with_length(part)))};
                EXPECT_EQ(decode_any(v5, type, 2, body).why, violation::truncated_packet)
                    << each.example << " cut to " << cut;
            }
        }
    }
}

TEST(properties, may_have_a_length_of_more_than_one_byte) {
    for (const std::size_t size : {120u, 127u, 128u, 16'000u, 16'383u, 16'384u, 60'000u}) {
        const std::size_t value = size - 5;
        const byte_string user =
            hex("26 00 00") +
            byte_string{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 255)} +
            byte_string(value, 'v');
        for (const packet_type type : received) {
            const packet_with result(type, user);
            ASSERT_EQ(result.why, violation::none) << size;
            EXPECT_EQ(result.properties.text(property_id::user_property)->size(), value);
        }
    }
}

// ---- the view -----------------------------------------------------------------------------------

TEST(property_view, gives_every_property_in_the_order_of_the_packet) {
    const packet_with result(
        publish, "26 00 01 'a' 00 01 '1' 01 01 0B 05 26 00 01 'b' 00 00 0B 80 01 09 00 02 00 FF 02 00 01 00 00");
    ASSERT_EQ(result.why, violation::none);
    const std::vector<property> expected = {
        {.id = property_id::user_property, .number = 0, .name = "a", .data = "1"},
        {.id = property_id::payload_format_indicator, .number = 1, .name = {}, .data = {}},
        {.id = property_id::subscription_identifier, .number = 5, .name = {}, .data = {}},
        {.id = property_id::user_property, .number = 0, .name = "b", .data = ""},
        {.id = property_id::subscription_identifier, .number = 128, .name = {}, .data = {}},
        {.id = property_id::correlation_data, .number = 0, .name = {}, .data = std::string_view("\0\xFF", 2)},
        {.id = property_id::message_expiry_interval, .number = 65'536, .name = {}, .data = {}},
    };
    std::vector<property> given;
    for (const property& each : result.properties) given.push_back(each);
    EXPECT_EQ(given, expected);
    EXPECT_FALSE(result.properties.empty());
    EXPECT_EQ(result.properties.encoded().size(), 30u);
}

TEST(property_view, finds_the_first_of_each) {
    const packet_with result(publish, "26 00 01 'a' 00 01 '1' 26 00 01 'a' 00 01 '2' 0B 05 0B 06 03 00 00");
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.properties.find(property_id::user_property)->data, "1");
    EXPECT_EQ(result.properties.number(property_id::subscription_identifier), 5u);
    EXPECT_EQ(result.properties.text(property_id::content_type), "");
    EXPECT_EQ(result.properties.text(property_id::response_topic), std::nullopt);
    EXPECT_EQ(result.properties.number(property_id::message_expiry_interval), std::nullopt);
    EXPECT_EQ(result.properties.find(property_id::reason_string), std::nullopt);
}

TEST(property_view, is_empty_by_default) {
    const property_view none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.begin(), none.end());
    EXPECT_EQ(none.find(property_id::user_property), std::nullopt);
}

TEST(property_view, reads_each_property_of_the_specification) {
    for (const known& each : known_properties) {
        for (const packet_type type : each.packets) {
            if (why_never(each.id) != violation::none) continue;
            const packet_with result(type, each.example);
            ASSERT_EQ(result.why, violation::none) << each.example;
            EXPECT_EQ(result.properties.begin()->id, each.id) << each.example;
        }
    }
}

}  // namespace
}  // namespace mqtt_as::wire
