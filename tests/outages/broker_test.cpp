// The broker is killed, refuses, says nothing, forgets: nothing that was accepted is lost.
#include "tests/outages/world.hpp"

#include <algorithm>

namespace mqtt_as::outages {
namespace {

using std::chrono::steady_clock;

// The broker dies under traffic of qos 1, which goes on all the while, and is away for some time. Messages of qos 2 are
// published while it is away: Mosquitto answers a PUBLISH before it saves it, so one that it acknowledged in the moment
// of its death would be lost by the broker itself.
void broker_is_killed(protocol_version version, std::chrono::seconds away) {
    world w(version);
    w.start();
    w.start_traffic();
    std::this_thread::sleep_for(500ms);

    if (away > 0s) w.proxy.refuse();
    const moment killed = steady_clock::now();
    w.broker.kill();
    for (const auto* each : {&w.publisher, &w.subscriber}) {
        const auto noticed = (*each)->wait_outage(1, 5s);
        ASSERT_TRUE(noticed);
        world::note("noticed", killed, *noticed);
    }
    w.publish_many(2, 20);
    std::this_thread::sleep_for(away);
    w.broker.start();
    if (away > 0s) w.proxy.accept();

    w.expect_recovery("recovered", steady_clock::now());
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(broker_killed);

TEST_P(broker_killed, restarted_at_once_loses_nothing) { broker_is_killed(GetParam(), 0s); }
TEST_P(broker_killed, back_after_3_s_loses_nothing) { broker_is_killed(GetParam(), 3s); }
TEST_P(broker_killed, back_after_20_s_loses_nothing) { broker_is_killed(GetParam(), 20s); }

TEST(broker_away, refused_for_40_s_is_retried_reported_and_overcome) {
    world w(protocol_version::v3_1_1);
    w.start();
    w.proxy.refuse();
    w.proxy.reset();
    w.publish_many(1, 100);
    w.publish_many(2, 100);
    ASSERT_TRUE(w.publisher->wait_outage(1, 5s));

    // All the while it can say why it is down, since when, and that it goes on trying.
    std::uint32_t attempts = 0;
    for (const moment end = steady_clock::now() + 40s; steady_clock::now() < end;) {
        std::this_thread::sleep_for(5s);
        const explanation now = w.publisher->client.explain();
        EXPECT_FALSE(w.publisher->client.isconnected());
        EXPECT_TRUE(now.outage_since);
        ASSERT_TRUE(now.last_error);
        EXPECT_EQ(now.last_error->error, errc::connect_failed) << now.text();
        EXPECT_GE(now.attempt, attempts);
        EXPECT_EQ(now.unfinished, 200u);
        attempts = now.attempt;
    }
    EXPECT_GE(attempts, 10u);

    // Both come back with their next attempt, which they announce.
    milliseconds announced = 0ms;
    for (const auto* each : {&w.publisher, &w.subscriber}) {
        const explanation now = (*each)->client.explain();
        if (now.next_attempt) announced = std::max(announced, milliseconds((*now.next_attempt - now.now).count()));
    }
    world::note("announced", moment(), moment(announced));
    const auto open = steady_clock::now();
    w.proxy.accept();
    EXPECT_LT(w.expect_recovery("recovered", open, 40s), announced + 3s);
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(broker_mute);

TEST_P(broker_mute, accepting_without_an_answer_is_given_up_and_tried_again) {
    world w(GetParam());
    config publishing = w.settings("publisher");
    publishing.response_time = 1s;
    w.start(publishing, w.direct("subscriber"));
    const std::size_t before = w.proxy.connections("publisher");
    w.proxy.set_path("publisher", {.mute = true});
    w.proxy.reset("publisher");
    ASSERT_TRUE(w.publisher->wait_outage(1, 5s));  // what is published from here on cannot have arrived before
    w.publish_many(1, 10);
    w.publish_many(2, 10);
    EXPECT_TRUE(test::eventually(20s, [&] { return w.proxy.connections("publisher") >= before + 2; }));
    const explanation now = w.publisher->client.explain();
    ASSERT_TRUE(now.last_error);
    EXPECT_EQ(now.last_error->error, errc::stage_timed_out) << now.text();
    EXPECT_EQ(now.last_error->at, stage::mqtt) << now.text();

    const auto healed = steady_clock::now();
    w.proxy.set_path("publisher", {});
    w.proxy.heal("publisher");
    w.expect_recovery("recovered", healed);
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(broker_session);

TEST_P(broker_session, present_brings_what_was_missed_without_subscribing_again) {
    world w(GetParam());
    w.start(w.direct("publisher"), w.settings("subscriber"));
    w.proxy.refuse();
    w.proxy.reset("subscriber");
    ASSERT_TRUE(w.subscriber->wait_outage(1, 5s));
    w.publish_many(1, 50);
    w.publish_many(2, 50);
    EXPECT_TRUE(test::eventually(10s, [&] { return w.book(1).acknowledged() + w.book(2).acknowledged() == 100; }));
    EXPECT_EQ(w.book(1).delivered() + w.book(2).delivered(), 0u);
    w.proxy.accept();
    w.expect_all_arrives();
    EXPECT_EQ(w.book(1).duplicates() + w.book(2).duplicates(), 0u);
    EXPECT_EQ(w.proxy.passed(test::toward::broker, test::packet_type::subscribe, "subscriber"), 1u);
}

TEST_P(broker_session, lost_is_noticed_and_subscriptions_are_renewed) {
    world w(GetParam());
    w.start();
    w.publish_many(1, 10);
    w.expect_all_arrives();

    w.proxy.refuse();
    w.broker.kill();
    w.broker.forget();
    ASSERT_TRUE(w.subscriber->wait_outage(1, 5s));
    ASSERT_TRUE(w.publisher->wait_outage(1, 5s));
    w.broker.start();
    w.proxy.accept();
    ASSERT_TRUE(w.subscriber->wait_online());
    EXPECT_TRUE(w.broker.save("t/+"));  // nobody asked for it but the client itself
    EXPECT_EQ(w.proxy.passed(test::toward::broker, test::packet_type::subscribe, "subscriber"), 2u);
    w.publish_many(1, 10);
    w.publish_many(2, 10);
    w.expect_all_arrives();
}

TEST_P(broker_session, lost_in_the_middle_of_publishing_ends_every_publish_once) {
    world w(GetParam());
    w.start();
    // The broker has these and has not answered when it dies and forgets. That cannot be repaired at qos 2 without the
    // risk of a duplicate; lost they must not be.
    w.proxy.add({.client = "publisher", .to = test::toward::client, .type = test::packet_type::puback, .times = 5});
    w.proxy.add({.client = "publisher", .to = test::toward::client, .type = test::packet_type::pubrec, .times = 5});
    w.publish_many(1, 5);
    w.publish_many(2, 5);
    EXPECT_TRUE(test::eventually(5s, [&] { return w.book(1).delivered() == 5; }));
    w.proxy.set_path("publisher", {.mute = true});
    w.broker.kill();
    w.broker.forget();
    w.broker.start();
    // A message that comes before the subscription is for nobody: the publisher has to wait.
    EXPECT_TRUE(w.broker.save("t/+"));
    w.proxy.set_path("publisher", {});
    w.proxy.heal();
    w.expect_all_arrives();
}

}  // namespace
}  // namespace mqtt_as::outages
