// engine_orphans_test.cpp has the same for hosts. Boards have fewer identifiers for qos 2, and send one packet at a
// time.
#include "mqtt_as/board_memory.hpp"
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class board_orphans : public engine_test {
protected:
    board_orphans() {
        w.bounds = small_board_limits;
        w.config.clean_init = w.config.clean = false;
    }

    static constexpr unsigned qos2_ids = 15;
    static constexpr const char* pingresp = "d0 00";

    /// PUBREL of every identifier that qos 2 can have, and PINGREQ.
    static std::string releases() {
        std::string all;
        for (unsigned id = 1; id <= qos2_ids; ++id) all += "62 02 " + u16(id) + " | ";
        return all + "c0 00";
    }
    /// What was sent, by kinds.
    std::string kinds() {
        std::string all;
        for (const auto& packet : w.sent_packets()) all += packet.substr(0, 2) + ' ';
        return all;
    }
};

TEST_P(board_orphans, are_released_before_the_first_message_of_qos_2) {
    w.go_online(true);
    w.publish("a", "", 1);
    EXPECT_EQ(kinds(), "32 ");
    w.publish("a", "", 2);
    EXPECT_EQ(w.sent(), releases());
    w.publish("a", "", 2);
    // PINGRESP, not PUBCOMP, says that the server has read them all.
    for (unsigned id = 1; id <= qos2_ids; ++id) w.feed("70 02 " + u16(id));
    EXPECT_EQ(kinds(), "");
    w.feed(pingresp);
    EXPECT_EQ(kinds(), "34 34 ");
    // Once is enough.
    w.lose();
    w.reconnect(true);
    EXPECT_EQ(kinds(), "10 3a 3c 3c ");
}

TEST_P(board_orphans, are_nobodys_in_a_session_of_our_own) {
    w.go_online(false);
    w.lose();
    w.go_online(true);
    w.publish("a", "", 2);
    EXPECT_EQ(kinds(), "34 ");
}

TEST_P(board_orphans, are_released_again_when_the_connection_was_lost_over_it) {
    w.go_online(true);
    // Before anything of qos 2 an outage means nothing.
    for (int i = 0; i < 10; ++i) {
        w.lose();
        w.go_online(true);
    }
    w.publish("a", "", 2);
    for (int attempt = 1; attempt <= 4; ++attempt) {
        EXPECT_EQ(w.sent(), releases()) << attempt;
        w.lose();
        w.go_online(true);
    }
    // A server that always ends the connection over it gets what it can understand.
    EXPECT_EQ(kinds(), "34 ");
}

TEST_P(board_orphans, are_not_done_with_half_way) {
    w.go_online(true);
    w.publish("a", "", 2);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(w.offer(), 4u);
        w.take_all();
    }
    // A ping comes between them, and its answer.
    EXPECT_TRUE(w->ping(w.now));
    EXPECT_EQ(kinds(), "62 62 62 62 62 c0 ");
    w.feed(pingresp);
    EXPECT_EQ(w.sent_packets().size(), qos2_ids - 5 + 1);
    // Nor is this connection's part of any use to the next one.
    w.lose();
    w.go_online(true);
    EXPECT_EQ(w.sent(), releases());
    w.feed(pingresp);
    EXPECT_EQ(kinds(), "34 ");
}

TEST_P(board_orphans, wait_for_the_answer_to_a_ping_that_is_on_its_way) {
    w.go_online(true);
    EXPECT_TRUE(w->ping(w.now));
    EXPECT_EQ(kinds(), "c0 ");
    w.publish("a", "", 2);
    EXPECT_EQ(kinds(), "");
    w.feed(pingresp);
    EXPECT_EQ(w.sent(), releases());
    w.feed(pingresp);
    EXPECT_EQ(kinds(), "34 ");
}

TEST_P(board_orphans, are_those_of_identifiers_that_qos_2_can_have) {
    w.bounds.operations_max = 40;
    w.bounds.payload_bytes_max = 4'000;
    w.go_online(false);
    for (unsigned i = 1; i <= 20; ++i) w.publish("a", "", 2);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), qos2_ids);  // the others wait for an identifier
    for (const auto& packet : packets) EXPECT_LE(id_of(packet), qos2_ids) << packet;
    w.feed("50 02 " + u16(id_of(packets[4])));
    EXPECT_EQ(kinds(), "62 ");
    w.feed("70 02 " + u16(id_of(packets[4])));
    const auto more = w.sent_packets();
    ASSERT_EQ(more.size(), 1u);
    EXPECT_EQ(id_of(more[0]), id_of(packets[4]));
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
