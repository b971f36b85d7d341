// A connection lost at every step of a publish, with the session kept and with the session lost.
//
// Fates at reconnection:
//                      session kept                          session lost
//   qos 0              sent if it had not been               the same
//   qos 1, 2 PUBLISH   resent, same identifier, DUP          as new: another identifier, DUP 0
//   qos 2 PUBREL       resent                                by policy: as new, or ended as session_lost
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_outage : public engine_test {
protected:
    /// A PUBLISH of "payload" to "t" as it stands on the wire.
    std::string publish_bytes(std::string_view first, const std::string& id) const {
        return packet(first, "00 01 74 " + id + w.none() + hex(std::string_view("payload")));
    }
    static std::string first_byte(std::uint8_t qos, bool dup) {
        std::string out;
        append_hex(out, static_cast<std::uint8_t>(0x30 | qos << 1 | (dup ? 8 : 0)));
        return out;
    }
};

TEST_P(engine_outage, at_every_step_with_the_session_kept) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            SCOPED_TRACE("qos " + std::to_string(qos) + " at " + name(at));
            world v(GetParam());
            const int op = publish_up_to(v, qos, at);
            const std::string old_id = u16(v.last_id());
            v.lose();
            v.forget_sent();
            EXPECT_EQ(v.reports(op), at == step::finished);

            v.reconnect(true);
            const auto packets = v.sent_packets();
            const std::size_t expected = at == step::finished ? 1 : 2;
            ASSERT_EQ(packets.size(), expected);  // CONNECT first
            if (at == step::finished) continue;
            const std::string& out = packets[1];
            const std::string id = qos == 0 ? "" : u16(id_of(out));
            if (at >= step::answered) {
                EXPECT_EQ(out, "62 02 " + old_id);
            } else if (at == step::sent) {
                EXPECT_EQ(out, publish_bytes(first_byte(qos, true), old_id));
            } else if (at >= step::offered && qos > 0) {
                // Nobody can tell how much of it arrived: DUP.
                EXPECT_EQ(out, publish_bytes(first_byte(qos, true), id));
            } else {
                EXPECT_EQ(out, publish_bytes(first_byte(qos, false), id));
            }
            // A PUBREL that goes out for the first time is no repetition.
            EXPECT_EQ(v->count().resent, qos > 0 && at >= step::offered && at != step::answered ? 1u : 0u);

            // The flow goes on to its end.
            if (qos == 1) v.feed("40 02 " + id);
            if (qos == 2 && at < step::answered) {
                v.feed("50 02 " + id);
                EXPECT_EQ(v.sent(), "62 02 " + id);
            }
            if (qos == 2) v.feed("70 02 " + id);
            EXPECT_EQ(v.report(op), "ok");
            EXPECT_EQ(v->look().unfinished, 0u);
        }
    }
}

TEST_P(engine_outage, at_every_step_with_the_session_lost) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            SCOPED_TRACE("qos " + std::to_string(qos) + " at " + name(at));
            world v(GetParam());
            const int op = publish_up_to(v, qos, at);
            const unsigned old_id = v.last_id();
            v.lose();
            v.forget_sent();

            v.reconnect(false);
            const auto packets = v.sent_packets();
            ASSERT_EQ(packets.size(), at == step::finished ? 1u : 2u);
            if (at == step::finished) continue;
            // Published as new, whatever had been reached.
            const std::string& out = packets[1];
            const std::string id = qos == 0 ? "" : u16(id_of(out));
            EXPECT_EQ(out, publish_bytes(first_byte(qos, false), id));
            if (qos > 0 && at >= step::sent) {
                EXPECT_NE(id_of(out), old_id);
            }
            if (qos == 1) v.feed("40 02 " + id);
            if (qos == 2) {
                v.feed("50 02 " + id);
                EXPECT_EQ(v.sent(), "62 02 " + id);
                v.feed("70 02 " + id);
            }
            EXPECT_EQ(v.report(op), qos == 2 && at >= step::offered ? "ok maybe_duplicated" : "ok");
            EXPECT_EQ(v->look().unfinished, 0u);
        }
    }
}

TEST_P(engine_outage, qos_2_by_policy_ends_as_session_lost) {
    for (const step at : steps_of(2)) {
        SCOPED_TRACE(name(at));
        world v(GetParam());
        v.config.qos2_on_lost_session = qos2_policy::report;
        const int op = publish_up_to(v, 2, at);
        v.lose();
        v.forget_sent();
        EXPECT_EQ(v.reports(op), at == step::finished) << "whether the session is lost is not known yet";
        v.reconnect(false);
        const auto packets = v.sent_packets();
        if (at == step::finished) continue;
        if (at < step::offered) {
            // Nothing of it was ever sent: it is published as any other.
            ASSERT_EQ(packets.size(), 2u);
            EXPECT_EQ(packets[1].substr(0, 2), "34");
            continue;
        }
        EXPECT_EQ(packets.size(), 1u);
        EXPECT_EQ(v.report(op), "session_lost maybe_delivered");
        EXPECT_EQ(v->look().unfinished, 0u);
    }
}

