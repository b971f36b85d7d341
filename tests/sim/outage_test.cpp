// Outages at default settings: how soon they are noticed, and how soon the client is back.
#include "tests/sim/scenario.hpp"

namespace mqtt_as::sim {
namespace {

class sim_outage : public scenario {};
IN_BOTH_VERSIONS(sim_outage);

/// The longest step of the back-off in the first 30 s of an outage, and a handshake.
constexpr std::uint64_t one_step = 1'000 + 100;

TEST_P(sim_outage, a_half_open_link_is_found_within_20_s_with_a_packet_awaiting_its_acknowledgement) {
    world w(options());
    go_online(w);
    w.run_for(seconds(3));
    w.net.silence_for(never);
    w.app.publish({.qos = 1});
    EXPECT_LE(time_until_down(w, seconds(40)), seconds(20) + 10);
    EXPECT_EQ(last_error(w), errc::silence);
    EXPECT_LE(time_until_up(w, seconds(5)), one_step);
    expect_settled(w, seconds(1));
}

TEST_P(sim_outage, a_middlebox_that_acknowledges_constant_traffic_is_found_within_20_s) {
    for (const std::uint64_t latency_ms : {50u, 200u}) {  // so that at any moment something is on its way
        world_options o = options();
        o.net.latency_ms = latency_ms;
        world w(o);
        go_online(w);
        const auto publish_for = [&w](std::uint64_t ms, auto until) {
            for (std::uint64_t t = 0; t < ms && !until(); t += 37) {
                w.app.publish({.qos = 1});
                w.run_for(37);
            }
        };
        publish_for(seconds(3), [] { return false; });
        w.net.swallow();
        const moment began = w.time.now();
        publish_for(seconds(60), [&w] { return !w.app.is_online(); });
        EXPECT_LE(w.time.now() - began, seconds(20) + 2 * latency_ms + 10) << latency_ms;
        EXPECT_EQ(last_error(w), errc::silence);
        time_until_up(w, seconds(5));
        expect_settled(w, seconds(5));
    }
}

TEST_P(sim_outage, a_half_open_link_is_found_within_35_s_when_idle) {
    // Whatever the moment between two pings: the worst is just behind one.
    for (std::uint64_t phase = 0; phase < 15'000; phase += 1'499) {
        world w(options());
        go_online(w);
        w.run_for(seconds(16) + phase);
        w.net.silence_for(never);
        EXPECT_LE(time_until_down(w, seconds(60)), seconds(35) + 10);
        EXPECT_LE(time_until_up(w, seconds(5)), one_step);
        expect_no_objection(w);
    }
}

TEST_P(sim_outage, a_silence_of_8_s_is_survived_on_the_same_connection) {
    world w(options());
    go_online(w);
    w.net.silence_for(seconds(8));
    w.app.publish({.qos = 1});
    w.app.publish({.qos = 2});
    expect_settled(w, seconds(10));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
}

TEST_P(sim_outage, a_silence_of_25_s_ends_in_a_new_connection_and_loses_nothing) {
    world w(options());
    go_online(w);
    w.net.silence_for(seconds(25));
    w.app.publish({.qos = 1});
    w.app.publish({.qos = 2});
    expect_settled(w, seconds(30));
    EXPECT_EQ(told(w, note::kind::disconnected), 1u);
}

TEST_P(sim_outage, after_FIN_or_RST_idle_or_active_it_is_back_within_one_step) {
    for (const bool reset : {false, true}) {
        for (const bool active : {false, true}) {
            world w(options());
            go_online(w);
            w.run_for(seconds(25));
            if (active)
                for (int i = 0; i < 30; ++i) w.app.publish({.qos = static_cast<std::uint8_t>(i % 3)});
            reset ? w.net.reset_current() : w.net.fin_current();
            EXPECT_LE(time_until_down(w, seconds(1)), 10u);
            EXPECT_LE(time_until_up(w, seconds(5)), one_step);
            expect_settled(w, seconds(5));
        }
    }
}

TEST_P(sim_outage, a_broker_that_restarts_is_found_again_within_one_step) {
    for (const std::uint64_t down : {50u, 3'000u, 20'000u}) {
        world w(options());
        go_online(w);
        w.run_for(seconds(25));
        w.net.refuse(true);
        w.server.killed();
        w.app.publish({.qos = 1});
        w.run_for(down);
        w.net.refuse(false);
        EXPECT_LE(time_until_up(w, seconds(5)), one_step) << down;
        expect_settled(w, seconds(1));
    }
}

TEST_P(sim_outage, refused_for_40_s_the_steps_double_after_30_s) {
    world w(options());
    go_online(w);
    w.run_for(seconds(25));
    const std::size_t before = w.app.notes().size();
    const moment began = w.time.now();
    w.net.refuse(true);
    w.server.killed();
    w.run_for(seconds(40));
    w.net.refuse(false);
    EXPECT_LE(time_until_up(w, seconds(20)), seconds(16) + 100);
    std::uint64_t longest_early = 0;
    for (std::size_t i = before; i < w.app.notes().size(); ++i) {
        const note& n = w.app.notes()[i];
        if (n.what != note::kind::waiting) continue;
        EXPECT_GT(n.wait_ms, 0u);
        if (n.when - began < seconds(30))
            longest_early = std::max(longest_early, n.wait_ms);
        else
            EXPECT_LE(n.wait_ms, seconds(16));
    }
    EXPECT_LE(longest_early, 1'000u);
    EXPECT_GT(longest_early, 500u) << "no jitter: 30 s of uniform waits come near the step";
    expect_no_objection(w);
}

TEST_P(sim_outage, link_up_cuts_the_wait_short) {
    world_options o = options();
    o.config.backoff = {.first_step = duration(600'000), .steady_for = duration(0), .cap = duration(600'000)};
    world w(o);
    go_online(w);
    w.run_for(seconds(25));
    w.pump.set_link(false);
    w.net.reset_current();
    w.net.set_link(true);  // so that the reset arrives
    w.net.set_link(false);
    time_until_down(w, seconds(40));
    w.run_for(seconds(1));
    ASSERT_FALSE(w.app.is_online());
    w.pump.set_link(true);
    EXPECT_LE(time_until_up(w, seconds(5)), 100u);
    expect_no_objection(w);
}

TEST_P(sim_outage, a_link_that_returns_finds_its_connection_alive) {
    for (const std::uint64_t down : {1u, 300u, 9'000u, 19'000u}) {
        world w(options());
        go_online(w);
        w.run_for(seconds(3));
        w.pump.set_link(false);
        for (int i = 0; i < 6; ++i) w.app.publish({.qos = static_cast<std::uint8_t>(i % 3)});
        w.run_for(down);
        w.pump.set_link(true);
        expect_settled(w, 100);
        w.run_for(seconds(2));
        EXPECT_EQ(told(w, note::kind::disconnected), 0u) << down;
        expect_no_objection(w);
    }
}

TEST_P(sim_outage, behind_a_link_that_returns_a_dead_connection_is_replaced_within_300_ms) {
    for (const std::uint64_t down : {1u, 300u, 9'000u, 30'000u, 90'000u}) {
        world w(options());
        go_online(w);
        w.run_for(seconds(3));
        w.pump.set_link(false);
        w.net.silence_for(never);
        for (int i = 0; i < 6; ++i) w.app.publish({.qos = static_cast<std::uint8_t>(i % 2 + 1)});
        w.run_for(down);
        const moment returned = w.time.now();
        w.pump.set_link(true);
        if (w.app.is_online()) time_until_down(w, 110);
        time_until_up(w, 300);
        EXPECT_LE(w.time.now() - returned, 300u) << down;
        expect_settled(w, 100);
    }
}

TEST_P(sim_outage, with_another_address_a_new_connection_is_made_at_once) {
    world w(options());
    go_online(w);
    w.run_for(seconds(3));
    for (int i = 0; i < 6; ++i) w.app.publish({.qos = static_cast<std::uint8_t>(i % 2 + 1)});
    w.pump.set_link(false);
    w.run_for(seconds(3));
    const moment returned = w.time.now();
    w.pump.change_address();
    w.pump.set_link(true);
    time_until_up(w, 100);
    EXPECT_LE(w.time.now() - returned, 100u);
    expect_settled(w, 100);
    EXPECT_EQ(told(w, note::kind::disconnected), 1u);
    EXPECT_EQ(told(w, note::kind::waiting), 0u);
}

TEST_P(sim_outage, a_mute_broker_ends_each_attempt_after_response_time) {
    world w(options());
    w.server.set_mute(true);
    w.app.start(true);
    w.run_for(seconds(21));
    EXPECT_EQ(last_error(w), errc::stage_timed_out);
    EXPECT_GE(told(w, note::kind::disconnected), 1u);
    EXPECT_LE(told(w, note::kind::disconnected), 2u);
    w.server.set_mute(false);
    EXPECT_LE(time_until_up(w, seconds(20)), seconds(10) + one_step);
    expect_no_objection(w);
}

TEST_P(sim_outage, qos_2_goes_through_a_loss_at_every_byte_boundary_in_both_directions) {
    for (const bool upstream : {true, false}) {
        std::uint64_t cuts = 0;
        for (std::uint64_t n = 0; n < 140; ++n) {
            world w(options());
            go_online(w);
            ASSERT_NE(w.app.subscribe("in/#", 2), 0u);
            upstream ? w.net.cut_upstream_after(n) : w.net.cut_downstream_after(n);
            for (int i = 0; i < 2; ++i) {
                w.app.publish({.qos = 2});
                w.app.publish({.qos = 1});
            }
            w.run_for(50);
            w.server.publish("in/a", 2, 20);
            w.run_for(seconds(5));
            expect_settled(w, seconds(60));
            cuts += told(w, note::kind::disconnected);
            if (HasFailure()) FAIL() << "cut " << (upstream ? "upstream" : "downstream") << " after " << n << " bytes";
        }
        EXPECT_GT(cuts, 30u);
    }
}

TEST_P(sim_outage, a_process_that_slept_reads_before_it_judges) {
    // SIGSTOP for a minute: the broker's answers lie in the socket. They are read before deadlines are judged.
    world_options o = options();
    o.config.keepalive = 300;  // the broker does not give up meanwhile
    world w(o);
    go_online(w);
    w.app.publish({.qos = 1});
    w.pump.sleep_for(seconds(60));
    w.run_for(seconds(70));
    EXPECT_EQ(told(w, note::kind::disconnected), 0u);
    expect_settled(w, seconds(1));
}

}  // namespace
}  // namespace mqtt_as::sim
