// Inputs of an old connection are dropped, and the clock may wrap at any time.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_epoch : public engine_test {};

TEST_P(engine_epoch, inputs_of_an_old_connection_are_dropped) {
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    const epoch old = w.current;
    const auto puback = unhex("40 02 " + u16(w.last_id()));
    const auto message = unhex(packet("30", "00 01 61 " + w.none() + "78"));
    const auto broken = unhex("00 00");
    w.lose();
    w.go_online(true);
    ASSERT_NE(w.current, old);
    w.offer();  // the resend is under way

    // Everything a late callback of the old transport could still tell.
    EXPECT_EQ(w->on_bytes(w.now, old, puback).reason, taken::why::closed);
    EXPECT_EQ(w->on_bytes(w.now, old, message).reason, taken::why::closed);
    EXPECT_EQ(w->on_bytes(w.now, old, broken).reason, taken::why::closed);
    w->on_sent(w.now, old, 5);
    w->on_peer_progress(w.now, old);
    w->on_stage(w.now, old, stage::resolve);
    w->on_opened(w.now, old);
    w->on_closed(w.now, old, errc::connection_closed, 104);
    EXPECT_EQ(w.events(), "");
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->look().at, stage::online);

    // The new connection goes on as if nothing had been said.
    w.take_all();
    w.feed_bytes(puback);
    EXPECT_EQ(w.events(), "done #1 ok");
}

TEST_P(engine_epoch, inputs_for_a_connection_that_is_over_are_dropped) {
    w.go_online();
    const epoch over = w.current;
    w.lose();
    w.events();
    const auto opens = w.opens;
    const auto bytes = unhex("d0 00");
    EXPECT_EQ(w->on_bytes(w.now, over, bytes).reason, taken::why::closed);
    w->on_closed(w.now, over, errc::connection_closed, 104);
    w->on_opened(w.now, over);
    w->on_sent(w.now, over, 0);
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w.opens, opens);
    EXPECT_EQ(w->count().outages, 1u);
}

TEST_P(engine_epoch, inputs_before_start_and_of_the_future_are_dropped) {
    const auto bytes = unhex("d0 00");
    EXPECT_EQ(w->on_bytes(w.now, 7, bytes).reason, taken::why::closed);
    w->on_opened(w.now, 7);
    w->on_closed(w.now, 7, errc::connection_closed, 0);
    w->on_sent(w.now, 7, 3);
    w->on_time(w.now);
    EXPECT_EQ(w.events(), "");
    w.start();
    w->on_opened(w.now, w.current + 1);
    w.turn();
    EXPECT_EQ(w->look().now_in, status::phase::opening);
}

TEST_P(engine_epoch, an_opened_twice_sends_one_connect) {
    w.start();
    w.open();
    w->on_opened(w.now, w.current);
    w.flush();
    w->on_opened(w.now, w.current);
    w.flush();
    EXPECT_EQ(w.log.size(), 1u);
}

// ---- the clock wraps ---------------------------------------------------------------------------------

class engine_clock_wrap : public engine_test {
protected:
    /// A life of five minutes: pings, a deadline, a missing acknowledgement, an outage. What happened, and when.
    static std::string life(version v, time_point begin) {
        world w(v);
        w.now = begin;
        w.config.clean = false;
        w.config.clean_init = false;
        polite_broker broker(w);
        w.start();
        broker.run();
        std::string out;
        const auto tell = [&](const std::string& what) {
            if (!what.empty()) out += std::to_string((w.now - begin).count()) + " " + what + "\n";
        };
        tell(w.events());
        w.publish("a", "x", 1, 7s);
        w.forget_sent();
        broker.skip();
        for (int i = 0; i < 3'000; ++i) {
            w.advance(100ms);
            // For a while the server answers pings only; then it is silent; then it is gone, and comes back.
            if (i < 1'000 || i > 2'000) {
                if (i > 2'000 && (w.opening || !w->is_online())) broker.session_present = true;
                for (const auto& p : w.sent_packets()) {
                    if (i < 1'000 && p == "c0 00") w.feed("d0 00");
                    tell("sent " + p);
                }
                if (i > 2'000) broker.run();
            }
            if (i < 1'000 && i % 7 == 0) w.feed(packet("30", "00 01 62 " + w.none() + "79"));
            if (i > 1'000 && i <= 2'000 && w.opening) w.lose(errc::connect_failed, 111);
            std::string told = w.events();
            while (told.find("message b 'y' qos 0") == 0) told.erase(0, std::min<std::size_t>(told.size(), 22));
            tell(told);
        }
        return out;
    }
};

TEST_P(engine_clock_wrap, makes_no_difference_wherever_it_comes) {
    const std::string expected = life(GetParam(), time_point(1'000'000));
    EXPECT_NE(expected.find("timed_out"), std::string::npos) << expected;
    EXPECT_NE(expected.find("was_online"), std::string::npos) << expected;
    for (const std::uint32_t before : {0u, 1u, 6'999u, 7'000u, 15'000u, 49'000u, 120'000u, 250'000u}) {
        SCOPED_TRACE(before);
        EXPECT_EQ(life(GetParam(), time_point(0u - before)), expected);
        EXPECT_EQ(life(GetParam(), time_point(0x8000'0000u - before)), expected);
    }
}

TEST_P(engine_clock_wrap, a_connection_of_sixty_days_pings_all_the_time) {
    // Longer than the clock's whole period. Every ping is answered.
    w.config.keepalive = 0;
    w.config.ping_interval = 30min;
    w.go_online();
    polite_broker broker(w);
    for (int half_hours = 0; half_hours < 60 * 48; ++half_hours) {
        w.advance(30min);
        broker.run();
        ASSERT_TRUE(w->is_online()) << w.events();
        w.log.clear();
        broker.skip();
        w.forget_sent();
    }
    EXPECT_EQ(w.events(), "");
    // The connection was stable: the next outage begins with a short wait.
    w.lose();
    ASSERT_EQ(w.waits.size(), 1u);
    EXPECT_LE(w.waits[0].for_duration, 1s);
}

TEST_P(engine_clock_wrap, an_outage_of_sixty_days_ends_within_one_step) {
    w.config.backoff = {.first_step = 1min, .steady_for = 0ms, .cap = 1h, .stable_after = 20s};
    w.start();
    const int op = w.publish("a", "x", 1);
    for (duration gone{0}; gone < duration(24 * 3'600'000) * 20; gone += 1h) {
        w.advance(1h);
        if (w.opening) w.lose(errc::connect_failed, 111);
    }
    w.waits.clear();
    const auto healed = w.now;
    polite_broker broker(w);
    w.await_attempt();
    broker.run();
    EXPECT_LE(w.now - healed, 1h);
    EXPECT_EQ(w.report(op), "ok");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_epoch);
MQTT_AS_IN_BOTH_VERSIONS(engine_clock_wrap);

}  // namespace
}  // namespace engine_tests
