// CONNACK with a failing code: what is told, whether retrying can help, when the next attempt comes, and giving up.
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

struct refusal {
    std::string connack;
    std::string reason;  // as the event names it
    bool can_retry_help;
};

class engine_refusal : public engine_test {
protected:
    /// Every code that the version's CONNACK can carry and whose cure the contract names.
    std::vector<refusal> all() const {
        if (!w.is_v5()) {
            // Return codes are told as their equivalents of version 5.
            return {{"20 02 00 01", "84", false},
                    {"20 02 00 02", "85", false},
                    {"20 02 00 03", "88", true},
                    {"20 02 00 04", "86", false},
                    {"20 02 00 05", "87", false}};
        }
        return {{"20 03 00 80 00", "80", true},  {"20 03 00 83 00", "83", true},  {"20 03 00 84 00", "84", false},
                {"20 03 00 85 00", "85", false}, {"20 03 00 86 00", "86", false}, {"20 03 00 87 00", "87", false},
                {"20 03 00 88 00", "88", true},  {"20 03 00 89 00", "89", true},  {"20 03 00 8a 00", "8a", false},
                {"20 03 00 97 00", "97", true},  {"20 03 00 9f 00", "9f", true}};
    }
};

TEST_P(engine_refusal, tells_each_code_and_whether_retrying_can_help) {
    for (const auto& r : all()) {
        SCOPED_TRACE(r.connack);
        world v(GetParam());
        v.publish("a", "x", 1);
        v.start();
        v.open();
        v.sent();
        // The server may leave its side open: nothing more is sent, and we close [MQTT-3.2.2-5].
        v.feed(r.connack);
        EXPECT_EQ(v.sent(), "");
        EXPECT_EQ(v.closes, 1u);
        EXPECT_FALSE(v->is_online());
        EXPECT_EQ(v.events(), "disconnected connection_refused at mqtt " + r.reason +
                                  (r.can_retry_help ? "" : " hopeless") + " | waiting");
        ASSERT_TRUE(v->look().last_error);
        EXPECT_EQ(v->look().last_error->can_retry_help, r.can_retry_help);
        // What was accepted waits for better times.
        EXPECT_EQ(v->look().queued, 1u);
        EXPECT_EQ(v->count().connections, 0u);
    }
}

TEST_P(engine_refusal, what_the_front_knows_to_be_hopeless_is_retried_at_the_cap) {
    world v(GetParam());
    v.start();
    v->on_stage(v.now, v.current, stage::tls);
    v.lose(errc::tls_failed, 0, false);
    EXPECT_EQ(v.events(), "disconnected tls_failed at tls hopeless | waiting");
    EXPECT_GE(*v->look().next_attempt - v.now, backoff_config{}.cap / 2);
}

TEST_P(engine_refusal, retries_what_cannot_be_cured_at_the_cap_and_other_things_soon) {
    for (const auto& r : all()) {
        SCOPED_TRACE(r.connack);
        duration longest{0};
        for (std::uint64_t seed = 1; seed <= 30; ++seed) {
            world v(GetParam());
            v.seed = seed;
            v.start();
            v.open();
            v.sent();
            v.feed(r.connack);
            ASSERT_EQ(v.waits.size(), 1u);
            EXPECT_GT(v.waits[0].for_duration, 0ms);
            longest = std::max(longest, v.waits[0].for_duration);
            // The attempt comes when it was announced.
            v.advance(v.waits[0].for_duration);
            EXPECT_TRUE(v.opening);
        }
        if (r.can_retry_help) {
            EXPECT_LE(longest, 1s);
        } else {
            EXPECT_LE(longest, 30s);
            EXPECT_GT(longest, 10s);
        }
    }
}

TEST_P(engine_refusal, gives_up_by_policy_only_where_retrying_cannot_help) {
    for (const auto& r : all()) {
        SCOPED_TRACE(r.connack);
        world v(GetParam());
        v.config.on_refusal = refusal_policy::give_up;
        v.start();
        v.open();
        v.sent();
        v.feed(r.connack);
        const std::string why = "connection_refused at mqtt " + r.reason;
        if (r.can_retry_help) {
            EXPECT_EQ(v.events(), "disconnected " + why + " | waiting");
            EXPECT_EQ(v->look().now_in, status::phase::waiting);
        } else {
            EXPECT_EQ(v.events(), "disconnected " + why + " hopeless | gave_up " + why + " hopeless");
            EXPECT_EQ(v->look().now_in, status::phase::stopped);
            EXPECT_FALSE(v->deadline());
        }
    }
}

TEST_P(engine_refusal, gives_up_later_too_when_the_credentials_stop_working) {
    w.config.on_refusal = refusal_policy::give_up;
    w.go_online();
    w.lose();
    w.events();
    w.await_attempt();
    w.open();
    w.sent();
    w.feed(w.either("20 02 00 05", "20 03 00 87 00"));
    EXPECT_EQ(w.events(), "disconnected connection_refused at mqtt 87 hopeless | "
                          "gave_up connection_refused at mqtt 87 hopeless");
}

