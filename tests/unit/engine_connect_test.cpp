// From `start` to online: the commands, the exact CONNECT, the events, and where `look` says we stand.
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class engine_connect : public engine_test {
protected:
    /// Starts, opens, and returns the first packet as it goes out.
    std::string first_packet() {
        w.start();
        w.open();
        return w.sent();
    }
};

TEST_P(engine_connect, goes_step_by_step_from_stopped_to_online) {
    // Nothing happens by itself.
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_EQ(w->look().at, stage::idle);
    EXPECT_FALSE(w->deadline());
    EXPECT_FALSE(w->is_online());

    // `start` asks for a transport to the first endpoint.
    w.start();
    ASSERT_TRUE(w.opening);
    EXPECT_EQ(w.opening->endpoint, 0);
    EXPECT_EQ(w->look().now_in, status::phase::opening);
    EXPECT_EQ(w->look().attempt, 1u);
    EXPECT_EQ(w->look().outage_since, w.now);
    EXPECT_EQ(w->start(w.now, true), errc::already_started);

    // The front says how far it is.
    w->on_stage(w.now, w.current, stage::resolve);
    EXPECT_EQ(w->look().at, stage::resolve);
    w->on_stage(w.now, w.current, stage::connect);
    EXPECT_EQ(w->look().at, stage::connect);
    EXPECT_EQ(w.sent(), "");

    // Open: CONNECT and nothing else goes out [MQTT-3.1.0-1].
    w.advance(70ms);
    w.open();
    EXPECT_EQ(w->look().now_in, status::phase::handshake);
    EXPECT_EQ(w->look().at, stage::mqtt);
    EXPECT_EQ(w->look().since, w.now);
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.sent(), w.either("10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63",  //
                                 "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63"));
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.events(), "");

    // CONNACK: online. Nothing had to be renewed, which is said as well.
    w.advance(30ms);
    w.feed(w.either("20 02 00 00", "20 03 00 00 00"));
    EXPECT_EQ(w.events(), "connected first | renewed");
    EXPECT_TRUE(w->is_online());
    EXPECT_TRUE(w->wants_bytes());
    EXPECT_EQ(w->look().now_in, status::phase::online);
    EXPECT_EQ(w->look().at, stage::online);
    EXPECT_EQ(w->look().since, w.now);
    EXPECT_EQ(w->look().outage_since, std::nullopt);
    EXPECT_EQ(w->last_received(), w.now);
    EXPECT_EQ(w->count().connections, 1u);
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_connect, writes_will_user_and_password_in_the_order_of_the_specification) {
    // Flags: user 80, password 40, will retain 20, will qos 1 08, will 04, clean 02.
    w.config.client_id = "cid";
    w.config.keepalive = 300;
    w.config.user = "u1";
    w.config.password = "p2";
    w.config.will = engine_will{.topic = "wt", .payload = as_bytes("wm"), .qos = 1, .retain = true};
    EXPECT_EQ(first_packet(), w.either("10 1f 00 04 4d 51 54 54 04 ee 01 2c 00 03 63 69 64 "
                                       "00 02 77 74 00 02 77 6d 00 02 75 31 00 02 70 32",
                                       "10 21 00 04 4d 51 54 54 05 ee 01 2c 00 00 03 63 69 64 "
                                       "00 00 02 77 74 00 02 77 6d 00 02 75 31 00 02 70 32"));
}

TEST_P(engine_connect, writes_empty_user_password_and_will_payload_as_such) {
    // Present and empty is not the same as absent [MQTT-3.1.2-19].
    w.config.client_id = "";
    w.config.user = "";
    w.config.password = "";
    w.config.will = engine_will{.topic = "w", .payload = {}, .qos = 2};
    EXPECT_EQ(first_packet(), w.either("10 15 00 04 4d 51 54 54 04 d6 00 3c 00 00 00 01 77 00 00 00 00 00 00",
                                       "10 17 00 04 4d 51 54 54 05 d6 00 3c 00 00 00 00 00 01 77 00 00 00 00 00 00"));
}

TEST_P(engine_connect, writes_a_user_without_a_password) {
    w.config.user = "u";
    w.config.keepalive = 0;
    EXPECT_EQ(first_packet(), w.either("10 10 00 04 4d 51 54 54 04 82 00 00 00 01 63 00 01 75",
                                       "10 11 00 04 4d 51 54 54 05 82 00 00 00 00 01 63 00 01 75"));
}

