// engine_orphans_test.cpp has the same for hosts. Boards have fewer identifiers for qos 2, and send one packet at a
// time.
#include "mqtt_as/board_memory.hpp"
#include "tests/unit/orphans_fixture.hpp"

namespace engine_tests {
namespace {

class board_orphans : public orphans_test {
protected:
    board_orphans() : orphans_test(15) { w.bounds = small_board_limits; }
};

TEST_P(board_orphans, are_released_before_the_first_message_of_qos_2) {
    w.go_online(true);
    w.publish("a", "", 1);
    const std::string one = w.sent();
    EXPECT_EQ(one.substr(0, 2), "32");
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent(), "");  // not while anything of ours is under way
    w.feed("40 02 " + u16(id_of(one)));
    EXPECT_EQ(w.sent(), releases());
    w.publish("a", "", 2);
    // PINGRESP, not PUBCOMP, says that the server has read them all.
    for (unsigned id = 1; id <= qos2_ids; ++id) w.feed("70 02 " + u16(id));
    EXPECT_EQ(w.sent_kinds(), "");
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 34 ");
    // Once is enough.
    w.lose();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 3c 3c ");
}

TEST_P(board_orphans, are_nobodys_in_a_session_of_our_own) { are_nobodys_in_our_own_session(); }

TEST_P(board_orphans, are_left_by_a_message_that_is_given_up) { are_left_by_a_message_that_is_given_up(); }

TEST_P(board_orphans, are_released_again_when_the_connection_was_lost_over_it) { are_released_four_times_behind(0); }

TEST_P(board_orphans, count_only_outages_that_came_over_them) { are_released_four_times_behind(10); }

TEST_P(board_orphans, are_not_done_with_half_way) {
    w.go_online(true);
    w.publish("a", "", 2);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(w.offer(), 4u);
        w.take_all();
    }
    // A ping comes between them, and its answer.
    EXPECT_TRUE(w->ping(w.now));
    EXPECT_EQ(w.sent_kinds(), "62 62 62 62 62 c0 ");
    w.feed(pingresp);
    EXPECT_EQ(w.sent_packets().size(), qos2_ids - 5 + 1);
    // Nor is this connection's part of any use to the next one.
    w.lose();
    w.go_online(true);
    EXPECT_EQ(w.sent(), releases());
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(board_orphans, wait_for_the_answer_to_a_ping_that_is_on_its_way) {
    wait_for_a_ping();
    w.feed(pingresp);
    EXPECT_EQ(w.sent_kinds(), "34 ");
}

TEST_P(board_orphans, are_those_of_identifiers_that_qos_2_can_have) {
    w.bounds.operations_max = 40;
    w.bounds.payload_bytes_max = 4'000;
    w.go_online(false);
    take_turns_with(20);
}

TEST_P(board_orphans, have_no_identifier_that_anything_else_has_soon) {
    w.go_online(false);
    for (int i = 0; i < 1'000; ++i) {
        const unsigned id = w.whole_flow();
        ASSERT_GT(id, qos2_ids);
    }
}

MQTT_AS_IN_BOTH_VERSIONS(board_orphans);

}  // namespace
}  // namespace engine_tests
