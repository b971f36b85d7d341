// Cancel and deadline at every step of a publish at each qos: exactly one report, and the truth about delivery.
//
// Fates:
//   nothing of it was given to a transport   reported, removed: it never appears on the wire
//   some of it was                           reported at once with maybe_delivered; the packet lives on, whole,
//                                            until acknowledged or its session is lost, and is not reported again
//   finished                                 nothing to cancel
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

enum class way { cancel, deadline };
enum class outage { none, before, after };

class engine_cancel : public engine_test {
protected:
    static std::size_t publishes(const world& v) {
        std::size_t count = 0;
        for (const auto& p : v.log) count += (p.data[0] >> 4) == 3;
        return count;
    }

    /// Brings a publish to `at`, ends its wait, and sees what becomes of it.
    void tell(std::uint8_t qos, step at, way how, outage when, bool session_kept) {
        SCOPED_TRACE("qos " + std::to_string(qos) + " at " + name(at) + (how == way::cancel ? " cancel" : " deadline") +
                     (when == outage::none     ? ""
                      : when == outage::before ? " after an outage"
                                               : " before an outage") +
                     (session_kept ? " session kept" : " session lost"));
        world v(GetParam());
        v.transport_takes = false;
        publish_request request;
        if (how == way::deadline) request.timeout = 1s;
        const int op = publish_up_to(v, qos, at, request);
        polite_broker broker(v);

        // The wait ends, perhaps during an outage.
        if (when == outage::before) v.lose();
        const std::size_t publishes_before = publishes(v);
        if (how == way::cancel) {
            EXPECT_EQ(v.cancel(op), at != step::finished);
        } else {
            v.advance(999ms);
            EXPECT_EQ(v.reports(op), at == step::finished);
            v.advance(1ms);
        }
        ASSERT_EQ(v.reports(op), 1);
        const std::string report = v.report(op);

        // The report tells the truth.
        const std::string ended = how == way::cancel ? "cancelled" : "timed_out";
        const bool maybe = report.find("maybe_delivered") != std::string::npos;
        if (at == step::finished) {
            EXPECT_EQ(report, "ok");
        } else {
            EXPECT_EQ(report.substr(0, ended.size()), ended);
            EXPECT_EQ(report.find("maybe_duplicated"), std::string::npos);
            if (at == step::queued) {
                EXPECT_EQ(report, ended);
            }
            if (at >= step::offered) {
                EXPECT_TRUE(maybe);
            }
        }

        // A second cancel finds nothing.
        EXPECT_FALSE(v.cancel(op));

        // Whatever was begun is brought to its end.
        if (when == outage::after) v.lose();
        if (!v.opening && !v->is_online()) v.await_attempt();
        v.transport_takes = true;
        broker.session_present = session_kept;
        if (when == outage::none && (at == step::sent || at == step::release_sent)) broker.answer_last();
        broker.run();
        ASSERT_TRUE(v->is_online());
        EXPECT_EQ(v.sent().find("torn"), std::string::npos);

        // One report in all, and the operation is gone.
        EXPECT_TRUE(v.is_over(op));
        EXPECT_EQ(v->look().unfinished, 0u);
        EXPECT_EQ(v->look().payload_bytes, 0u);

        // What was not touched never appears. What the session forgot is not sent again.
        if (at != step::finished && !maybe) {
            EXPECT_EQ(publishes(v), 0u);
        }
        if (at != step::finished && maybe && when == outage::none) {
            EXPECT_EQ(publishes(v), 1u);
        }
        if (when != outage::none && (!session_kept || qos == 0 || at == step::queued)) {
            EXPECT_EQ(publishes(v), publishes_before);
        }

        // The next message goes its way.
        const int next = v.publish("t", "next", qos);
        broker.run();
        EXPECT_EQ(v.report(next), "ok");
    }
};

TEST_P(engine_cancel, at_every_step_is_reported_once_and_truly) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) tell(qos, at, way::cancel, outage::none, false);
    }
}

TEST_P(engine_cancel, at_every_step_and_then_the_connection_is_lost) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool kept : {false, true}) tell(qos, at, way::cancel, outage::after, kept);
        }
    }
}

TEST_P(engine_cancel, at_every_step_after_the_connection_was_lost) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool kept : {false, true}) tell(qos, at, way::cancel, outage::before, kept);
        }
    }
}

