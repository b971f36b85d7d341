// Who goes first: publishes among themselves, requests that overtake them, and what follows a reconnection.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_order : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
    }
    /// First bytes of packets: "32 32 82".
    static std::string kinds(const std::vector<std::string>& packets) {
        std::string out;
        for (const auto& p : packets) out += (out.empty() ? "" : " ") + p.substr(0, 2);
        return out;
    }
    /// The last byte of each packet: where payloads of one byte number the messages.
    static std::string payloads(const std::vector<std::string>& packets) {
        std::string out;
        for (const auto& p : packets) {
            if (p[0] == '3') out += static_cast<char>(unhex(p).back());
        }
        return out;
    }
};

TEST_P(engine_order, publishes_never_overtake_each_other) {
    w.start();
    for (int i = 0; i < 9; ++i)
        w.publish("a", std::string(1, static_cast<char>('1' + i)), static_cast<std::uint8_t>(i % 3));
    w.reconnect();
    EXPECT_EQ(payloads(w.sent_packets()), "123456789");
}

TEST_P(engine_order, a_publish_without_quota_holds_back_those_behind_it) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no receive maximum";
    // Two may be unacknowledged. A qos 0 message needs no quota and still waits for its turn.
    w.go_online(false, "21 00 02");
    w.publish("a", "1", 1);
    w.publish("a", "2", 2);
    w.publish("a", "3", 1);
    w.publish("a", "4", 0);
    w.publish("a", "5", 0);
    const auto first = w.sent_packets();
    EXPECT_EQ(payloads(first), "12");
    EXPECT_EQ(w->look().queued, 3u);
    w.feed("40 02 " + u16(id_of(first[0])));
    EXPECT_EQ(payloads(w.sent_packets()), "345");
}

TEST_P(engine_order, requests_pings_and_acknowledgements_overtake_waiting_publishes) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no receive maximum";
    // The quota is used up; everything else goes on [MQTT-3.3.4-8], [MQTT-4.9.0-3].
    w.go_online(false, "21 00 01");
    w.publish("a", "1", 2);
    const std::string id = u16(id_of(w.sent()));
    w.publish("a", "2", 1);
    w.subscribe("f", 0);
    w.unsubscribe("g");
    EXPECT_TRUE(w->ping(w.now));
    w.feed(packet("32", "00 01 62 00 09 00 78"));
    std::vector<std::string> sent = w.sent_packets();
    std::sort(sent.begin(), sent.end());
    EXPECT_EQ(kinds(sent), "40 82 a2 c0");
    // PUBREL too: it belongs to a message that has its place already.
    w.feed("50 02 " + id);
    EXPECT_EQ(w.sent(), "62 02 " + id);
    w.feed("70 02 " + id);
    EXPECT_EQ(payloads(w.sent_packets()), "2");
}

TEST_P(engine_order, subscriptions_overtake_publishes_that_wait_for_the_connection) {
    w.start();
    w.publish("a", "1", 1);
    w.subscribe("f", 0);
    w.publish("a", "2", 0);
    w.reconnect();
    EXPECT_EQ(kinds(w.sent_packets()), "10 82 32 30");
}

TEST_P(engine_order, resends_keep_the_order_of_first_sending) {
    w.go_online();
    for (const char* payload : {"1", "2", "3", "4"}) w.publish("a", payload, payload[0] % 2 == 0 ? 2 : 1);
    const auto first = w.sent_packets();
    // The second one is acknowledged, out of order; then the connection is lost.
    w.feed("50 02 " + u16(id_of(first[1])));
    w.sent();
    w.feed("70 02 " + u16(id_of(first[1])));
    w.publish("a", "5", 1);
    w.publish("a", "6", 0);
    w.lose();
    w.sent();
    w.reconnect(true);
    const auto again = w.sent_packets();
    EXPECT_EQ(kinds(again), "10 3a 3a 3c 32 30");
    EXPECT_EQ(payloads(again), "13456");
    EXPECT_EQ(id_of(again[1]), id_of(first[0]));
    EXPECT_EQ(id_of(again[2]), id_of(first[2]));
    EXPECT_EQ(id_of(again[3]), id_of(first[3]));
}

TEST_P(engine_order, resends_keep_that_order_after_a_republication) {
    // 3.1.1 has sent the first one again, later than the second; the order of first sending counts.
    w.config.keepalive = 0;
    w.go_online();
    w.publish("a", "1", 1);
    const unsigned one = id_of(w.sent());
    w.advance(5s);
    w.publish("a", "2", 1);
    const unsigned two = id_of(w.sent());
    w.feed(packet("30", "00 01 62 " + w.none() + "78"));
    w.advance(6s);
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 1u);
    w.forget_sent();
    w.lose();
    w.go_online(true);
    const auto again = w.sent_packets();
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(id_of(again[0]), one);
    EXPECT_EQ(id_of(again[1]), two);
}

TEST_P(engine_order, pubrels_go_in_the_order_of_pubrecs) {
    // [MQTT-4.6.0-4]: PUBREC 3, 1, 2 makes PUBREL 3, 1, 2, also after a reconnection.
    w.go_online();
    for (const char* payload : {"1", "2", "3"}) w.publish("a", payload, 2);
    const auto first = w.sent_packets();
    ASSERT_EQ(first.size(), 3u);
    std::string expected;
    for (const int i : {2, 0, 1}) {
        const std::string id = u16(id_of(first[static_cast<std::size_t>(i)]));
        w.feed("50 02 " + id);
        expected += (expected.empty() ? "" : " | ") + std::string("62 02 ") + id;
    }
    EXPECT_EQ(w.sent(), expected);
    w.lose();
    w.await_attempt();
    w.open();
    w.sent();
    w.accept(true);
    EXPECT_EQ(w.sent(), expected);
}

