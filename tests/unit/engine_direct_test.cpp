// Messages of qos 0 that go straight into the batch: whoever looks closer finds what the long way would have shown.
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class engine_direct : public engine_test {
protected:
    void SetUp() override {
        w.go_online();
        // The batch's buffer grows with what is staged; only what finds room goes direct.
        w.publish("t", std::string(400, 'x'), 0);
        w.forget_sent();
        w.events();
    }
    /// A PUBLISH of qos 0 to "a".
    std::string publish(std::string_view letter) const {
        return packet("30", "00 01 61 " + w.none() + " " + hex(letter));
    }
};

TEST_P(engine_direct, takes_no_memory_once_warm) {
    for (int i = 0; i < 8; ++i) w.publish("a", "0", 0);
    w.forget_sent();
    w.memory.fail(1, 1'000'000);
    for (int i = 0; i < 8; ++i) EXPECT_NE(w.publish("a", "1", 0), 0);
    EXPECT_EQ(w->look().queued, 8u);
    EXPECT_EQ(w.sent_packets().size(), 8u);
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_direct, is_counted_as_staged_until_the_transport_has_it) {
    EXPECT_EQ(w->staged(), 0u);
    w.publish("a", "1", 0);
    w.publish("a", "2", 0);
    const std::size_t both = w->staged();
    EXPECT_EQ(w.offer(), both);
    w.take(1);
    EXPECT_EQ(w->staged(), both);
    w.offer();
    w.take_all();
    EXPECT_EQ(w->staged(), 0u);
}

TEST_P(engine_direct, is_cancelled_without_a_trace_before_the_transport_has_it) {
    w.publish("a", "1", 0);
    const int second = w.publish("a", "2", 0);
    w.publish("a", "3", 0);
    EXPECT_TRUE(w.cancel(second, cancel_scope::if_untouched));
    EXPECT_EQ(w.report(second), "cancelled");
    // The others have kept their order.
    EXPECT_EQ(w.sent(), publish("1") + " | " + publish("3"));
}

TEST_P(engine_direct, is_not_untouched_once_the_transport_has_it) {
    const int one = w.publish("a", "1", 0);
    w.offer();
    EXPECT_FALSE(w.cancel(one, cancel_scope::if_untouched));
    EXPECT_TRUE(w.cancel(one, cancel_scope::end_wait));
    EXPECT_NE(w.report(one).find("maybe_delivered"), std::string::npos) << w.report(one);
    w.take_all();
    EXPECT_TRUE(w.is_over(one));
}

TEST_P(engine_direct, goes_again_when_the_connection_is_lost_before_all_of_it_was_taken) {
    const int first = w.publish("a", "1", 0);
    const int second = w.publish("a", "2", 0);
    const int third = w.publish("a", "3", 0);
    const std::size_t each = w.offer() / 3;
    w.take(each + 1);  // the first, and a byte of the second
    EXPECT_EQ(w.report(first), "ok");
    w.lose();
    EXPECT_EQ(w.reports(second) + w.reports(third), 0);
    w.reconnect();
    EXPECT_NE(w.sent().find(publish("2") + " | " + publish("3")), std::string::npos);
    EXPECT_EQ(w.report(second), "ok");
    EXPECT_EQ(w.report(third), "ok");
}

TEST_P(engine_direct, is_reported_when_there_is_no_memory_to_keep_it) {
    std::vector<int> all;
    for (int i = 0; i < 4; ++i) all.push_back(w.publish("a", "1", 0));
    w.memory.fail(1, 1'000'000);
    w.lose();
    w.memory.fail(1, 0);
    for (const int one : all) EXPECT_EQ(w.reports(one), w.is_over(one) ? 1 : 0);
    w.reconnect();
    w.flush();
    w.events();
    // Whichever could not be kept has been told so; the others have been sent. Nobody hears nothing.
    for (const int one : all) EXPECT_EQ(w.reports(one), 1);
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w->look().payload_bytes, 0u);
}

TEST_P(engine_direct, ends_with_close_like_everything_else) {
    const int one = w.publish("a", "1", 0);
    w.close();
    EXPECT_EQ(w.report(one).find("closed"), 0u) << w.report(one);
}

TEST_P(engine_direct, counts_against_the_limits) {
    world v(GetParam());
    v.bounds.operations_max = 3;
    v.go_online();
    v.publish("t", std::string(400, 'x'), 0);
    v.forget_sent();
    for (int i = 0; i < 3; ++i) EXPECT_NE(v.publish("a", "1", 0), 0);
    EXPECT_EQ(v.publish("a", "1", 0), 0);
    EXPECT_EQ(v.last_error, errc::queue_full);
    // The policy of dropping the oldest finds it.
    EXPECT_TRUE(v->drop_oldest_qos0(v.now));
    EXPECT_NE(v.publish("a", "2", 0), 0);
}

// As are operations: a front that is going must not be told through an owner that is gone.
TEST_P(engine_direct, is_disowned_in_every_state) {
    engine& e = w.eng();
    int owner = 0;
    const auto submit = [&](std::uint8_t qos) {
        const submitted s = e.publish(w.now, {.topic = "a", .qos = qos, .owner = &owner});
        EXPECT_EQ(s.error, errc::ok);
        return s.id;
    };
    // Not given to the transport yet, and by an operation behind it.
    const op_id first = submit(0);
    submit(0);
    const op_id acknowledged = submit(1);
    e.disown(first);
    bytes out[1];
    ASSERT_EQ(e.poll_transmit(w.now, out), 1u);
    const bytes last = out[0].last(out[0].size() - 2 * whole_packet(out[0]));
    const unsigned packet_id = id_of(last);
    e.on_sent(w.now, w.current, out[0].size());
    // Taken by the transport, and not reported yet.
    const op_id second = {first.index, first.generation + 1};
    e.disown(second);
    e.disown(acknowledged);
    for (const op_id id : {first, second}) {
        const op_done* const done = e.poll_done();
        ASSERT_NE(done, nullptr);
        EXPECT_EQ(done->id, id);
        EXPECT_EQ(done->owner, nullptr);
    }
    const auto puback = unhex("40 02 " + u16(packet_id));
    EXPECT_EQ(e.on_bytes(w.now, w.current, puback).size, puback.size());
    const op_done* const done = e.poll_done();
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->id, acknowledged);
    EXPECT_EQ(done->owner, nullptr);
}

TEST_P(engine_direct, is_disowned_when_it_has_become_an_operation) {
    engine& e = w.eng();
    int owner = 0;
    const submitted s = e.publish(w.now, {.topic = "a", .owner = &owner});
    w.lose();
    e.disown(s.id);
    e.close(w.now);
    const op_done* const done = e.poll_done();
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->id, s.id);
    EXPECT_EQ(done->owner, nullptr);
}

TEST_P(engine_direct, has_its_owner_in_its_report) {
    engine& e = w.eng();
    int owner = 0;
    e.publish(w.now, {.topic = "a", .owner = &owner});
    bytes out[1];
    ASSERT_EQ(e.poll_transmit(w.now, out), 1u);
    e.on_sent(w.now, w.current, out[0].size());
    const op_done* const done = e.poll_done();
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->owner, &owner);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_direct);

}  // namespace
}  // namespace engine_tests
