// What seldom happens and must do no harm: late words of a front, repeated requests, reports that nobody takes.
#include "tests/unit/engine_subscription_fixture.hpp"

namespace engine_tests {
namespace {

class engine_seldom : public subscription_test {};

TEST_P(engine_seldom, a_stage_that_is_told_late_changes_nothing) {
    w.go_online();
    w->on_stage(w.now, w.current, stage::tls);
    EXPECT_EQ(w->look().at, stage::online);
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_seldom, no_bytes_change_nothing) {
    w.go_online();
    const taken t = w->on_bytes(w.now, w.current, {});
    EXPECT_EQ(t.reason, taken::why::need_more);
    EXPECT_EQ(t.size, 0u);
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_seldom, an_attempt_that_the_front_has_not_heard_of_needs_no_closing) {
    EXPECT_EQ(w->start(w.now, true), errc::ok);
    w->stop(w.now, 2s);
    EXPECT_EQ(w.events(), "stopped");
    EXPECT_EQ(w.opens + w.closes, 0u);
    w.start();
    EXPECT_EQ(w.opens, 1u);
}

TEST_P(engine_seldom, a_stop_while_the_transport_closes_changes_nothing) {
    w.answers_close = false;
    w.go_online();
    w.stop(2s);
    EXPECT_EQ(w.sent(), "e0 00");
    w.stop(0s);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.sent(), "");
    w.lose();
    EXPECT_EQ(w.events(), "stopped");
}

TEST_P(engine_seldom, reports_that_nobody_takes_are_given_back_with_the_engine) {
    w.start();
    EXPECT_EQ(w->publish(w.now, {.topic = "a", .payload = as_bytes("x"), .qos = 1}).error, errc::ok);
    EXPECT_EQ(w->publish(w.now, {.topic = "a", .payload = as_bytes("y"), .qos = 2}).error, errc::ok);
    w->close(w.now);
    w.destroy_engine();
    EXPECT_EQ(w.memory.live_bytes, 0u);
}

TEST_P(engine_seldom, an_operation_that_never_was_cannot_be_cancelled) {
    w.go_online();
    EXPECT_EQ(w->cancel(w.now, {.index = 60'000, .generation = 1}, cancel_scope::end_wait),
              cancel_result::not_cancelled);
}

TEST_P(engine_seldom, an_acknowledgement_that_comes_early_and_twice_counts_once) {
    w.go_online();
    w.publish("a", "x", 1);
    const std::size_t size = w.offer();
    const std::string id = u16(id_of(unhex(w.offered())));
    w.feed("40 02 " + id);
    w.feed("40 02 " + id);
    w.take(size);
    EXPECT_EQ(w.events(), "done #1 ok");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_seldom, a_qos_0_message_may_be_acknowledged_twice) {
    w.consume = false;
    w.go_online();
    w.feed(packet("30", "00 01 61 " + w.none() + "78"));
    ASSERT_EQ(w.inbox.size(), 1u);
    w.acknowledge(w.inbox[0]);
    w.acknowledge(w.inbox[0]);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_seldom, an_equal_request_after_a_refused_renewal_is_asked_or_refused_by_the_same_code) {
    w.go_online();
    have("a", 1);
    have("b", 1);
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 2u);
    w.feed(suback(id_of(packets[0]), w.either("80", "87")));
    w.feed(suback(id_of(packets[1]), "01"));
    const int op = w.subscribe("a", 1);
    if (w.report(op).empty()) {
        w.forget_sent();
        w.feed(suback(w.last_id(), w.either("80", "87")));
    }
    EXPECT_EQ(w.report(op).find(w.either("refused 80", "refused 87")), 0u) << w.report(op);
}

TEST_P(engine_seldom, a_subscription_is_renewed_with_its_identifier) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no subscription identifier";
    w.go_online();
    w.subscribe({.filter = "a", .qos = 1, .properties = {.subscription_identifier = 5}});
    w.forget_sent();
    w.feed(suback(w.last_id(), "01"));
    const auto packets = lose_session();
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0], packet("82", u16(id_of(packets[0])) + " 02 0b 05 00 01 61 01"));
}

// Version 5: [MQTT-3.1.3-2]; without memory for it the session is one that cannot be taken up again, and no more.
TEST_P(engine_seldom, an_assigned_client_identifier_may_change_or_find_no_memory) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no assigned client identifier";
    w.config.client_id = "";
    const std::string name(1'000, 'z');
    const std::string assigned = "12 03 e8 " + hex(name);
    w.start();
    w.open();
    w.flush();
    w.memory.fail(1, 1'000);
    w.accept(false, assigned);
    w.memory.fail(1, 0);
    EXPECT_TRUE(w->is_online());
    w.lose();
    w.reconnect(false, assigned);
    EXPECT_TRUE(w->is_online());
    w.lose();
    w.reconnect(false, "12 00 01 79");
    EXPECT_TRUE(w->is_online());
}

MQTT_AS_IN_BOTH_VERSIONS(engine_seldom);

}  // namespace
}  // namespace engine_tests
