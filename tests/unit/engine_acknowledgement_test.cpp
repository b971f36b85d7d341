// Acknowledgements that are late, repeated, unknown, early or failing: which end an operation, which do no harm.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

/// Publishes two, which the transport has and does not report; their identifiers.
std::pair<std::string, std::string> offer_two(world& w, std::uint8_t one, std::uint8_t other) {
    w.publish("a", "x", one);
    w.publish("a", "y", other);
    w.offer();
    const auto batch = unhex(w.offered());
    const std::size_t first = whole_packet(batch);
    return {u16(id_of(bytes(batch).first(first))), u16(id_of(bytes(batch).subspan(first)))};
}

class engine_acknowledgement : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
        w.go_online();
    }
    /// Publishes and sends; the identifier as it stands on the wire.
    std::string publish(std::uint8_t qos) {
        w.publish("a", "x", qos);
        w.forget_sent();
        return u16(w.last_id());
    }
    /// An identifier that is not in use.
    std::string unused() { return u16(w.last_id() > 30'000 ? 7 : 60'007); }
};

TEST_P(engine_acknowledgement, unknown_ones_do_no_harm) {
    const std::string id = publish(1);
    w.feed("40 02 " + unused());
    w.feed("70 02 " + unused());
    w.feed(w.either("90 03 " + unused() + " 00", "90 04 " + unused() + " 00 00"));
    w.feed(w.either("b0 02 " + unused(), "b0 04 " + unused() + " 00 00"));
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w.sent(), "");
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().unknown_acknowledgements, 4u);
    // The one that is waited for still counts.
    w.feed("40 02 " + id);
    EXPECT_EQ(w.events(), "done #1 ok");
}

TEST_P(engine_acknowledgement, an_unknown_pubrec_is_led_to_its_end) {
    // The server holds a message we know nothing of; PUBREL lets it go, in 5 with the reason 0x92 (section 4.3.3).
    w.feed("50 02 " + unused());
    EXPECT_EQ(w.sent(), w.either("62 02 " + unused(), "62 03 " + unused() + " 92"));
    w.feed(w.either("70 02 " + unused(), "70 03 " + unused() + " 92"));
    EXPECT_EQ(w.events(), "");
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_acknowledgement, repeated_ones_do_no_harm) {
    const std::string one = publish(1);
    w.feed("40 02 " + one);
    w.feed("40 02 " + one);
    EXPECT_EQ(w.events(), "done #1 ok");

    // qos 2: PUBREC twice, PUBCOMP twice. No PUBLISH after PUBREL [MQTT-4.3.3-6].
    const std::string two = publish(2);
    w.feed("50 02 " + two);
    w.feed("50 02 " + two);
    for (const auto& packet : w.sent_packets()) EXPECT_EQ(packet, "62 02 " + two);
    w.feed("50 02 " + two);
    for (const auto& packet : w.sent_packets()) EXPECT_EQ(packet, "62 02 " + two);
    EXPECT_EQ(w.events(), "");
    w.feed("70 02 " + two);
    w.feed("70 02 " + two);
    EXPECT_EQ(w.events(), "done #2 ok");
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_acknowledgement, of_another_kind_does_not_complete_an_operation) {
    // SUBACK with the identifier of a PUBLISH, PUBACK with that of a SUBSCRIBE: [MQTT-2.3.1-7].
    const std::string published = publish(1);
    w.feed(w.either("90 03 " + published + " 00", "90 04 " + published + " 00 00"));
    EXPECT_EQ(w.reports(1), 0);
    if (!w->is_online()) return;  // closing the connection is the other right answer
    w.subscribe("f", 0);
    w.flush();
    w.feed("40 02 " + u16(w.last_id()));
    EXPECT_EQ(w.reports(2), 0);
}

