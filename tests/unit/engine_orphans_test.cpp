// A session that somebody else has used: what of qos 2 is unfinished there is released before anything of qos 2 begins.
#include "tests/unit/orphans_fixture.hpp"

namespace engine_tests {
namespace {

class engine_orphans : public orphans_test {
protected:
    engine_orphans() : orphans_test(127) {}

    /// PUBCOMP of an identifier that the server does not know.
    std::string pubcomp(unsigned id) const { return w.either("70 02 " + u16(id), "70 03 " + u16(id) + " 92"); }
};

TEST_P(engine_orphans, are_released_before_the_first_message_of_qos_2) {
    w.go_online(true);
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent(), releases());
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent_kinds(), "");
    // PINGRESP, not PUBCOMP, says that the server has read them all.
    for (unsigned id = 1; id <= qos2_ids; ++id) w.feed(pubcomp(id));
    EXPECT_EQ(w.sent_kinds(), "");
    EXPECT_EQ(w->count().unknown_acknowledgements, 0u);
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 34 ");
    // Once is enough.
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent_kinds(), "34 ");
    w.lose();
    w.reconnect(true);
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent_kinds(), "10 3c 3c 3c 34 ");
    w.feed(pubcomp(0x1234));
    EXPECT_EQ(w->count().unknown_acknowledgements, 1u);
}

TEST_P(engine_orphans, are_let_be_while_nothing_of_qos_2_is_published) {
    // A server without qos 2 need not know PUBREL at all.
    w.go_online(true);
    w.publish("a", "", 1);
    w.publish("a", "", 0);
    w.subscribe("f", 2);
    EXPECT_EQ(w.sent_kinds(), "82 32 30 ");
}

TEST_P(engine_orphans, are_nobodys_in_a_session_of_our_own) {
    are_nobodys_in_our_own_session();

    // Nor in one that begins anew and is kept: in 3.1.1 the first connection only ends the old one.
    world v(GetParam());
    v.config.clean = false;
    v.start();
    v.reconnect(false);
    if (!v.is_v5()) v.reconnect(false);
    v.lose();
    v.reconnect(true);
    v.forget_sent();
    v.publish("a", "", 2);
    EXPECT_EQ(v.sent_packets().size(), 1u);
}

TEST_P(engine_orphans, of_a_session_that_is_lost_are_gone) {
    w.go_online(true);
    w.lose();
    w.go_online(false);
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(engine_orphans, are_left_by_a_message_that_is_given_up) { are_left_by_a_message_that_is_given_up(); }

TEST_P(engine_orphans, are_left_by_a_message_that_is_ruled_out) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 rules nothing out";
    w.go_online(false);
    const int large = w.publish("a", std::string(25, 'x'), 2);
    w.forget_sent();
    w.lose();
    w.reconnect(true, "27 00 00 00 1e");
    EXPECT_EQ(w.sent_kinds(), "10 ");
    EXPECT_EQ(w.report(large), "too_large maybe_delivered");
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent(), releases());
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(engine_orphans, are_released_again_when_the_connection_was_lost_over_it) { are_released_four_times_behind(0); }

TEST_P(engine_orphans, count_only_outages_that_came_over_them) { are_released_four_times_behind(10); }

TEST_P(engine_orphans, wait_for_the_answer_to_a_ping_that_is_on_its_way) {
    wait_for_a_ping();
    // Nor does one that is asked for in between come between them.
    w.feed(pubcomp(1));
    EXPECT_EQ(w.sent_kinds(), "");
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(engine_orphans, are_released_in_pieces_where_batches_are_small_and_pings_come_between) {
    w.bounds.batch_bytes_max = w.bounds.gather_from = 64;
    w.go_online(true);
    const int op = w.publish("a", "", 2);
    EXPECT_GT(w.offer(), 0u);
    EXPECT_LE(w.offered().size(), 3 * 64u);
    // Nobody wants the message any more: the rest goes when somebody wants another one.
    EXPECT_TRUE(w.cancel(op));
    EXPECT_TRUE(w->ping(w.now));
    const std::string first = w.sent();
    w.feed(pingresp);
    EXPECT_EQ(w.sent(), "");
    w.publish("a", "", 2);
    const std::string rest = w.sent();
    ASSERT_TRUE(first.ends_with("c0 00"));
    EXPECT_EQ(first.substr(0, first.size() - 5) + rest, releases());
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(engine_orphans, are_done_with_when_the_answer_is_read_before_the_write_is_reported) {
    w.go_online(true);
    w.publish("a", "", 2);
    EXPECT_GT(w.offer(), 0u);
    w.take_all();
    EXPECT_EQ(w.offer(), 2u);  // PINGREQ
    w.feed(pingresp);
    w.take_all();
    const auto packets = w.sent_packets();
    EXPECT_EQ(packets.back().substr(0, 2), "34");
    // And no answer is missed.
    w.feed("50 02 " + u16(id_of(packets.back())));
    w.forget_sent();
    w.feed("70 02 " + u16(id_of(packets.back())));
    w.advance(60s);
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_orphans, a_server_that_falls_silent_over_them_is_left) {
    w.go_online(true);
    w.publish("a", "", 2);
    w.forget_sent();
    w.advance(20s);
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.reports(1), 0);
}

TEST_P(engine_orphans, are_those_of_identifiers_that_qos_2_can_have) {
    w.bounds.operations_max = 1'000;
    w.bounds.outbound_qos2_max = 1'000;
    w.go_online(false);
    for (int i = 0; i < 300; ++i) {
        w.publish("a", "", 1);
        w.subscribe("f" + std::to_string(i), 0);
    }
    for (const auto& packet : w.sent_packets()) EXPECT_GT(id_of(packet), qos2_ids) << packet;
    take_turns_with(300);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_orphans);

}  // namespace
}  // namespace engine_tests
