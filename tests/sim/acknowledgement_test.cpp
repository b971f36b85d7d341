// Acknowledgements that stay away, come late, twice, for nobody, or with a failing code.
#include "tests/sim/scenario.hpp"

namespace mqtt_as::sim {
namespace {

class sim_acknowledgement : public scenario {
protected:
    /// Other packets keep coming, so that it is one acknowledgement that is missing and not everything.
    static void keep_talking(world& w, std::uint64_t ms) {
        for (std::uint64_t t = 0; t < ms; t += 500) w.time.after(t, [&w] { w.server.publish("in/a", 0, 10); });
    }
    static void go_online_and_listen(world& w) {
        go_online(w);
        w.app.subscribe("in/#", 2);
        w.run_for(100);
    }
};
IN_BOTH_VERSIONS(sim_acknowledgement);

TEST_P(sim_acknowledgement, withheld_once_is_asked_for_again_in_3_1_1_and_never_in_5) {
    world w(options());
    go_online_and_listen(w);
    keep_talking(w, seconds(40));
    w.server.arm(fault::withhold_puback);
    w.app.publish({.qos = 1});
    w.run_for(seconds(12));
    if (is_five()) {
        EXPECT_EQ(w.server.seen_dup(), 0u);
        EXPECT_EQ(w.client->count().republications, 0u);
        EXPECT_EQ(w.truth.unreported(), 1u);
    } else {
        EXPECT_EQ(w.server.seen_dup(), 1u);
        EXPECT_EQ(w.client->count().republications, 1u);
        EXPECT_EQ(w.truth.unreported(), 0u);
    }
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_no_objection(w);
}

TEST_P(sim_acknowledgement, withheld_five_times_ends_the_connection_after_response_time_times_5) {
    for (const fault what : {fault::withhold_puback_5, fault::withhold_pubrec, fault::withhold_pubcomp}) {
        world w(options());
        go_online_and_listen(w);
        keep_talking(w, seconds(60));
        w.server.arm(what, what == fault::withhold_puback_5 ? 1 : 5);
        w.app.publish({.qos = static_cast<std::uint8_t>(what == fault::withhold_puback_5 ? 1 : 2)});
        const std::uint64_t took = time_until_down(w, seconds(70));
        EXPECT_GE(took, seconds(50));
        EXPECT_LE(took, seconds(51));
        EXPECT_EQ(last_error(w), errc::acknowledgement_missing);
        EXPECT_EQ(w.client->count().republications, is_five() ? 0u : 4u);
        w.server.disarm_all();
        expect_settled(w, seconds(10));
    }
}

TEST_P(sim_acknowledgement, twelve_seconds_late_does_no_harm) {
    world w(options());
    go_online_and_listen(w);
    keep_talking(w, seconds(30));
    w.server.arm(fault::late_puback);
    w.app.publish({.qos = 1});
    w.run_for(seconds(30));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_settled(w, 1);
}

TEST_P(sim_acknowledgement, duplicates_and_strangers_do_no_harm) {
    world w(options());
    go_online_and_listen(w);
    w.server.arm(fault::duplicate_acknowledgement, 20);
    for (int i = 0; i < 10; ++i) {
        w.app.publish({.qos = 1});
        w.app.publish({.qos = 2});
        w.run_for(100);
        w.server.send_unknown_acknowledgement();
    }
    w.run_for(seconds(5));
    EXPECT_GT(w.client->count().unknown_acknowledgements, 10u);
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_settled(w, 1);
}

TEST_P(sim_acknowledgement, pubrels_go_in_the_order_of_pubrecs) {
    // The broker judges the order; here the PUBRECs come out of order.
    world w(options());
    go_online(w);
    w.server.arm(fault::reordered_acknowledgement, 3);
    for (int i = 0; i < 8; ++i) w.app.publish({.qos = 2});
    expect_settled(w, seconds(10));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
}

TEST_P(sim_acknowledgement, a_refused_subscription_is_told_once_and_not_repeated) {
    world w(options());
    go_online(w);
    w.server.arm(fault::refused_suback);
    const std::uint32_t serial = w.app.subscribe("in/#", 1);
    w.run_for(seconds(120));
    EXPECT_EQ(w.truth.at(serial).error, errc::refused);
    EXPECT_TRUE(is_failure(w.truth.at(serial).reason));
    EXPECT_EQ(w.server.seen(kind::subscribe), 1u);
    w.server.lose_sessions();
    w.run_for(seconds(10));
    EXPECT_TRUE(w.app.is_online());
    EXPECT_EQ(w.server.seen(kind::subscribe), 1u) << "forgotten, so not renewed either";
    expect_no_objection(w);
}

TEST_P(sim_acknowledgement, a_withheld_suback_ends_in_a_new_connection_and_a_subscription) {
    world w(options());
    go_online_and_listen(w);
    keep_talking(w, seconds(60));
    w.server.arm(fault::withhold_suback);
    w.app.subscribe("more/#", 1);
    const std::uint64_t took = time_until_down(w, seconds(70));
    EXPECT_LE(took, seconds(51));
    expect_settled(w, seconds(10));
    EXPECT_TRUE(w.server.is_subscribed("more/#"));
}

TEST_P(sim_acknowledgement, a_failing_code_is_told_and_the_message_not_sent_again) {
    if (!is_five()) GTEST_SKIP() << "3.1.1 has no reason codes";
    for (const auto qos : {std::uint8_t{1}, std::uint8_t{2}}) {
        world w(options());
        go_online(w);
        w.server.arm(qos == 1 ? fault::failing_puback : fault::failing_pubrec);
        const std::uint32_t serial = w.app.publish({.qos = qos});
        w.run_for(seconds(1));
        EXPECT_EQ(w.truth.at(serial).error, errc::refused);
        EXPECT_TRUE(is_failure(w.truth.at(serial).reason));
        w.net.reset_current();
        w.run_for(seconds(5));
        EXPECT_EQ(w.truth.at(serial).arrivals, 1u) << "[MQTT-4.4.0-2]";
        expect_settled(w, 1);
    }
}

TEST_P(sim_acknowledgement, an_inbound_qos_2_message_sent_twice_is_received_once) {
    world w(options());
    go_online_and_listen(w);
    w.server.arm(fault::repeated_publish, 5);
    for (int i = 0; i < 5; ++i) w.server.publish("in/a", 2, 20);
    w.run_for(seconds(2));
    EXPECT_EQ(w.client->count().duplicates_dropped, 5u);
    expect_settled(w, 1);
}

TEST_P(sim_acknowledgement, an_abandoned_publish_lives_on_and_is_told_truly) {
    world w(options());
    go_online(w);
    // Touched: the PUBACK is withheld, the deadline passes; it is said that it may have been delivered.
    w.server.arm(fault::late_puback);
    const std::uint32_t touched = w.app.publish({.qos = 1, .size = 9'000, .by_reference = true, .timeout_ms = 2'000});
    w.run_for(seconds(3));
    EXPECT_EQ(w.truth.at(touched).error, errc::timed_out);
    EXPECT_TRUE(w.truth.at(touched).may_have_been_delivered);
    EXPECT_FALSE(w.truth.at(touched).finished);
    w.run_for(seconds(20));
    EXPECT_TRUE(w.truth.at(touched).finished) << "released";
    // Untouched: asked for while offline, removed without a trace.
    w.net.refuse(true);
    w.net.reset_current();
    w.run_for(seconds(1));
    const std::uint32_t untouched = w.app.publish({.qos = 1, .timeout_ms = 2'000});
    w.run_for(seconds(3));
    EXPECT_EQ(w.truth.at(untouched).error, errc::timed_out);
    EXPECT_FALSE(w.truth.at(untouched).may_have_been_delivered);
    w.net.refuse(false);
    w.run_for(seconds(10));
    EXPECT_EQ(w.truth.at(untouched).arrivals, 0u);
    expect_settled(w, 1);
}

}  // namespace
}  // namespace mqtt_as::sim
