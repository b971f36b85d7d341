// Receiving at each qos: the answer, when it may go, what is a repetition, and an inbox that is full.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_inbound : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
        w.bounds.inbound_max = 4;
        w.go_online();
    }
    /// A PUBLISH of "x" on "t" as it stands on the wire; the identifier is left out at qos 0.
    std::string incoming(std::string_view first, const std::string& id = {}, std::string_view payload = "x") const {
        return packet(first, "00 01 74 " + id + w.none() + hex(payload));
    }
};

TEST_P(engine_inbound, qos_0_has_no_answer) {
    w.feed(w.either("30 04 00 01 74 78", "30 05 00 01 74 00 78"));
    EXPECT_EQ(w.events(), "message t 'x' qos 0");
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().inbox, 0u);
}

TEST_P(engine_inbound, qos_1_is_answered_by_puback_when_the_application_has_it) {
    w.consume = false;
    w.feed(w.either("32 06 00 01 74 01 02 78", "32 07 00 01 74 01 02 00 78"));
    EXPECT_EQ(w.events(), "message t 'x' qos 1");
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().inbox, 1u);
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "40 02 01 02");
    EXPECT_EQ(w->look().inbox, 0u);
    // Acknowledged twice by mistake: nothing more goes out.
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_inbound, qos_2_goes_through_pubrec_pubrel_and_pubcomp) {
    w.consume = false;
    w.feed(w.either("34 06 00 01 74 ff ff 78", "34 07 00 01 74 ff ff 00 78"));
    EXPECT_EQ(w.events(), "message t 'x' qos 2");
    EXPECT_EQ(w.sent(), "");
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "50 02 ff ff");
    w.feed("62 02 ff ff");
    EXPECT_EQ(w.sent(), "70 02 ff ff");
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w->look().inbox, 0u);
}

TEST_P(engine_inbound, flags_topic_and_payload_are_handed_out_as_they_are) {
    w.feed(packet("3b", "00 03 ef bb bf 00 07 " + w.none() + "00 ff"));
    EXPECT_EQ(w.events(), "message \xEF\xBB\xBF '" + std::string("\0\xFF", 2) + "' qos 1 retain dup");
    w.feed(packet("30", "00 01 74 " + w.none()));
    EXPECT_EQ(w.events(), "message t '' qos 0");
}

TEST_P(engine_inbound, any_packet_identifier_is_repeated_as_it_came) {
    for (const char* id : {"00 01", "00 ff", "01 00", "ff ff"}) {
        w.feed(incoming("32", id));
        EXPECT_EQ(w.sent(), std::string("40 02 ") + id);
        w.feed(incoming("34", id));
        EXPECT_EQ(w.sent(), std::string("50 02 ") + id);
        w.feed(std::string("62 02 ") + id);
        EXPECT_EQ(w.sent(), std::string("70 02 ") + id);
    }
}

TEST_P(engine_inbound, the_same_qos_1_identifier_is_a_new_message_after_its_puback) {
    // [MQTT-4.3.2-2] in 3.1.1, [MQTT-4.3.2-5] in 5: whatever DUP says.
    w.feed(incoming("32", "00 07"));
    w.feed(incoming("3a", "00 07"));
    EXPECT_EQ(w.events(), "message t 'x' qos 1 | message t 'x' qos 1 dup");
    EXPECT_EQ(w.sent(), "40 02 00 07 | 40 02 00 07");
}

TEST_P(engine_inbound, qos_2_is_delivered_once_however_often_it_is_repeated) {
    w.feed(incoming("34", "00 07"));
    EXPECT_EQ(w.sent(), "50 02 00 07");
    // Repeated before PUBREL: PUBREC again, no second delivery [MQTT-4.3.3-10].
    w.feed(incoming("3c", "00 07"));
    EXPECT_EQ(w.sent(), "50 02 00 07");
    EXPECT_EQ(w.events(), "message t 'x' qos 2");
    EXPECT_EQ(w->count().duplicates_dropped, 1u);
    // PUBREL repeated: PUBCOMP each time; 5 may say that the identifier is not known any more.
    w.feed("62 02 00 07");
    EXPECT_EQ(w.sent(), "70 02 00 07");
    w.feed("62 02 00 07");
    EXPECT_EQ(w.sent(), w.either("70 02 00 07", "70 03 00 07 92"));
    // After PUBCOMP the identifier is new [MQTT-4.3.3-12].
    w.feed(incoming("34", "00 07", "y"));
    EXPECT_EQ(w.events(), "message t 'y' qos 2");
    EXPECT_EQ(w.sent(), "50 02 00 07");
}

TEST_P(engine_inbound, qos_2_repeated_while_the_application_holds_it_waits_for_the_application) {
    w.consume = false;
    w.feed(incoming("34", "00 07"));
    w.feed(incoming("3c", "00 07"));
    EXPECT_EQ(w.events(), "message t 'x' qos 2");
    EXPECT_EQ(w.sent(), "");
    w.acknowledge(w.inbox[0]);
    const auto packets = w.sent_packets();
    ASSERT_FALSE(packets.empty());
    for (const auto& p : packets) EXPECT_EQ(p, "50 02 00 07");
    w.feed("62 02 00 07");
    EXPECT_EQ(w.sent(), "70 02 00 07");
}

