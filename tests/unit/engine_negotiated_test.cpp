// What the two sides agreed on in CONNECT and CONNACK: receive maximum, packet sizes, qos, retain, kinds of filters.
// Version 5 only, but for the limits of our own.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_negotiated_v5 : public testing::Test {
protected:
    std::string publish(std::uint8_t qos) {
        w.publish("a", "x", qos);
        return w.sent();
    }
    world w{version::v5};
};

TEST_F(engine_negotiated_v5, the_servers_receive_maximum_bounds_what_is_unacknowledged) {
    // [MQTT-3.3.4-7], [MQTT-4.9.0-1], -2: qos 1 from PUBLISH to PUBACK, qos 2 from PUBLISH to PUBCOMP.
    w.go_online(false, "21 00 02");
    const std::string one = publish(1);
    const std::string two = publish(2);
    EXPECT_EQ(publish(1), "");
    EXPECT_EQ(w->look().in_flight, 2u);
    EXPECT_EQ(w->look().queued, 1u);
    // PUBREC alone frees nothing.
    w.feed("50 02 " + u16(id_of(two)));
    EXPECT_EQ(w.sent(), "62 02 " + u16(id_of(two)));
    w.feed("70 02 " + u16(id_of(two)));
    EXPECT_EQ(w.sent().substr(0, 2), "32");
    EXPECT_EQ(publish(2), "");
    w.feed("40 02 " + u16(id_of(one)));
    EXPECT_EQ(w.sent().substr(0, 2), "34");
}

/// Two messages of qos 2 at a time, in a session that is kept.
class engine_negotiated_v3_1_1 : public testing::Test {
protected:
    engine_negotiated_v3_1_1() {
        w.bounds.outbound_qos2_max = 2;
        w.config.clean_init = w.config.clean = false;
        w.go_online();
    }
    world w{version::v3_1_1};
};

TEST_F(engine_negotiated_v3_1_1, qos_2_is_bounded_by_our_limit_where_the_server_cannot_say) {
    for (int i = 0; i < 5; ++i) w.publish("a", "1", 1);
    EXPECT_EQ(w.sent_packets().size(), 5u);  // qos 1 is not
    for (int i = 0; i < 3; ++i) w.publish("a", "2", 2);
    const auto first = w.sent_packets();
    ASSERT_EQ(first.size(), 2u);
    w.feed("50 02 " + u16(id_of(first[0])));  // PUBREC alone frees nothing
    EXPECT_EQ(w.sent(), "62 02 " + u16(id_of(first[0])));
    w.feed("70 02 " + u16(id_of(first[0])));
    EXPECT_EQ(w.sent_packets().size(), 1u);

    // Nor does a lost connection.
    for (int i = 0; i < 3; ++i) w.publish("a", "3", 2);
    w.lose();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 3a 3a 3a 3a 3a 3c 3c ");
    EXPECT_EQ(w.sent(), "");
}

TEST_F(engine_negotiated_v3_1_1, what_is_released_counts_until_pubcomp_on_the_next_connection_too) {
    for (int i = 0; i < 4; ++i) w.publish("a", "1", 2);
    const auto first = w.sent_packets();
    ASSERT_EQ(first.size(), 2u);
    w.feed("50 02 " + u16(id_of(first[0])));
    w.lose();
    w.go_online(true);
    const std::string id = u16(id_of(first[0]));
    EXPECT_EQ(w.sent(), "62 02 " + id + " | 3c" + first[1].substr(2));
    w.feed("70 02 " + id);
    EXPECT_EQ(w.sent_packets().size(), 1u);
}

TEST_F(engine_negotiated_v5, an_abandoned_operation_still_takes_its_place_in_the_quota) {
    w.go_online(false, "21 00 01");
    const std::string first = publish(1);
    EXPECT_TRUE(w.cancel(1));
    EXPECT_EQ(publish(1), "");
    w.feed("40 02 " + u16(id_of(first)));
    EXPECT_EQ(w.sent().substr(0, 2), "32");
}

TEST_F(engine_negotiated_v5, repeated_acknowledgements_do_not_raise_the_quota) {
    w.go_online(false, "21 00 01");
    const std::string first = publish(1);
    for (int i = 0; i < 3; ++i) w.feed("40 02 " + u16(id_of(first)));
    EXPECT_NE(publish(1), "");
    EXPECT_EQ(publish(1), "");
}

