// Limits: how much is accepted, what is rejected, and payloads that are sent from where they lie.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_limits : public engine_test {};

TEST_P(engine_limits, operations_are_bounded_by_count) {
    w.bounds.operations_max = 3;
    w.start();
    EXPECT_GT(w.publish("a", "1", 0), 0);
    EXPECT_GT(w.subscribe("f", 0), 0);
    EXPECT_GT(w.publish("a", "2", 1), 0);
    EXPECT_EQ(w.publish("a", "3", 0), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);

    // One that ends makes room.
    EXPECT_TRUE(w.cancel(1));
    EXPECT_GT(w.publish("a", "3", 0), 0);

    // All that was accepted ends well.
    polite_broker broker(w);
    broker.run();
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w.report(4), "ok");
}

/// An outage fills the queue with publishes, and `connect_coro` must find a place.
TEST_P(engine_limits, subscriptions_have_places_of_their_own) {
    w.bounds.operations_max = 2;
    w.bounds.subscriptions_max = 3;
    w.start();
    for (int i = 0; i < 2; ++i) EXPECT_GT(w.publish("a", "x", 1), 0);
    EXPECT_EQ(w.publish("a", "x", 1), 0);
    EXPECT_GT(w.subscribe("f", 0), 0);
    EXPECT_GT(w.subscribe("g", 0), 0);
    EXPECT_GT(w.unsubscribe("g"), 0);
    // Who asks again and again for the same comes to an end, too.
    EXPECT_EQ(w.subscribe("f", 0), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_EQ(w.unsubscribe("f"), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_EQ(w->look().subscriptions, 1u);

    polite_broker broker(w);
    broker.run();
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_limits, an_abandoned_operation_counts_until_it_is_finished) {
    w.bounds.operations_max = 1;
    w.go_online();
    w.publish("a", "1", 1);
    w.flush();
    EXPECT_TRUE(w.cancel(1));
    EXPECT_EQ(w.publish("a", "2", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    w.feed("40 02 " + u16(w.last_id()));
    EXPECT_GT(w.publish("a", "2", 1), 0);
}

TEST_P(engine_limits, payloads_are_bounded_by_bytes) {
    w.bounds.payload_bytes_max = 100;
    w.start();
    EXPECT_GT(w.publish("a", std::string(60, 'x'), 1), 0);
    EXPECT_EQ(w.publish("a", std::string(41, 'x'), 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_GT(w.publish("a", std::string(40, 'x'), 1), 0);
    EXPECT_EQ(w->look().payload_bytes, 100u);
    EXPECT_EQ(w.publish("a", "x", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_TRUE(w.cancel(1));
    EXPECT_EQ(w->look().payload_bytes, 40u);
    EXPECT_GT(w.publish("a", std::string(60, 'x'), 1), 0);
}

TEST_P(engine_limits, one_payload_larger_than_the_limit_is_accepted_alone) {
    w.bounds.payload_bytes_max = 100;
    w.start();
    EXPECT_GT(w.publish("a", std::string(1'000, 'x'), 1), 0);
    EXPECT_EQ(w.publish("a", "x", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_TRUE(w.cancel(1));
    // Not beside another one.
    EXPECT_GT(w.publish("a", "x", 1), 0);
    EXPECT_EQ(w.publish("a", std::string(1'000, 'x'), 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
}

TEST_P(engine_limits, an_outage_does_not_make_the_queue_grow) {
    w.bounds.operations_max = 100;
    w.go_online();
    for (int i = 0; i < 60; ++i) w.publish("a", "x", 1);
    w.forget_sent();
    w.lose();
    int accepted = 0;
    for (int i = 0; i < 500; ++i) {
        accepted += w.publish("a", "x", 1) != 0;
        w.advance(100ms);
        if (w.opening) w.lose(errc::connect_failed, 111);
    }
    EXPECT_EQ(accepted, 40);
    EXPECT_EQ(w->look().unfinished, 100u);
    polite_broker broker(w);
    w.await_attempt();
    broker.run();
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_limits, the_oldest_untouched_qos_0_publish_can_be_dropped) {
    w.start();
    EXPECT_FALSE(w->drop_oldest_qos0(w.now));
    w.publish("a", "1", 1);
    w.publish("a", "2", 0);
    w.publish("a", "3", 0);
    EXPECT_TRUE(w->drop_oldest_qos0(w.now));
    EXPECT_EQ(w.events(), "done #2 dropped");
    EXPECT_TRUE(w->drop_oldest_qos0(w.now));
    EXPECT_EQ(w.events(), "done #3 dropped");
    EXPECT_FALSE(w->drop_oldest_qos0(w.now));
    // One that a transport has seen is not dropped, also not while it waits to be sent again.
    w.go_online();
    w.publish("a", "4", 0);
    w.offer();
    EXPECT_FALSE(w->drop_oldest_qos0(w.now));
    w.lose();
    EXPECT_FALSE(w->drop_oldest_qos0(w.now));
}

TEST_P(engine_limits, a_small_batch_buffer_sends_everything_in_several_writes) {
    // Each packet is larger than half of the buffer, some are larger than all of it.
    w.bounds.batch_bytes_max = 64;
    w.bounds.gather_from = 64;
    w.go_online();
    for (const std::size_t size : {40u, 10u, 200u, 50u, 63u, 64u, 65u, 1'000u})
        w.publish("a", std::string(size, 'x'), 1);
    polite_broker broker(w);
    broker.run();
    EXPECT_EQ(w->look().unfinished, 0u);
    for (int op = 1; op <= 8; ++op) EXPECT_EQ(w.report(op), "ok");
}

TEST_P(engine_limits, a_long_filter_goes_through_a_small_batch_buffer) {
    w.bounds.batch_bytes_max = 64;
    w.bounds.gather_from = 64;
    w.go_online();
    const std::string filter(500, 'f');
    const int asked = w.subscribe(filter, 1);
    polite_broker broker(w);
    broker.run();
    EXPECT_EQ(w.report(asked), "ok 01");
    const int forgotten = w.unsubscribe(filter);
    broker.run();
    EXPECT_EQ(w.report(forgotten), "ok");
}

TEST_P(engine_limits, a_long_connect_goes_through_a_small_batch_buffer) {
    const std::string topic(1'000, 't');
    w.config.will = engine_will{.topic = topic, .payload = as_bytes(topic)};
    w.bounds.batch_bytes_max = 64;
    w.bounds.gather_from = 64;
    w.start();
    w.open();
    w.flush();
    ASSERT_EQ(w.log.size(), 1u);
    EXPECT_GT(w.log[0].data.size(), 2'000u);
}

TEST_P(engine_limits, one_large_packet_does_not_make_later_batches_larger) {
    const std::string topic(1'000, 't');
    w.config.will = engine_will{.topic = topic, .payload = as_bytes(topic)};  // CONNECT goes through the buffer, too
    w.bounds.batch_bytes_max = 64;
    w.bounds.gather_from = 64;
    w.go_online();
    for (const std::uint8_t qos : {std::uint8_t{0}, std::uint8_t{1}}) {
        for (int i = 0; i < 5; ++i) w.publish("a", std::string(30, 'x'), qos);
        for (std::size_t size = 0; (size = w.offer()) != 0; w.take(size)) EXPECT_LE(size, 64u);
    }
}

TEST_P(engine_limits, a_gather_list_of_one_is_enough) {
    // A board writes one piece at a time.
    const std::string large(5'000, 'L');
    w.go_online();
    w.publish({.topic = "a", .payload = as_bytes(large), .qos = 1, .payload_stays = true});
    w.publish("a", "small", 1);
    std::vector<std::uint8_t> wire;
    for (int i = 0; i < 100; ++i) {
        bytes one[1];
        if (w->poll_transmit(w.now, one) == 0) break;
        const std::size_t part = std::min<std::size_t>(one[0].size(), 700);
        wire.insert(wire.end(), one[0].begin(), one[0].begin() + static_cast<std::ptrdiff_t>(part));
        w->on_sent(w.now, w.current, part);
        w.turn();
    }
    const std::size_t first = whole_packet(wire);
    ASSERT_NE(first, 0u);
    EXPECT_EQ(hex(bytes(wire).first(first)), packet("32", "00 01 61 " + u16(id_of(wire)) + w.none() + hex(large)));
    const std::size_t second = whole_packet(bytes(wire).subspan(first));
    EXPECT_EQ(first + second, wire.size());
}

// ---- payloads that stay where they are ------------------------------------------------------------

class engine_payload_stays : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
    }
    /// True when a span of the batch lies in `body`: it is sent from there.
    bool is_sent_from(const std::string& body) const {
        for (const auto& span : w.spans) {
            if (span.data() == reinterpret_cast<const std::uint8_t*>(body.data())) return span.size() == body.size();
        }
        return false;
    }
    const std::string body_ = std::string(10'000, 'B');
    publish_request large(std::uint8_t qos) const {
        return {.topic = "t", .payload = as_bytes(body_), .qos = qos, .payload_stays = true};
    }
};

TEST_P(engine_payload_stays, large_ones_are_sent_from_the_callers_memory) {
    for (const std::uint8_t qos : every_qos) {
        SCOPED_TRACE(int{qos});
        world v(GetParam());
        v.go_online();
        const auto before = v.memory.live_bytes;
        v.publish(large(qos));
        v.offer();
        bool found = false;
        for (const auto& span : v.spans) found = found || span.data() == as_bytes(body_).data();
        EXPECT_TRUE(found);
        EXPECT_LT(v.memory.peak_bytes - before, 70'000u + 10'000u);
        EXPECT_EQ(v->look().payload_bytes, body_.size());
        polite_broker broker(v);
        v.take_all();
        broker.run();
        EXPECT_EQ(v.report(1), "ok");
        EXPECT_TRUE(v.is_over(1));
    }
}

TEST_P(engine_payload_stays, small_ones_and_those_that_do_not_stay_are_copied) {
    w.go_online();
    {
        std::string small(100, 's');
        w.publish({.topic = "t", .payload = as_bytes(small), .qos = 0, .payload_stays = true});
        std::string leaving(10'000, 'l');
        w.publish({.topic = "t", .payload = as_bytes(leaving), .qos = 0});
        small.assign(100, '-');
        leaving.assign(10'000, '-');
    }
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0], packet("30", "00 01 74 " + w.none() + hex(std::string(100, 's'))));
    EXPECT_EQ(packets[1], packet("30", "00 01 74 " + w.none() + hex(std::string(10'000, 'l'))));
}

TEST_P(engine_payload_stays, is_released_when_an_abandoned_packet_is_finished) {
    w.go_online();
    w.publish(large(1));
    w.flush();
    EXPECT_TRUE(w.cancel(1));
    EXPECT_EQ(w.events(), "done #1 cancelled maybe_delivered unfinished");
    // Lost and resent from the same memory: the caller still keeps it.
    const std::string id = u16(w.last_id());
    w.lose();
    w.reconnect(true);
    w.offer();
    EXPECT_TRUE(is_sent_from(body_));
    w.take_all();
    w.events();
    w.feed("40 02 " + id);
    EXPECT_EQ(w.events(), "released #1");
}

TEST_P(engine_payload_stays, is_released_when_the_session_is_lost) {
    w.go_online();
    w.publish(large(1));
    w.flush();
    EXPECT_TRUE(w.cancel(1));
    w.lose();
    w.reconnect(false);
    EXPECT_TRUE(w.is_over(1));
}

TEST_P(engine_payload_stays, is_not_released_while_the_transport_reads_it) {
    // PUBACK comes while the transport still holds the bytes: the caller may not free them yet.
    for (const bool cancelled : {false, true}) {
        SCOPED_TRACE(cancelled);
        world v(GetParam());
        v.go_online();
        v.publish(large(1));
        v.offer();
        std::vector<std::uint8_t> batch;
        for (const auto& span : v.spans) batch.insert(batch.end(), span.begin(), span.end());
        if (cancelled) {
            EXPECT_TRUE(v.cancel(1));
        }
        v.feed("40 02 " + u16(id_of(batch)));
        EXPECT_FALSE(v.is_over(1));
        v.take(100);
        EXPECT_FALSE(v.is_over(1));
        v.offer();
        v.take_all();
        EXPECT_TRUE(v.is_over(1));
    }
}

TEST_P(engine_payload_stays, is_not_released_between_the_close_command_and_on_closed) {
    // The kernel may still read the caller's memory until the front says that the connection is over.
    w.answers_close = false;
    w.go_online();
    w.publish(large(0));
    w.offer();
    w.take(100);
    w.close();
    EXPECT_EQ(w.closes, 1u);
    EXPECT_FALSE(w.is_over(1));
    w->on_closed(w.now, w.current, errc::connection_closed, 0);
    w.turn();
    EXPECT_TRUE(w.is_over(1));
}

TEST_P(engine_payload_stays, cancelled_before_it_is_touched_is_free_at_once) {
    w.start();
    w.publish(large(2));
    EXPECT_TRUE(w.cancel(1));
    EXPECT_EQ(w.events(), "done #1 cancelled");
    EXPECT_TRUE(w.is_over(1));
}

TEST_P(engine_payload_stays, goes_out_whole_from_partial_writes) {
    w.go_online();
    w.publish(large(0));
    std::size_t left = w.offer();
    for (std::size_t part = 1; left != 0; part = part * 3 % 997 + 1) {
        w.take(std::min(part, left));
        left = w.offer();
    }
    ASSERT_FALSE(w.log.empty());
    EXPECT_EQ(hex(w.log.back().data), packet("30", "00 01 74 " + w.none() + hex(body_)));
    EXPECT_EQ(w.report(1), "ok");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_limits);
MQTT_AS_IN_BOTH_VERSIONS(engine_payload_stays);

}  // namespace
}  // namespace engine_tests