TEST_P(engine_inbound, pubrel_of_an_unknown_identifier_is_answered) {
    // 5 says so by the reason 0x92 [MQTT-4.3.3-11]; 3.1.1 has only PUBCOMP.
    w.feed("62 02 00 09");
    EXPECT_EQ(w.sent(), w.either("70 02 00 09", "70 03 00 09 92"));
    EXPECT_EQ(w.events(), "");
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_inbound, qos_2_is_delivered_once_across_an_outage_while_the_session_lives) {
    w.feed(incoming("34", "00 07"));
    EXPECT_EQ(w.events(), "message t 'x' qos 2");
    // PUBREC is lost with its connection; the server sends the message again.
    w.lose();
    w.go_online(true);
    w.feed(incoming("3c", "00 07"));
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w.sent(), "50 02 00 07");
    // PUBCOMP is lost as well.
    w.feed("62 02 00 07");
    w.lose();
    w.go_online(true);
    w.feed("62 02 00 07");
    const std::string out = w.sent();
    EXPECT_TRUE(out == "70 02 00 07" || out == "70 03 00 07 92") << out;
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_inbound, a_message_held_across_an_outage_is_answered_only_where_its_session_lives) {
    for (const bool kept : {false, true}) {
        SCOPED_TRACE(kept);
        world v(GetParam());
        v.config.clean = false;
        v.config.clean_init = false;
        v.consume = false;
        v.go_online();
        v.feed(incoming("32", "00 01"));
        v.feed(incoming("34", "00 02"));
        ASSERT_EQ(v.inbox.size(), 2u);
        v.lose();
        v.go_online(kept);
        // The application is done with both only now. The server of the new connection has asked for nothing yet.
        v.acknowledge(v.inbox[0]);
        v.acknowledge(v.inbox[1]);
        EXPECT_EQ(v.sent(), "");
        EXPECT_EQ(v->look().inbox, 0u);
        // It repeats both: qos 1 is new to us, qos 2 was delivered if the session is the same.
        v.consume = true;
        v.feed(incoming("3a", "00 01"));
        v.feed(incoming("3c", "00 02"));
        EXPECT_EQ(v.sent(), "40 02 00 01 | 50 02 00 02");
        EXPECT_EQ(v.events(), kept ? "message t 'x' qos 1 dup" : "message t 'x' qos 1 dup | message t 'x' qos 2 dup");
    }
}

TEST_P(engine_inbound, a_message_still_held_when_the_server_repeats_it_is_not_delivered_again) {
    w.consume = false;
    w.feed(incoming("34", "00 07"));
    w.lose();
    w.go_online(true);
    w.feed(incoming("3c", "00 07"));
    EXPECT_EQ(w.events(), "");
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "50 02 00 07");
}

TEST_P(engine_inbound, what_is_held_from_a_lost_session_is_not_taken_for_a_new_message_with_its_identifier) {
    w.consume = false;
    w.feed(incoming("34", "00 07"));
    w.lose();
    w.go_online(false);
    w.feed(incoming("34", "00 07", "y"));
    w.lose();
    w.go_online(true);
    w.feed(incoming("3c", "00 07", "y"));
    EXPECT_EQ(w.inbox.size(), 2u);
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "");
    w.acknowledge(w.inbox[1]);
    EXPECT_EQ(w.sent(), "50 02 00 07");
}

TEST_P(engine_inbound, what_is_forgotten_is_given_out_again_by_the_next_connection) {
    w.consume = false;
    w.feed(incoming("32", "00 01") + incoming("34", "00 02") + incoming("34", "00 03"));
    w.acknowledge(w.inbox[2]);  // and this is not
    EXPECT_EQ(w.sent(), "");
    w.lose();
    for (auto id = w.inbox.rbegin(); id != w.inbox.rend(); ++id) w->forget(*id);  // the acknowledged one is still there
    EXPECT_EQ(w->look().inbox, 0u);
    w.events();
    w.go_online(true);
    w.feed(incoming("3a", "00 01") + incoming("3c", "00 02") + incoming("3c", "00 03"));
    EXPECT_EQ(w.events(), "message t 'x' qos 1 dup | message t 'x' qos 2 dup");
    EXPECT_EQ(w.sent(), "");  // PUBREC of the acknowledged one waits for its turn [MQTT-4.6.0-3]
    w.acknowledge(w.inbox[3]);
    w.acknowledge(w.inbox[4]);
    EXPECT_EQ(w.sent(), "40 02 00 01 | 50 02 00 02 | 50 02 00 03");
}