TEST_P(engine_outage, two_outages_keep_the_packet_identifier) {
    const int op = publish_up_to(w, 1, step::sent);
    const std::string id = u16(w.last_id());
    for (int i = 0; i < 2; ++i) {
        w.lose();
        w.forget_sent();
        w.reconnect(true);
        const auto packets = w.sent_packets();
        ASSERT_EQ(packets.size(), 2u);
        EXPECT_EQ(packets[1], publish_bytes("3a", id));
    }
    w.feed("40 02 " + id);
    EXPECT_EQ(w.report(op), "ok");
    EXPECT_EQ(w->count().resent, 2u);
}

TEST_P(engine_outage, a_connection_lost_again_before_connack_changes_nothing) {
    publish_up_to(w, 1, step::sent);
    const std::string id = u16(w.last_id());
    w.lose();
    for (int i = 0; i < 3; ++i) {
        w.await_attempt();
        w.open();
        w.flush();
        w.lose();
    }
    w.forget_sent();
    w.reconnect(true);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1], publish_bytes("3a", id));
}

TEST_P(engine_outage, kept_then_lost_publishes_as_new) {
    // The first reconnection finds the session and resends; the second one does not find it.
    const int op = publish_up_to(w, 2, step::sent);
    w.lose();
    w.reconnect(true);
    w.forget_sent();
    w.lose();
    w.reconnect(false);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1], publish_bytes("34", u16(id_of(packets[1]))));
    polite_broker broker(w);
    broker.skip();
    w.feed("50 02 " + u16(w.last_id()));
    broker.run();
    EXPECT_EQ(w.report(op), "ok maybe_duplicated");
}

TEST_P(engine_outage, a_puback_that_was_lost_is_given_after_the_resend) {
    // A qos 0 message that was sent is not sent again; the qos 1 message behind it is.
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    w.publish("z", "", 0);
    w.publish("t", "payload", 1);
    w.flush();
    const std::string id = u16(w.last_id());
    EXPECT_EQ(w.events(), "done #1 ok");
    w.lose();
    w.forget_sent();
    w.reconnect(true);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1], publish_bytes("3a", id));
}

TEST_P(engine_outage, subscriptions_in_flight_are_asked_again) {
    for (const bool kept : {false, true}) {
        SCOPED_TRACE(kept);
        world v(GetParam());
        v.config.clean = false;
        v.config.clean_init = false;
        v.go_online();
        const int op = v.subscribe("f", 1);
        const int other = v.unsubscribe("g");
        v.flush();
        v.lose();
        EXPECT_EQ(v.reports(op), 0);
        v.forget_sent();
        v.reconnect(kept);
        std::size_t subscribes = 0;
        for (const auto& p : v.sent_packets()) {
            subscribes += p.substr(0, 2) == "82";
            // No DUP there: the first byte is fixed [MQTT-3.8.1-1], [MQTT-3.10.1-1].
            EXPECT_TRUE(p.substr(0, 2) == "10" || p.substr(0, 2) == "82" || p.substr(0, 2) == "a2") << p;
            const std::string id = u16(id_of(p));
            if (p.substr(0, 2) == "82") v.feed(v.either("90 03 " + id + " 01", "90 04 " + id + " 00 01"));
            if (p.substr(0, 2) == "a2") v.feed(v.either("b0 02 " + id, "b0 04 " + id + " 00 00"));
        }
        EXPECT_EQ(subscribes, 1u);
        EXPECT_EQ(v.report(op), "ok 01");
        EXPECT_EQ(v.report(other), "ok");
    }
}

TEST_P(engine_outage, a_batch_under_way_is_forgotten_with_its_connection) {
    // Ten small messages are in one batch, half of it taken, when the connection ends.
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    for (int i = 0; i < 10; ++i) w.publish("t", std::to_string(i), 0);
    const std::size_t size = w.offer();
    w.take(size / 2);
    w.lose();
    // Whole messages that were taken are reported, the others wait.
    int done = 0;
    for (int op = 1; op <= 10; ++op) done += w.reports(op);
    EXPECT_EQ(done, 5);
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().size(), 1u + 5u);
    for (int op = 1; op <= 10; ++op) EXPECT_EQ(w.report(op), "ok");
}

TEST_P(engine_outage, qos_2_resent_behind_an_unanswered_connect_says_that_it_may_be_a_duplicate) {
    // The CONNACK that was lost may have told of a lost session, and what is present then is its successor.
    const int op = publish_up_to(w, 2, step::sent);
    const std::string id = u16(w.last_id());
    w.lose();
    w.await_attempt();
    w.open();
    w.flush();
    w.lose();
    w.reconnect(true);
    w.flush();
    w.feed("50 02 " + id);
    w.flush();
    w.feed("70 02 " + id);
    EXPECT_EQ(w.report(op), "ok maybe_duplicated");
}

TEST_P(engine_outage, nothing_is_offered_any_more_once_the_connection_is_to_be_closed) {
    w.config.clean = false;
    w.config.clean_init = false;
    w.answers_close = false;
    w.go_online();
    w.publish("t", "half of it is taken", 1);
    w.offer();
    w.take(5);
    w.close();
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.offer(), 0u);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_outage);

}  // namespace
}  // namespace engine_tests
