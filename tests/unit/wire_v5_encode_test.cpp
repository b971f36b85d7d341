// What we send in MQTT 5, byte by byte as section 3 prints it.
#include "tests/unit/wire_bytes.hpp"

namespace mqtt_as::wire {
namespace {

std::string connect_bytes(const given_connect& packet) {
    return written_hex([&packet](writer& out) { encode_connect(v5, out, packet); });
}

std::string publish_bytes(const publish_head& head) { return to_hex(written_head(v5, head)); }

constexpr user_property two_users[] = {{"k", "v"}, {"", "\xC3\xA4"}};
constexpr const char* two_users_bytes = "26 00 01 'k' 00 01 'v' 26 00 00 00 02 C3 A4";  // 14 bytes

// ---- CONNECT ------------------------------------------------------------------------------------

TEST(v5_connect, has_a_property_length_even_without_properties) {
    given_connect packet{.client_id = "id"};
    EXPECT_EQ(connect_bytes(packet), plain("10 0F 00 04 'MQTT' 05 02 00 3C 00 00 02 'id'"));
    packet.clean_start = false;
    packet.client_id = "";
    EXPECT_EQ(connect_bytes(packet), plain("10 0D 00 04 'MQTT' 05 00 00 3C 00 00 00"));
}

TEST(v5_connect, writes_each_property_that_differs_from_its_default) {
    const auto with = [](auto change) {
        given_connect packet{.client_id = ""};
        change(packet);
        return connect_bytes(packet);
    };
    const auto expected = [](std::string_view properties) {
        const byte_string given = hex(properties);
        const byte_string rest = hex("00 04 'MQTT' 05 02 00 3C") + variable(given.size()) + given + hex("00 00");
        return to_hex(hex("10") + variable(rest.size()) + rest);
    };
    EXPECT_EQ(with([](given_connect& c) { c.session_expiry_interval = 0xFFFF'FFFF; }), expected("11 FF FF FF FF"));
    EXPECT_EQ(with([](given_connect& c) { c.session_expiry_interval = 120; }), expected("11 00 00 00 78"));
    EXPECT_EQ(with([](given_connect& c) { c.receive_maximum = 20; }), expected("21 00 14"));
    EXPECT_EQ(with([](given_connect& c) { c.maximum_packet_size = 65'536; }), expected("27 00 01 00 00"));
    const auto asking = [](const connect_properties& asked) {
        return connect_bytes({.client_id = "", .properties = asked});
    };
    EXPECT_EQ(asking({.request_response_information = true}), expected("19 01"));
    EXPECT_EQ(asking({.request_problem_information = false}), expected("17 00"));
    EXPECT_EQ(asking({.user_properties = two_users}), expected(two_users_bytes));
    const connect_properties all{
        .request_response_information = true, .request_problem_information = false, .user_properties = two_users};
    EXPECT_EQ(
        connect_bytes({.client_id = "",
                       .session_expiry_interval = 1,
                       .receive_maximum = 2,
                       .maximum_packet_size = 3,
                       .properties = all}),
        expected("11 00 00 00 01 21 00 02 27 00 00 00 03 19 01 17 00 26 00 01 'k' 00 01 'v' 26 00 00 00 02 C3 A4"));
}

TEST(v5_connect, has_will_properties_before_the_will_topic) {
    const byte_string payload = hex("00 FF");
    given_connect packet{.client_id = "id", .user = "u", .password = "p"};
    will last{.topic = "a/b", .payload = payload, .qos = 1, .retain = true};
    packet.last_will = &last;
    EXPECT_EQ(connect_bytes(packet),
              plain("10 1F 00 04 'MQTT' 05 EE 00 3C 00 00 02 'id' 00 00 03 'a/b' 00 02 00 FF 00 01 'u' 00 01 'p'"));

    const publish_properties of_will{.content_type = "t"};
    last.delay_interval = 5;
    last.properties = &of_will;
    EXPECT_EQ(connect_bytes(packet),
              plain("10 28 00 04 'MQTT' 05 EE 00 3C 00 00 02 'id' 09 18 00 00 00 05 03 00 01 't' "
                    "00 03 'a/b' 00 02 00 FF 00 01 'u' 00 01 'p'"));
}

TEST(v5_connect, may_have_a_password_without_a_user) {
    EXPECT_EQ(connect_bytes({.client_id = "", .password = "p"}),
              plain("10 10 00 04 'MQTT' 05 42 00 3C 00 00 00 00 01 'p'"));
}

// ---- PUBLISH ------------------------------------------------------------------------------------

TEST(v5_publish_head, has_a_property_length_even_without_properties) {
    publish_head head{.topic = "a/b", .payload = of_size(5)};
    EXPECT_EQ(publish_bytes(head), plain("30 0B 00 03 'a/b' 00"));
    head.qos = 2;
    head.retain = true;
    EXPECT_EQ(publish_bytes(head), plain("35 0D 00 03 'a/b' 00 00 00"));
}

TEST(v5_publish_head, writes_each_property) {
    const auto with = [](const publish_properties& given) {
        return publish_bytes({.topic = "t", .payload = of_size(10), .qos = 1, .properties = given});
    };
    const auto expected = [](std::string_view properties) {
        const byte_string given = hex(properties);
        const byte_string rest = hex("00 01 't' 00 00") + variable(given.size()) + given;
        return to_hex(hex("32") + variable(rest.size() + 10) + rest);
    };
    EXPECT_EQ(with({.payload_is_utf8 = true}), expected("01 01"));
    EXPECT_EQ(with({.message_expiry_interval = 0}), expected("02 00 00 00 00"));
    EXPECT_EQ(with({.message_expiry_interval = 0x01020304}), expected("02 01 02 03 04"));
    EXPECT_EQ(with({.content_type = "text/plain"}), expected("03 00 0A 'text/plain'"));
    EXPECT_EQ(with({.content_type = ""}), expected("03 00 00"));
    EXPECT_EQ(with({.response_topic = "r"}), expected("08 00 01 'r'"));
    EXPECT_EQ(with({.correlation_data = std::string_view("\0\xFF", 2)}), expected("09 00 02 00 FF"));
    EXPECT_EQ(with({.user_properties = two_users}), expected(two_users_bytes));
    EXPECT_EQ(with({.message_expiry_interval = 1,
                    .content_type = "c",
                    .response_topic = "r",
                    .correlation_data = "d",
                    .payload_is_utf8 = true,
                    .user_properties = two_users}),
              expected("01 01 02 00 00 00 01 03 00 01 'c' 08 00 01 'r' 09 00 01 'd' "
                       "26 00 01 'k' 00 01 'v' 26 00 00 00 02 C3 A4"));
}

TEST(v5_publish_head, says_where_its_packet_identifier_is) {
    for (const std::size_t data_size : {0u, 120u, 130u, 20'000u}) {
        const std::string data(data_size, 'd');
        publish_properties given;
        if (data_size != 0) given.correlation_data = data;
        std::size_t packet_id = 0;
        const byte_string packet =
            written_head(v5, {.topic = "a/b", .payload = of_size(3), .qos = 1, .properties = given}, &packet_id);
        const std::size_t properties = data_size == 0 ? 1 : variable(data_size + 3).size() + 3 + data_size;
        EXPECT_EQ(packet_id, 1 + variable(5 + 2 + properties + 3).size() + 5);
        EXPECT_EQ(packet.size(), packet_id + 2 + properties);
    }
}

TEST(v5_publish_head, writes_every_length_boundary) {
    // remaining length = 2 + 1 + 1 + payload
    struct row {
        std::size_t remaining_length;
        const char* head;
    };
    constexpr row rows[] = {
        {127, "30 7F 00 01 't' 00"},
        {128, "30 80 01 00 01 't' 00"},
        {16'383, "30 FF 7F 00 01 't' 00"},
        {16'384, "30 80 80 01 00 01 't' 00"},
        {2'097'151, "30 FF FF 7F 00 01 't' 00"},
        {2'097'152, "30 80 80 80 01 00 01 't' 00"},
        {268'435'455, "30 FF FF FF 7F 00 01 't' 00"},
    };
    for (const row& each : rows) {
        const publish_head head{.topic = "t", .payload = of_size(each.remaining_length - 4)};
        EXPECT_EQ(publish_bytes(head), plain(each.head));
    }
}

TEST(v5_publish_head, writes_every_boundary_of_the_property_length) {
    for (const std::size_t size : {127u, 128u, 16'383u, 16'384u}) {
        const std::string data(size - 3, 'd');
        const publish_head head{.topic = "t", .properties = {.correlation_data = data}};
        const byte_string given =
            hex("09") +
            byte_string{static_cast<std::uint8_t>(data.size() >> 8), static_cast<std::uint8_t>(data.size() & 255)} +
            byte_string(data.size(), 'd');
        const byte_string rest = hex("00 01 't'") + variable(size) + given;
        EXPECT_EQ(written_head(v5, head), hex("30") + variable(rest.size()) + rest);
    }
}

// ---- short packets, SUBSCRIBE, UNSUBSCRIBE -----------------------------------------------------

TEST(v5_short_packet, has_a_reason_unless_it_is_success) {
    EXPECT_EQ(short_packet(packet_type::pubrec, 255, reason_code::quota_exceeded), "50 03 00 FF 97");
    EXPECT_EQ(short_packet(packet_type::pubrel, 65'535, reason_code::packet_identifier_not_found), "62 03 FF FF 92");
    EXPECT_EQ(short_packet(packet_type::pubcomp, 2, reason_code::packet_identifier_not_found), "70 03 00 02 92");
    EXPECT_EQ(short_packet(packet_type::disconnect, 0, reason_code::disconnect_with_will), "E0 01 04");
    EXPECT_EQ(short_packet(packet_type::disconnect, 0, reason_code::topic_alias_invalid), "E0 01 94");
}

TEST(v5_subscribe, asks_for_one_filter_with_options) {
    const auto written_for = [](const subscribe& packet) {
        return written_hex([&packet](writer& out) { v5.encode_request(out, packet_type::subscribe, packet); });
    };
    EXPECT_EQ(written_for({.filter = "a/b", .qos = 1}), plain("82 09 00 00 00 00 03 'a/b' 01"));
    EXPECT_EQ(written_for({.filter = "#", .qos = 2, .no_local = true}), plain("82 07 00 00 00 00 01 '#' 06"));
    EXPECT_EQ(written_for({.filter = "#", .retain_as_published = true}), plain("82 07 00 00 00 00 01 '#' 08"));
    EXPECT_EQ(written_for({.filter = "#", .retain_handling = 1}), plain("82 07 00 00 00 00 01 '#' 10"));
    EXPECT_EQ(
        written_for({.filter = "#", .qos = 2, .no_local = true, .retain_as_published = true, .retain_handling = 2}),
        plain("82 07 00 00 00 00 01 '#' 2E"));
}

TEST(v5_subscribe, has_properties_before_its_filter) {
    const auto written_for = [](std::uint32_t identifier) {
        subscribe packet{.filter = "a"};
        packet.properties.subscription_identifier = identifier;
        return written_hex([&packet](writer& out) { v5.encode_request(out, packet_type::subscribe, packet); });
    };
    EXPECT_EQ(written_for(1), plain("82 09 00 00 02 0B 01 00 01 'a' 00"));
    EXPECT_EQ(written_for(128), plain("82 0A 00 00 03 0B 80 01 00 01 'a' 00"));
    EXPECT_EQ(written_for(268'435'455), plain("82 0C 00 00 05 0B FF FF FF 7F 00 01 'a' 00"));

    subscribe packet{.filter = "a"};
    packet.properties.user_properties = two_users;
    EXPECT_EQ(written_hex([&packet](writer& out) { v5.encode_request(out, packet_type::subscribe, packet); }),
              plain("82 15 00 00 0E 26 00 01 'k' 00 01 'v' 26 00 00 00 02 C3 A4 00 01 'a' 00"));
}

TEST(v5_unsubscribe, names_one_filter) {
    subscribe packet{.filter = "a/b"};
    const auto written_now = [&packet] {
        return written_hex([&packet](writer& out) { v5.encode_request(out, packet_type::unsubscribe, packet); });
    };
    EXPECT_EQ(written_now(), plain("A2 08 00 00 00 00 03 'a/b'"));
    packet.properties.user_properties = two_users;
    EXPECT_EQ(written_now(), plain("A2 16 00 00 0E 26 00 01 'k' 00 01 'v' 26 00 00 00 02 C3 A4 00 03 'a/b'"));
}

}  // namespace
}  // namespace mqtt_as::wire
