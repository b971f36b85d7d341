// Pings: how often, whatever else is sent, by our numbers or by the server's.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_keepalive : public engine_test {
protected:
    /// The moments, in milliseconds after `from`, at which PINGREQ went out.
    static std::vector<std::int32_t> pings(const world& v, time_point from) {
        std::vector<std::int32_t> out;
        for (const auto& p : v.log) {
            if (p.data == std::vector<std::uint8_t>{0xC0, 0x00}) out.push_back((p.at - from).count());
        }
        return out;
    }
    /// Lives `d` in steps of a tenth of a second with a broker that answers.
    static void live(world& v, duration d) {
        polite_broker broker(v);
        for (duration passed{0}; passed < d; passed += 100ms) {
            v.advance(100ms);
            broker.run();
        }
    }
    using moments = std::vector<std::int32_t>;
};

TEST_P(engine_keepalive, pings_every_quarter_of_the_keep_alive) {
    w.go_online();
    const auto from = w.now;
    live(w, 61s);
    EXPECT_EQ(pings(w, from), (moments{15'000, 30'000, 45'000, 60'000}));
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_keepalive, ping_interval_only_shortens) {
    w.config.ping_interval = 10s;
    w.go_online();
    auto from = w.now;
    live(w, 31s);
    EXPECT_EQ(pings(w, from), (moments{10'000, 20'000, 30'000}));

    world v(GetParam());
    v.config.ping_interval = 30s;
    v.go_online();
    from = v.now;
    live(v, 31s);
    EXPECT_EQ(pings(v, from), (moments{15'000, 30'000}));
}

TEST_P(engine_keepalive, without_keep_alive_liveness_pings_still_go) {
    w.config.keepalive = 0;
    w.go_online();
    auto from = w.now;
    live(w, 41s);
    EXPECT_EQ(pings(w, from), (moments{20'000, 40'000}));

    world v(GetParam());
    v.config.keepalive = 0;
    v.config.ping_interval = 30s;
    v.go_online();
    from = v.now;
    live(v, 61s);
    EXPECT_EQ(pings(v, from), (moments{30'000, 60'000}));
}

TEST_P(engine_keepalive, pings_whatever_else_is_sent) {
    // The original does so, and a ping shows that the server is alive where qos 0 does not.
    w.go_online();
    const auto from = w.now;
    for (int i = 0; i < 310; ++i) {
        w.publish("a", "x", 0);
        w.flush();
        w.advance(100ms);
        if (w.log.back().data[0] == 0xC0) w.feed("d0 00");
    }
    EXPECT_EQ(pings(w, from), (moments{15'000, 30'000}));
}

TEST_P(engine_keepalive, a_client_that_only_receives_still_pings) {
    // The rule counts packets that the client sends [MQTT-3.1.2-23].
    w.go_online();
    const auto from = w.now;
    for (int i = 0; i < 310; ++i) {
        w.advance(100ms);
        w.feed(packet("30", "00 01 61 " + w.none() + "78"));
    }
    EXPECT_EQ(pings(w, from), (moments{15'000, 30'000}));
}

TEST_P(engine_keepalive, never_lets_more_than_the_keep_alive_pass_between_packets) {
    w.config.keepalive = 2;
    w.config.response_time = 1s;
    w.go_online();
    time_point last = w.now;
    live(w, 20s);
    for (const auto& p : w.log) {
        if (p.data[0] == 0x10) continue;
        EXPECT_LE(p.at - last, 2s);
        last = p.at;
    }
    EXPECT_GE(last - w.now, -2s);
}

TEST_P(engine_keepalive, a_late_connack_does_not_stretch_it) {
    // The rule counts from the last packet that was sent, which is CONNECT.
    w.config.keepalive = 10;
    w.start();
    w.open();
    w.flush();
    w.advance(9s);
    w.accept();
    w.forget_sent();
    w.advance(1s);
    EXPECT_EQ(w.sent(), "c0 00");
}

TEST_P(engine_keepalive, the_servers_keep_alive_counts) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no Server Keep Alive";
    // Its word replaces ours [MQTT-3.1.2-21], [MQTT-3.2.2-21].
    w.go_online(false, "13 00 14");
    auto from = w.now;
    live(w, 11s);
    EXPECT_EQ(pings(w, from), (moments{5'000, 10'000}));

    // Longer than ours, zero, and gone again with the next connection.
    world v(GetParam());
    v.go_online(false, "13 00 78");
    from = v.now;
    live(v, 31s);
    EXPECT_EQ(pings(v, from), (moments{30'000}));
    v.lose();
    v.log.clear();
    v.go_online(false, "13 00 00");
    from = v.now;
    live(v, 21s);
    EXPECT_EQ(pings(v, from), (moments{20'000}));
    v.lose();
    v.log.clear();
    v.go_online();
    from = v.now;
    live(v, 16s);
    EXPECT_EQ(pings(v, from), (moments{15'000}));
}

TEST_P(engine_keepalive, broker_up_asks_for_a_ping_at_once) {
    w.start();
    EXPECT_FALSE(w->ping(w.now));
    w.go_online();
    EXPECT_TRUE(w->ping(w.now));
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(1s);
    w.feed("d0 00");
    EXPECT_EQ(w->last_received(), w.now);
    w.lose();
    EXPECT_FALSE(w->ping(w.now));
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_keepalive, nothing_is_due_when_stopped) {
    w.go_online();
    EXPECT_TRUE(w->deadline());
    w.stop(0ms);
    w.sent();
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_FALSE(w->deadline());
}

MQTT_AS_IN_BOTH_VERSIONS(engine_keepalive);

}  // namespace
}  // namespace engine_tests
