// `clean_init` and `clean`: which CONNECT goes out when, and which answer about the session is accepted.
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class engine_session : public engine_test {
protected:
    void configure(bool clean_init, bool clean) {
        w.config.clean_init = clean_init;
        w.config.clean = clean;
    }
    /// CONNECT of client "c" with keep alive 60.
    std::string connect(bool clean_start, bool kept) const {
        const std::string flags = clean_start ? "02" : "00";
        if (!w.is_v5()) return "10 0d 00 04 4d 51 54 54 04 " + flags + " 00 3c 00 01 63";
        if (!kept) return "10 0e 00 04 4d 51 54 54 05 " + flags + " 00 3c 00 00 01 63";
        return "10 13 00 04 4d 51 54 54 05 " + flags + " 00 3c 05 11 ff ff ff ff 00 01 63";
    }
    /// The CONNECT of the next attempt.
    std::string next_connect() {
        if (!w.opening) w.advance(1s);
        w.open();
        return w.sent();
    }
};

TEST_P(engine_session, clean_and_clean_starts_clean_each_time) {
    configure(true, true);
    w.start();
    EXPECT_EQ(next_connect(), connect(true, false));
    w.accept();
    w.lose();
    EXPECT_EQ(next_connect(), connect(true, false));
    w.accept();
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_session, continue_once_and_clean_is_clean_from_the_start) {
    // What the original does: `clean_init` matters only with `clean=false`.
    configure(false, true);
    w.start();
    EXPECT_EQ(next_connect(), connect(true, false));
    w.accept();
    w.lose();
    EXPECT_EQ(next_connect(), connect(true, false));
}

TEST_P(engine_session, continue_and_keep_continues_each_time) {
    configure(false, false);
    w.start();
    EXPECT_EQ(next_connect(), connect(false, true));
    // The application has said that the session is its own: session present is welcome.
    w.accept(true);
    EXPECT_EQ(w.events(), "connected session_present first | renewed");
    w.lose();
    EXPECT_EQ(next_connect(), connect(false, true));
    w.accept(true);
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_session, continue_and_keep_accepts_that_the_server_has_no_session) {
    configure(false, false);
    w.start();
    EXPECT_EQ(next_connect(), connect(false, true));
    w.accept(false);
    EXPECT_EQ(w.events(), "connected first | renewed");
}

// 3.1.1 only: a clean session ends with its connection, so one that is to be kept begins on a second connection.
TEST(engine_session_v3_1_1, start_clean_and_keep_takes_two_connections) {
    world w(version::v3_1_1);
    w.config.clean = false;
    w.answers_close = false;
    w.start();
    w.open();

    // The first one discards what the server had.
    EXPECT_EQ(w.sent(), "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63");
    w.feed("20 02 00 00");
    EXPECT_EQ(w.events(), "");
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.sent(), "e0 00");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.sent(), "");

    // The second follows at once: neither an outage nor a wait is told.
    const epoch first = w.current;
    w->on_closed(w.now, first, errc::connection_closed, 0);
    w.turn();
    EXPECT_EQ(w.events(), "");
    ASSERT_TRUE(w.opening);
    EXPECT_NE(w.current, first);
    w.open();
    EXPECT_EQ(w.sent(), "10 0d 00 04 4d 51 54 54 04 00 00 3c 00 01 63");
    w.feed("20 02 00 00");
    EXPECT_EQ(w.events(), "connected first | renewed");
    EXPECT_EQ(w->count().outages, 0u);

    // From now on the session is kept.
    w.lose();
    w.advance(1s);
    w.open();
    EXPECT_EQ(w.sent(), "10 0d 00 04 4d 51 54 54 04 00 00 3c 00 01 63");
    w.feed("20 02 01 00");
    EXPECT_TRUE(w->is_online());
}

TEST(engine_session_v3_1_1, a_second_connection_whose_connack_was_lost_has_made_the_session_all_the_same) {
    world w(version::v3_1_1);
    w.config.clean = false;
    w.start();
    w.open();
    w.sent();
    w.feed("20 02 00 00");
    w.sent();
    // The second CONNECT arrives, its answer does not.
    w.open();
    EXPECT_EQ(w.sent().substr(27, 2), "00");
    w.lose();
    // So the server has a session that is ours, and empty.
    w.reconnect(true);
    EXPECT_TRUE(w->is_online());
}

TEST(engine_session_v3_1_1, a_failed_second_connection_does_not_clean_again) {
    world w(version::v3_1_1);
    w.config.clean = false;
    w.start();
    w.open();
    w.sent();
    w.feed("20 02 00 00");
    EXPECT_EQ(w.sent(), "e0 00");
    ASSERT_TRUE(w.opening);
    // The server goes away between the two.
    w.lose(errc::connect_failed, 111);
    w.reconnect();
    EXPECT_EQ(hex(w.log.back().data).substr(27, 2), "00");
    EXPECT_TRUE(w->is_online());
}