TEST_P(engine_inbound, what_is_forgotten_is_never_acknowledged_and_holds_up_nothing) {
    w.consume = false;
    w.feed(incoming("32", "00 01") + incoming("34", "00 02") + incoming("32", "00 03"));
    w.acknowledge(w.inbox[2]);
    w->forget(w.inbox[0]);
    EXPECT_EQ(w.sent(), "");
    w->forget(w.inbox[1]);
    EXPECT_EQ(w.sent(), "40 02 00 03");
    for (const acknowledge_id id : w.inbox) {  // nothing that is done with can be forgotten, or acknowledged
        w->forget(id);
        w.acknowledge(id);
    }
    w->forget(0);
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().inbox, 0u);
}

TEST_P(engine_inbound, acknowledgements_are_held_back_until_all_earlier_ones_are_given) {
    // [MQTT-4.6.0-2], [MQTT-4.6.0-3]: four messages, given back in every order.
    std::vector<int> order{0, 1, 2, 3};
    do {
        world v(GetParam());
        v.config.receive_maximum = 10;
        v.consume = false;
        v.go_online();
        v.feed(incoming("32", "00 01") + incoming("34", "00 02") + incoming("32", "00 03") + incoming("34", "00 04"));
        ASSERT_EQ(v.inbox.size(), 4u);
        const std::string answers[] = {"40 02 00 01", "50 02 00 02", "40 02 00 03", "50 02 00 04"};
        bool given[4] = {};
        std::size_t next = 0;
        for (const int i : order) {
            v.acknowledge(v.inbox[static_cast<std::size_t>(i)]);
            given[i] = true;
            std::string expected;
            for (; next < 4 && given[next]; ++next) expected += (expected.empty() ? "" : " | ") + answers[next];
            EXPECT_EQ(v.sent(), expected);
        }
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(engine_inbound, a_full_inbox_stops_reading_until_the_application_has_read) {
    w.consume = false;
    w.feed(incoming("30") + incoming("32", "00 01") + incoming("34", "00 02") + incoming("30"));
    EXPECT_EQ(w->look().inbox, 4u);
    EXPECT_FALSE(w->wants_bytes());
    w.events();
    // A front that reads nevertheless is told to keep the bytes.
    EXPECT_EQ(w.feed(incoming("32", "00 03")), taken::why::busy);
    EXPECT_EQ(w.last_taken.size, 0u);
    EXPECT_EQ(w.events(), "");
    // One place is free: reading goes on.
    w.acknowledge(w.inbox[0]);
    EXPECT_TRUE(w->wants_bytes());
    EXPECT_NE(w.feed(incoming("32", "00 03")), taken::why::busy);
    EXPECT_EQ(w.events(), "message t 'x' qos 1");
    EXPECT_FALSE(w->wants_bytes());
}

TEST_P(engine_inbound, busy_stops_between_packets_of_one_read) {
    w.consume = false;
    std::string read;
    for (int i = 0; i < 6; ++i) read += incoming("30", "", std::to_string(i));
    EXPECT_EQ(w.feed(read), taken::why::busy);
    EXPECT_EQ(w.inbox.size(), 4u);
    EXPECT_EQ(w.events(), "message t '0' qos 0 | message t '1' qos 0 | message t '2' qos 0 | message t '3' qos 0");
}

TEST_P(engine_inbound, open_qos_2_identifiers_are_bounded) {
    // A server that never sends PUBREL: more than the limit ends the connection, and nothing more is delivered.
    world v(GetParam());
    v.bounds.inbound_qos2_max = 3;
    v.go_online();
    for (unsigned id = 1; id <= 3; ++id) v.feed(incoming("34", u16(id)));
    v.flush();
    EXPECT_TRUE(v->is_online());
    v.events();
    v.feed(incoming("34", u16(4)));
    v.flush();
    EXPECT_FALSE(v->is_online());
    EXPECT_EQ(v.events().find("message"), std::string::npos);
}

TEST_P(engine_inbound, without_a_connection_no_bytes_are_wanted) {
    EXPECT_TRUE(w->wants_bytes());
    w.lose();
    EXPECT_FALSE(w->wants_bytes());
    const auto late = unhex("d0 00");
    EXPECT_EQ(w->on_bytes(w.now, w.current, late).reason, taken::why::closed);
}

TEST_P(engine_inbound, a_large_message_arrives_whole_from_small_reads) {
    const std::string payload(100'000, 'p');
    const auto all = unhex(incoming("32", "00 07", payload));
    for (std::size_t from = 0; from < all.size(); from += 1'460) {
        const std::size_t size = std::min<std::size_t>(1'460, all.size() - from);
        const auto at = all.begin() + static_cast<std::ptrdiff_t>(from);
        w.feed_bytes({at, at + static_cast<std::ptrdiff_t>(size)});
    }
    EXPECT_EQ(w.events(), "message t '" + payload + "' qos 1");
    EXPECT_EQ(w.sent(), "40 02 00 07");
}

// Version 5 only: properties of a received message.
TEST(engine_inbound_v5, hands_out_the_properties_of_a_message) {
    world w(version::v5);
    w.go_online();
    w.feed("30 0c 00 01 74 07 26 00 01 6b 00 01 76 78");
    EXPECT_EQ(w.events(), "message t 'x' qos 0 properties 26 00 01 6b 00 01 76");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_inbound);

}  // namespace
}  // namespace engine_tests
