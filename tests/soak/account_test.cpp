// The judge of a soak: it says no to what was lost, and to nothing else.
#include "tests/soak/account.hpp"

#include "tests/soak/flatness.hpp"

#include <gtest/gtest.h>

namespace mqtt_as::soak {
namespace {

using namespace std::chrono_literals;

verdict verdict_on(std::initializer_list<std::string_view> lines, moment killed = 0ms, moment back = 0ms) {
    account book;
    if (back > 0ms) book.broker_was_away(killed, back);
    for (const std::string_view line : lines) EXPECT_TRUE(book.enter(line)) << line;
    return book.judge();
}

TEST(soak_account, is_content_when_all_that_was_acknowledged_was_delivered) {
    const verdict v = verdict_on({"p 1000 0.0/1/0", "a 1010 0.0/1/0", "d 1020 0.0/1/0"});
    EXPECT_TRUE(v.is_good());
    EXPECT_EQ(v.published, 1u);
    EXPECT_EQ(v.delivered, 1u);
}

TEST(soak_account, calls_lost_what_was_acknowledged_and_never_delivered) {
    for (const char* qos : {"1", "2"}) {
        const std::string payload = std::string("3.0/") + qos + "/7";
        const verdict v = verdict_on({"p 1000 " + payload, "a 1010 " + payload});
        EXPECT_FALSE(v.is_good());
        EXPECT_EQ(v.lost, 1u);
        EXPECT_EQ(v.first_lost, payload);
    }
}

TEST(soak_account, does_not_count_what_a_killed_publisher_was_not_acknowledged_unless_it_came) {
    const verdict v = verdict_on({"p 1000 0.0/1/0", "p 1000 0.0/1/1", "d 1001 0.0/1/1"});
    EXPECT_TRUE(v.is_good());
    EXPECT_EQ(v.published, 1u);
}

TEST(soak_account, objects_to_what_nobody_published_and_to_publishes_that_failed) {
    EXPECT_FALSE(verdict_on({"p 1 0.0/1/0", "a 2 0.0/1/0", "d 3 0.0/1/0", "d 3 rubbish"}).is_good());
    EXPECT_FALSE(verdict_on({"p 1 0.0/1/0", "f 2 0.0/1/0", "d 3 0.0/1/0"}).is_good());
    EXPECT_FALSE(verdict_on({}).is_good()) << "nothing was tried";
}

TEST(soak_account, counts_what_came_twice_by_qos) {
    const verdict v = verdict_on({"p 1 0.0/2/0", "a 2 0.0/2/0", "d 3 0.0/2/0", "d 4 0.0/2/0"});
    EXPECT_EQ(v.twice[2], 1u);
    EXPECT_EQ(v.delivered, 1u);
}

struct absence_case {
    std::string_view what;
    std::string_view published, acknowledged;
    bool is_at_mercy;
};

TEST(soak_account, leaves_to_a_killed_broker_only_what_it_may_forget) {
    // Killed at 100 s, back at 103 s.
    for (const absence_case& c : {
             absence_case{"long before", "p 90000 0.0/1/0", "a 90100 0.0/1/0", false},
             {"not yet saved", "p 99000 0.0/1/0", "a 99900 0.0/1/0", true},
             {"under way: the client repeats it", "p 99000 0.0/1/0", "a 104000 0.0/1/0", false},
             {"after", "p 110000 0.0/1/0", "a 110100 0.0/1/0", false},
             {"qos 2, long before", "p 90000 0.0/2/0", "a 90100 0.0/2/0", false},
             {"qos 2, under way", "p 99000 0.0/2/0", "a 104000 0.0/2/0", true},
             {"qos 2, right after", "p 105000 0.0/2/0", "a 105100 0.0/2/0", true},
             {"qos 2, after", "p 110000 0.0/2/0", "a 110100 0.0/2/0", false},
         }) {
        const verdict v = verdict_on({c.published, c.acknowledged}, 100s, 103s);
        EXPECT_EQ(v.lost, c.is_at_mercy ? 0u : 1u) << c.what;
        EXPECT_EQ(v.forgotten, c.is_at_mercy ? 1u : 0u) << c.what;
    }
}

TEST(soak_account, understands_nothing_but_its_journal) {
    account book;
    for (const char* line : {"", "p", "p 1", "x 1 0.0/1/0", "p one 0.0/1/0", "p 1 0.0", "p 1 0.0/9/0", "a 1 0.0/1/0"})
        EXPECT_FALSE(book.enter(line)) << line;
}

// ---- memory and file descriptors --------------------------------------------------------------

TEST(soak_flatness, bears_noise_and_objects_to_growth) {
    flatness steady, leaking, forgetful, brief;
    for (int second = 0; second < 60; ++second) {
        steady.sample({.age_s = second, .resident_kb = 8'000 + second % 7 * 20, .descriptors = 9 + second % 3});
        leaking.sample({.age_s = second, .resident_kb = 8'000 + second * 40, .descriptors = 9});
        forgetful.sample({.age_s = second, .resident_kb = 8'000, .descriptors = 9 + second / 10});
    }
    brief.sample({.age_s = 1, .resident_kb = 1, .descriptors = 1});
    EXPECT_TRUE(steady.is_flat());
    EXPECT_FALSE(leaking.is_flat());
    EXPECT_FALSE(forgetful.is_flat());
    EXPECT_FALSE(brief.was_seen_long_enough());
}

}  // namespace
}  // namespace mqtt_as::soak