TEST_P(engine_cancel, deadline_at_every_step_is_reported_once_and_truly) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) tell(qos, at, way::deadline, outage::none, false);
    }
}

TEST_P(engine_cancel, deadline_at_every_step_and_then_the_connection_is_lost) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool kept : {false, true}) tell(qos, at, way::deadline, outage::after, kept);
        }
    }
}

TEST_P(engine_cancel, deadline_at_every_step_after_the_connection_was_lost) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool kept : {false, true}) tell(qos, at, way::deadline, outage::before, kept);
        }
    }
}

TEST_P(engine_cancel, if_untouched_leaves_alone_what_a_transport_has_seen) {
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool lost : {false, true}) {
                SCOPED_TRACE("qos " + std::to_string(qos) + " at " + name(at) + (lost ? " lost" : ""));
                world v(GetParam());
                const int op = publish_up_to(v, qos, at);
                polite_broker broker(v);
                broker.session_present = true;
                if (lost) v.lose();
                const bool did = v.cancel(op, cancel_scope::if_untouched);
                if (at == step::queued) {
                    EXPECT_TRUE(did);
                }
                if (at >= step::offered) {
                    EXPECT_FALSE(did);
                }
                if (!v.opening && !v->is_online()) v.await_attempt();
                if (!lost && (at == step::sent || at == step::release_sent)) broker.answer_last();
                broker.run();
                EXPECT_TRUE(v.is_over(op));
                EXPECT_EQ(v.report(op), did ? "cancelled" : "ok");
                if (did) {
                    EXPECT_EQ(publishes(v), 0u);
                }
            }
        }
    }
}

TEST_P(engine_cancel, an_abandoned_qos_1_is_resent_with_its_identifier_while_the_session_lives) {
    const int op = publish_up_to(w, 1, step::sent);
    const std::string id = u16(w.last_id());
    w.forget_sent();
    EXPECT_TRUE(w.cancel(op));
    EXPECT_EQ(w.events(), "done #1 cancelled maybe_delivered unfinished");
    EXPECT_EQ(w->look().unfinished, 1u);
    w.lose();
    w.go_online(true);
    // The server may wait for this packet: the session's rules go on [MQTT-4.4.0-1].
    EXPECT_EQ(w.sent(), packet("3a", "00 01 74 " + id + w.none() + hex(std::string_view("payload"))));
    w.events();
    w.feed("40 02 " + id);
    EXPECT_EQ(w.events(), "released #1");
}

TEST_P(engine_cancel, an_abandoned_qos_2_is_led_through_pubrel_and_pubcomp) {
    const int op = publish_up_to(w, 2, step::sent);
    const std::string id = u16(w.last_id());
    w.forget_sent();
    EXPECT_TRUE(w.cancel(op));
    EXPECT_EQ(w.events(), "done #1 cancelled maybe_delivered unfinished");
    w.feed("50 02 " + id);
    EXPECT_EQ(w.sent(), "62 02 " + id);
    EXPECT_EQ(w.events(), "");
    w.feed("70 02 " + id);
    EXPECT_EQ(w.events(), "released #1");
}

TEST_P(engine_cancel, a_refusal_after_the_cancel_ends_the_packet_silently) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no refusing PUBACK";
    const int op = publish_up_to(w, 1, step::sent);
    EXPECT_TRUE(w.cancel(op));
    w.events();
    w.feed("40 03 " + u16(w.last_id()) + " 97");
    EXPECT_EQ(w.events(), "released #1");
}

TEST_P(engine_cancel, does_not_tear_a_packet_that_is_half_sent) {
    const int op = publish_up_to(w, 1, step::torn);
    EXPECT_TRUE(w.cancel(op));
    const int next = w.publish("n", "", 0);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0].substr(0, 2), "32");
    EXPECT_NE(packets[0].find(hex(std::string_view("payload"))), std::string::npos);
    EXPECT_EQ(packets[1].substr(0, 2), "30");
    EXPECT_EQ(w.report(next), "ok");
}

