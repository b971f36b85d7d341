// The network interface comes and goes: what becomes of a wait, of an attempt and of a connection.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_link : public engine_test {};

TEST_P(engine_link, link_up_ends_a_wait_at_once) {
    w.start();
    for (int i = 0; i < 9; ++i) {
        w.lose(errc::connect_failed, 111);
        w.await_attempt();
    }
    w->on_link(w.now, false);
    w.turn();
    EXPECT_FALSE(w->look().link_up);
    w.lose(errc::connect_failed, 101);
    EXPECT_FALSE(w.opening);
    w->on_link(w.now, true);
    w.turn();
    EXPECT_TRUE(w.opening);
    EXPECT_TRUE(w->look().link_up);
}

TEST_P(engine_link, attempts_go_on_while_the_link_is_said_to_be_down) {
    // It is advice: whoever says so may be wrong.
    w.start();
    w->on_link(w.now, false);
    w.turn();
    const auto opens = w.opens;
    for (int i = 0; i < 5; ++i) {
        w.lose(errc::connect_failed, 101);
        w.await_attempt();
    }
    EXPECT_EQ(w.opens, opens + 5);
    polite_broker broker(w);
    broker.run();
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_link, link_up_restarts_an_attempt_that_has_had_no_answer) {
    // Its SYN was lost with the link; the kernel would repeat it after 1, 3, 7 s.
    w.start();
    w->on_stage(w.now, w.current, stage::connect);
    w->on_link(w.now, false);
    w.turn();
    const auto old = w.current;
    w.advance(500ms);
    w->on_link(w.now, true);
    w.turn();
    w.advance(100ms);
    EXPECT_TRUE(w.opening);
    EXPECT_NE(w.current, old);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events().find("waiting"), std::string::npos);
}

TEST_P(engine_link, link_up_and_down_leave_a_good_connection_alone) {
    w.go_online();
    for (const bool up : {false, true, true, false, true}) {
        w->on_link(w.now, up);
        w.turn();
    }
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.closes, 0u);
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_link, link_up_is_what_an_attempt_that_joins_a_network_waits_for) {
    w.start();
    w->on_stage(w.now, w.current, stage::link);
    w->on_link(w.now, false);
    w->on_link(w.now, true);
    w.turn();
    EXPECT_EQ(w.opens, 1u);
    EXPECT_EQ(w.closes, 0u);
}

TEST_P(engine_link, link_up_asks_for_a_sign_of_life_and_any_will_do) {
    w.go_online();
    w->on_link(w.now, false);
    w.advance(5s);
    EXPECT_EQ(w.sent(), "");
    w->on_link(w.now, true);
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(99ms);
    w.feed(packet("30", "00 01 62 " + w.none() + "79"));
    w.events();
    w.advance(1s);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_link, without_a_sign_of_life_after_link_up_a_new_connection_is_opened_at_once) {
    w.go_online();
    w->on_link(w.now, false);
    w.advance(5s);
    w->on_link(w.now, true);
    w.advance(99ms);
    EXPECT_TRUE(w->is_online());
    w.advance(1ms);
    EXPECT_TRUE(w.opening);
    EXPECT_EQ(w.events(), "disconnected network_changed at online was_online");
    EXPECT_EQ(w->count().outages, 1u);
    // When that fails, it is an outage like any other.
    w.lose(errc::connect_failed, 101);
    EXPECT_EQ(w.events(), "disconnected connect_failed at resolve transport 101 | waiting");
}

TEST_P(engine_link, the_sign_of_life_may_take_four_round_trips) {
    w.start();
    w.open();
    w.flush();
    w.advance(200ms);
    w.accept();
    ASSERT_TRUE(w->is_online());
    w->on_link(w.now, true);
    w.advance(799ms);
    EXPECT_TRUE(w->is_online());
    w.advance(1ms);
    EXPECT_TRUE(w.opening);
}

TEST_P(engine_link, an_answer_that_an_outage_held_up_makes_the_round_trip_at_most_twice_as_long) {
    w.start();
    w.open();
    w.flush();
    w.advance(50ms);
    w.accept();
    EXPECT_TRUE(w->ping(w.now));
    w.flush();
    w.advance(8s);
    w.feed("d0 00");
    w->on_link(w.now, true);
    w.advance(400ms);
    EXPECT_TRUE(w.opening);
}

TEST_P(engine_link, a_connection_is_held_when_the_link_goes_again_before_its_sign_of_life) {
    w.go_online();
    w->on_link(w.now, true);
    w.advance(50ms);
    w->on_link(w.now, false);
    w.advance(5s);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_link, link_up_restarts_a_handshake_that_gets_no_answer) {
    w.start();
    w.open();
    w.flush();
    const auto old = w.current;
    w->on_link(w.now, true);
    w.advance(999ms);
    EXPECT_EQ(w.current, old);
    w.advance(1ms);
    EXPECT_TRUE(w.opening);
    EXPECT_NE(w.current, old);
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_link, a_full_inbox_hears_no_sign_of_life_and_needs_none) {
    w.consume = false;
    w.bounds.inbound_max = 1;
    w.go_online();
    w.feed(packet("30", "00 01 62 " + w.none() + "79"));
    w.events();
    w->on_link(w.now, true);
    w.advance(5s);
    EXPECT_TRUE(w->is_online());
    // The next look comes when it can hear again: time enough to read first.
    w.acknowledge(w.inbox.back());
    w.feed(packet("30", "00 01 62 " + w.none() + "79"));
    w.acknowledge(w.inbox.back());
    w.advance(5s);
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_link, a_lost_address_replaces_the_connection_at_once_and_only_the_one_that_had_it) {
    w.go_online();
    const auto old = w.current;
    w->on_address_lost(w.now, old);
    w.turn();
    EXPECT_TRUE(w.opening);
    EXPECT_EQ(w.events(), "disconnected network_changed at online was_online");
    w->on_address_lost(w.now, old);
    w.turn();
    EXPECT_EQ(w.opens, 2u);
    w.reconnect();
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_link, a_lost_address_restarts_an_attempt_and_spares_a_client_that_stops) {
    w.start();
    w.open();
    w.flush();
    w->on_address_lost(w.now, w.current);
    w.turn();
    EXPECT_TRUE(w.opening);
    EXPECT_EQ(w.events(), "");
    w.reconnect();
    w.events();
    w.publish("a", "x", 1);
    w.flush();
    w.stop(1s);
    w->on_address_lost(w.now, w.current);
    w.advance(2s);
    w.flush();
    EXPECT_EQ(w.opens, 2u);
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
}

TEST_P(engine_link, since_when_the_link_is_up_or_down_is_told) {
    w.go_online();
    w->on_link(w.now, false);
    const time_point went = w.now;
    w.advance(3s);
    w->on_link(w.now, false);
    EXPECT_EQ(w->look().link_since, went);
    w->on_link(w.now, true);
    EXPECT_EQ(w->look().link_since, w.now);
}

TEST_P(engine_link, link_up_before_start_and_after_stop_does_nothing) {
    w->on_link(w.now, false);
    w->on_link(w.now, true);
    w.turn();
    EXPECT_EQ(w.opens, 0u);
    w.go_online();
    w.stop(0ms);
    w.flush();
    const auto opens = w.opens;
    w->on_link(w.now, false);
    w->on_link(w.now, true);
    w.turn();
    EXPECT_EQ(w.opens, opens);
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_link);

}  // namespace
}  // namespace engine_tests
