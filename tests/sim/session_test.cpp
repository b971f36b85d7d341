// Sessions kept and lost: what is resent, published as new, renewed; the four ways to begin.
#include "tests/sim/scenario.hpp"

namespace mqtt_as::sim {
namespace {

class sim_session : public scenario {};
IN_BOTH_VERSIONS(sim_session);

TEST_P(sim_session, kept_means_resent_with_DUP_in_the_first_order_and_nothing_twice_at_qos_2) {
    world_options o = options();
    o.server.processing_ms = 1'000;  // the acknowledgements do not come in time
    world w(o);
    go_online(w);
    for (int i = 0; i < 10; ++i) w.app.publish({.qos = static_cast<std::uint8_t>(1 + i % 2)});
    w.run_for(50);
    w.net.reset_current();
    expect_settled(w, seconds(20));
    EXPECT_EQ(w.server.seen_dup(), 10u);
    EXPECT_EQ(w.client->count().resent, 10u);
    for (const operation& op : w.truth.operations()) EXPECT_EQ(op.deliveries, 1u);
}

TEST_P(sim_session, of_a_process_that_died_holds_nothing_against_the_next) {
    world_options o = options();
    o.server.processing_ms = 1'000;  // of 20 messages no PUBREC comes in time
    world w(o);
    go_online(w);
    for (int i = 0; i < 20; ++i) w.app.publish({.qos = 2});
    w.run_for(500);
    broker_options quick = w.server.options();
    quick.processing_ms = 0;
    w.server.set_options(quick);
    w.restart(o, true);
    go_online(w);
    std::vector<std::uint32_t> next;
    for (int i = 0; i < 200; ++i) next.push_back(w.app.publish({.qos = 2}));
    expect_settled(w, seconds(5));
    for (const std::uint32_t serial : next) EXPECT_EQ(w.truth.at(serial).deliveries, 1u);
    // One that another broker would take for an old one: the identifiers come round again.
    for (int i = 0; i < 200; ++i) w.app.publish({.qos = 2});
    expect_settled(w, seconds(5));
}

TEST_P(sim_session, lost_means_published_as_new) {
    for (const qos2_policy policy : {qos2_policy::republish, qos2_policy::report}) {
        world_options o = options();
        o.server.processing_ms = 1'000;
        o.config.qos2_on_lost_session = policy;
        world w(o);
        go_online(w);
        const std::uint32_t qos1 = w.app.publish({.qos = 1});
        const std::uint32_t qos2 = w.app.publish({.qos = 2});
        w.run_for(50);
        w.server.lose_sessions();
        expect_settled(w, seconds(20));
        EXPECT_EQ(w.server.seen_dup(), 0u);
        EXPECT_EQ(w.truth.at(qos1).error, errc::ok);
        EXPECT_EQ(w.truth.at(qos1).deliveries, 2u);
        if (policy == qos2_policy::republish) {
            EXPECT_EQ(w.truth.at(qos2).error, errc::ok);
            EXPECT_TRUE(w.truth.at(qos2).may_be_duplicated);
        } else {
            EXPECT_EQ(w.truth.at(qos2).error, errc::session_lost);
            EXPECT_TRUE(w.truth.at(qos2).may_have_been_delivered);
            EXPECT_EQ(w.truth.at(qos2).deliveries, 1u);
        }
    }
}

TEST_P(sim_session, wanted_subscriptions_are_renewed_before_renewed_is_told) {
    world w(options());
    go_online(w);
    for (const char* filter : {"in/a", "in/b", "in/c"}) w.app.subscribe(filter, 1);
    w.app.unsubscribe("in/b");
    w.run_for(100);
    // The application judges at `renewed` that the broker has what is wanted.
    w.server.lose_sessions();
    w.run_for(1);
    time_until_up(w, seconds(5));
    EXPECT_TRUE(w.server.is_subscribed("in/a"));
    EXPECT_FALSE(w.server.is_subscribed("in/b"));
    EXPECT_TRUE(w.server.is_subscribed("in/c"));
    // Subscribing to the same again completes with that result and sends nothing.
    const std::uint32_t sent = w.server.seen(kind::subscribe);
    w.app.subscribe("in/a", 1);
    expect_settled(w, seconds(1));
    EXPECT_EQ(w.server.seen(kind::subscribe), sent);
}

TEST_P(sim_session, kept_means_that_nothing_is_subscribed_again) {
    world w(options());
    go_online(w);
    w.app.subscribe("in/#", 1);
    w.run_for(100);
    w.net.reset_current();
    w.run_for(1);
    time_until_up(w, seconds(5));
    EXPECT_EQ(w.server.seen(kind::subscribe), 1u);
    w.server.publish("in/a", 1, 20);
    expect_settled(w, seconds(1));
}

TEST_P(sim_session, a_subscription_refused_at_renewal_is_told_and_stays_wanted) {
    world w(options());
    go_online(w);
    w.app.subscribe("in/#", 1);
    w.run_for(100);
    w.server.arm(fault::refused_suback);
    w.server.lose_sessions();
    w.run_for(1);
    time_until_up(w, seconds(5));
    EXPECT_EQ(told(w, note::kind::renewal_refused), 1u);
    EXPECT_FALSE(w.server.is_subscribed("in/#"));
    w.server.lose_sessions();
    w.run_for(1);
    time_until_up(w, seconds(5));
    EXPECT_TRUE(w.server.is_subscribed("in/#"));
    expect_no_objection(w);
}

TEST_P(sim_session, the_four_ways_to_begin) {
    struct way {
        bool clean_init, clean, first_is_clean, later_is_clean;
    };
    for (const way& expected : {way{true, true, true, true}, way{true, false, is_five(), false},
                                way{false, true, true, true}, way{false, false, false, false}}) {
        world_options o = options();
        o.config.clean_init = expected.clean_init;
        o.config.clean = expected.clean;
        world w(o);
        go_online(w);
        EXPECT_EQ(w.server.last_connect().clean, expected.first_is_clean);
        // 3.1.1 starts clean and keeps the session afterwards in two steps: a clean CONNECT, DISCONNECT, then a lasting
        // one.
        const bool two_steps = !is_five() && expected.clean_init && !expected.clean;
        EXPECT_EQ(w.server.seen(kind::connect), two_steps ? 2u : 1u);
        w.net.reset_current();
        w.run_for(1);
        time_until_up(w, seconds(5));
        EXPECT_EQ(w.server.last_connect().clean, expected.later_is_clean);
        EXPECT_EQ(w.server.last_connect_resumed(), !expected.clean);
        if (is_five()) {
            const prop* expiry = find(w.server.last_connect().properties, 0x11);
            EXPECT_EQ(expiry != nullptr ? expiry->number : 0u, expected.clean ? 0u : 0xFFFF'FFFFu);
        }
        expect_no_objection(w);
    }
}

TEST_P(sim_session, inbound_qos_2_is_exactly_once_over_reconnections_while_the_application_holds_it) {
    world w(options());
    go_online(w);
    w.app.subscribe("in/#", 2);
    w.run_for(100);
    w.app.hold_messages(true);
    for (int i = 0; i < 5; ++i) w.server.publish("in/a", static_cast<std::uint8_t>(1 + i % 2), 20);
    w.run_for(100);
    w.net.reset_current();
    w.run_for(seconds(3));
    w.app.hold_messages(false);
    w.run_for(seconds(3));
    EXPECT_EQ(w.server.owed_to_client(), 0u);
    for (const inbound& in : w.truth.inbounds()) {
        if (in.qos == 2) {
            EXPECT_EQ(in.received, 1u);
        }
    }
    expect_settled(w, 1);
}

TEST_P(sim_session, what_the_application_never_acknowledges_is_given_out_again_by_each_connection) {
    world w(options());
    go_online(w);
    w.app.subscribe("in/#", 2);
    w.run_for(100);
    w.app.hold_messages(true);
    w.app.forget_at_outages(true);
    for (int i = 0; i < 6; ++i) w.server.publish("in/a", static_cast<std::uint8_t>(1 + i % 2), 20);
    for (int i = 0; i < 3; ++i) {
        w.run_for(100);
        EXPECT_EQ(w.app.held(), 6u);
        w.net.reset_current();
        w.run_for(1);
        time_until_up(w, seconds(5));
    }
    w.run_for(100);
    EXPECT_EQ(w.server.owed_to_client(), 6u);
    w.app.hold_messages(false);
    w.run_for(seconds(3));
    EXPECT_EQ(w.server.owed_to_client(), 0u);
    for (const inbound& in : w.truth.inbounds()) EXPECT_EQ(in.received, 4u);
    expect_settled(w, 1);
}

TEST_P(sim_session, an_application_that_holds_messages_does_not_lock_itself_out) {
    // What is held from an earlier connection counts neither against the receive maximum nor against reading CONNACK.
    for (const auto inbox : {std::uint16_t{1}, std::uint16_t{10}}) {
        world_options o = options();
        o.config.receive_maximum = 1;
        o.limit.inbound_max = inbox;
        world w(o);
        go_online(w);
        w.app.subscribe("in/#", 2);
        w.run_for(100);
        w.app.hold_messages(true);
        for (int i = 0; i < 4; ++i) w.server.publish("in/a", static_cast<std::uint8_t>(1 + i % 2), 20);
        for (int i = 0; i < 3; ++i) {
            w.run_for(100);
            w.net.reset_current();
            w.run_for(1);
            time_until_up(w, seconds(5));
        }
        w.run_for(100);
        w.app.hold_messages(false);
        w.run_for(seconds(5));
        EXPECT_EQ(told(w, note::kind::disconnected), 3u);
        EXPECT_EQ(w.server.owed_to_client(), 0u);
        expect_settled(w, 1);
    }
}

}  // namespace
}  // namespace mqtt_as::sim