TEST_F(engine_negotiated_v5, our_receive_maximum_bounds_the_server) {
    w.config.receive_maximum = 2;
    w.consume = false;
    w.go_online();
    // qos 0 does not count.
    w.feed(packet("32", "00 01 61 00 01 00 78") + packet("30", "00 01 61 00 78") +
           packet("34", "00 01 61 00 02 00 78"));
    EXPECT_EQ(w.inbox.size(), 3u);
    EXPECT_TRUE(w->is_online());
    w.events();
    // A third one that is not acknowledged: 0x93 [MQTT-3.3.4-9].
    w.feed(packet("32", "00 01 61 00 03 00 78"));
    EXPECT_EQ(w.sent(), "e0 01 93");
    EXPECT_EQ(w.closes, 1u);
    const std::string told = w.events();
    EXPECT_EQ(told.find("disconnected protocol_violation at online why receive_maximum_exceeded"), 0u) << told;
}

TEST_F(engine_negotiated_v5, what_was_acknowledged_frees_a_place_for_the_server) {
    w.config.receive_maximum = 1;
    w.go_online();
    for (int i = 1; i <= 3; ++i) {
        w.feed(packet("32", "00 01 61 " + u16(static_cast<unsigned>(i)) + " 00 78"));
        w.flush();
    }
    // qos 2: PUBCOMP ends it.
    w.feed(packet("34", "00 01 61 00 04 00 78"));
    w.flush();
    w.feed("62 02 00 04");
    w.flush();
    w.feed(packet("34", "00 01 61 00 05 00 78"));
    w.flush();
    EXPECT_TRUE(w->is_online());
    // Between PUBREC and PUBREL it is not over.
    w.feed(packet("34", "00 01 61 00 06 00 78"));
    EXPECT_FALSE(w->is_online());
}

TEST_F(engine_negotiated_v5, a_repeated_qos_2_message_does_not_count_twice) {
    w.config.receive_maximum = 1;
    w.go_online();
    w.feed(packet("34", "00 01 61 00 04 00 78"));
    w.flush();
    w.feed(packet("3c", "00 01 61 00 04 00 78"));
    w.flush();
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().duplicates_dropped, 1u);
}

