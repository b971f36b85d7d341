// What we send in MQTT 3.1.1, byte by byte as section 3 prints it.
#include "tests/unit/wire_bytes.hpp"

namespace mqtt_as::wire {
namespace {

std::string connect_bytes(const given_connect& packet) {
    return written_hex([&packet](writer& out) { encode_connect(v3_1_1, out, packet); });
}

std::string publish_bytes(const publish_head& head) { return to_hex(written_head(v3_1_1, head)); }

// ---- CONNECT ------------------------------------------------------------------------------------

TEST(v311_connect, names_protocol_level_flags_keep_alive_and_client) {
    given_connect packet{.client_id = "id"};
    EXPECT_EQ(connect_bytes(packet), plain("10 0E 00 04 'MQTT' 04 02 00 3C 00 02 'id'"));
    packet.clean_start = false;
    packet.keep_alive = 0xABCD;
    EXPECT_EQ(connect_bytes(packet), plain("10 0E 00 04 'MQTT' 04 00 AB CD 00 02 'id'"));
    packet.clean_start = true;
    packet.client_id = "";
    EXPECT_EQ(connect_bytes(packet), plain("10 0C 00 04 'MQTT' 04 02 AB CD 00 00"));
}

TEST(v311_connect, has_will_user_and_password_in_this_order) {
    const byte_string payload = hex("00 FF");
    given_connect packet{.client_id = "id", .user = "u", .password = std::string_view("p\0", 2)};
    const will last{.topic = "a/b", .payload = payload, .qos = 2, .retain = true};
    packet.last_will = &last;
    EXPECT_EQ(connect_bytes(packet),
              plain("10 1E 00 04 'MQTT' 04 F6 00 3C 00 02 'id' 00 03 'a/b' 00 02 00 FF 00 01 'u' 00 02 'p' 00"));
}

TEST(v311_connect, sets_each_flag_for_what_follows) {
    struct row {
        given_connect packet;
        const char* bytes_after_level;
    };
    const will qos_0{.topic = "t"}, qos_1{.topic = "t", .qos = 1}, qos_2{.topic = "t", .qos = 2};
    const will retained{.topic = "t", .retain = true};
    const row rows[] = {
        {{.client_id = "", .user = ""}, "82 00 3C 00 00 00 00"},
        {{.client_id = "", .user = "u", .password = ""}, "C2 00 3C 00 00 00 01 'u' 00 00"},
        {{.client_id = "", .last_will = &qos_0}, "06 00 3C 00 00 00 01 't' 00 00"},
        {{.client_id = "", .last_will = &qos_1}, "0E 00 3C 00 00 00 01 't' 00 00"},
        {{.client_id = "", .last_will = &qos_2}, "16 00 3C 00 00 00 01 't' 00 00"},
        {{.client_id = "", .last_will = &retained}, "26 00 3C 00 00 00 01 't' 00 00"},
    };
    for (const row& each : rows) {
        const byte_string rest = hex("00 04 'MQTT' 04") + hex(each.bytes_after_level);
        EXPECT_EQ(connect_bytes(each.packet), to_hex(hex("10") + variable(rest.size()) + rest));
    }
}

TEST(v311_connect, leaves_out_what_only_5_knows) {
    given_connect packet{.client_id = "id"};
    packet.session_expiry_interval = 100;
    packet.receive_maximum = 10;
    packet.maximum_packet_size = 1000;
    EXPECT_EQ(connect_bytes(packet), plain("10 0E 00 04 'MQTT' 04 02 00 3C 00 02 'id'"));
}

// ---- PUBLISH ------------------------------------------------------------------------------------

TEST(v311_publish_head, has_a_packet_identifier_above_qos_0_only) {
    publish_head head{.topic = "a/b", .payload = of_size(5)};
    EXPECT_EQ(publish_bytes(head), plain("30 0A 00 03 'a/b'"));
    head.qos = 1;
    EXPECT_EQ(publish_bytes(head), plain("32 0C 00 03 'a/b' 00 00"));
    head.qos = 2;
    head.retain = true;
    EXPECT_EQ(publish_bytes(head), plain("35 0C 00 03 'a/b' 00 00"));
    head.qos = 0;
    EXPECT_EQ(publish_bytes(head), plain("31 0A 00 03 'a/b'"));
}

TEST(v311_publish_head, says_where_its_packet_identifier_is) {
    for (const std::size_t payload_size : {0u, 120u, 20'000u, 3'000'000u}) {
        std::size_t packet_id = 0;
        const byte_string packet =
            written_head(v3_1_1, {.topic = "a/b", .payload = of_size(payload_size), .qos = 1}, &packet_id);
        EXPECT_EQ(packet_id, 1 + variable(5 + 2 + payload_size).size() + 5);
        EXPECT_EQ(packet.size(), packet_id + 2);
    }
}

TEST(v311_publish_head, writes_every_length_boundary) {
    // remaining length = 2 + 1 + payload
    struct row {
        std::size_t remaining_length;
        const char* head;
    };
    constexpr row rows[] = {
        {127, "30 7F 00 01 't'"},
        {128, "30 80 01 00 01 't'"},
        {16'383, "30 FF 7F 00 01 't'"},
        {16'384, "30 80 80 01 00 01 't'"},
        {2'097'151, "30 FF FF 7F 00 01 't'"},
        {2'097'152, "30 80 80 80 01 00 01 't'"},
        {268'435'455, "30 FF FF FF 7F 00 01 't'"},
    };
    for (const row& each : rows) {
        const publish_head head{.topic = "t", .payload = of_size(each.remaining_length - 3)};
        EXPECT_EQ(publish_bytes(head), plain(each.head));
    }
}

TEST(v311_publish_head, may_have_the_longest_topic) {
    const std::string topic(65'535, 't');
    EXPECT_EQ(written_head(v3_1_1, {.topic = topic}), hex("30 81 80 04 FF FF") + byte_string(65'535, 't'));
}

// ---- short packets, SUBSCRIBE, UNSUBSCRIBE --------------------------------------------------------

TEST(short_packet, has_the_flags_of_its_type) {
    constexpr reason_code none = reason_code::success;
    EXPECT_EQ(short_packet(packet_type::puback, 1, none), "40 02 00 01");
    EXPECT_EQ(short_packet(packet_type::pubrec, 255, none), "50 02 00 FF");
    EXPECT_EQ(short_packet(packet_type::pubrel, 256, none), "62 02 01 00");
    EXPECT_EQ(short_packet(packet_type::pubcomp, 65'535, none), "70 02 FF FF");
    EXPECT_EQ(short_packet(packet_type::pingreq, 0, none), "C0 00");
    EXPECT_EQ(short_packet(packet_type::disconnect, 0, none), "E0 00");
}

TEST(v311_subscribe, asks_for_one_filter) {
    const auto written_for = [](const subscribe& packet) {
        return written_hex([&packet](writer& out) { v3_1_1.encode_request(out, packet_type::subscribe, packet); });
    };
    EXPECT_EQ(written_for({.filter = "a/b", .qos = 1}), plain("82 08 00 00 00 03 'a/b' 01"));
    EXPECT_EQ(written_for({.filter = "#", .qos = 2}), plain("82 06 00 00 00 01 '#' 02"));
    EXPECT_EQ(written_for({.filter = "+"}), plain("82 06 00 00 00 01 '+' 00"));
}

TEST(v311_subscribe, counts_long_filters) {
    const std::string filter(65'535, 'f');
    const byte_string packet =
        written([&filter](writer& out) { v3_1_1.encode_request(out, packet_type::subscribe, {.filter = filter}); });
    EXPECT_EQ(packet, hex("82 84 80 04 00 00 FF FF") + byte_string(65'535, 'f') + hex("00"));
}

TEST(v311_unsubscribe, names_one_filter) {
    EXPECT_EQ(written_hex([](writer& out) { v3_1_1.encode_request(out, packet_type::unsubscribe, {.filter = "a/b"}); }),
              plain("A2 07 00 00 00 03 'a/b'"));
}

}  // namespace
}  // namespace mqtt_as::wire
