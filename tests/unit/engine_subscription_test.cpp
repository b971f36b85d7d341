// Wanted subscriptions: asked for, granted or refused, renewed when the session is lost, forgotten.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_subscription : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
    }
    std::string suback(unsigned id, const std::string& reason) const {
        return w.either("90 03 " + u16(id) + " " + reason, "90 04 " + u16(id) + " 00 " + reason);
    }
    /// SUBSCRIBE to a filter of one letter.
    std::string subscribe_bytes(unsigned id, const std::string& filter, const std::string& options) const {
        return packet("82", u16(id) + w.none() + "00 01 " + hex(filter) + " " + options);
    }
    /// Subscribes and is granted what it asks for.
    void have(std::string_view filter, std::uint8_t qos) {
        w.subscribe(filter, qos);
        w.forget_sent();
        w.feed(suback(w.last_id(), "0" + std::to_string(qos)));
        w.events();
    }
    /// Loses connection and session; what goes out on the next connection after CONNECT.
    std::vector<std::string> lose_session() {
        w.lose();
        w.events();
        w.forget_sent();
        w.reconnect(false);
        auto packets = w.sent_packets();
        packets.erase(packets.begin());
        return packets;
    }
};

TEST_P(engine_subscription, is_asked_for_and_granted) {
    w.go_online();
    const int op = w.subscribe("a", 1);
    const std::string out = w.sent();
    const std::string id = u16(id_of(out));
    EXPECT_EQ(out, w.either("82 06 " + id + " 00 01 61 01", "82 07 " + id + " 00 00 01 61 01"));
    EXPECT_EQ(w.reports(op), 0);
    EXPECT_EQ(w->look().subscriptions, 1u);
    w.feed(w.either("90 03 " + id + " 01", "90 04 " + id + " 00 01"));
    EXPECT_EQ(w.events(), "done #1 ok 01");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_subscription, may_be_granted_less_than_it_asked_for) {
    w.go_online();
    w.subscribe("a", 2);
    w.flush();
    w.feed(suback(w.last_id(), "00"));
    EXPECT_EQ(w.events(), "done #1 ok");
}

TEST_P(engine_subscription, unsubscribe_is_answered_and_forgets) {
    w.go_online();
    have("a", 1);
    const int op = w.unsubscribe("a");
    EXPECT_EQ(w->look().subscriptions, 0u);
    w.forget_sent();
    const std::string out = hex(w.log.back().data);
    const std::string id = u16(w.last_id());
    EXPECT_EQ(out, w.either("a2 05 " + id + " 00 01 61", "a2 06 " + id + " 00 00 01 61"));
    w.feed(w.either("b0 02 " + id, "b0 04 " + id + " 00 00"));
    EXPECT_EQ(w.report(op), "ok");
    EXPECT_TRUE(lose_session().empty());
}

TEST_P(engine_subscription, what_is_wrong_is_rejected_at_once_and_creates_nothing) {
    w.go_online();
    for (const std::string_view filter :
         {"", "a#", "#/a", "a+", "a/+b", "$share//a", "$share/g", "$share/g+/a", "\xC3"}) {
        SCOPED_TRACE(filter);
        EXPECT_EQ(w.subscribe(filter, 0), 0);
        EXPECT_EQ(w.last_error, errc::bad_filter);
        EXPECT_EQ(w.unsubscribe(filter), 0);
        EXPECT_EQ(w.last_error, errc::bad_filter);
    }
    EXPECT_EQ(w.subscribe("a", 3), 0);
    EXPECT_EQ(w.last_error, errc::bad_qos);
    EXPECT_EQ(w->look().subscriptions, 0u);
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_subscription, options_and_properties_belong_to_version_5) {
    w.go_online();
    const subscription all{.filter = "a",
                           .qos = 1,
                           .no_local = true,
                           .retain_as_published = true,
                           .retain_handling = 2,
                           .properties = {.subscription_identifier = 300}};
    const int op = w.subscribe(all);
    if (!w.is_v5()) {
        EXPECT_EQ(op, 0);
        EXPECT_EQ(w.last_error, errc::unsupported_by_version);
        return;
    }
    const std::string out = w.sent();
    EXPECT_EQ(out, "82 0a " + u16(id_of(out)) + " 03 0b ac 02 00 01 61 2d");
    // No Local with a shared subscription, retain handling 3: never sent [MQTT-3.8.3-4], -5.
    EXPECT_EQ(w.subscribe({.filter = "$share/g/a", .no_local = true}), 0);
    EXPECT_NE(w.last_error, errc::ok);
    EXPECT_EQ(w.subscribe({.filter = "a", .retain_handling = 3}), 0);
    EXPECT_NE(w.last_error, errc::ok);
}

