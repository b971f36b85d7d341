// Wanted subscriptions across outages: renewed when the session is lost, joined by equal requests, or forgotten.
#include "tests/unit/engine_subscription_fixture.hpp"

namespace engine_tests {
namespace {

class engine_renewal : public subscription_test {};

TEST_P(engine_renewal, is_renewed_when_the_session_is_lost_before_renewed_is_told) {
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

TEST_P(engine_renewal, is_not_asked_again_while_the_session_lives) {
    w.go_online();
    have("a", 1);
    w.lose();
    w.events();
    w.forget_sent();
    w.reconnect(true);
    EXPECT_EQ(w.sent_packets().size(), 1u);
    EXPECT_EQ(w.events(), "connected session_present | renewed");
}

TEST_P(engine_renewal, renewal_goes_on_after_another_outage) {
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

TEST_P(engine_renewal, an_equal_request_during_renewal_completes_with_it) {
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

TEST_P(engine_renewal, an_equal_request_after_renewal_completes_at_once) {
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

TEST_P(engine_renewal, a_different_request_is_sent) {
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

TEST_P(engine_renewal, refused_at_renewal_is_told_and_stays_wanted) {
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

TEST_P(engine_renewal, an_equal_request_during_a_renewal_that_is_refused_gets_the_refusal) {
    w.go_online();
    have("a", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    const int op = w.subscribe("a", 1);
    w.feed(suback(id_of(packets[0]), w.either("80", "87")));
    EXPECT_EQ(w.report(op).find(w.either("refused 80", "refused 87")), 0u);
}

TEST_P(engine_renewal, forgotten_while_down_is_not_renewed) {
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

TEST_P(engine_renewal, forgotten_before_its_renewal_went_out_is_not_renewed) {
    w.go_online();
    have("a", 1);
    w.lose();
    w.events();
    w.forget_sent();
    w.reconnect(false);
    EXPECT_EQ(w.events(), "connected");
    w.unsubscribe("a");
    for (const auto& p : w.sent_packets()) EXPECT_NE(p.substr(0, 2), "82");
    EXPECT_NE(w.events().find("renewed"), std::string::npos);
}

TEST_P(engine_renewal, forgotten_while_down_is_unsubscribed_where_the_session_lives) {
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

TEST_P(engine_renewal, a_clean_client_renews_on_every_connection) {
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

TEST_P(engine_renewal, waits_through_the_first_connection) {
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

TEST_P(engine_renewal, that_has_not_gone_out_need_not_go_once_its_filter_is_not_wanted) {
    w.bounds.batch_bytes_max = w.bounds.gather_from = 16;
    w.go_online();
    have("first", 1);
    have("other", 1);
    w.lose();
    w.await_attempt();
    w.open();
    w.forget_sent();
    w.accept(false);
    EXPECT_GT(w.offer(), 0u);  // a batch with room for one
    w.unsubscribe("other");
    w.take_all();
    EXPECT_EQ(w.sent_kinds(), "82 a2 ");
}

TEST_P(engine_renewal, unsubscribing_while_suback_is_due_forgets) {
    w.go_online();
    const int asking = w.subscribe("a", 1);
    w.flush();
    const unsigned id = w.last_id();
    w.unsubscribe("a");
    EXPECT_EQ(w->look().subscriptions, 0u);
    w.flush();
    w.feed(suback(id, "01"));
    EXPECT_EQ(w.report(asking), "ok 01");
    EXPECT_EQ(w->look().subscriptions, 0u);
    for (const auto& p : lose_session()) EXPECT_NE(p.substr(0, 2), "82");
}

TEST_P(engine_renewal, what_was_unsubscribed_is_not_asked_for_again_after_an_outage) {
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

TEST_P(engine_renewal, a_waiting_equal_request_can_be_cancelled_alone) {
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

MQTT_AS_IN_BOTH_VERSIONS(engine_renewal);

}  // namespace
}  // namespace engine_tests