// Version 5 only: 3.1.1 has no properties.
TEST(engine_connect_v5, sends_session_expiry_receive_maximum_packet_size_and_will_properties) {
    world w(version::v5);
    w.config.clean = false;
    w.config.session_expiry = 3600;
    w.config.receive_maximum = 20;
    w.config.password = "p";  // without a user: allowed in 5 [MQTT-3.1.2-19]
    w.bounds.packet_bytes_max = 100'000;
    w.config.will = engine_will{.topic = "w", .payload = as_bytes("x"), .delay_interval = 5};
    w.start();
    w.open();
    // Which order the properties have is not told by the specification: each must be there, and their sum.
    const std::string connect = w.sent();
    EXPECT_EQ(connect.substr(0, 39), "10 2a 00 04 4d 51 54 54 05 46 00 3c 0d ") << connect;
    EXPECT_NE(connect.find("11 00 00 0e 10"), std::string::npos) << connect;  // Session Expiry Interval 3600
    EXPECT_NE(connect.find("21 00 14"), std::string::npos) << connect;        // Receive Maximum 20
    EXPECT_NE(connect.find("27 00 01 86 a0"), std::string::npos) << connect;  // Maximum Packet Size 100,000
    const std::string rest = " 00 01 63 05 18 00 00 00 05 00 01 77 00 01 78 00 01 70";
    EXPECT_EQ(connect.substr(connect.size() - rest.size()), rest);
}

TEST_P(engine_connect, sends_nothing_but_connect_before_connack) {
    // Publishes and subscriptions were accepted before the first connection: they wait.
    const int early = w.publish("a", "x", 1);
    w.start();
    const int opening = w.publish("a", "y", 0);
    w.open();
    const int shaking = w.subscribe("f", 1);
    EXPECT_GT(early, 0);
    EXPECT_GT(opening, 0);
    EXPECT_GT(shaking, 0);
    EXPECT_FALSE(w->ping(w.now));
    EXPECT_EQ(w.sent_packets().size(), 1u);
    EXPECT_EQ(w->look().queued, 3u);

    // CONNACK lets them go; the subscription first.
    w.accept();
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 3u);
    EXPECT_EQ(packets[0].substr(0, 2), "82");
    EXPECT_EQ(packets[1].substr(0, 2), "32");
    EXPECT_EQ(packets[2].substr(0, 2), "30");
}

TEST_P(engine_connect, ends_the_first_attempt_in_gave_up_without_retry) {
    w.start(false);
    w->on_stage(w.now, w.current, stage::connect);
    w.lose(errc::connect_failed, 111);
    EXPECT_EQ(w.events(), "disconnected connect_failed at connect transport 111 | "
                          "gave_up connect_failed at connect transport 111");
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_FALSE(w->deadline());
    ASSERT_TRUE(w->look().last_error);
    EXPECT_EQ(w->look().last_error->transport_error, 111);

    // It can be started again.
    w.start(false);
    w.open();
    w.sent();
    w.accept();
    EXPECT_EQ(w.events(), "connected first | renewed");

    // The first attempt succeeded: a later outage is an outage like any other.
    w.lose();
    EXPECT_EQ(w.events(), "disconnected connection_closed at online transport 104 was_online | waiting");
}

TEST_P(engine_connect, nobody_is_left_waiting_when_it_has_given_up) {
    const int early = w.publish("a", "x", 1);
    w.start(false);
    const int filter = w.subscribe("f", 0);
    w.lose(errc::connect_failed, 111);
    EXPECT_EQ(w.report(early), "stopped");
    EXPECT_EQ(w.report(filter), "stopped");
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w.publish("a", "x", 1), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    EXPECT_EQ(w.subscribe("f", 0), 0);
    EXPECT_EQ(w.last_error, errc::not_started);
    w.start(false);
    EXPECT_GT(w.publish("a", "x", 1), 0);
}

TEST_P(engine_connect, tells_each_stage_that_failed) {
    w.start();
    w->on_stage(w.now, w.current, stage::resolve);
    w.lose(errc::resolve_failed, 2);
    EXPECT_EQ(w.events(), "disconnected resolve_failed at resolve transport 2 | waiting");
    w.advance(1s);
    ASSERT_TRUE(w.opening);
    w->on_stage(w.now, w.current, stage::connect);
    w.lose(errc::connect_failed, 111);
    EXPECT_EQ(w.events(), "disconnected connect_failed at connect transport 111 | waiting");
    w.advance(1s);
    ASSERT_TRUE(w.opening);
    w->on_stage(w.now, w.current, stage::tls);
    w.lose(errc::tls_failed, 3);
    EXPECT_EQ(w.events(), "disconnected tls_failed at tls transport 3 | waiting");
    w.advance(1s);
    w.open();
    w.lose(errc::connection_closed, 0);
    EXPECT_EQ(w.events(), "disconnected connection_closed at mqtt | waiting");
    EXPECT_EQ(w->look().now_in, status::phase::waiting);
    EXPECT_TRUE(w->look().next_attempt);
}

TEST_P(engine_connect, tries_the_endpoints_in_turn) {
    w.config.endpoints = 3;
    w.start();
    std::string tried;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(w.opening);
        tried += std::to_string(w.opening->endpoint);
        w.lose(errc::connect_failed, 111);
        w.advance(1s);
    }
    EXPECT_EQ(tried, "01201");
}

TEST_P(engine_connect, counts_connections_and_outages) {
    w.go_online();
    w.lose();
    w.reconnect();
    EXPECT_EQ(w.events(), "disconnected connection_closed at online transport 104 was_online | waiting | "
                          "connected | renewed");
    EXPECT_EQ(w->count().connections, 2u);
    EXPECT_EQ(w->count().outages, 1u);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_connect);

}  // namespace
}  // namespace engine_tests
