// When the next attempt comes: back-off, and stages of connecting that take too long.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_backoff : public engine_test {
protected:
    /// Fails attempt after attempt at once until `age` of the outage; each wait with the age at which it began.
    static std::vector<std::pair<duration, duration>> fail_until(world& v, duration age) {
        std::vector<std::pair<duration, duration>> out;
        const auto begin = v.now;
        while (v.now - begin < age) {
            EXPECT_TRUE(v.opening);
            const auto failed_at = v.now - begin;
            v.waits.clear();
            v.lose(errc::connect_failed, 111);
            if (v.waits.size() != 1) {
                ADD_FAILURE() << "a failed attempt is followed by one wait";
                break;
            }
            out.emplace_back(failed_at, v.waits[0].for_duration);
            EXPECT_EQ(v->look().next_attempt, v.now + v.waits[0].for_duration);
            EXPECT_EQ(v->deadline(), v->look().next_attempt);
            v.advance(v.waits[0].for_duration);
        }
        return out;
    }
};

TEST_P(engine_backoff, waits_up_to_1_s_for_30_s_and_then_doubles_up_to_30_s) {
    duration longest_late{0};
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        world v(GetParam());
        v.seed = seed;
        v.start();
        duration step = 1s;
        for (const auto& [age, wait] : fail_until(v, 10min)) {
            EXPECT_GT(wait, 0ms);
            if (age > 30s) step = std::min<duration>(step * 2, 30s);
            EXPECT_LE(wait, step) << "at " << age.count() << " ms";
            if (age > 2min) longest_late = std::max(longest_late, wait);
        }
        EXPECT_EQ(step, 30s);
    }
    EXPECT_GT(longest_late, 15s);
}

TEST_P(engine_backoff, is_spread_over_the_whole_step_from_the_first_retry_on) {
    // Full jitter: clients that lost the same server do not come back together.
    int quarters[4] = {};
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        world v(GetParam());
        v.seed = seed;
        v.start();
        v.lose(errc::connect_failed, 111);
        const auto wait = v.waits.at(0).for_duration.count();
        ++quarters[std::min(3, (wait - 1) / 250)];
    }
    for (const int count : quarters) {
        EXPECT_GT(count, 60);
        EXPECT_LT(count, 140);
    }
}

TEST_P(engine_backoff, same_seed_same_waits) {
    std::vector<std::pair<duration, duration>> first;
    for (int i = 0; i < 2; ++i) {
        world v(GetParam());
        v.start();
        const auto waits = fail_until(v, 2min);
        if (i == 1) {
            EXPECT_EQ(waits, first);
        }
        first = waits;
    }
}

TEST_P(engine_backoff, attempts_are_counted) {
    w.start();
    for (std::uint32_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(w->look().attempt, i);
        w.lose(errc::connect_failed, 111);
        EXPECT_EQ(w.waits.back().attempt, i);
        w.await_attempt();
    }
    w.open();
    w.flush();
    w.accept();
    w.lose();
    w.await_attempt();
    EXPECT_EQ(w->look().attempt, 1u);
}

TEST_P(engine_backoff, a_connection_that_was_stable_resets_it) {
    w.start();
    fail_until(w, 5min);
    polite_broker broker(w);
    w.await_attempt();
    broker.run();
    // 20 s online: an outage after that begins anew.
    w.advance(10s);
    broker.run();
    w.advance(10s);
    broker.run();
    ASSERT_TRUE(w->is_online());
    w.waits.clear();
    w.lose();
    ASSERT_EQ(w.waits.size(), 1u);
    EXPECT_LE(w.waits[0].for_duration, 1s);
}

TEST_P(engine_backoff, a_connection_that_did_not_hold_does_not_reset_it) {
    // A server that accepts and throws out at once, again and again, is not hammered.
    duration longest{0};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        world v(GetParam());
        v.seed = seed;
        v.start();
        fail_until(v, 5min);
        v.await_attempt();
        v.open();
        v.flush();
        v.accept();
        v.advance(5s);
        v.waits.clear();
        v.lose();
        longest = std::max(longest, v.waits.at(0).for_duration);
    }
    EXPECT_GT(longest, 5s);
}

TEST_P(engine_backoff, the_preset_for_fleets_grows_from_the_start_up_to_two_minutes) {
    w.config.backoff = fleet_backoff;
    w.start();
    duration step = 1s;
    duration longest{0};
    for (const auto& [age, wait] : fail_until(w, 60min)) {
        if (age > 0ms) step = std::min<duration>(step * 2, 2min);
        EXPECT_LE(wait, step);
        longest = std::max(longest, wait);
    }
    EXPECT_GT(longest, 1min);
}

// ---- stages that take too long --------------------------------------------------------------------

TEST_P(engine_backoff, each_stage_has_response_time_and_the_next_begins_anew) {
    w.start();
    w->on_stage(w.now, w.current, stage::resolve);
    w.advance(9'999ms);
    w->on_stage(w.now, w.current, stage::connect);
    w.advance(9'999ms);
    w->on_stage(w.now, w.current, stage::tls);
    w.advance(9'999ms);
    EXPECT_EQ(w.closes, 0u);
    w.advance(1ms);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), "disconnected stage_timed_out at tls | waiting");
}

TEST_P(engine_backoff, a_server_that_accepts_and_stays_mute_is_left_after_response_time) {
    w.start();
    w.advance(9s);
    w.open();
    w.flush();
    w.advance(9'999ms);
    EXPECT_EQ(w.closes, 0u);
    w.advance(1ms);
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), "disconnected stage_timed_out at mqtt | waiting");
}

TEST_P(engine_backoff, an_attempt_that_is_being_closed_is_not_followed_before_on_closed) {
    w.answers_close = false;
    w.start();
    w.advance(10s);
    EXPECT_EQ(w.closes, 1u);
    const auto opens = w.opens;
    w.advance(60s);
    EXPECT_EQ(w.opens, opens);
    EXPECT_EQ(w->look().now_in, status::phase::closing);
    w.opening.reset();
    w->on_closed(w.now, w.current, errc::connection_closed, 0);
    w.turn();
    w.await_attempt();
    EXPECT_EQ(w.opens, opens + 1);
}

TEST_P(engine_backoff, an_opening_that_succeeds_after_its_close_command_is_ignored) {
    w.answers_close = false;
    w.start();
    w.advance(10s);
    EXPECT_EQ(w.closes, 1u);
    w->on_opened(w.now, w.current);
    w.turn();
    EXPECT_EQ(w.offer(), 0u);
    EXPECT_FALSE(w->wants_bytes());
}

MQTT_AS_IN_BOTH_VERSIONS(engine_backoff);

}  // namespace
}  // namespace engine_tests
