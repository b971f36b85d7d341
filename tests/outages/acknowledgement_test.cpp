// Acknowledgements stay away, come late, twice, or for nothing.
#include "tests/outages/world.hpp"

namespace mqtt_as::outages {
namespace {

using std::chrono::steady_clock;
using test::action;
using test::packet_type;
using test::toward;

bool may_repeat(protocol_version version) { return version == protocol_version::v3_1_1; }

class puback : public both_versions {
protected:
    // A publisher whose answers are due within `response_time`, and a subscriber that no fault reaches.
    void start(milliseconds response_time) {
        config publishing = w.settings("publisher");
        publishing.response_time = response_time;
        w.start(publishing, w.direct("subscriber"));
    }
    test::rule of_publisher(packet_type type, action what, unsigned times = 1) const {
        return {.client = "publisher", .to = toward::client, .type = type, .what = what, .times = times};
    }

    world w{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(outages, puback, testing::Values(protocol_version::v3_1_1, protocol_version::v5), name_of);

TEST_P(puback, withheld_once_is_asked_for_again) {
    start(500ms);
    w.proxy.add(of_publisher(packet_type::puback, action::drop));
    w.start_traffic();
    std::this_thread::sleep_for(4s);
    w.expect_all_arrives();
    if (may_repeat(GetParam())) {  // 3.1.1 repeats the message, 5 may do so only on a new connection
        EXPECT_GE(w.publisher->client.repub_count(), 1u);
        EXPECT_EQ(w.publisher->outages(), 0u);
    } else {
        EXPECT_EQ(w.publisher->client.repub_count(), 0u);
        EXPECT_EQ(w.publisher->outages(), 1u);
    }
}

TEST_P(puback, withheld_five_times_ends_in_a_new_connection_that_cures_it) {
    start(300ms);
    const auto id = w.proxy.add(of_publisher(packet_type::puback, action::drop, 5));
    w.publish(1);
    EXPECT_TRUE(test::eventually(30s, [&] { return w.proxy.applied(id) == 5; }));
    w.expect_all_arrives();
    EXPECT_GE(w.publisher->outages(), 1u);
}

TEST_P(puback, twelve_seconds_late_does_no_harm) {
    start(config{}.response_time);
    auto late = of_publisher(packet_type::puback, action::late);
    late.by = 12s;
    w.proxy.add(late);
    w.publish(1);
    std::this_thread::sleep_for(13s);
    w.publish_many(1, 10);
    w.publish_many(2, 10);
    w.expect_all_arrives();
    EXPECT_EQ(w.publisher->outages(), 0u);
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

TEST_P(puback, twice_or_for_nothing_does_no_harm) {
    start(2s);
    for (const packet_type each : {packet_type::puback, packet_type::pubrec, packet_type::pubcomp}) {
        w.proxy.add(of_publisher(each, action::duplicate, 5));
    }
    w.publish_many(1, 20);
    w.publish_many(2, 20);
    for (const packet_type each : {packet_type::puback, packet_type::pubrec, packet_type::pubcomp}) {
        w.proxy.inject("publisher", test::make_acknowledgement(each, 0xBEEF));
    }
    w.publish_many(1, 20);
    w.publish_many(2, 20);
    w.expect_all_arrives();
    EXPECT_EQ(w.publisher->outages(), 0u);
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

TEST_P(puback, of_qos_2_dropped_at_every_step_is_cured_without_a_duplicate) {
    start(300ms);
    for (const auto& rule :
         {of_publisher(packet_type::pubrec, action::drop), of_publisher(packet_type::pubcomp, action::drop),
          test::rule{.client = "publisher", .type = packet_type::pubrel}}) {
        const auto id = w.proxy.add(rule);
        w.publish(2);
        w.expect_all_arrives();
        EXPECT_EQ(w.proxy.applied(id), 1u);
    }
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(suback);

TEST_P(suback, withheld_once_is_asked_for_again) {
    world w(GetParam());
    config subscribing = w.settings("subscriber");
    subscribing.response_time = 500ms;
    w.proxy.add({.client = "subscriber", .to = toward::client, .type = packet_type::suback});
    const moment begin = steady_clock::now();
    w.start(w.direct("publisher"), subscribing);
    world::note("subscribed", begin, steady_clock::now());
    w.publish_many(1, 10);
    w.expect_all_arrives();
}

TEST_P(suback, refused_is_told_forgotten_and_no_outage) {
    world w(GetParam());
    w.start(w.direct("publisher"), w.settings("subscriber"));
    w.proxy.add({.client = "subscriber", .to = toward::client, .type = packet_type::suback, .what = action::refuse});
    EXPECT_EQ(w.subscriber->subscribe("secret", 1), errc::refused);
    EXPECT_EQ(w.subscriber->client.explain().subscriptions, 1u);
    EXPECT_EQ(w.subscriber->subscribe("secret", 1), errc::ok);
    w.publish_many(1, 10);
    w.expect_all_arrives();
    EXPECT_EQ(w.subscriber->outages(), 0u);
}

}  // namespace
}  // namespace mqtt_as::outages
