// What a server sends in MQTT 5, byte by byte as section 3 prints it. Properties have a test of their own.
#include "tests/unit/wire_bytes.hpp"

namespace mqtt_as::wire {
namespace {

bool contains(const byte_string& all, int byte) { return std::find(all.begin(), all.end(), byte) != all.end(); }

// ---- CONNACK ------------------------------------------------------------------------------------

TEST(v5_connack, is_accepted_with_and_without_a_session) {
    const decoded<connack> fresh(v5, "00 00 00");
    EXPECT_EQ(fresh.why, violation::none);
    EXPECT_FALSE(fresh.packet.session_present);
    EXPECT_EQ(fresh.packet.reason, reason_code::success);
    EXPECT_EQ(fresh.packet.agreed.receive_maximum, 65'535);
    EXPECT_EQ(fresh.packet.agreed.maximum_qos, 2);
    EXPECT_TRUE(fresh.packet.properties.empty());
    EXPECT_TRUE(decoded<connack>(v5, "01 00 00").packet.session_present);
}

TEST(v5_connack, agrees_on_what_the_server_says) {
    const decoded<connack> result(v5, "00 00 2F 11 00 00 00 78 21 00 14 24 01 25 00 27 00 01 00 00 12 00 03 'abc' "
                                      "22 00 0A 1F 00 02 'ok' 28 00 29 00 2A 00 13 00 1E 26 00 01 'k' 00 01 'v'");
    ASSERT_EQ(result.why, violation::none);
    const negotiated& agreed = result.packet.agreed;
    EXPECT_EQ(result.packet.properties.number(property_id::session_expiry_interval), 120u);
    EXPECT_EQ(agreed.receive_maximum, 20);
    EXPECT_EQ(agreed.maximum_qos, 1);
    EXPECT_FALSE(agreed.offers(property_id::retain_available));
    EXPECT_EQ(agreed.maximum_packet_size, 65'536u);
    EXPECT_FALSE(agreed.offers(property_id::wildcard_subscription_available));
    EXPECT_FALSE(agreed.offers(property_id::subscription_identifier_available));
    EXPECT_FALSE(agreed.offers(property_id::shared_subscription_available));
    EXPECT_EQ(result.packet.server_keep_alive, 30);
    EXPECT_EQ(result.packet.assigned_client_identifier, "abc");
    EXPECT_EQ(result.packet.properties.text(property_id::reason_string), "ok");
    EXPECT_EQ(result.packet.properties.number(property_id::topic_alias_maximum), 10u);
}

TEST(v5_connack, keeps_the_defaults_that_are_said_aloud) {
    const decoded<connack> result(v5, "00 00 08 25 01 28 01 29 01 2A 01");
    ASSERT_EQ(result.why, violation::none);
    EXPECT_TRUE(result.packet.agreed.offers(property_id::retain_available));
    EXPECT_TRUE(result.packet.agreed.offers(property_id::wildcard_subscription_available));
    EXPECT_TRUE(result.packet.agreed.offers(property_id::subscription_identifier_available));
    EXPECT_TRUE(result.packet.agreed.offers(property_id::shared_subscription_available));
}

TEST(v5_connack, carries_only_the_codes_of_table_3_1) {
    const byte_string good = hex("00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F");
    for (int code = 0; code < 256; ++code) {
        const decoded<connack> result(v5, byte_string{0, static_cast<std::uint8_t>(code), 0});
        ASSERT_EQ(result.why, contains(good, code) ? violation::none : violation::bad_reason_code) << code;
        if (!contains(good, code)) continue;
        EXPECT_EQ(static_cast<int>(result.packet.reason), code);
    }
}

TEST(v5_connack, refuses_reserved_flags) {
    for (int flags = 2; flags < 256; ++flags) {
        const decoded<connack> result(v5, byte_string{static_cast<std::uint8_t>(flags), 0, 0});
        EXPECT_EQ(result.why, violation::bad_acknowledge_flags) << flags;
    }
}

TEST(v5_connack, refuses_a_session_in_a_refusal) {
    EXPECT_EQ(decoded<connack>(v5, "01 87 00").why, violation::bad_session_present);
    EXPECT_EQ(decoded<connack>(v5, "00 87 00").why, violation::none);
}

TEST(v5_connack, is_refused_when_broken) {
    const auto why = [](std::string_view body) { return decoded<connack>(v5, body).why; };
    EXPECT_EQ(why(""), violation::truncated_packet);
    EXPECT_EQ(why("00"), violation::truncated_packet);
    EXPECT_EQ(why("00 00"), violation::truncated_packet);
    EXPECT_EQ(why("00 00 01"), violation::truncated_packet);
    EXPECT_EQ(why("00 00 00 00"), violation::trailing_bytes);
    EXPECT_EQ(why("00 00 80 00"), violation::bad_remaining_length);
    EXPECT_EQ(why("00 00 80 80 80 80 01"), violation::bad_remaining_length);
    EXPECT_EQ(why("00 00 FF FF FF 7F"), violation::truncated_packet);
    EXPECT_EQ(why("00 00 80"), violation::truncated_packet);
}

TEST(v5_connack, understands_the_refusal_of_a_server_that_knows_only_3_1_1) {
    const decoded<connack> result(v5, "00 01");
    EXPECT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.reason, reason_code::unsupported_protocol_version);
    EXPECT_EQ(decoded<connack>(v5, "01 01").why, violation::bad_reason_code);
    EXPECT_EQ(decoded<connack>(v5, "00 05").why, violation::bad_reason_code);
}

// ---- PUBLISH ------------------------------------------------------------------------------------

TEST(v5_publish, carries_topic_and_payload_at_qos_0) {
    const decoded<publish> result(v5, "00 03 'a/b' 00 'hello'", std::uint8_t{0});
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.topic, "a/b");
    EXPECT_EQ(to_text(result.packet.payload), "hello");
    EXPECT_EQ(result.packet.packet_id, 0);
    EXPECT_TRUE(result.packet.properties.empty());
}

TEST(v5_publish, carries_properties_before_the_payload) {
    const decoded<publish> result(v5,
                                  "00 03 'a/b' 00 0A 17 01 01 02 00 00 00 3C 03 00 01 't' 08 00 01 'r' 09 00 02 00 FF "
                                  "0B FF 01 'x'",
                                  std::uint8_t{0x0D});
    ASSERT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.packet_id, 10);
    EXPECT_EQ(result.packet.qos, 2);
    EXPECT_TRUE(result.packet.retain);
    EXPECT_TRUE(result.packet.dup);
    EXPECT_EQ(to_text(result.packet.payload), "x");
    EXPECT_EQ(result.packet.properties.number(property_id::payload_format_indicator), 1u);
    EXPECT_EQ(result.packet.properties.number(property_id::message_expiry_interval), 60u);
    EXPECT_EQ(result.packet.properties.text(property_id::content_type), "t");
    EXPECT_EQ(result.packet.properties.text(property_id::response_topic), "r");
    EXPECT_EQ(result.packet.properties.text(property_id::correlation_data), std::string_view("\0\xFF", 2));
    EXPECT_EQ(result.packet.properties.number(property_id::subscription_identifier), 255u);
}

TEST(v5_publish, is_refused_when_broken) {
    struct row {
        std::uint8_t flags;
        const char* body;
        violation why;
    };
    constexpr row table[] = {
        {0, "", violation::truncated_packet},
        {0, "00", violation::truncated_packet},
        {0, "00 02 'a'", violation::truncated_packet},
        {0, "00 01 'a'", violation::truncated_packet},  // no property length
        {2, "00 01 'a' 00 01", violation::truncated_packet},
        {2, "00 01 'a' 01", violation::truncated_packet},
        {0, "00 01 'a' 01", violation::truncated_packet},
        {0, "00 01 'a' 02 01 01 01", violation::none},
        {0, "00 01 'a' 80 00", violation::bad_remaining_length},
        {0, "00 01 'a' FF FF FF FF 00", violation::bad_remaining_length},
        {2, "00 01 'a' 00 00 00", violation::zero_packet_identifier},
        {0, "00 00 00", violation::bad_topic_name},
        {0, "00 00 03 23 00 01 'x'", violation::bad_topic_name},
        {0, "00 01 'a' 03 23 00 01", violation::bad_topic_alias},
        {0, "00 01 'a' 03 23 00 00", violation::bad_topic_alias},
        {0, "00 03 'a/#' 00", violation::bad_topic_name},
        {0, "00 01 FF 00", violation::bad_string},
    };
    for (const row& each : table) {
        EXPECT_EQ(decoded<publish>(v5, each.body, each.flags).why, each.why) << each.body;
    }
}

TEST(v5_publish, is_delivered_although_its_response_topic_has_a_wildcard) {
    // One publisher's mistake must not cost every subscriber the connection.
    const decoded<publish> result(v5, "00 01 'a' 06 08 00 03 'b/#'", std::uint8_t{0});
    EXPECT_EQ(result.why, violation::none);
    EXPECT_EQ(result.packet.properties.text(property_id::response_topic), "b/#");
}

// ---- PUBACK, PUBREC, PUBREL, PUBCOMP ------------------------------------------------------------

struct acknowledged {
    acknowledged(packet_type type, std::string_view text) : acknowledged(type, hex(text)) {}
    acknowledged(packet_type type, const byte_string& all)
        : body{bytes(all)}, why(v5.decode_answer(type, body, packet)) {}
    block body;
    answer packet;
    violation why;
};

constexpr packet_type acknowledgements[] = {packet_type::puback, packet_type::pubrec, packet_type::pubrel,
                                            packet_type::pubcomp};

TEST(v5_acknowledgement, may_leave_out_properties_and_success) {
    for (const packet_type type : acknowledgements) {
        const acknowledged shortest(type, "FF FF");
        EXPECT_EQ(shortest.why, violation::none);
        EXPECT_EQ(shortest.packet.packet_id, 65'535);
        EXPECT_EQ(shortest.packet.reason, reason_code::success);
        EXPECT_TRUE(shortest.packet.properties.empty());

        EXPECT_EQ(acknowledged(type, "00 01 00").packet.reason, reason_code::success);
        EXPECT_EQ(acknowledged(type, "00 01 00").why, violation::none);
        EXPECT_EQ(acknowledged(type, "00 01 00 00").why, violation::none);

        const acknowledged longest(type, "01 00 00 0C 1F 00 02 'no' 26 00 01 'k' 00 01 'v'");
        EXPECT_EQ(longest.why, violation::none);
        EXPECT_EQ(longest.packet.packet_id, 256);
        EXPECT_EQ(longest.packet.properties.text(property_id::reason_string), "no");
    }
}

TEST(v5_acknowledgement, carries_only_the_codes_of_its_table) {
    const byte_string first_step = hex("00 10 80 83 87 90 91 97 99");
    const byte_string second_step = hex("00 92");
    for (const packet_type type : acknowledgements) {
        const bool is_first = type == packet_type::puback || type == packet_type::pubrec;
        for (int code = 0; code < 256; ++code) {
            const acknowledged result(type, byte_string{0, 1, static_cast<std::uint8_t>(code)});
            const bool is_good = contains(is_first ? first_step : second_step, code);
            ASSERT_EQ(result.why, is_good ? violation::none : violation::bad_reason_code) << code;
            if (!is_good) continue;
            EXPECT_EQ(static_cast<int>(result.packet.reason), code);
        }
    }
}

TEST(v5_acknowledgement, is_refused_when_broken) {
    for (const packet_type type : acknowledgements) {
        EXPECT_EQ(acknowledged(type, "").why, violation::truncated_packet);
        EXPECT_EQ(acknowledged(type, "00").why, violation::truncated_packet);
        EXPECT_EQ(acknowledged(type, "00 00").why, violation::zero_packet_identifier);
        EXPECT_EQ(acknowledged(type, "00 00 00 00").why, violation::zero_packet_identifier);
        EXPECT_EQ(acknowledged(type, "00 01 00 00 00").why, violation::trailing_bytes);
        EXPECT_EQ(acknowledged(type, "00 01 00 01").why, violation::truncated_packet);
        EXPECT_EQ(acknowledged(type, "00 01 00 80 00").why, violation::bad_remaining_length);
    }
}

// ---- SUBACK, UNSUBACK ---------------------------------------------------------------------------

TEST(v5_suback, carries_only_the_codes_of_its_table) {
    const byte_string good = hex("00 01 02 80 83 87 8F 91 97 9E A1 A2");
    for (int code = 0; code < 256; ++code) {
        const acknowledged result(packet_type::suback, byte_string{0x12, 0x34, 0, static_cast<std::uint8_t>(code)});
        ASSERT_EQ(result.why, contains(good, code) ? violation::none : violation::bad_reason_code) << code;
        if (!contains(good, code)) continue;
        EXPECT_EQ(result.packet.packet_id, 0x1234);
        EXPECT_EQ(static_cast<int>(result.packet.reason), code);
    }
}

TEST(v5_unsuback, carries_only_the_codes_of_its_table) {
    const byte_string good = hex("00 11 80 83 87 8F 91");
    for (int code = 0; code < 256; ++code) {
        const acknowledged result(packet_type::unsuback, byte_string{0x12, 0x34, 0, static_cast<std::uint8_t>(code)});
        ASSERT_EQ(result.why, contains(good, code) ? violation::none : violation::bad_reason_code) << code;
    }
}

TEST(v5_suback, has_properties_before_its_codes_as_unsuback_has) {
    for (const packet_type type : {packet_type::suback, packet_type::unsuback}) {
        const acknowledged result(type, "00 01 05 1F 00 02 'no' 87");
        EXPECT_EQ(result.why, violation::none);
        EXPECT_EQ(result.packet.properties.text(property_id::reason_string), "no");
        EXPECT_EQ(result.packet.reason, reason_code::not_authorized);
    }
}

TEST(v5_suback, is_refused_when_broken_as_unsuback_is) {
    for (const packet_type type : {packet_type::suback, packet_type::unsuback}) {
        const auto why = [type](std::string_view body) { return acknowledged(type, body).why; };
        EXPECT_EQ(why(""), violation::truncated_packet);
        EXPECT_EQ(why("00"), violation::truncated_packet);
        EXPECT_EQ(why("00 01"), violation::truncated_packet);
        EXPECT_EQ(why("00 01 00"), violation::wrong_code_count);
        EXPECT_EQ(why("00 01 05 1F 00 02 'no'"), violation::wrong_code_count);
        EXPECT_EQ(why("00 00 00 00"), violation::zero_packet_identifier);
        EXPECT_EQ(why("00 01 02 00"), violation::truncated_packet);
        EXPECT_EQ(why("00 01 00 7F"), violation::bad_reason_code);
        EXPECT_EQ(why("00 01 00 00 00"), violation::wrong_code_count);
    }
}

// ---- DISCONNECT ---------------------------------------------------------------------------------

TEST(v5_disconnect, may_leave_out_everything) {
    EXPECT_EQ(decoded<answer>(v5, "", packet_type::disconnect).why, violation::none);
    EXPECT_EQ(decoded<answer>(v5, "", packet_type::disconnect).packet.reason, reason_code::success);
    EXPECT_EQ(decoded<answer>(v5, "8E", packet_type::disconnect).packet.reason, reason_code::session_taken_over);
    EXPECT_EQ(decoded<answer>(v5, "8B 00", packet_type::disconnect).why, violation::none);
    const decoded<answer> moved(v5, "9D 0C 1C 00 04 'b:18' 1F 00 02 'go'", packet_type::disconnect);
    EXPECT_EQ(moved.why, violation::none);
    EXPECT_EQ(moved.packet.reason, reason_code::server_moved);
    EXPECT_EQ(moved.packet.properties.text(property_id::server_reference), "b:18");
}

TEST(v5_disconnect, carries_only_the_codes_that_a_server_may_send) {
    const byte_string good =
        hex("00 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E 9F A0 A1 A2");
    for (int code = 0; code < 256; ++code) {
        const decoded<answer> result(v5, byte_string{static_cast<std::uint8_t>(code)}, packet_type::disconnect);
        ASSERT_EQ(result.why, contains(good, code) ? violation::none : violation::bad_reason_code) << code;
    }
}

TEST(v5_disconnect, is_refused_when_broken) {
    const auto why = [](std::string_view body) { return decoded<answer>(v5, body, packet_type::disconnect).why; };
    EXPECT_EQ(why("00 01"), violation::truncated_packet);
    EXPECT_EQ(why("00 00 00"), violation::trailing_bytes);
    EXPECT_EQ(why("00 80 00"), violation::bad_remaining_length);
    EXPECT_EQ(why("00 05 11 00 00 00 0A"), violation::bad_property);  // [MQTT-3.14.2-2]
}

}  // namespace
}  // namespace mqtt_as::wire