// Version 5 only: Clean Start and Session Expiry say both things in one CONNECT.
TEST(engine_session_v5, start_clean_and_keep_takes_one_connection) {
    world w(version::v5);
    w.config.clean = false;
    w.start();
    w.open();
    EXPECT_EQ(w.sent(), "10 13 00 04 4d 51 54 54 05 02 00 3c 05 11 ff ff ff ff 00 01 63");
    w.feed("20 03 00 00 00");
    EXPECT_EQ(w.events(), "connected first | renewed");
    EXPECT_EQ(w.sent(), "");
    w.lose();
    w.advance(1s);
    w.open();
    EXPECT_EQ(w.sent(), "10 13 00 04 4d 51 54 54 05 00 00 3c 05 11 ff ff ff ff 00 01 63");
    w.feed("20 03 01 00 00");
    EXPECT_EQ(w.events(), "disconnected connection_closed at online transport 104 was_online | waiting | "
                          "connected session_present | renewed");
}

TEST_P(engine_session, an_attempt_without_connack_does_not_count_as_the_clean_start) {
    // Whether the server saw the first CONNECT is not known: the next one must be clean again.
    configure(true, false);
    w.start();
    EXPECT_EQ(next_connect(), connect(true, w.is_v5()));
    w.lose();
    EXPECT_EQ(next_connect(), connect(true, w.is_v5()));
}

TEST_P(engine_session, session_present_after_a_clean_start_closes_the_connection) {
    // [MQTT-3.2.2-1] in 3.1.1, [MQTT-3.2.2-2] and -4 in 5.
    configure(true, true);
    w.start();
    next_connect();
    w.accept(true);
    EXPECT_FALSE(w->is_online());
    w.sent();  // 5 may say why before it closes
    EXPECT_EQ(w.closes, 1u);
    const std::string told = w.events();
    EXPECT_EQ(told.find("disconnected protocol_violation at mqtt why bad_session_present"), 0u) << told;
    EXPECT_EQ(told.find("connected first"), std::string::npos);
}

TEST_P(engine_session, the_same_on_a_reconnection_that_starts_clean) {
    configure(true, true);
    w.go_online();
    w.lose();
    w.reconnect(true);
    w.sent();
    EXPECT_FALSE(w->is_online());
    const std::string told = w.events();
    EXPECT_NE(told.find("disconnected protocol_violation at mqtt why bad_session_present"), std::string::npos) << told;
}

TEST_P(engine_session, a_session_the_server_forgot_is_forgotten_here_too) {
    // [MQTT-3.2.2-5]: a qos 2 message that the server had sent, then the session is gone.
    configure(false, false);
    w.go_online(true);
    w.feed(packet("34", "00 01 61 00 07 " + w.none() + "78"));
    EXPECT_EQ(w.sent(), "50 02 00 07");
    EXPECT_EQ(w.events(), "message a 'x' qos 2");
    w.lose();
    w.reconnect(false);
    EXPECT_EQ(w.events(), "disconnected connection_closed at online transport 104 was_online | waiting | "
                          "connected | renewed");
    // The same identifier is a new message now.
    w.feed(packet("34", "00 01 61 00 07 " + w.none() + "79"));
    EXPECT_EQ(w.events(), "message a 'y' qos 2");
}

TEST_P(engine_session, starting_again_after_stop_keeps_the_session) {
    // A start after a stop in the same process counts as a reconnection.
    configure(true, false);
    w.start();
    next_connect();
    w.accept();
    if (!w.is_v5()) {
        EXPECT_EQ(w.sent(), "e0 00");
        next_connect();
        w.accept();
    }
    EXPECT_EQ(w.events(), "connected first | renewed");
    w.stop(0ms);
    EXPECT_EQ(w.sent(), "e0 00");
    w.events();
    EXPECT_EQ(w->look().now_in, status::phase::stopped);

    w.start();
    EXPECT_EQ(next_connect(), connect(false, true));
    w.accept(true);
    EXPECT_EQ(w.events(), "connected session_present first | renewed");
}

// Version 5 only: an identifier assigned by the server names the session from then on [MQTT-3.1.3-2].
TEST(engine_session_v5, an_assigned_client_identifier_is_used_on_reconnection) {
    world w(version::v5);
    w.config.client_id = "";
    w.start();
    w.open();
    EXPECT_EQ(w.sent(), "10 0d 00 04 4d 51 54 54 05 02 00 3c 00 00 00");
    w.feed("20 07 00 00 04 12 00 01 7a");  // Assigned Client Identifier "z"
    w.lose();
    w.advance(1s);
    w.open();
    EXPECT_EQ(w.sent(), "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 7a");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_session);

}  // namespace
}  // namespace engine_tests
