// How a dead link is found out: total silence, a missing acknowledgement, and what counts as life.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

constexpr const char* dead = "disconnected silence at online was_online";

class engine_silence : public engine_test {
protected:
    void SetUp() override {
        // No regular ping in the first 20 s: what goes out is the probe alone.
        w.config.keepalive = 0;
        w.config.clean_init = false;
        w.config.clean = false;
    }
    std::string incoming() const { return packet("30", "00 01 62 " + w.none() + "79"); }
    /// A second passes; the server sends a message in it.
    void noisy_second() {
        w.advance(1s);
        w.feed(incoming());
    }
};

TEST_P(engine_silence, with_an_acknowledgement_due_probes_once_and_is_dead_within_20_s) {
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    w.advance(9'999ms);
    EXPECT_EQ(w.sent(), "");
    // Nothing for `response_time`: one probing ping.
    w.advance(1ms);
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(9'999ms);
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.events(), "");
    // Nothing for another one: dead.
    w.advance(1ms);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), std::string(dead) + " | waiting");
    EXPECT_EQ(w->count().republications, 0u);
}

TEST_P(engine_silence, when_idle_is_dead_within_35_s) {
    w.config.keepalive = 60;
    w.go_online();
    // The regular ping at 15 s, the probe at 25 s, dead at 35 s.
    w.advance(14'999ms);
    EXPECT_EQ(w.sent(), "");
    w.advance(1ms);
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(9'999ms);
    EXPECT_EQ(w.sent(), "");
    w.advance(1ms);
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(9'999ms);
    EXPECT_TRUE(w->is_online());
    w.advance(1ms);
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.events(), std::string(dead) + " | waiting");
}

TEST_P(engine_silence, any_received_byte_is_life) {
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    // The first byte of some packet comes just in time, then the rest.
    w.advance(9'900ms);
    w.feed("d0");
    w.advance(9'900ms);
    EXPECT_TRUE(w->is_online());
    w.forget_sent();
    w.feed("00");
    w.advance(200ms);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_silence, an_answer_to_the_probe_is_life) {
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    const std::string id = u16(w.last_id());
    w.advance(10s);
    EXPECT_EQ(w.sent(), "c0 00");
    w.advance(9s);
    w.feed("d0 00");
    w.advance(5s);
    EXPECT_TRUE(w->is_online());
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
    // Nothing demands an answer now: the probe has been answered.
    w.advance(10s);
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_silence, nothing_demanded_means_no_silence) {
    // qos 0 has no answer: only the regular ping asks.
    w.go_online();
    w.publish("a", "x", 0);
    w.forget_sent();
    w.advance(19'999ms);
    EXPECT_EQ(w.sent(), "");
    EXPECT_TRUE(w->is_online());
    w.advance(1ms);
    EXPECT_EQ(w.sent(), "c0 00");
}

TEST_P(engine_silence, counts_from_the_moment_the_last_byte_was_taken) {
    // A slow upload: the packet that demands the answer is still under way.
    w.go_online();
    w.transport_takes = false;
    w.publish("a", std::string(3'000, 'x'), 1);
    std::size_t left = w.offer();
    while (left > 100) {
        w.take(100);
        left = w.offer();
        w.advance(5s);
        ASSERT_TRUE(w->is_online()) << left << " bytes to go";
    }
    w.take(left);
    w.transport_takes = true;
    w.forget_sent();
    w.advance(9'999ms);
    EXPECT_TRUE(w->is_online());
    w.advance(10s);
    EXPECT_TRUE(w->is_online());
    w.advance(2ms);
    EXPECT_FALSE(w->is_online());
}

TEST_P(engine_silence, a_transport_that_takes_nothing_at_all_is_dead_too) {
    // Half-open with a full send buffer: no byte moves in either direction. Bounded, and not hasty.
    w.go_online();
    w.transport_takes = false;
    w.publish("a", std::string(3'000, 'x'), 1);
    w.offer();
    w.advance(9s);
    EXPECT_TRUE(w->is_online());
    w.advance(60s);
    EXPECT_FALSE(w->is_online());
}

TEST_P(engine_silence, progress_of_the_peers_tcp_is_life) {
    // 100 MB at 200 KB/s: the kernel's buffer has taken all, the peer acknowledges bytes, nothing is received.
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    for (int i = 0; i < 9; ++i) {
        w.advance(5s);
        w->on_peer_progress(w.now, w.current);
        w.turn();
        ASSERT_TRUE(w->is_online());
    }
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_silence, what_waits_behind_a_slow_upload_is_not_late_when_the_upload_is_through) {
    w.go_online();
    w.publish("a", "large", 1);
    w.forget_sent();
    const std::string large = u16(w.last_id());
    w.publish("a", "small", 1);
    w.forget_sent();
    const std::string small = u16(w.last_id());
    // For 90 s the peer's TCP takes what the kernel had taken at once; regular pings and a probe stand behind it.
    for (int i = 0; i < 18; ++i) {
        w.advance(5s);
        w->on_peer_progress(w.now, w.current);
        w.turn();
    }
    ASSERT_TRUE(w->is_online());
    w.forget_sent();
    // The upload is through: its PUBACK is followed by that of the small message and by the PINGRESPs, a second later
    // each.
    w.feed(packet("40", large));
    w.advance(1s);
    w.feed(packet("40", small));
    w.advance(1s);
    w.feed("d0 00");
    w.advance(1s);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().republications, 0u);
    EXPECT_EQ(w->count().outages, 0u) << w.events();
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_silence, is_not_counted_while_the_inbox_is_full) {
    // The application does not read for 60 s: the silence is our own doing.
    w.bounds.inbound_max = 1;
    w.consume = false;
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    const std::string id = u16(w.last_id());
    w.advance(1s);
    w.feed(incoming());
    EXPECT_FALSE(w->wants_bytes());
    w.advance(60s);
    EXPECT_TRUE(w->is_online());
    w.forget_sent();
    // It reads again: silence counts from now, and so does the missing acknowledgement.
    w.acknowledge(w.inbox[0]);
    w.advance(9s);
    EXPECT_EQ(w.sent(), "");
    EXPECT_TRUE(w->is_online());
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_silence, counts_again_once_the_inbox_has_room) {
    w.bounds.inbound_max = 1;
    w.consume = false;
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    w.feed(incoming());
    w.advance(60s);
    w.acknowledge(w.inbox[0]);
    w.advance(21s);
    EXPECT_FALSE(w->is_online());
}

TEST_P(engine_silence, a_late_wake_up_processes_what_is_readable_first) {
    // The process slept for a minute. The front gives what had arrived, then the time.
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    const std::string id = u16(w.last_id());
    w.now = w.now + 60s;
    w.feed("40 02 " + id);
    w->on_time(w.now);
    w.turn();
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_silence, a_late_wake_up_with_nothing_to_read_probes_before_it_judges) {
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    w.now = w.now + 60s;
    w->on_time(w.now);
    w.turn();
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.sent(), "c0 00");
    w.feed("d0 00");
    EXPECT_TRUE(w->is_online());
}

// ---- a missing acknowledgement while other packets arrive ----------------------------------------

TEST_P(engine_silence, a_missing_puback_is_republished_in_3_1_1_and_waited_for_in_5) {
    w.go_online();
    w.publish("a", "x", 1);
    const std::string first = w.sent();
    const std::string id = u16(id_of(first));
    const std::string again = packet("3a", "00 01 61 " + id + w.none() + "78");
    std::vector<int> at;
    for (int second = 1; second <= 49; ++second) {
        noisy_second();
        for (const auto& p : w.sent_packets()) {
            if (p.substr(0, 2) == "c0") {
                w.feed("d0 00");
                continue;
            }
            EXPECT_EQ(p, again);
            at.push_back(second);
        }
    }
    // 3.1.1: same identifier, DUP, every `response_time`; 5 never on a live connection [MQTT-4.4.0-1].
    EXPECT_EQ(at, w.is_v5() ? std::vector<int>{} : (std::vector<int>{10, 20, 30, 40}));
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 4u);
    EXPECT_TRUE(w->is_online());
    w.events();
    // After response_time * (max_repubs + 1) both reconnect.
    noisy_second();
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.events(), "disconnected acknowledgement_missing at online was_online | waiting");
    // And send it again on the next connection.
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().back(), again);
    // There it has all its time again.
    for (int second = 1; second <= 30; ++second) noisy_second();
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 4u + 3u);
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_silence, a_slow_server_is_asked_for_nothing_again_while_it_answers_in_order) {
    // One answer in 9 s: the last one comes after 3 minutes.
    w.go_online();
    for (int i = 0; i < 20; ++i) w.publish("a", "x", static_cast<std::uint8_t>(1 + i % 2));
    std::vector<unsigned> ids;
    for (const auto& packet : w.sent_packets()) ids.push_back(id_of(packet));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        for (int s = 0; s < 9; ++s) noisy_second();
        w.flush();
        w.feed("d0 00");
        w.feed((i % 2 == 0 ? "40 02 " : "50 02 ") + u16(ids[i]));
        w.flush();
        if (i % 2 == 1) w.feed("70 02 " + u16(ids[i]));
    }
    for (int op = 1; op <= 20; ++op) EXPECT_EQ(w.report(op), "ok") << op;
    EXPECT_EQ(w->count().republications, 0u);
    EXPECT_TRUE(w->is_online());
}

TEST_P(engine_silence, one_that_is_passed_over_is_missed_however_many_behind_it_are_answered) {
    w.go_online();
    const int first = w.publish("a", "x", 1);
    const std::string held = u16(id_of(w.sent()));
    for (int s = 0; s < (w.is_v5() ? 49 : 9); ++s) {
        w.publish("a", "y", 1);
        w.forget_sent();
        const std::string id = u16(w.last_id());
        noisy_second();
        w.feed("d0 00 40 02 " + id);
    }
    EXPECT_EQ(w->count().republications, 0u);
    EXPECT_TRUE(w->is_online());
    w.forget_sent();
    noisy_second();
    EXPECT_EQ(w->is_online(), !w.is_v5());
    EXPECT_EQ(w.sent().substr(0, 2), w.is_v5() ? "" : "3a");
    EXPECT_EQ(w.reports(first), 0);
}

TEST_P(engine_silence, all_that_are_passed_over_are_missed_at_the_same_time) {
    w.go_online();
    for (int i = 0; i < 5; ++i) w.publish("a", "x", 1);
    w.forget_sent();
    for (int s = 0; s < 11; ++s) noisy_second();
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 5u);
}

TEST_P(engine_silence, a_pubrel_has_all_its_time_however_late_pubrec_came) {
    w.go_online();
    w.publish("a", "x", 2);
    const std::string id = u16(id_of(w.sent()));
    for (int second = 1; second <= 45; ++second) noisy_second();
    w.feed("50 02 " + id);
    w.flush();
    for (int second = 1; second <= 45; ++second) {
        noisy_second();
        w.flush();
        if (w.log.back().data[0] == 0xC0) w.feed("d0 00");
    }
    EXPECT_TRUE(w->is_online());
    w.feed("70 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_silence, a_puback_after_a_republication_ends_it_and_a_second_one_does_no_harm) {
    w.go_online();
    w.publish("a", "x", 1);
    const std::string id = u16(id_of(w.sent()));
    for (int second = 1; second <= 12; ++second) noisy_second();
    w.feed("40 02 " + id);
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(1), "ok");
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 1u);
    w.forget_sent();
    // Nothing is repeated afterwards.
    for (int second = 1; second <= 15; ++second) noisy_second();
    for (const auto& p : w.sent_packets()) EXPECT_EQ(p, "c0 00");
}

TEST_P(engine_silence, max_repubs_0_never_republishes) {
    w.config.max_repubs = 0;
    w.go_online();
    w.publish("a", "x", 1);
    w.forget_sent();
    for (int second = 1; second <= 9; ++second) noisy_second();
    EXPECT_TRUE(w->is_online());
    w.events();
    noisy_second();
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.events(), "disconnected acknowledgement_missing at online was_online | waiting");
}

