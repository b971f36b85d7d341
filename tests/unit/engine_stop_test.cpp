// `stop` with its grace, `close`, and starting again: everything is reported, DISCONNECT is last, time is bounded.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_stop : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
    }
    static bool ends_with(const std::string& text, const std::string& end) {
        return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
    }
};

TEST_P(engine_stop, idle_sends_disconnect_and_closes_at_once) {
    w.go_online();
    w.stop(2s);
    EXPECT_EQ(w.sent(), "e0 00");  // [MQTT-3.14.1-1]; 5 leaves the reason 0 out
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), "stopped");
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_EQ(w->look().at, stage::idle);
    EXPECT_FALSE(w->is_online());
    EXPECT_FALSE(w->deadline());
    EXPECT_EQ(w->count().outages, 0u);
}

TEST_P(engine_stop, waits_for_what_is_on_the_wire_and_drops_what_is_not) {
    w.go_online(false, w.either("", "21 00 02"));
    const int one = w.publish("a", "1", 1);
    const int two = w.publish("a", "2", 2);
    const auto begun = w.sent_packets();
    if (!w.is_v5()) {
        // Without a receive maximum nothing would wait: the transport is busy instead.
        w.publish("a", "-", 0);
        w.offer();
    }
    const int waits = w.publish("a", "3", 1);
    w.stop(2s);
    const int late = w.publish("a", "4", 0);
    EXPECT_EQ(late, 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    EXPECT_EQ(w.subscribe("f", 0), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    for (const auto& p : w.sent_packets()) EXPECT_EQ(p.substr(0, 2), "30") << "nothing new during the grace";
    EXPECT_EQ(w.closes, 0u);

    // Both flows are brought to their end.
    w.advance(500ms);
    w.feed("40 02 " + u16(id_of(begun[0])));
    EXPECT_EQ(w.report(one), "ok");
    w.feed("50 02 " + u16(id_of(begun[1])));
    EXPECT_EQ(w.sent(), "62 02 " + u16(id_of(begun[1])));
    EXPECT_EQ(w.closes, 0u);
    w.feed("70 02 " + u16(id_of(begun[1])));
    EXPECT_EQ(w.report(two), "ok");

    // Then DISCONNECT, and nothing after it [MQTT-3.14.4-2].
    EXPECT_EQ(w.sent(), "e0 00");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.report(waits), "stopped");
    EXPECT_TRUE(ends_with(w.events(), "stopped"));
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_stop, waits_no_longer_than_the_grace) {
    w.go_online();
    const int sent = w.publish("a", "1", 1);
    w.flush();
    w.stop(2s);
    w.advance(1'999ms);
    w.forget_sent();
    EXPECT_EQ(w.closes, 0u);
    EXPECT_EQ(w.reports(sent), 0);
    w.advance(1ms);
    EXPECT_EQ(w.sent(), "e0 00");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.report(sent).find("stopped maybe_delivered"), 0u);
    EXPECT_TRUE(ends_with(w.events(), "stopped"));
}

TEST_P(engine_stop, at_every_step_of_a_publish_reports_once_and_truly) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool at_once : {false, true}) {
                SCOPED_TRACE("qos " + std::to_string(qos) + " at " + name(at) + (at_once ? " close" : " stop"));
                world v(GetParam());
                const int op = publish_up_to(v, qos, at);
                if (at_once) {
                    v.close();
                } else {
                    v.stop(0ms);
                }
                v.flush();
                v.advance(10s);
                ASSERT_EQ(v.reports(op), 1);
                const std::string report = v.report(op);
                const std::string ended = at_once ? "closed" : "stopped";
                if (at == step::finished) {
                    EXPECT_EQ(report, "ok");
                } else if (at == step::queued) {
                    EXPECT_EQ(report.find(ended), 0u);
                    EXPECT_EQ(report.find("maybe_delivered"), std::string::npos) << report;
                } else if (at >= step::offered && report != "ok") {
                    EXPECT_EQ(report.find(ended + " maybe_delivered"), 0u) << report;
                }
                EXPECT_EQ(v->look().now_in, status::phase::stopped);
                EXPECT_TRUE(ends_with(v.events(), "stopped"));
                if (at_once) {
                    EXPECT_TRUE(v.is_over(op)) << "after close nothing is kept";
                }
            }
        }
    }
}