TEST_P(engine_refusal, gives_up_by_policy_only_until_the_first_connection) {
    const std::string refused = w.either("20 02 00 05", "20 03 00 87 00");
    world first(GetParam());
    first.config.on_refusal = refusal_policy::give_up_at_first;
    first.start();
    first.open();
    first.sent();
    first.feed(refused);
    const std::string why = "connection_refused at mqtt 87 hopeless";
    EXPECT_EQ(first.events(), "disconnected " + why + " | gave_up " + why);

    // Accepted once, it goes on.
    w.config.on_refusal = refusal_policy::give_up_at_first;
    w.go_online();
    w.lose();
    w.events();
    w.await_attempt();
    w.open();
    w.sent();
    w.feed(refused);
    EXPECT_EQ(w.events(), "disconnected " + why + " | waiting");
}

TEST_P(engine_refusal, ends_the_first_attempt_without_retry_whatever_the_code) {
    for (const auto& r : all()) {
        SCOPED_TRACE(r.connack);
        world v(GetParam());
        v.start(false);
        v.open();
        v.sent();
        v.feed(r.connack);
        const std::string why = "connection_refused at mqtt " + r.reason + (r.can_retry_help ? "" : " hopeless");
        EXPECT_EQ(v.events(), "disconnected " + why + " | gave_up " + why);
    }
}

TEST_P(engine_refusal, goes_online_once_the_server_changes_its_mind) {
    w.publish("a", "x", 0);
    w.start();
    for (int i = 0; i < 3; ++i) {
        w.await_attempt();
        w.open();
        w.sent();
        w.feed(w.either("20 02 00 04", "20 03 00 86 00"));
    }
    w.go_online();
    EXPECT_EQ(w.sent(), w.either("30 04 00 01 61 78", "30 05 00 01 61 00 78"));
}

TEST_P(engine_refusal, session_present_with_a_failing_code_is_no_session) {
    // [MQTT-3.2.2-4] in 3.1.1, [MQTT-3.2.2-6] in 5: refused or a violation, never a session.
    w.config.clean = false;
    w.config.clean_init = false;
    w.start();
    w.open();
    w.sent();
    w.feed(w.either("20 02 01 05", "20 03 01 87 00"));
    w.sent();
    EXPECT_FALSE(w->is_online());
    EXPECT_EQ(w.closes, 1u);
    const std::string told = w.events();
    EXPECT_EQ(told.find("disconnected "), 0u) << told;
    EXPECT_EQ(told.find("connected"), std::string("dis").size()) << told;
}

// Version 5 only: the properties of a refusing CONNACK reach the application.
TEST(engine_refusal_v5, hands_out_the_reason_string) {
    world w(version::v5);
    w.start();
    w.open();
    w.sent();
    const auto connack = unhex("20 08 00 87 05 1f 00 02 6e 6f");  // Reason String "no"
    w->on_bytes(w.now, w.current, connack);
    std::string told;
    while (const auto next = w->poll_event()) {
        if (const auto* e = std::get_if<disconnected>(&*next)) {
            told = e->properties.text(property_id::reason_string).value_or("");
        }
    }
    EXPECT_EQ(told, "no");
}

// Whatever a kept session holds is known to it when it is started again.
TEST(engine_refusal_v5, nobody_is_left_waiting_when_a_later_attempt_gives_up) {
    world w(version::v5);
    w.config.on_refusal = refusal_policy::give_up;
    w.config.clean_init = w.config.clean = false;
    w.go_online();
    const int sent = w.publish("a", "x", 1);
    w.forget_sent();
    w.lose();
    const int queued = w.publish("a", "y", 1);
    w.await_attempt();
    w.open();
    w.forget_sent();
    w.feed("20 03 00 87 00");
    EXPECT_EQ(w->look().now_in, status::phase::stopped);
    EXPECT_EQ(w.report(sent), "stopped maybe_delivered unfinished");
    EXPECT_EQ(w.report(queued), "stopped");
    w.start();
    w.reconnect(true);
    EXPECT_EQ(w.sent_kinds(), "10 3a ");
}

// Version 5 only: a session taken over (0x8E) is reported by name and retried at the cap.
TEST(engine_refusal_v5, a_session_taken_over_is_retried_at_the_cap) {
    duration longest{0};
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        world w(version::v5);
        w.seed = seed;
        w.go_online();
        w.feed("e0 01 8e");
        const std::string told = w.events();
        EXPECT_EQ(told.find("disconnected server_disconnected at online 8e was_online"), 0u) << told;
        ASSERT_EQ(w.waits.size(), 1u);
        longest = std::max(longest, w.waits[0].for_duration);
    }
    EXPECT_GT(longest, 10s);
    EXPECT_LE(longest, 30s);
}

// Version 5 only: any other DISCONNECT of the server is an outage; nothing is answered to it.
TEST(engine_refusal_v5, a_server_disconnect_is_an_outage) {
    world w(version::v5);
    w.go_online();
    w.feed("e0 02 8b 00");  // Server shutting down
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events(), "disconnected server_disconnected at online 8b was_online | waiting");
    ASSERT_EQ(w.waits.size(), 1u);
    EXPECT_LE(w.waits[0].for_duration, 1s);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_refusal);

}  // namespace
}  // namespace engine_tests
