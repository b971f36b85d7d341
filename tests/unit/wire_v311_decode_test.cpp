// What a server sends in MQTT 3.1.1, byte by byte as section 3 prints it.
#include "tests/unit/wire_bytes.hpp"

namespace mqtt_as::wire {
namespace {

// ---- CONNACK ------------------------------------------------------------------------------------

TEST(v311_connack, is_accepted_with_and_without_a_session) {
    const decoded<connack> fresh(v3_1_1, "00 00");
    EXPECT_EQ(fresh.why, violation::none);
    EXPECT_FALSE(fresh.packet.session_present);
    EXPECT_EQ(fresh.packet.reason, reason_code::success);

    const decoded<connack> resumed(v3_1_1, "01 00");
    EXPECT_EQ(resumed.why, violation::none);
    EXPECT_TRUE(resumed.packet.session_present);
}

TEST(v311_connack, agrees_on_the_defaults) {
    const decoded<connack> result(v3_1_1, "00 00");
    EXPECT_EQ(result.why, violation::none);
    const negotiated& agreed = result.packet.agreed;
    EXPECT_EQ(agreed.receive_maximum, 65'535);
    EXPECT_EQ(agreed.maximum_qos, 2);
    EXPECT_TRUE(agreed.offers(property_id::retain_available));
    EXPECT_TRUE(agreed.offers(property_id::wildcard_subscription_available));
    EXPECT_TRUE(agreed.offers(property_id::subscription_identifier_available));
    EXPECT_TRUE(agreed.offers(property_id::shared_subscription_available));
    EXPECT_EQ(agreed.maximum_packet_size, 268'435'460u);
    EXPECT_FALSE(result.packet.server_keep_alive);
    EXPECT_TRUE(result.packet.properties.empty());
}

TEST(v311_connack, gives_return_codes_as_their_equivalents) {
    struct row {
        const char* body;
        reason_code reason;
    };
    constexpr row table[] = {
        {"00 01", reason_code::unsupported_protocol_version},
        {"00 02", reason_code::client_identifier_not_valid},
        {"00 03", reason_code::server_unavailable},
        {"00 04", reason_code::bad_user_name_or_password},
        {"00 05", reason_code::not_authorized},
    };
    for (const row& each : table) {
        const decoded<connack> result(v3_1_1, each.body);
        EXPECT_EQ(result.why, violation::none) << each.body;
        EXPECT_EQ(result.packet.reason, each.reason) << each.body;
    }
}

TEST(v311_connack, refuses_reserved_codes) {
    for (int code = 6; code < 256; ++code) {
        const decoded<connack> result(v3_1_1, byte_string{0, static_cast<std::uint8_t>(code)});
        EXPECT_EQ(result.why, violation::bad_reason_code) << code;
    }
}

TEST(v311_connack, refuses_reserved_flags) {
    for (int flags = 2; flags < 256; ++flags) {
        const decoded<connack> result(v3_1_1, byte_string{static_cast<std::uint8_t>(flags), 0});
        EXPECT_EQ(result.why, violation::bad_acknowledge_flags) << flags;
    }
}

TEST(v311_connack, refuses_a_session_in_a_refusal) {
    for (const char* body : {"01 01", "01 02", "01 03", "01 04", "01 05"}) {
        EXPECT_EQ(decoded<connack>(v3_1_1, body).why, violation::bad_session_present) << body;
    }
}

TEST(v311_connack, is_two_bytes) {
    EXPECT_EQ(decoded<connack>(v3_1_1, "").why, violation::truncated_packet);
    EXPECT_EQ(decoded<connack>(v3_1_1, "00").why, violation::truncated_packet);
    EXPECT_EQ(decoded<connack>(v3_1_1, "00 00 00").why, violation::trailing_bytes);
}

// ---- PUBLISH ------------------------------------------------------------------------------------

struct publish_row {
    std::uint8_t flags;
    const char* body;
    violation why;
};

TEST(v311_publish, carries_topic_and_payload_at_qos_0) {
    const decoded<publish> result(v3_1_1, "00 03 'a/b' 'hello'", std::uint8_t{0x00});
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.topic, "a/b");
    EXPECT_EQ(to_text(result.packet.payload), "hello");
    EXPECT_EQ(result.packet.packet_id, 0);
    EXPECT_EQ(result.packet.qos, 0);
    EXPECT_FALSE(result.packet.retain);
    EXPECT_FALSE(result.packet.dup);
    EXPECT_TRUE(result.packet.properties.empty());
}

TEST(v311_publish, carries_a_packet_identifier_above_qos_0) {
    const decoded<publish> first(v3_1_1, "00 03 'a/b' 00 0A 'x'", std::uint8_t{0x02});
    ASSERT_EQ(first.why, violation::none);
    EXPECT_EQ(first.packet.packet_id, 10);
    EXPECT_EQ(first.packet.qos, 1);
    EXPECT_EQ(to_text(first.packet.payload), "x");

    const decoded<publish> second(v3_1_1, "00 03 'a/b' FF FF", std::uint8_t{0x0D});
    ASSERT_EQ(second.why, violation::none);
    EXPECT_EQ(second.packet.packet_id, 65'535);
    EXPECT_EQ(second.packet.qos, 2);
    EXPECT_TRUE(second.packet.retain);
    EXPECT_TRUE(second.packet.dup);
    EXPECT_TRUE(second.packet.payload.empty());
}

TEST(v311_publish, keeps_every_byte_of_topic_and_payload) {
    const decoded<publish> result(v3_1_1, "00 04 EF BB BF 'h' 00 FF 00", std::uint8_t{0});
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.topic, "\xEF\xBB\xBFh");
    EXPECT_EQ(to_hex(result.packet.payload), "00 FF 00");
}

TEST(v311_publish, may_have_the_longest_topic) {
    const byte_string body = hex("FF FF") + byte_string(65'535, 'x') + hex("'!'");
    const decoded<publish> result(v3_1_1, body, std::uint8_t{0});
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.topic.size(), 65'535u);
    EXPECT_EQ(to_text(result.packet.payload), "!");
}

TEST(v311_publish, is_refused_when_broken) {
    constexpr publish_row table[] = {
        {0, "", violation::truncated_packet},
        {0, "00", violation::truncated_packet},
        {0, "00 01", violation::truncated_packet},
        {0, "00 04 'a/b'", violation::truncated_packet},
        {0, "FF FF 'a'", violation::truncated_packet},
        {2, "00 01 'a'", violation::truncated_packet},
        {2, "00 01 'a' 00", violation::truncated_packet},
        {4, "00 01 'a' 01", violation::truncated_packet},
        {2, "00 01 'a' 00 00", violation::zero_packet_identifier},
        {4, "00 01 'a' 00 00 'payload'", violation::zero_packet_identifier},
        {0, "00 00 'payload'", violation::bad_topic_name},
        {2, "00 00 00 01", violation::bad_topic_name},
        {0, "00 03 'a/#'", violation::bad_topic_name},
        {0, "00 05 'a/+/b'", violation::bad_topic_name},
        {0, "00 01 '+'", violation::bad_topic_name},
        {0, "00 03 'a' 00 'b'", violation::bad_string},
        {0, "00 01 00", violation::bad_string},
        {0, "00 02 C0 80", violation::bad_string},
        {0, "00 03 ED A0 80", violation::bad_string},
        {0, "00 01 C3 A9", violation::bad_string},  // cut within a character; its rest is payload
        {0, "00 04 F4 90 80 80", violation::bad_string},
        {0, "00 0A '12345678' FF '9'", violation::bad_string},
    };
    for (const publish_row& each : table) {
        EXPECT_EQ(decoded<publish>(v3_1_1, each.body, each.flags).why, each.why) << each.body;
    }
}

// ---- PUBACK, PUBREC, PUBREL, PUBCOMP ------------------------------------------------------------

constexpr packet_type acknowledgements[] = {packet_type::puback, packet_type::pubrec, packet_type::pubrel,
                                            packet_type::pubcomp};

TEST(v311_acknowledgement, is_a_packet_identifier) {
    for (const packet_type type : acknowledgements) {
        for (const int id : {1, 255, 256, 65'535}) {
            const byte_string body = {static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id & 255)};
            const block exact{bytes(body)};
            answer out;
            EXPECT_EQ(v3_1_1.decode_answer(type, exact, out), violation::none);
            EXPECT_EQ(out.packet_id, id);
            EXPECT_EQ(out.reason, reason_code::success);
            EXPECT_TRUE(out.properties.empty());
        }
    }
}

TEST(v311_acknowledgement, is_refused_when_broken) {
    const auto why = [](packet_type type, std::string_view body) {
        const block exact{bytes(hex(body))};
        answer out;
        return v3_1_1.decode_answer(type, exact, out);
    };
    for (const packet_type type : acknowledgements) {
        EXPECT_EQ(why(type, ""), violation::truncated_packet);
        EXPECT_EQ(why(type, "00"), violation::truncated_packet);
        EXPECT_EQ(why(type, "00 00"), violation::zero_packet_identifier);
        EXPECT_EQ(why(type, "00 01 00"), violation::trailing_bytes);
    }
}

// ---- SUBACK, UNSUBACK ---------------------------------------------------------------------------

TEST(v311_suback, carries_the_codes_0_1_2_and_80) {
    for (int code = 0; code < 256; ++code) {
        const decoded<answer> result(v3_1_1, byte_string{0x12, 0x34, static_cast<std::uint8_t>(code)},
                                     packet_type::suback);
        const bool is_good = code <= 2 || code == 0x80;
        ASSERT_EQ(result.why, is_good ? violation::none : violation::bad_reason_code) << code;
        if (!is_good) continue;
        EXPECT_EQ(result.packet.packet_id, 0x1234);
        EXPECT_EQ(static_cast<int>(result.packet.reason), code);
    }
}

TEST(v311_suback, is_refused_when_broken) {
    const auto why = [](std::string_view body) { return decoded<answer>(v3_1_1, body, packet_type::suback).why; };
    EXPECT_EQ(why(""), violation::truncated_packet);
    EXPECT_EQ(why("00"), violation::truncated_packet);
    EXPECT_EQ(why("00 01"), violation::wrong_code_count);
    EXPECT_EQ(why("00 00 00"), violation::zero_packet_identifier);
    EXPECT_EQ(why("00 01 03"), violation::bad_reason_code);
    // Each SUBSCRIBE of ours has one filter.
    EXPECT_EQ(why("00 01 80 01"), violation::wrong_code_count);
}

TEST(v311_unsuback, is_a_packet_identifier) {
    const decoded<answer> result(v3_1_1, "FF 01", packet_type::unsuback);
    EXPECT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.packet_id, 0xFF01);
    EXPECT_EQ(result.packet.reason, reason_code::success);

    const auto why = [](std::string_view body) { return decoded<answer>(v3_1_1, body, packet_type::unsuback).why; };
    EXPECT_EQ(why(""), violation::truncated_packet);
    EXPECT_EQ(why("01"), violation::truncated_packet);
    EXPECT_EQ(why("00 00"), violation::zero_packet_identifier);
    EXPECT_EQ(why("00 01 00"), violation::trailing_bytes);
}

// ---- DISCONNECT ---------------------------------------------------------------------------------

TEST(v311_disconnect, never_comes_from_a_server) {
    EXPECT_EQ(read_fixed_header(hex("E0 00"), v3_1_1).why, violation::bad_packet_type);
}

}  // namespace
}  // namespace mqtt_as::wire
