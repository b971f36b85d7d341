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

TEST_P(engine_seldom, a_message_stays_whole_while_a_report_is_taken) {
    w.go_online();
    const auto in = unhex(packet("30", "00 01 61 " + w.none() + "78"));
    const taken t = w->on_bytes(w.now, w.current, in);
    ASSERT_NE(t.received, nullptr);
    const submitted s = w->publish(w.now, {.topic = "b", .qos = 1});
    w->cancel(w.now, s.id, cancel_scope::end_wait);
    EXPECT_NE(w->poll_done(), nullptr);
    EXPECT_EQ(t.received->topic, "a");
    EXPECT_EQ(t.received->payload.size(), 1u);
    w->acknowledge(w.now, t.received->id);
    w->check();
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

TEST_P(engine_seldom, an_acknowledgement_that_nobody_hears_of_is_given_back_with_the_engine) {
    w.go_online();
    EXPECT_EQ(w->publish(w.now, {.topic = "a", .payload = as_bytes("x"), .qos = 1}).error, errc::ok);
    w.flush();
    const auto puback = unhex("40 02 " + u16(w.last_id()));
    EXPECT_EQ(w->on_bytes(w.now, w.current, puback).size, 4u);
    EXPECT_EQ(w->look().unfinished, 0u);
    w.destroy_engine();
    EXPECT_EQ(w.memory.live_bytes, 0u);
}

TEST_P(engine_seldom, a_report_is_given_back_with_the_engine_although_its_packet_is_under_way) {
    w.go_online();
    const submitted s = w->publish(w.now, {.topic = "a", .payload = as_bytes("x"), .qos = 1});
    w.flush();
    EXPECT_EQ(w->cancel(w.now, s.id, cancel_scope::end_wait), cancel_result::cancelled);
    w.destroy_engine();
    EXPECT_EQ(w.memory.live_bytes, 0u);
}

TEST_P(engine_seldom, a_renewal_that_waits_and_is_superseded_is_not_sent_after_the_next_outage) {
    w.go_online();
    have("a", 1);
    w.lose();
    w.await_attempt();
    w.open();
    w.flush();
    w.accept(false);  // the renewal is due, and the transport has not asked for it
    w.subscribe("a", 2);
    w.lose();
    w.reconnect(false);
    const auto packets = w.sent_packets();
    ASSERT_FALSE(packets.empty());
    EXPECT_EQ(packets.back(), subscribe_bytes(id_of(packets.back()), "a", "02"));
    EXPECT_EQ(w->look().subscriptions, 1u);
}

// ---- without memory -----------------------------------------------------------------------------

// What is accepted although some memory was missing has all that was asked for.
TEST_P(engine_seldom, a_request_with_a_deadline_that_finds_no_memory_creates_nothing) {
    for (const bool subscribes : {true, false}) {
        int rejected = 0;
        for (std::uint64_t n = 1; n <= 4; ++n) {
            SCOPED_TRACE("allocation " + std::to_string(n));
            world v(GetParam());
            v.go_online();
            v.memory.fail(n, 1);
            const subscription asked{.filter = "f", .timeout = 1s};
            const int op = subscribes ? v.subscribe(asked) : v.unsubscribe(asked);
            v.memory.fail(1, 0);
            if (op != 0) {
                EXPECT_EQ(v->look().subscriptions, subscribes ? 1u : 0u);
                v.flush();
                v.advance(1s);
                EXPECT_EQ(v.report(op), "timed_out maybe_delivered unfinished");
                continue;
            }
            ++rejected;
            EXPECT_EQ(v.last_error, errc::out_of_memory);
            EXPECT_EQ(v->look().subscriptions, 0u);
            EXPECT_EQ(v->look().unfinished, 0u);
            EXPECT_EQ(v.sent(), "");
        }
        EXPECT_GT(rejected, 0);
    }
}

TEST_P(engine_seldom, a_direct_publish_that_finds_no_memory_is_rejected_and_the_next_goes) {
    w.go_online();
    w.memory.fail(1, 1'000);
    EXPECT_EQ(w.publish("a", "x", 0), 0);
    EXPECT_EQ(w.last_error, errc::out_of_memory);
    w.memory.fail(1, 0);
    const int op = w.publish("a", "y", 0);
    EXPECT_EQ(w.sent(), packet("30", "00 01 61 " + w.none() + "79"));
    EXPECT_EQ(w.report(op), "ok");
}

TEST_P(engine_seldom, a_qos_2_message_that_finds_no_memory_comes_again_and_is_given_out_once) {
    for (std::uint64_t n = 1; n <= 6; ++n) {
        SCOPED_TRACE("allocation " + std::to_string(n));
        world v(GetParam());
        v.config.clean = v.config.clean_init = false;
        v.go_online();
        v.memory.fail(n, 1);
        const std::string publish = "00 01 61 00 07 " + v.none() + "78";
        v.feed(packet("34", publish));
        v.memory.fail(1, 0);
        if (!v->is_online()) {
            EXPECT_FALSE(v.was_delivered("a"));
            v.go_online(true);
            v.feed(packet("3c", publish));
        }
        EXPECT_TRUE(v.was_delivered("a"));
        EXPECT_EQ(v.sent(), "50 02 00 07");
    }
}

// It was forgotten until another message was acknowledged.
TEST_P(engine_seldom, an_acknowledgement_that_finds_no_memory_goes_out_when_there_is_some) {
    w.consume = false;
    w.go_online();
    w.feed(packet("32", "00 01 61 00 07 " + w.none() + "78"));
    ASSERT_EQ(w.inbox.size(), 1u);
    w.memory.fail(1, 1);
    w.acknowledge(w.inbox[0]);
    w.memory.fail(1, 0);
    EXPECT_EQ(w.sent(), "40 02 00 07");
}

// It was never sent, and the server waited for it.
TEST_P(engine_seldom, an_answer_of_a_qos_2_flow_that_finds_no_memory_is_asked_for_again) {
    const std::string publish = "00 01 61 00 07 " + w.none() + "78";
    struct asked {
        std::string by, answer;
    };
    for (const asked& each : {asked{"62 02 00 07", "70 02 00 07"}, asked{packet("3c", publish), "50 02 00 07"},
                              asked{"50 02 00 09", w.either("62 02 00 09", "62 03 00 09 92")}}) {
        SCOPED_TRACE(each.by);
        world v(GetParam());
        v.config.clean = v.config.clean_init = false;
        v.go_online();
        v.feed(packet("34", publish));
        v.forget_sent();
        std::string released_before;
        for (int id = 0x60; id < 0x68; ++id) released_before += "62 02 " + u16(id);
        v.memory.fail(1, 1);
        v.feed(released_before + each.by);
        v.memory.fail(1, 0);
        EXPECT_FALSE(v->is_online());
        v.go_online(true);
        v.forget_sent();
        v.feed(each.by);
        EXPECT_EQ(v.sent(), each.answer);
    }
}

MQTT_AS_IN_BOTH_VERSIONS(engine_seldom);

}  // namespace
}  // namespace engine_tests
