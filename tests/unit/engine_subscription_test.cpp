// Subscriptions: asked for, granted or refused, forgotten, bounded.
#include "tests/unit/engine_subscription_fixture.hpp"

namespace engine_tests {
namespace {

class engine_subscription : public subscription_test {};

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

TEST_P(engine_subscription, publishes_received_before_suback_are_delivered) {
    w.go_online();
    w.subscribe("a", 0);
    w.flush();
    w.feed(packet("30", "00 01 61 " + w.none() + "78"));
    EXPECT_EQ(w.events(), "message a 'x' qos 0");
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