TEST_P(engine_acknowledgement, may_come_before_the_transport_reports_its_write) {
    // A front hears of its write only after it has read: PUBACK, PUBREC and PUBCOMP are first.
    const auto [one, id] = offer_two(w, 1, 2);
    w.feed("40 02 " + one);
    w.feed("50 02 " + id);
    // The bytes stay where they are until the transport gives them back; then, at the latest, the answers count.
    w.take_all();
    EXPECT_EQ(w.events(), "done #1 ok");
    EXPECT_EQ(w.offer(), 4u);
    EXPECT_EQ(w.offered(), "62 02 " + id);
    w.feed("70 02 " + id);
    w.take_all();
    EXPECT_EQ(w.events(), "done #2 ok");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_acknowledgement, that_comes_early_does_not_let_another_packet_lose_its_bytes) {
    // The operation is over while its bytes are still under way; its place may be taken by a new one.
    w.publish("a", "first", 1);
    w.offer();
    const std::string id = u16(id_of(w.offered()));
    w.take(3);
    w.feed("40 02 " + id);
    w.publish("b", "second", 0);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0], packet("32", "00 01 61 " + id + w.none() + hex(std::string_view("first"))));
    EXPECT_EQ(packets[1], packet("30", "00 01 62 " + w.none() + hex(std::string_view("second"))));
    EXPECT_EQ(w.events(), "done #1 ok | done #2 ok");
}

TEST_P(engine_acknowledgement, that_comes_early_counts_although_the_connection_is_lost) {
    // PUBACK was read, the write never reported: the message has arrived and is not sent again.
    w.publish("a", "x", 1);
    w.offer();
    w.feed("40 02 " + u16(id_of(w.offered())));
    w.lose();
    EXPECT_EQ(w.report(1), "ok");
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().size(), 1u);
}

TEST_P(engine_acknowledgement, a_late_one_of_the_last_connection_counts_on_the_next) {
    const std::string id = publish(1);
    w.lose();
    w.events();
    w.reconnect(true);
    // The server had the message and its PUBACK was lost: it may come before or after the resend.
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
    w.forget_sent();
    w.feed("40 02 " + id);
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_acknowledgement, of_a_lost_session_means_nothing_on_the_next_connection) {
    const std::string id = publish(2);
    w.lose();
    w.reconnect(false);
    const std::string again = u16(id_of(w.sent_packets().back()));
    EXPECT_NE(again, id);
    w.feed("70 02 " + id);
    EXPECT_EQ(w.reports(1), 0);
}

TEST_P(engine_acknowledgement, ends_only_the_operation_it_names) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(publish(1));
    for (const int i : {4, 0, 2, 1, 3}) {
        w.feed("40 02 " + ids[static_cast<std::size_t>(i)]);
        EXPECT_EQ(w.events(), "done #" + std::to_string(i + 1) + " ok");
    }
}

MQTT_AS_IN_BOTH_VERSIONS(engine_acknowledgement);

// ---- version 5 only: acknowledgements with a reason ---------------------------------------------

class engine_acknowledgement_v5 : public testing::Test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
        w.go_online();
    }
    std::string publish(std::uint8_t qos) {
        w.publish("a", "x", qos);
        w.forget_sent();
        return u16(w.last_id());
    }
    world w{version::v5};
};

TEST_F(engine_acknowledgement_v5, no_matching_subscribers_is_a_success) {
    w.feed("40 03 " + publish(1) + " 10");
    EXPECT_EQ(w.events(), "done #1 ok 10");
    // PUBREC with 0x10 goes on to PUBREL [MQTT-4.3.3-4].
    const std::string id = publish(2);
    w.feed("50 03 " + id + " 10");
    EXPECT_EQ(w.sent(), "62 02 " + id);
    w.feed("70 02 " + id);
    EXPECT_EQ(w.report(2).substr(0, 2), "ok");
}