TEST_F(engine_negotiated_v5, nothing_larger_than_the_servers_maximum_is_sent) {
    // [MQTT-3.2.2-15]: the whole packet counts. "a", no properties: 2 + 3 + 1 + payload.
    w.go_online(false, "27 00 00 00 1e");
    EXPECT_GT(w.publish("a", std::string(24, 'x'), 0), 0);
    EXPECT_EQ(w.sent_packets().size(), 1u);
    EXPECT_EQ(w.publish("a", std::string(25, 'x'), 0), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
    EXPECT_EQ(w.publish("a", std::string(23, 'x'), 1), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
    // Filters count as well.
    EXPECT_EQ(w.subscribe(std::string(30, 'f'), 1), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
    EXPECT_EQ(w.unsubscribe(std::string(30, 'f')), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
}

TEST_F(engine_negotiated_v5, what_waits_and_turns_out_too_large_ends_as_such) {
    w.start();
    const int large = w.publish("a", std::string(25, 'x'), 1);
    const int small = w.publish("a", "x", 1);
    const int filter = w.subscribe(std::string(30, 'f'), 1);
    w.reconnect(false, "27 00 00 00 1e");
    EXPECT_EQ(w.sent_packets().size(), 2u);  // CONNECT and the small one
    EXPECT_EQ(w.report(large), "too_large");
    EXPECT_EQ(w.report(filter), "too_large");
    EXPECT_EQ(w.reports(small), 0);
}

TEST_F(engine_negotiated_v5, nothing_above_the_maximum_qos_is_sent) {
    // [MQTT-3.2.2-11]. A publish of a higher qos is refused here, not weakened.
    w.start();
    const int waiting_two = w.publish("a", "x", 2);
    const int waiting_one = w.publish("a", "x", 1);
    w.reconnect(false, "24 01");
    EXPECT_EQ(w.sent_packets().back().substr(0, 2), "32");
    EXPECT_EQ(w.report(waiting_two), "unsupported_by_server");
    EXPECT_EQ(w.reports(waiting_one), 0);
    EXPECT_EQ(w.publish("a", "x", 2), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_GT(w.publish("a", "x", 1), 0);
    // A subscription may ask for more than is granted.
    EXPECT_GT(w.subscribe("f", 2), 0);
}

TEST_F(engine_negotiated_v5, no_retained_message_is_sent_where_the_server_keeps_none) {
    // [MQTT-3.2.2-14]
    w.start();
    const int early = w.publish({.topic = "a", .payload = as_bytes("x"), .retain = true});
    w.reconnect(false, "25 00");
    EXPECT_EQ(w.sent_packets().size(), 1u);
    EXPECT_EQ(w.report(early), "unsupported_by_server");
    EXPECT_EQ(w.publish({.topic = "a", .payload = as_bytes("x"), .retain = true}), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_GT(w.publish("a", "x", 0), 0);
}

TEST_F(engine_negotiated_v5, filters_that_the_server_does_not_offer_are_not_asked_for) {
    w.go_online(false, "28 00 29 00 2a 00");
    EXPECT_EQ(w.subscribe("a/#", 0), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_EQ(w.subscribe("+/a", 0), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_EQ(w.subscribe("$share/g/a", 0), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_EQ(w.subscribe({.filter = "a", .properties = {.subscription_identifier = 1}}), 0);
    EXPECT_EQ(w.last_error, errc::unsupported_by_server);
    EXPECT_EQ(w.sent(), "");
    EXPECT_GT(w.subscribe("a", 0), 0);
}

TEST_F(engine_negotiated_v5, what_was_agreed_ends_with_the_connection) {
    w.go_online(false, "21 00 01 24 00 25 00 27 00 00 00 1e 28 00");
    w.lose();
    w.go_online();
    EXPECT_GT(w.publish({.topic = "a", .payload = as_bytes(std::string(100, 'x')), .qos = 2, .retain = true}), 0);
    EXPECT_GT(w.publish("a", "x", 1), 0);
    EXPECT_GT(w.subscribe("#", 0), 0);
    EXPECT_EQ(w.sent_packets().size(), 3u);
}

TEST_F(engine_negotiated_v5, abandoned_messages_too_large_for_a_resumed_session_do_not_block_it) {
    // The server lowers its limit while a message is in flight: it cannot be resent, and others go on.
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    const int large = w.publish("a", std::string(100, 'x'), 1);
    w.flush();
    w.lose();
    w.go_online(true, "27 00 00 00 1e");
    const int small = w.publish("a", "x", 1);
    for (const auto& p : w.sent_packets()) {
        EXPECT_LE(unhex(p).size(), 30u);
        w.feed("40 02 " + u16(id_of(p)));
    }
    EXPECT_EQ(w.report(small), "ok");
    EXPECT_EQ(w.report(large).find("too_large"), 0u);
}

class engine_negotiated : public engine_test {};

TEST_P(engine_negotiated, a_packet_larger_than_our_maximum_ends_the_connection_at_its_fixed_header) {
    w.bounds.packet_bytes_max = 200;
    w.go_online();
    // 200 bytes in all are welcome.
    const std::size_t payload = 200 - 3 - 3 - (w.is_v5() ? 1 : 0);
    w.feed(packet("30", "00 01 61 " + w.none() + hex(std::string(payload, 'x'))));
    EXPECT_EQ(w.events(), "message a '" + std::string(payload, 'x') + "' qos 0");
    // Of 201 only the header is looked at: nothing is allocated for the rest.
    w.feed("30 c6 01");
    EXPECT_EQ(w.sent(), w.either("", "e0 01 95"));
    EXPECT_EQ(w.closes, 1u);
    const std::string told = w.events();
    EXPECT_EQ(told.find("disconnected protocol_violation at online why packet_too_large"), 0u) << told;
}

TEST_P(engine_negotiated, a_packet_larger_than_our_own_limit_is_not_accepted_for_sending) {
    w.bounds.packet_bytes_max = 200;
    w.start();
    const std::size_t payload = 200 - 3 - 3 - (w.is_v5() ? 1 : 0);
    EXPECT_GT(w.publish("a", std::string(payload, 'x'), 0), 0);
    EXPECT_EQ(w.publish("a", std::string(payload + 1, 'x'), 0), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
    EXPECT_EQ(w->look().unfinished, 1u);
}

TEST_P(engine_negotiated, a_packet_larger_than_the_protocol_allows_is_not_accepted) {
    // 268,435,455 bytes of remaining length. The payload is not looked at: there are no such bytes here.
    static const std::uint8_t one_byte = 0;
    w.start();
    publish_request request{.topic = "a", .payload = bytes(&one_byte, 268'435'455), .payload_stays = true};
    EXPECT_EQ(w.publish(request), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_negotiated);

}  // namespace
}  // namespace engine_tests