TEST_P(engine_subscription, refused_the_first_time_is_forgotten) {
    w.go_online();
    w.subscribe("a", 1);
    w.forget_sent();
    w.feed(suback(w.last_id(), w.either("80", "87")));
    const std::string told = w.events();
    EXPECT_EQ(told.find(w.either("done #1 refused 80", "done #1 refused 87")), 0u) << told;
    EXPECT_EQ(w->look().subscriptions, 0u);
    EXPECT_TRUE(w->is_online());
    EXPECT_TRUE(lose_session().empty());
}

TEST_P(engine_subscription, is_renewed_when_the_session_is_lost_before_renewed_is_told) {
    w.go_online();
    have("a", 1);
    have("b", 2);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0], subscribe_bytes(id_of(packets[0]), "a", "01"));
    EXPECT_EQ(packets[1], subscribe_bytes(id_of(packets[1]), "b", "02"));
    // Online, and not yet renewed.
    EXPECT_EQ(w.events(), "connected");
    w.feed(suback(id_of(packets[0]), "01"));
    EXPECT_EQ(w.events(), "");
    w.feed(suback(id_of(packets[1]), "02"));
    EXPECT_EQ(w.events(), "renewed");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_subscription, is_not_asked_again_while_the_session_lives) {
    w.go_online();
    have("a", 1);
    w.lose();
    w.events();
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().size(), 1u);
    EXPECT_EQ(w.events(), "connected session_present | renewed");
}

TEST_P(engine_subscription, renewal_goes_on_after_another_outage) {
    w.go_online();
    have("a", 1);
    EXPECT_EQ(lose_session().size(), 1u);
    // Lost before SUBACK. The server says that it has a session now, the new one: whether it has the subscription is
    // not known, so it is asked again.
    w.lose();
    w.forget_sent();
    w.reconnect(true);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1], subscribe_bytes(id_of(packets[1]), "a", "01"));
    w.events();
    w.feed(suback(id_of(packets[1]), "01"));
    EXPECT_EQ(w.events(), "renewed");
}

TEST_P(engine_subscription, an_equal_request_during_renewal_completes_with_it) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    // What a connect_coro does each time: no second SUBSCRIBE, no retained messages twice.
    const int op = w.subscribe("a", 1);
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.reports(op), 0);
    w.feed(suback(id_of(packets[0]), "01"));
    EXPECT_EQ(w.report(op), "ok 01");
    EXPECT_EQ(w.sent(), "");
    EXPECT_NE(w.events().find("renewed"), std::string::npos);
}

TEST_P(engine_subscription, an_equal_request_after_renewal_completes_at_once) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    w.feed(suback(id_of(packets[0]), "00"));
    w.events();
    // With the result that the renewal had.
    w.subscribe("a", 1);
    EXPECT_EQ(w.events(), "done #2 ok");
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_subscription, a_different_request_is_sent) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    w.feed(suback(id_of(packets[0]), "01"));
    const int op = w.subscribe("a", 2);
    w.forget_sent();
    EXPECT_EQ(hex(w.log.back().data), subscribe_bytes(w.last_id(), "a", "02"));
    w.feed(suback(w.last_id(), "02"));
    EXPECT_EQ(w.report(op), "ok 02");
    EXPECT_EQ(w->look().subscriptions, 1u);
    // The new options are the wanted ones.
    const auto next = lose_session();
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0], subscribe_bytes(id_of(next[0]), "a", "02"));
}