TEST_P(engine_order, pubrels_keep_that_order_when_a_pubrec_comes_before_the_write_is_reported) {
    // 3.1.1 republishes: the second transmission of 1 is still under way when PUBREC 1 and 2 come.
    w.config.keepalive = 0;
    w.go_online();
    w.publish("a", "1", 2);
    w.publish("a", "2", 2);
    const auto first = w.sent_packets();
    w.transport_takes = false;
    w.advance(5s);
    w.feed(packet("30", "00 01 62 " + w.none() + "78"));
    w.advance(5s);
    w.offer();
    const std::string one = u16(id_of(first[0]));
    const std::string two = u16(id_of(first[1]));
    w.feed("50 02 " + one);
    w.feed("50 02 " + two);
    if (!w.spans.empty()) w.take_all();
    std::vector<std::string> released;
    for (const auto& p : w.sent_packets()) {
        if (p.substr(0, 2) == "62") released.push_back(p);
    }
    EXPECT_EQ(released, (std::vector<std::string>{"62 02 " + one, "62 02 " + two}));
}

TEST_P(engine_order, pubrels_keep_that_order_when_one_is_to_be_repeated_behind_a_full_transport) {
    // PUBREL 1 has gone out, PUBREL 2 waits for the transport. 3.1.1 wants to repeat 1, and the connection is lost.
    w.config.keepalive = 0;
    w.go_online();
    w.publish("a", "1", 2);
    w.publish("a", "2", 2);
    const auto first = w.sent_packets();
    const std::string one = u16(id_of(first[0]));
    const std::string two = u16(id_of(first[1]));
    w.feed("50 02 " + one);
    EXPECT_EQ(w.sent(), "62 02 " + one);
    w.transport_takes = false;
    w.publish("a", "3", 0);
    w.offer();
    w.advance(5s);
    w.feed("50 02 " + two);  // its turn begins
    w.advance(1s);
    w.feed(packet("30", "00 01 62 " + w.none() + "78"));
    w.advance(9s);
    EXPECT_EQ(w->count().republications, w.is_v5() ? 0u : 1u);
    w.lose();
    w.await_attempt();
    w.open();
    w.sent();
    w.accept(true);
    const auto again = w.sent_packets();
    ASSERT_GE(again.size(), 2u);
    EXPECT_EQ(again[0], "62 02 " + one);
    EXPECT_EQ(again[1], "62 02 " + two);
}

TEST_P(engine_order, after_a_reconnection_resends_then_renewals_then_what_waited) {
    // A session lost: the subscription is renewed before anything is published.
    polite_broker broker(w);
    w.start();
    broker.run();
    w.subscribe("f", 1);
    broker.run();
    w.publish("a", "1", 1);
    w.sent();
    w.publish("a", "2", 1);
    w.lose();
    w.publish("a", "3", 0);
    w.sent();
    w.reconnect(false);
    const auto packets = w.sent_packets();
    ASSERT_GE(packets.size(), 2u);
    EXPECT_EQ(packets[1].substr(0, 2), "82");
    EXPECT_EQ(payloads(packets), "123");
}

TEST_P(engine_order, after_a_lost_session_everything_is_published_in_the_old_order) {
    w.go_online();
    for (const char* payload : {"1", "2", "3"}) w.publish("a", payload, 1);
    const auto first = w.sent_packets();
    w.publish("a", "4", 1);
    w.feed("40 02 " + u16(id_of(first[1])));
    w.lose();
    w.publish("a", "5", 1);
    w.sent();
    w.reconnect(false);
    const auto again = w.sent_packets();
    EXPECT_EQ(kinds(again), "10 32 32 32 32");
    EXPECT_EQ(payloads(again), "1345");
}

TEST_P(engine_order, resends_respect_the_new_receive_maximum) {
    if (!w.is_v5()) GTEST_SKIP() << "3.1.1 has no receive maximum";
    w.go_online();
    for (const char* payload : {"1", "2", "3"}) w.publish("a", payload, 1);
    const auto first = w.sent_packets();
    w.publish("a", "4", 1);
    w.lose();
    w.sent();
    // The server takes only one at a time now.
    w.reconnect(true, "21 00 01");
    for (const auto& message : first) {
        const auto packets = w.sent_packets();
        EXPECT_EQ(packets.back().substr(0, 2), "3a");
        EXPECT_EQ(id_of(packets.back()), id_of(message));
        w.feed("40 02 " + u16(id_of(message)));
    }
    const auto last = w.sent_packets();
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].substr(0, 2), "32");
    EXPECT_EQ(payloads(last), "4");
}

TEST_P(engine_order, acknowledgements_keep_the_order_of_arrival) {
    w.go_online();
    w.consume = false;
    w.feed(packet("32", "00 01 62 00 01 " + w.none() + "78"));
    w.feed(packet("34", "00 01 62 00 02 " + w.none() + "78"));
    w.feed(packet("32", "00 01 62 00 03 " + w.none() + "78"));
    ASSERT_EQ(w.inbox.size(), 3u);
    // The application is done with the last one first: nothing may go yet [MQTT-4.6.0-2].
    w.acknowledge(w.inbox[2]);
    EXPECT_EQ(w.sent(), "");
    w.acknowledge(w.inbox[0]);
    EXPECT_EQ(w.sent(), "40 02 00 01");
    w.acknowledge(w.inbox[1]);
    EXPECT_EQ(w.sent(), "50 02 00 02 | 40 02 00 03");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_order);

}  // namespace
}  // namespace engine_tests