TEST_P(engine_stop, is_bounded_when_the_transport_takes_nothing) {
    // The peer's window is closed: not even DISCONNECT can go.
    w.go_online();
    w.publish("a", "1", 1);
    w.offer();
    w.transport_takes = false;
    w.stop(2s);
    w.advance(2s);
    w.advance(1s);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_TRUE(ends_with(w.events(), "stopped"));
}

TEST_P(engine_stop, does_not_tear_a_packet_that_is_half_sent) {
    w.go_online();
    w.publish("a", "payload", 1);
    w.offer();
    w.take(4);
    w.stop(0ms);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0].substr(0, 2), "32");
    EXPECT_EQ(packets[1], "e0 00");
}

TEST_P(engine_stop, while_waiting_is_immediate) {
    w.start();
    const int op = w.publish("a", "1", 1);
    w.lose(errc::connect_failed, 111);
    w.events();
    w.stop(2s);
    EXPECT_EQ(w.events(), "done #1 stopped | stopped");
    EXPECT_EQ(w.reports(op), 1);
    EXPECT_FALSE(w->deadline());
    EXPECT_EQ(w.closes, 0u);
}

TEST_P(engine_stop, while_connecting_abandons_the_attempt) {
    for (const bool opened : {false, true}) {
        SCOPED_TRACE(opened);
        world v(GetParam());
        v.start();
        if (opened) v.open();
        if (opened) v.flush();
        v.forget_sent();
        v.publish("a", "1", 1);
        v.stop(2s);
        EXPECT_EQ(v.sent(), "");
        EXPECT_EQ(v.closes, 1u);
        EXPECT_EQ(v.events(), "done #1 stopped | stopped");
        v.advance(60s);
        EXPECT_EQ(v.opens, 1u);
    }
}

TEST_P(engine_stop, tells_stopped_only_when_the_connection_is_over) {
    w.answers_close = false;
    w.go_online();
    w.stop(2s);
    EXPECT_EQ(w.sent(), "e0 00");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w->start(w.now, true), errc::already_started);
    w->on_closed(w.now, w.current, errc::connection_closed, 0);
    EXPECT_EQ(w.events(), "stopped");
}

TEST_P(engine_stop, a_connection_that_breaks_during_the_grace_ends_it) {
    w.go_online();
    w.publish("a", "1", 1);
    w.flush();
    w.stop(2s);
    w.lose();
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_EQ(w.report(1).find("stopped maybe_delivered"), 0u);
    w.advance(60s);
    EXPECT_EQ(w.opens, 1u);
}

TEST_P(engine_stop, messages_held_by_the_application_do_not_delay_it) {
    w.consume = false;
    w.go_online();
    w.feed(packet("32", "00 01 61 00 07 " + w.none() + "78"));
    w.stop(2s);
    w.advance(2s);
    w.flush();
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    // Given back later: nothing happens.
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w->look().inbox, 0u);
}

TEST_P(engine_stop, messages_received_during_the_grace_are_delivered_and_answered) {
    w.go_online();
    w.publish("a", "1", 1);
    const std::string id = u16(id_of(w.sent()));
    w.stop(2s);
    w.feed(packet("32", "00 01 62 00 07 " + w.none() + "78"));
    EXPECT_TRUE(w.was_delivered("b"));
    EXPECT_EQ(w.sent(), "40 02 00 07");
    w.feed("40 02 " + id);
    EXPECT_EQ(w.sent(), "e0 00");
}

TEST_P(engine_stop, twice_is_once) {
    w.go_online();
    w.publish("a", "1", 1);
    w.flush();
    w.stop(2s);
    w.stop(0ms);
    w.forget_sent();
    w.advance(1s);
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    const std::string told = w.events();
    EXPECT_EQ(told.find("stopped", told.size() - 7), told.size() - 7);
    EXPECT_EQ(w.closes, 1u);
}