TEST_F(engine_acknowledgement_v5, a_failing_puback_refuses_the_message_for_good) {
    for (const char* reason : {"80", "83", "87", "90", "91", "97", "99"}) {
        SCOPED_TRACE(reason);
        const std::string id = publish(1);
        w.feed("40 03 " + id + " " + reason);
        const std::string told = w.events();
        EXPECT_NE(told.find(std::string(" refused ") + reason), std::string::npos) << told;
        EXPECT_EQ(w->look().unfinished, 0u);
        // Never sent again [MQTT-4.4.0-2].
        w.lose();
        w.forget_sent();
        w.reconnect(true);
        EXPECT_EQ(w.sent_packets().size(), 1u);
        w.events();
    }
}

TEST_F(engine_acknowledgement_v5, a_failing_pubrec_refuses_the_message_without_pubrel) {
    const std::string id = publish(2);
    w.feed("50 03 " + id + " 87");
    EXPECT_EQ(w.events().find("done #1 refused 87"), 0u);
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().unfinished, 0u);
    w.lose();
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().size(), 1u);
}

TEST_F(engine_acknowledgement_v5, a_failing_one_frees_its_place_in_the_quota) {
    w.lose();
    w.go_online(true, "21 00 01");
    const std::string first = publish(1);
    w.publish("a", "y", 2);
    EXPECT_EQ(w.sent(), "");
    w.feed("40 03 " + first + " 97");
    const std::string second = u16(id_of(w.sent()));
    w.publish("a", "z", 1);
    EXPECT_EQ(w.sent(), "");
    w.feed("50 03 " + second + " 87");
    EXPECT_EQ(w.sent().substr(0, 2), "32");
}

TEST_F(engine_acknowledgement_v5, pubcomp_of_an_unknown_identifier_ends_the_operation_once) {
    // The server has forgotten the identifier although it resumed the session: nothing more can be done.
    const std::string id = publish(2);
    w.feed("50 02 " + id);
    w.sent();
    w.feed("70 03 " + id + " 92");
    EXPECT_EQ(w.reports(1), 1);
    EXPECT_TRUE(w.is_over(1));
    EXPECT_EQ(w.sent(), "");
    EXPECT_TRUE(w->is_online());
}

TEST_F(engine_acknowledgement_v5, hands_out_the_properties_of_the_acknowledgement) {
    const std::string id = publish(1);
    w.feed("40 09 " + id + " 97 05 1f 00 02 6e 6f");
    const std::string told = w.events();
    EXPECT_EQ(told.find("done #1 refused 97"), 0u) << told;
    EXPECT_NE(told.find("properties 1f 00 02 6e 6f"), std::string::npos) << told;
    w.subscribe("f", 1);
    w.flush();
    w.feed("90 09 " + u16(w.last_id()) + " 05 1f 00 02 6f 6b 01");
    EXPECT_EQ(w.events(), "done #2 ok 01 properties 1f 00 02 6f 6b");
}

// Views of a packet end with the packet. What ends later, because the transport says so, has none of them.
TEST_F(engine_acknowledgement_v5, properties_are_not_told_of_what_did_not_bring_them) {
    const std::string id = publish(1);
    w.feed("40 09 " + id + " 00 05 1f 00 02 6e 6f");
    w.events();
    w.lose();
    const std::string told = w.events();
    EXPECT_EQ(told.find("disconnected"), 0u) << told;
    EXPECT_EQ(told.find("properties"), std::string::npos) << told;
}

TEST_F(engine_acknowledgement_v5, properties_of_another_packet_are_not_told_of_an_acknowledgement_that_came_early) {
    const auto [one, other] = offer_two(w, 1, 1);
    w.feed("40 09 " + one + " 00 05 1f 00 02 6f 6b");
    w.feed("40 09 " + other + " 00 05 1f 00 02 6e 6f");
    w.take_all();
    EXPECT_EQ(w.events(), "done #1 ok | done #2 ok");
}

}  // namespace
}  // namespace engine_tests
