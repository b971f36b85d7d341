// Connections end or fall silent, idle and under traffic, between packets and inside of them.
#include "tests/outages/world.hpp"

namespace mqtt_as::outages {
namespace {

using std::chrono::steady_clock;
using test::action;
using test::packet_type;
using test::toward;

enum class end_by { finish, reset };
enum class load { idle, active };

void connection_ends(protocol_version version, end_by how, load while_) {
    world w(version);
    w.start();
    if (while_ == load::active) w.start_traffic();
    std::this_thread::sleep_for(300ms);
    const moment broken = steady_clock::now();
    how == end_by::finish ? w.proxy.finish() : w.proxy.reset();
    for (const auto* each : {&w.publisher, &w.subscriber}) {
        const auto noticed = (*each)->wait_outage(1, 5s);
        ASSERT_TRUE(noticed);
        world::note("noticed", broken, *noticed);
    }
    if (while_ == load::idle) w.publish_many(1, 5);
    w.publish_many(2, 5);
    w.expect_recovery("recovered", broken);
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
    EXPECT_EQ(w.publisher->outages(), 1u);
    EXPECT_EQ(w.subscriber->outages(), 1u);
}

IN_BOTH_VERSIONS(connection);

TEST_P(connection, finished_while_idle_comes_back) { connection_ends(GetParam(), end_by::finish, load::idle); }
TEST_P(connection, finished_under_traffic_loses_nothing) { connection_ends(GetParam(), end_by::finish, load::active); }
TEST_P(connection, reset_while_idle_comes_back) { connection_ends(GetParam(), end_by::reset, load::idle); }
TEST_P(connection, reset_under_traffic_loses_nothing) { connection_ends(GetParam(), end_by::reset, load::active); }

// The whole network is dead for some time, at the default response time of 10 s.
void network_is_dead(std::chrono::seconds time) {
    world w(protocol_version::v3_1_1);
    config publishing = w.settings("publisher");
    config subscribing = w.settings("subscriber");
    publishing.response_time = subscribing.response_time = config{}.response_time;
    w.start(publishing, subscribing);
    w.start_traffic();
    std::this_thread::sleep_for(300ms);
    w.proxy.set_path("", {.mute = true});
    std::this_thread::sleep_for(time);
    w.proxy.set_path("", {});
    w.proxy.heal();
    w.expect_recovery("recovered", steady_clock::now(), 30s);
    w.expect_all_arrives(40s);
}

TEST(dead_network, for_8_s_loses_nothing) { network_is_dead(8s); }
TEST(dead_network, for_25_s_loses_nothing) { network_is_dead(25s); }

IN_BOTH_VERSIONS(half_open);

TEST_P(half_open, publisher_notices_within_two_response_times) {
    world w(GetParam());
    config publishing = w.settings("publisher");
    publishing.response_time = 1s;
    w.start(publishing, w.direct("subscriber"));
    w.start_traffic();
    std::this_thread::sleep_for(300ms);
    const moment broken = steady_clock::now();
    w.proxy.half_open("publisher");
    const auto noticed = w.publisher->wait_outage(1, 20s);
    ASSERT_TRUE(noticed);
    world::note("noticed", broken, *noticed);
    EXPECT_LT(*noticed - broken, 2s + 1500ms);
    w.publish_many(2, 10);
    w.expect_recovery("recovered", *noticed);
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

// A middlebox that acknowledges at TCP's level and delivers nothing must not be taken for a living broker.
TEST_P(half_open, behind_a_middlebox_that_acknowledges_is_noticed_all_the_same) {
    world w(GetParam());
    config publishing = w.settings("publisher");
    publishing.response_time = 1s;
    w.start(publishing, w.direct("subscriber"));
    w.start_traffic();
    std::this_thread::sleep_for(300ms);
    const moment broken = steady_clock::now();
    w.proxy.half_open("publisher", test::silence::dropped);
    const auto noticed = w.publisher->wait_outage(1, 60s);
    ASSERT_TRUE(noticed);
    world::note("noticed", broken, *noticed);
    w.expect_recovery("recovered", *noticed);
    w.expect_all_arrives();
}

TEST_P(half_open, subscriber_that_only_receives_notices_by_its_pings) {
    world w(GetParam());
    config subscribing = w.settings("subscriber");
    subscribing.response_time = 1s;
    subscribing.ping_interval = 2s;
    w.start(w.direct("publisher"), subscribing);
    w.start_traffic();
    std::this_thread::sleep_for(300ms);
    const moment broken = steady_clock::now();
    w.proxy.half_open("subscriber");
    const auto noticed = w.subscriber->wait_outage(1, 20s);
    ASSERT_TRUE(noticed);
    world::note("noticed", broken, *noticed);
    EXPECT_LT(*noticed - broken, 2s + 2 * 1s + 1500ms);  // the next ping, then two response times
    w.expect_recovery("recovered", *noticed);
    w.expect_all_arrives();
}

// Half of a packet arrives, then the connection ends.
void packet_is_cut(protocol_version version, const test::rule& what) {
    world w(version);
    w.start();
    test::rule once = what;
    once.what = action::cut_finish;
    const auto first = w.proxy.add(once);
    w.publish_many(1, 20);
    w.publish_many(2, 20);
    EXPECT_TRUE(test::eventually(20s, [&] { return w.proxy.applied(first) == 1; }));
    w.expect_all_arrives();
    once.what = action::cut_reset;
    const auto second = w.proxy.add(once);
    w.publish_many(1, 20);
    w.publish_many(2, 20);
    EXPECT_TRUE(test::eventually(20s, [&] { return w.proxy.applied(second) == 1; }));
    w.expect_all_arrives();
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(packet_cut);

TEST_P(packet_cut, in_a_publish_to_the_broker) {
    packet_is_cut(GetParam(), {.client = "publisher", .type = packet_type::publish, .skip = 7});
}
TEST_P(packet_cut, in_a_publish_to_the_subscriber) {
    packet_is_cut(GetParam(), {.client = "subscriber", .to = toward::client, .type = packet_type::publish, .skip = 7});
}
TEST_P(packet_cut, in_an_acknowledgement) {
    packet_is_cut(GetParam(), {.client = "publisher", .to = toward::client, .type = packet_type::puback, .skip = 7});
    packet_is_cut(GetParam(), {.client = "publisher", .to = toward::client, .type = packet_type::pubrec, .skip = 7});
    packet_is_cut(GetParam(), {.client = "publisher", .type = packet_type::pubrel, .skip = 7});
}
TEST_P(packet_cut, in_connack) {
    world w(GetParam());
    w.start();
    for (const action how : {action::cut_finish, action::cut_reset}) {
        const auto id =
            w.proxy.add({.client = "publisher", .to = toward::client, .type = packet_type::connack, .what = how});
        w.proxy.reset("publisher");
        w.publish_many(1, 5);
        w.publish_many(2, 5);
        EXPECT_TRUE(test::eventually(10s, [&] { return w.proxy.applied(id) == 1; }));
        w.expect_all_arrives();
    }
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

}  // namespace
}  // namespace mqtt_as::outages