TEST_P(engine_stop, between_stop_and_start_requests_are_rejected) {
    // Before the first start they are accepted and wait.
    EXPECT_GT(w.publish("a", "1", 1), 0);
    w.go_online();
    w.stop(0ms);
    w.flush();
    w.advance(1s);
    EXPECT_EQ(w.publish("a", "2", 1), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    EXPECT_EQ(w.subscribe("f", 1), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    EXPECT_EQ(w.unsubscribe("f"), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    w.start();
    EXPECT_GT(w.publish("a", "3", 1), 0);
}

TEST_P(engine_stop, starting_again_resends_what_the_session_still_knows) {
    // The operation was reported as stopped; its packet belongs to the session, which is kept [MQTT-4.4.0-1].
    w.go_online();
    w.publish("a", "x", 1);
    w.publish("a", "y", 2);
    const auto begun = w.sent_packets();
    w.feed("50 02 " + u16(id_of(begun[1])));
    w.flush();
    w.stop(0ms);
    w.flush();
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_EQ(w.report(1).find("stopped maybe_delivered"), 0u);
    EXPECT_EQ(w.report(2).find("stopped maybe_delivered"), 0u);
    w.forget_sent();
    w.start();
    w.reconnect(true);
    std::vector<std::string> again = w.sent_packets();
    ASSERT_EQ(again.size(), 3u);
    std::sort(again.begin() + 1, again.end());
    EXPECT_EQ(again[1], packet("3a", "00 01 61 " + u16(id_of(begun[0])) + w.none() + "78"));
    EXPECT_EQ(again[2], "62 02 " + u16(id_of(begun[1])));
    w.feed("40 02 " + u16(id_of(begun[0])));
    w.feed("70 02 " + u16(id_of(begun[1])));
    EXPECT_TRUE(w.is_over(1));
    EXPECT_TRUE(w.is_over(2));
}

TEST_P(engine_stop, starting_again_with_a_lost_session_forgets_what_was_stopped) {
    w.go_online();
    w.publish("a", "x", 1);
    w.subscribe("f", 1);
    w.flush();
    w.stop(0ms);
    w.flush();
    w.forget_sent();
    w.start();
    w.reconnect(false);
    for (const auto& p : w.sent_packets()) EXPECT_NE(p[0], '3') << p;
    EXPECT_TRUE(w.is_over(1));
}

TEST_P(engine_stop, wanted_subscriptions_survive_a_stop) {
    polite_broker broker(w);
    w.start();
    broker.run();
    w.subscribe("a", 1);
    broker.run();
    w.stop(0ms);
    broker.run();
    EXPECT_EQ(w->look().subscriptions, 1u);
    w.forget_sent();
    w.start();
    w.reconnect(false);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1].substr(0, 2), "82");
}

// ---- close ------------------------------------------------------------------------------------------

TEST_P(engine_stop, close_is_immediate_and_says_no_disconnect) {
    // The server publishes the will.
    w.go_online();
    w.publish("a", "1", 1);
    w.forget_sent();
    w.close();
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.report(1).find("closed maybe_delivered"), 0u);
    EXPECT_TRUE(ends_with(w.events(), "stopped"));
    EXPECT_FALSE(w->deadline());
}

TEST_P(engine_stop, after_close_everything_is_rejected_for_good) {
    w.go_online();
    w.close();
    EXPECT_EQ(w->start(w.now, true), errc::closed);
    EXPECT_EQ(w.publish("a", "1", 1), 0);
    EXPECT_EQ(w.last_error, errc::closed);
    EXPECT_EQ(w.subscribe("a", 1), 0);
    EXPECT_EQ(w.last_error, errc::closed);
    EXPECT_EQ(w.unsubscribe("a"), 0);
    EXPECT_EQ(w.last_error, errc::closed);
    EXPECT_FALSE(w->ping(w.now));
    w.close();
    w.stop(1s);
    w.advance(60s);
    EXPECT_EQ(w.opens, 1u);
}

TEST_P(engine_stop, close_in_every_phase_ends_stopped) {
    for (int phase = 0; phase < 6; ++phase) {
        SCOPED_TRACE(phase);
        world v(GetParam());
        v.publish("a", "1", 1);
        if (phase >= 1) v.start();
        if (phase == 2) v.lose(errc::connect_failed, 111);
        if (phase >= 3) v.open();
        if (phase >= 4) v.flush();
        if (phase >= 4) v.accept();
        if (phase == 5) v.stop(5s);
        v.close();
        EXPECT_EQ(v.reports(1), 1);
        EXPECT_TRUE(v.is_over(1));
        EXPECT_TRUE(ends_with(v.events(), "stopped"));
        EXPECT_EQ(v->look().now_in, status::phase::stopped);
        EXPECT_EQ(v->look().unfinished, 0u);
    }
}

MQTT_AS_IN_BOTH_VERSIONS(engine_stop);

}  // namespace
}  // namespace engine_tests
