// Connecting, staying connected, leaving: keep alive, CONNACK's codes, the server's limits, stop, close, wills.
#include "tests/sim/scenario.hpp"

namespace mqtt_as::sim {
namespace {

class sim_connection : public scenario {};
IN_BOTH_VERSIONS(sim_connection);

TEST_P(sim_connection, the_gap_between_packets_never_exceeds_the_keep_alive) {
    // The front judges every gap. A client that only receives must still ping.
    world_options o = options();
    o.config.keepalive = 8;
    world w(o);
    go_online(w);
    w.app.subscribe("in/#", 0);
    for (std::uint64_t t = 0; t < 600; ++t) w.time.after(t * 100, [&w] { w.server.publish("in/a", 0, 10); });
    w.run_for(seconds(60));
    EXPECT_GE(w.server.seen(kind::pingreq), 29u);
    EXPECT_LE(w.server.seen(kind::pingreq), 31u);
    expect_no_objection(w);
}

TEST_P(sim_connection, pings_go_every_quarter_of_the_keep_alive_whatever_else_is_sent) {
    world w(options());
    go_online(w);
    for (std::uint64_t t = 0; t < 300; ++t) w.time.after(seconds(t), [&w] { w.app.publish({.qos = 1}); });
    w.run_for(seconds(300));
    EXPECT_NEAR(w.server.seen(kind::pingreq), 20, 1);
    expect_no_objection(w);
}

TEST_P(sim_connection, without_a_keep_alive_pings_still_show_that_the_link_lives) {
    world_options o = options();
    o.config.keepalive = 0;
    world w(o);
    go_online(w);
    w.run_for(seconds(201));
    EXPECT_EQ(w.server.seen(kind::pingreq), 10u);
    w.net.silence_for(never);
    EXPECT_LE(time_until_down(w, seconds(60)), seconds(40) + 10);
    expect_no_objection(w);
}

TEST_P(sim_connection, the_servers_keep_alive_replaces_ours) {
    if (!is_five()) GTEST_SKIP() << "3.1.1 has no server keep alive";
    world_options o = options();
    o.server.server_keep_alive = 4;
    world w(o);
    go_online(w);
    w.run_for(seconds(60));
    EXPECT_NEAR(w.server.seen(kind::pingreq), 60, 1);
    expect_no_objection(w);
}

TEST_P(sim_connection, a_refusal_is_reported_and_retried_at_the_cap_when_retrying_cannot_help) {
    world w(options());
    w.server.arm(fault::refused_connack, 8);
    w.app.start(true);
    // Eight refusals, each at most one cap away from the next.
    ASSERT_TRUE(w.run_until([&] { return w.app.is_online(); }, seconds(8 * 31)));
    EXPECT_EQ(told(w, note::kind::disconnected), 8u);
    EXPECT_EQ(last_error(w), errc::connection_refused);
    expect_no_objection(w);
}

TEST_P(sim_connection, without_retry_a_failing_first_attempt_gives_up) {
    world w(options());
    w.net.refuse(true);
    w.app.start(false);
    w.run_for(50);
    ASSERT_EQ(told(w, note::kind::gave_up), 1u);
    EXPECT_EQ(w.app.notes().back().error, errc::connect_failed);
}

TEST_P(sim_connection, session_present_after_a_clean_start_closes_the_connection) {
    world_options o = options();
    o.config.clean_init = o.config.clean = true;
    world w(o);
    w.server.arm(fault::false_session_present);
    w.app.start(true);
    ASSERT_TRUE(w.run_until([&] { return w.app.is_online(); }, seconds(5)));
    EXPECT_EQ(told(w, note::kind::disconnected), 1u);
    expect_no_objection(w);
}

TEST_P(sim_connection, malformed_packets_end_in_a_closed_connection_and_a_new_one) {
    world w(options());
    go_online(w);
    for (int i = 0; i < 30; ++i) {
        w.run_for(seconds(30));
        w.server.send_malformed();
        EXPECT_LE(time_until_down(w, seconds(2)), 20u);
        EXPECT_EQ(last_error(w), errc::protocol_violation);
        EXPECT_LE(time_until_up(w, seconds(5)), 1'700u);
    }
    EXPECT_EQ(w.server.seen(kind::disconnect), is_five() ? 30u : 0u);
    expect_no_objection(w);
}

TEST_P(sim_connection, a_session_taken_over_is_retried_at_the_cap_only) {
    if (!is_five()) GTEST_SKIP() << "3.1.1 has no DISCONNECT from the server";
    std::uint64_t longest = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        world_options o = options();
        o.seed = seed;
        world w(o);
        go_online(w);
        w.run_for(seconds(30));
        w.server.send_disconnect(0x8E);
        time_until_down(w, 100);
        EXPECT_EQ(last_error(w), errc::server_disconnected);
        longest = std::max(longest, time_until_up(w, seconds(31)));
        expect_no_objection(w);
    }
    EXPECT_GT(longest, seconds(5)) << "ten waits drawn from 30 s";
}

TEST_P(sim_connection, the_will_is_published_by_death_and_by_close_and_not_by_stop) {
    world_options o = options();
    o.config.will = engine_will{.topic = "will", .qos = 1};
    {
        world w(o);
        go_online(w);
        w.net.silence_for(never);  // death: the broker waits for one and a half keep alives
        w.app.close();
        w.run_for(seconds(100));
        EXPECT_EQ(w.server.wills().size(), 1u);
    }
    {
        world w(o);
        go_online(w);
        w.app.close();
        w.run_for(seconds(1));
        EXPECT_EQ(w.server.wills().size(), 1u);
        EXPECT_EQ(w.server.seen(kind::disconnect), 0u);
    }
    {
        world w(o);
        go_online(w);
        w.app.stop(2'000);
        w.run_for(seconds(100));
        EXPECT_EQ(w.server.wills().size(), 0u);
        EXPECT_EQ(w.server.seen(kind::disconnect), 1u);
        expect_no_objection(w);
    }
}

TEST_P(sim_connection, stop_waits_for_what_is_on_the_wire_but_never_longer_than_its_grace) {
    // Answered in time: the operation is acknowledged and stop is quick.
    {
        world_options o = options();
        o.server.processing_ms = 300;
        world w(o);
        go_online(w);
        const std::uint32_t serial = w.app.publish({.qos = 1});
        w.run_for(10);
        w.app.stop(2'000);
        w.run_for(400);
        EXPECT_EQ(told(w, note::kind::stopped), 1u);
        EXPECT_EQ(w.truth.at(serial).error, errc::ok);
        expect_no_objection(w);
    }
    // Never answered: reported as stopped, with the truth about what may have happened.
    {
        world w(options());
        go_online(w);
        w.server.arm(fault::withhold_puback);
        const std::uint32_t serial = w.app.publish({.qos = 1});
        w.run_for(10);
        const moment asked = w.time.now();
        w.app.stop(2'000);
        EXPECT_EQ(w.app.publish({.qos = 1}), 0u);
        EXPECT_EQ(w.app.last_rejection(), errc::not_started);
        ASSERT_TRUE(w.run_until([&] { return !w.app.is_running(); }, seconds(5)));
        EXPECT_LE(w.time.now() - asked, 2'600u);
        EXPECT_EQ(w.truth.at(serial).error, errc::stopped);
        EXPECT_TRUE(w.truth.at(serial).may_have_been_delivered);
        expect_no_objection(w);
    }
}

TEST_P(sim_connection, starting_again_continues_the_session) {
    world w(options());
    go_online(w);
    w.app.subscribe("in/#", 1);
    w.run_for(100);
    w.app.stop(2'000);
    w.run_for(seconds(3));
    w.server.publish("in/a", 1, 20);
    w.app.start(true);
    time_until_up(w, seconds(5));
    EXPECT_TRUE(w.server.last_connect_resumed());
    expect_settled(w, seconds(1));
    EXPECT_EQ(w.truth.inbounds().size(), 1u);
}

TEST_P(sim_connection, after_close_everything_is_rejected_and_all_memory_is_given_back) {
    world w(options());
    go_online(w);
    w.server.arm(fault::withhold_puback);
    w.app.publish({.qos = 1, .size = 8'000, .by_reference = true});
    w.run_for(10);
    w.app.close();
    w.run_for(10);
    EXPECT_EQ(w.app.publish({.qos = 0}), 0u);
    EXPECT_EQ(w.app.last_rejection(), errc::closed);
    w.destroy_engine();
    EXPECT_EQ(w.memory.blocks(), 0u);
}

}  // namespace
}  // namespace mqtt_as::sim
