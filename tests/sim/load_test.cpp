// Much at once, slowly, or not taken: 1,500 publishes, a backlog of 600, 100 MB over a slow link, a slow application.
#include "tests/sim/scenario.hpp"

namespace mqtt_as::sim {
namespace {

class sim_load : public scenario {};
IN_BOTH_VERSIONS(sim_load);

TEST_P(sim_load, three_hundred_and_1500_publishes_at_once_through_an_outage) {
    for (const int count : {300, 1'500}) {
        for (const auto qos : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
            world w(options());
            go_online(w);
            w.net.cut_upstream_after(static_cast<std::uint64_t>(count) * 10);
            for (int i = 0; i < count; ++i) ASSERT_NE(w.app.publish({.qos = qos}), 0u);
            expect_settled(w, seconds(30));
        }
    }
}

TEST_P(sim_load, publishing_before_the_first_connection_waits_for_it) {
    world w(options());
    for (int i = 0; i < 300; ++i) ASSERT_NE(w.app.publish({.qos = 1}), 0u);
    w.run_for(seconds(10));
    w.app.start(true);
    expect_settled(w, seconds(5));
}

TEST_P(sim_load, the_receive_maximum_holds_publishes_back_and_nothing_else) {
    if (!is_five()) GTEST_SKIP() << "3.1.1 has no receive maximum";
    world_options o = options();
    o.server.receive_maximum = 1;
    world w(o);
    go_online(w);
    w.server.arm(fault::late_puback);
    for (int i = 0; i < 3; ++i) w.app.publish({.qos = 1});
    w.app.subscribe("in/#", 1);
    w.run_for(100);
    EXPECT_EQ(w.server.seen(kind::publish), 1u);
    EXPECT_TRUE(w.server.is_subscribed("in/#")) << "[MQTT-3.3.4-8]";
    expect_settled(w, seconds(30));
}

TEST_P(sim_load, a_backlog_of_600_is_received_in_order_by_a_slow_application) {
    for (const auto inbox : {std::uint16_t{1'000}, std::uint16_t{5}}) {
        world_options o = options();
        o.limit.inbound_max = inbox;
        world w(o);
        go_online(w);
        w.app.subscribe("in/#", 2);
        w.run_for(100);
        w.net.refuse(true);
        w.server.killed();
        for (int i = 0; i < 600; ++i) w.server.publish("in/a", static_cast<std::uint8_t>(1 + i % 2), 50);
        w.app.be_slow(20);
        w.net.refuse(false);
        w.run_for(seconds(30));
        EXPECT_EQ(w.server.owed_to_client(), 0u);
        expect_settled(w, 1);
    }
}

TEST_P(sim_load, an_application_that_does_not_read_for_60_s_keeps_its_link) {
    world_options o = options();
    o.limit.inbound_max = 3;
    world w(o);
    go_online(w);
    w.app.subscribe("in/#", 1);
    w.run_for(100);
    w.app.hold_messages(true);
    for (int i = 0; i < 50; ++i) w.server.publish("in/a", 1, 50);
    w.app.publish({.qos = 1});
    w.run_for(seconds(60));
    EXPECT_EQ(w.app.held(), 3u);
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    w.app.hold_messages(false);
    w.run_for(seconds(5));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_settled(w, 1);
}

TEST_P(sim_load, an_upload_of_100_MB_at_200_KB_per_second_keeps_its_link) {
    world_options o = options();
    o.net.bytes_per_ms = 200;
    o.limit.payload_bytes_max = 200u << 20;
    world w(o);
    go_online(w);
    const std::uint32_t serial = w.app.publish({.qos = 1, .size = 100'000'000, .by_reference = true});
    ASSERT_NE(serial, 0u);
    ASSERT_TRUE(w.run_until([&] { return w.truth.at(serial).reported; }, seconds(600)));
    EXPECT_EQ(w.truth.at(serial).error, errc::ok);
    EXPECT_GE(w.time.now(), seconds(500));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_no_objection(w);
}

TEST_P(sim_load, a_full_queue_says_so_and_creates_nothing) {
    world_options o = options();
    o.limit.operations_max = 10;
    world w(o);
    for (int i = 0; i < 10; ++i) EXPECT_NE(w.app.publish({.qos = 1}), 0u);
    EXPECT_EQ(w.app.publish({.qos = 1}), 0u);
    EXPECT_EQ(w.app.last_rejection(), errc::queue_full);
    w.app.start(true);
    expect_settled(w, seconds(5));
    EXPECT_EQ(w.server.seen(kind::publish), 10u);
}

TEST_P(sim_load, publishes_never_overtake_each_other_at_mixed_qos_through_outages) {
    // The oracle keeps the order of first delivery per topic and qos.
    world_options o = options();
    o.net.latency_ms = 20;
    world w(o);
    go_online(w);
    for (std::uint64_t i = 0; i < 1'000; ++i)
        w.time.after(i * 20, [&w, i] { w.app.publish({.qos = static_cast<std::uint8_t>(i % 3)}); });
    for (std::uint64_t i = 1; i < 10; ++i) w.time.after(seconds(2 * i), [&w] { w.net.reset_current(); });
    w.run_for(seconds(21));
    expect_settled(w, seconds(20));
}

}  // namespace
}  // namespace mqtt_as::sim