TEST_P(engine_cancel, of_a_subscription_at_every_step_is_reported_once) {
    // A SUBSCRIBE waits, is offered, sent, lost with its connection.
    for (int at = 0; at < 4; ++at) {
        for (const bool unsubscribing : {false, true}) {
            SCOPED_TRACE(std::to_string(at) + (unsubscribing ? " unsubscribe" : " subscribe"));
            world v(GetParam());
            v.config.clean = false;
            v.config.clean_init = false;
            if (at == 0) v.start();
            if (at > 0) v.go_online();
            const int op = unsubscribing ? v.unsubscribe("f") : v.subscribe("f", 1);
            if (at == 1) v.offer();
            if (at >= 2) v.flush();
            if (at == 3) v.lose();
            EXPECT_TRUE(v.cancel(op));
            ASSERT_EQ(v.reports(op), 1);
            EXPECT_EQ(v.report(op).find("cancelled"), 0u);
            EXPECT_EQ(v.report(op).find("maybe_delivered") != std::string::npos, at > 0);
            EXPECT_FALSE(v.cancel(op));
            polite_broker broker(v);
            broker.session_present = true;
            if (!v.opening && !v->is_online()) v.await_attempt();
            if (!v->is_online()) broker.run();
            if (at == 1) v.flush();
            if (at == 1 || at == 2) {
                const std::string id = u16(v.last_id());
                v.feed(unsubscribing ? v.either("b0 02 " + id, "b0 04 " + id + " 00 00")
                                     : v.either("90 03 " + id + " 01", "90 04 " + id + " 00 01"));
            }
            broker.run();
            EXPECT_TRUE(v.is_over(op));
            EXPECT_EQ(v->look().unfinished, 0u);
        }
    }
}

TEST_P(engine_cancel, many_deadlines_end_in_their_order) {
    w.start();
    w.publish("a", "1", 1, 300ms);
    w.publish("a", "2", 0, 100ms);
    w.publish("a", "3", 2, 200ms);
    w.publish("a", "4", 1);
    w.advance(250ms);
    EXPECT_EQ(w.events(), "done #2 timed_out | done #3 timed_out");
    w.advance(50ms);
    EXPECT_EQ(w.events(), "done #1 timed_out");
    w.advance(5s);
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w->look().unfinished, 1u);
}

TEST_P(engine_cancel, what_nobody_waits_for_is_sent_again_on_one_more_connection_and_no_other) {
    // A server that hangs up over a message would otherwise be asked to take it for ever, before all others.
    w.config.clean_init = w.config.clean = false;
    w.go_online();
    const int wanted = w.publish("a", "x", 1);
    const int unwanted = w.publish("a", "y", 1);
    w.forget_sent();
    EXPECT_TRUE(w.cancel(unwanted));
    EXPECT_EQ(w.report(unwanted), "cancelled maybe_delivered unfinished");
    w.lose();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 3a 3a ");
    EXPECT_FALSE(w.is_over(unwanted));
    w.lose();
    for (int i = 0; i < 5; ++i) {
        w.reconnect(true);
        const auto packets = w.sent_packets();
        ASSERT_EQ(packets.size(), 2u);
        EXPECT_EQ(packets[1].substr(0, 2), "3a");
        EXPECT_TRUE(w.is_over(unwanted));
        w.lose();
    }
    EXPECT_EQ(w.reports(wanted), 0);
}

TEST_P(engine_cancel, what_was_not_sent_again_by_then_will_be) {
    w.config.clean_init = w.config.clean = false;
    w.go_online();
    const int unwanted = w.publish("a", "x", 1);
    w.forget_sent();
    EXPECT_TRUE(w.cancel(unwanted));
    w.lose();
    // The next connection ends before the resend is handed to the transport.
    w.await_attempt();
    w.open();
    w.lose();
    EXPECT_FALSE(w.is_over(unwanted));
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 3a ");
}

TEST_P(engine_cancel, a_repetition_on_a_living_connection_is_the_one) {
    if (w.is_v5()) GTEST_SKIP() << "MQTT 5 repeats nothing on a living connection";
    w.config.clean_init = w.config.clean = false;
    w.go_online();
    const int unwanted = w.publish("a", "x", 1);
    w.forget_sent();
    while (w.sent_kinds().empty()) {  // something else comes, the answer does not
        w.feed("40 02 ff ff");
        w.advance(1s);
    }
    EXPECT_EQ(w->count().republications, 1u);
    EXPECT_TRUE(w.cancel(unwanted));
    w.lose();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 ");
    EXPECT_TRUE(w.is_over(unwanted));
}

MQTT_AS_IN_BOTH_VERSIONS(engine_cancel);

}  // namespace
}  // namespace engine_tests
