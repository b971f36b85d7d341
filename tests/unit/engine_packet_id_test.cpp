// Packet identifiers: bound when a packet is staged, never 0, never two in use at once, free only when the flow is
// over.
#include "tests/unit/engine_fixture.hpp"

#include <set>

namespace engine_tests {
namespace {

class engine_packet_id : public engine_test {
protected:
    /// The identifier that follows, of those that are not for qos 2.
    static unsigned behind(unsigned id) { return id == 65'535 ? 128 : id + 1; }
    /// Publishes one message at qos 1 and returns its identifier; the acknowledgement is left to the caller.
    unsigned publish_one() {
        w.publish("a", "", 1);
        w.flush();
        return w.last_id();
    }
};

TEST_P(engine_packet_id, starts_at_a_number_drawn_from_the_seed) {
    // Another life of the process must not begin with the identifiers of the last one.
    std::set<unsigned> firsts;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        unsigned both[2];
        for (auto& first : both) {
            world v(GetParam());
            v.seed = seed;
            v.go_online();
            v.publish("a", "", 1);
            v.flush();
            first = v.last_id();
        }
        EXPECT_EQ(both[0], both[1]) << "same seed, same bytes";
        EXPECT_NE(both[0], 0u);
        firsts.insert(both[0]);
    }
    EXPECT_GT(firsts.size(), 15u);
}

TEST_P(engine_packet_id, follows_in_sequence_wraps_and_is_never_zero) {
    w.go_online();
    unsigned last = w.whole_flow();
    // More than once around: 65,535 is followed by the first one above those of qos 2.
    bool wrapped = false;
    for (int i = 0; i < 66'000; ++i) {
        const unsigned id = w.whole_flow();
        ASSERT_EQ(id, behind(last));
        wrapped = wrapped || id < last;
        last = id;
    }
    EXPECT_TRUE(wrapped);
}

TEST_P(engine_packet_id, skips_one_that_is_still_in_use) {
    w.go_online();
    // The first message is not acknowledged. More than once around the whole sequence:
    const unsigned held = publish_one();
    bool wrapped = false;
    unsigned last = held;
    for (int i = 0; i < 65'600; ++i) {
        const unsigned id = w.whole_flow();
        ASSERT_NE(id, 0u);
        ASSERT_NE(id, held);
        wrapped = wrapped || (last < held && id > held);
        last = id;
    }
    EXPECT_TRUE(wrapped);
    EXPECT_EQ(w.reports(1), 0);
    w.feed("40 02 " + u16(held));
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_packet_id, all_in_use_makes_the_next_wait) {
    w.bounds.operations_max = 70'000;
    w.checks = false;
    w.go_online();
    for (int i = 0; i < 65'600; ++i) ASSERT_GT(w.publish("a", "", 1), 0);
    w.flush();
    std::set<unsigned> used;
    for (const auto& p : w.log) {
        if (p.data[0] != 0x32) continue;
        EXPECT_TRUE(used.insert(id_of(p.data)).second) << "used twice";
    }
    EXPECT_FALSE(used.contains(0));
    EXPECT_EQ(used.size(), 65'535u - 127);
    // A subscription has to wait as well: there is no identifier for it.
    const int subscription = w.subscribe("f", 0);
    w.log.clear();
    w.forget_sent();
    EXPECT_EQ(w.sent(), "");
    // One is acknowledged: its identifier is taken at once.
    const unsigned freed = *used.begin();
    w.feed("40 02 " + u16(freed));
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(id_of(packets[0]), freed);
    EXPECT_EQ(packets[0].substr(0, 2), "82") << "a subscription overtakes publishes";
    EXPECT_EQ(w.reports(subscription), 0);
}

TEST_P(engine_packet_id, is_shared_by_publishes_and_subscriptions) {
    w.go_online();
    w.publish("a", "", 1);
    w.subscribe("f", 0);
    w.publish("a", "", 2);
    w.unsubscribe("g");
    std::set<unsigned> used;
    for (const auto& p : w.sent_packets()) EXPECT_TRUE(used.insert(id_of(p)).second) << p;
    EXPECT_EQ(used.size(), 4u);
    EXPECT_FALSE(used.contains(0));
}

TEST_P(engine_packet_id, qos_0_takes_none) {
    w.go_online();
    const unsigned before = publish_one();
    w.publish("a", "", 0);
    w.flush();
    EXPECT_EQ(publish_one(), behind(before));
}

TEST_P(engine_packet_id, of_qos_2_is_free_only_after_pubcomp) {
    w.go_online();
    w.publish("a", "", 2);
    w.flush();
    const unsigned held = w.last_id();
    w.feed("50 02 " + u16(held));
    EXPECT_EQ(w.sent_packets().back(), "62 02 " + u16(held));
    // More than once around those of its kind: the identifier waits for its PUBCOMP.
    for (int i = 2; i < 300; ++i) {
        w.publish("a", "", 2);
        const std::string id = u16(id_of(w.sent_packets().back()));
        ASSERT_NE(id, u16(held));
        w.feed("50 02 " + id);
        w.forget_sent();
        w.feed("70 02 " + id);
        ASSERT_EQ(w.report(i), "ok");
    }
    w.feed("70 02 " + u16(held));
    EXPECT_EQ(w.report(1), "ok");
}

TEST_P(engine_packet_id, is_not_bound_while_the_operation_waits) {
    // Three operations wait; the second is cancelled. Identifiers follow in the order of sending, without a gap.
    w.start();
    w.publish("a", "1", 1);
    const int second = w.publish("a", "2", 1);
    w.publish("a", "3", 1);
    EXPECT_TRUE(w.cancel(second));
    w.go_online();
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    const unsigned first = id_of(packets[0]);
    EXPECT_EQ(id_of(packets[1]), behind(first));
}

MQTT_AS_IN_BOTH_VERSIONS(engine_packet_id);

}  // namespace
}  // namespace engine_tests