TEST_P(engine_subscription, refused_at_renewal_is_told_and_stays_wanted) {
    w.go_online();
    have("a", 1);
    have("b", 1);
    for (int i = 0; i < 2; ++i) {
        const auto packets = lose_session();
        ASSERT_EQ(packets.size(), 2u);
        w.events();
        w.feed(suback(id_of(packets[0]), w.either("80", "87")));
        EXPECT_EQ(w.events(), w.either("renewal_refused a 80", "renewal_refused a 87"));
        w.feed(suback(id_of(packets[1]), "01"));
        EXPECT_EQ(w.events(), "renewed");
        EXPECT_EQ(w->look().subscriptions, 2u);
        EXPECT_TRUE(w->is_online()) << "a refused subscription is no reason to reconnect";
    }
}

TEST_P(engine_subscription, an_equal_request_during_a_renewal_that_is_refused_gets_the_refusal) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    const int op = w.subscribe("a", 1);
    w.feed(suback(id_of(packets[0]), w.either("80", "87")));
    EXPECT_EQ(w.report(op).find(w.either("refused 80", "refused 87")), 0u);
}

TEST_P(engine_subscription, forgotten_while_down_is_not_renewed) {
    w.go_online();
    have("a", 1);
    have("b", 1);
    w.lose();
    w.events();
    const int op = w.unsubscribe("a");
    EXPECT_EQ(w->look().subscriptions, 1u);
    w.forget_sent();
    w.reconnect(false);
    for (const auto& p : w.sent_packets()) EXPECT_EQ(p.find("82 06 " + u16(id_of(p)) + " 00 01 61"), std::string::npos);
    polite_broker broker(w);
    w.feed(suback(w.last_id(), "01"));
    if (w.reports(op) == 0) {
        for (const auto& p : w.log) {
            if (p.data[0] != 0xA2) continue;
            const std::string id = u16(id_of(p.data));
            w.feed(w.either("b0 02 " + id, "b0 04 " + id + " 00 11"));
        }
    }
    EXPECT_EQ(w.reports(op), 1);
}

TEST_P(engine_subscription, forgotten_while_down_is_unsubscribed_where_the_session_lives) {
    w.go_online();
    have("a", 1);
    w.lose();
    const int op = w.unsubscribe("a");
    w.forget_sent();
    w.reconnect(true);
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1].substr(0, 2), "a2");
    const std::string id = u16(id_of(packets[1]));
    w.feed(w.either("b0 02 " + id, "b0 04 " + id + " 00 00"));
    EXPECT_EQ(w.report(op), "ok");
}

TEST_P(engine_subscription, a_clean_client_renews_on_every_connection) {
    world v(GetParam());
    polite_broker broker(v);
    v.start();
    broker.run();
    v.subscribe("a", 1);
    broker.run();
    for (int i = 0; i < 3; ++i) {
        v.lose();
        v.events();
        v.forget_sent();
        v.await_attempt();
        broker.run();
        EXPECT_EQ(v.events(), "connected | renewed");
        EXPECT_EQ(v.sent_packets().size(), 2u);
    }
}

TEST_P(engine_subscription, wanted_filters_are_bounded) {
    w.bounds.subscriptions_max = 2;
    w.go_online();
    have("a", 1);
    have("b", 1);
    EXPECT_EQ(w.subscribe("c", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    // One that is wanted already needs no new place; one that was forgotten gives its own back.
    EXPECT_GT(w.subscribe("a", 0), 0);
    w.unsubscribe("b");
    EXPECT_GT(w.subscribe("c", 1), 0);
    EXPECT_EQ(w->look().subscriptions, 2u);
}

TEST_P(engine_subscription, waits_through_the_first_connection) {
    const int op = w.subscribe("a", 1);
    w.start();
    w.reconnect(false);
    auto packets = w.sent_packets();
    // Exactly one SUBSCRIBE: the request itself, no renewal beside it.
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1], subscribe_bytes(id_of(packets[1]), "a", "01"));
    w.feed(suback(id_of(packets[1]), "01"));
    EXPECT_EQ(w.report(op), "ok 01");
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_subscription, publishes_received_before_suback_are_delivered) {
    w.go_online();
    w.subscribe("a", 0);
    w.flush();
    w.feed(packet("30", "00 01 61 " + w.none() + "78"));
    EXPECT_EQ(w.events(), "message a 'x' qos 0");
}