TEST_P(engine_silence, a_missing_pubcomp_never_repeats_the_publish) {
    w.go_online();
    w.publish("a", "x", 2);
    const std::string id = u16(id_of(w.sent()));
    w.feed("50 02 " + id);
    EXPECT_EQ(w.sent(), "62 02 " + id);
    for (int second = 1; second <= 49; ++second) {
        noisy_second();
        for (const auto& p : w.sent_packets()) {
            if (p == "c0 00") w.feed("d0 00");
            // 3.1.1 may repeat PUBREL; 5 may not; nobody the PUBLISH [MQTT-4.3.3-6].
            EXPECT_TRUE(p == "c0 00" || (!w.is_v5() && p == "62 02 " + id)) << p;
        }
    }
    EXPECT_TRUE(w->is_online());
    noisy_second();
    noisy_second();
    EXPECT_FALSE(w->is_online());
}

TEST_P(engine_silence, a_missing_suback_reconnects_and_asks_again) {
    w.go_online();
    w.subscribe("f", 1);
    w.flush();
    for (int second = 1; second <= 49; ++second) {
        noisy_second();
        w.flush();
        if (w.log.back().data[0] == 0xC0) w.feed("d0 00");
    }
    EXPECT_TRUE(w->is_online());
    for (int second = 1; second <= 2; ++second) noisy_second();
    EXPECT_FALSE(w->is_online());
    const std::string told = w.events();
    EXPECT_NE(told.find("disconnected acknowledgement_missing at online was_online | waiting"), std::string::npos)
        << told;
    w.forget_sent();
    w.reconnect(true);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1].substr(0, 2), "82");
    const std::string id = u16(id_of(packets[1]));
    w.feed(w.either("90 03 " + id + " 01", "90 04 " + id + " 00 01"));
    EXPECT_EQ(w.report(1), "ok 01");
}

TEST_P(engine_silence, an_abandoned_operation_is_watched_like_any_other) {
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    EXPECT_TRUE(w.cancel(1));
    for (int second = 1; second <= 51; ++second) {
        noisy_second();
        w.flush();
        if (!w->is_online()) break;
        if (w.log.back().data[0] == 0xC0) w.feed("d0 00");
    }
    EXPECT_FALSE(w->is_online());
}

MQTT_AS_IN_BOTH_VERSIONS(engine_silence);

}  // namespace
}  // namespace engine_tests