TEST_P(engine_subscription, unsubscribing_while_suback_is_due_forgets) {
    w.go_online();
    const int asking = w.subscribe("a", 1);
    w.flush();
    const std::string id = u16(w.last_id());
    w.unsubscribe("a");
    EXPECT_EQ(w->look().subscriptions, 0u);
    w.flush();
    w.feed(suback(id_of("90 02 " + id), "01"));
    EXPECT_EQ(w.report(asking), "ok 01");
    EXPECT_EQ(w->look().subscriptions, 0u);
    for (const auto& p : lose_session()) EXPECT_NE(p.substr(0, 2), "82");
}

TEST_P(engine_subscription, what_was_unsubscribed_is_not_asked_for_again_after_an_outage) {
    // SUBACK stays away, UNSUBACK comes, the connection is lost: asking again would undo the UNSUBSCRIBE.
    for (const bool kept : {false, true}) {
        SCOPED_TRACE(kept);
        world v(GetParam());
        v.config.clean = false;
        v.config.clean_init = false;
        v.go_online();
        const int asking = v.subscribe("a", 1);
        v.flush();
        const int forgetting = v.unsubscribe("a");
        v.flush();
        const std::string id = u16(v.last_id());
        v.feed(v.either("b0 02 " + id, "b0 04 " + id + " 00 00"));
        EXPECT_EQ(v.report(forgetting), "ok");
        v.lose();
        v.forget_sent();
        v.reconnect(kept);
        for (const auto& p : v.sent_packets()) EXPECT_NE(p.substr(0, 2), "82");
        EXPECT_EQ(v.reports(asking), 1);
        EXPECT_EQ(v->look().unfinished, 0u);
    }
}

TEST_P(engine_subscription, a_waiting_equal_request_can_be_cancelled_alone) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    const int cancelled = w.subscribe("a", 1);
    const int late = w.subscribe({.filter = "a", .qos = 1, .timeout = 1s});
    const int patient = w.subscribe("a", 1);
    EXPECT_TRUE(w.cancel(cancelled, cancel_scope::if_untouched));
    EXPECT_EQ(w.report(cancelled), "cancelled");
    w.advance(1s);
    EXPECT_EQ(w.report(late), "timed_out");
    w.feed(suback(id_of(packets[0]), "01"));
    EXPECT_EQ(w.report(patient), "ok 01");
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_subscription, cancelling_the_one_that_others_wait_for_leaves_them_waiting) {
    // Two equal requests before the first connection: one SUBSCRIBE for both.
    const int first = w.subscribe("a", 1);
    const int second = w.subscribe("a", 1);
    EXPECT_TRUE(w.cancel(first));
    w.go_online();
    for (const auto& p : w.sent_packets()) w.feed(suback(id_of(p), "01"));
    EXPECT_EQ(w.report(first).find("cancelled"), 0u);
    EXPECT_EQ(w.report(second), "ok 01");
    EXPECT_EQ(w->look().subscriptions, 1u);
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_subscription, two_equal_requests_both_complete) {
    w.go_online();
    const int one = w.subscribe("a", 1);
    const int two = w.subscribe("a", 1);
    for (const auto& p : w.sent_packets()) w.feed(suback(id_of(p), "01"));
    EXPECT_EQ(w.report(one), "ok 01");
    EXPECT_EQ(w.report(two), "ok 01");
    EXPECT_EQ(w->look().subscriptions, 1u);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_subscription);

}  // namespace
}  // namespace engine_tests
