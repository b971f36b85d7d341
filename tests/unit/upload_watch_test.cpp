// What counts as the progress of an upload, and what only looks like it.
#include "mqtt_as/upload_watch.hpp"

#include <gtest/gtest.h>

namespace mqtt_as {
namespace {

constexpr duration response_time{10'000};

time_point at(std::uint32_t ms) { return time_point(0xFFFF'F000u + ms); }  // the clock wraps on the way

TEST(upload_watch, a_slow_upload_is_progress_at_each_look) {
    // 200 KB/s, of which the kernel has taken 6 MB.
    upload_watch watch;
    EXPECT_FALSE(watch.look(at(0), 6'000'000, 100'000, response_time)) << "the first look has nothing to compare with";
    EXPECT_TRUE(watch.look(at(10'000), 6'000'000, 2'100'000, response_time));
    EXPECT_TRUE(watch.look(at(20'000), 6'000'000, 4'100'000, response_time));
}

TEST(upload_watch, an_upload_that_stands_still_is_none) {
    upload_watch watch;
    watch.look(at(0), 6'000'000, 100'000, response_time);
    EXPECT_FALSE(watch.look(at(10'000), 6'000'000, 100'000, response_time));
    EXPECT_FALSE(watch.look(at(20'000), 6'000'000, 100'000, response_time));
    EXPECT_TRUE(watch.look(at(30'000), 6'000'000, 100'001, response_time));
}

TEST(upload_watch, constant_traffic_that_is_acknowledged_at_once_is_none) {
    // At each look there happens to be a packet on its way, and the one of the last look has long arrived.
    upload_watch watch;
    for (std::uint32_t second = 0; second < 60; ++second) {
        const std::uint64_t sent = 100 + second * 1'000;
        EXPECT_FALSE(watch.look(at(second * 1'000), sent, sent - 100, duration(1'000))) << second;
    }
}

TEST(upload_watch, the_end_of_an_upload_is_none) {
    // All of it has arrived: from now on the server can answer.
    upload_watch watch;
    watch.look(at(0), 1'000, 0, response_time);
    EXPECT_FALSE(watch.look(at(10'000), 1'000, 1'000, response_time));
}

TEST(upload_watch, two_looks_close_together_are_one) {
    // What is sent a moment before the one look is on its way at the other, too.
    upload_watch watch;
    watch.look(at(0), 1'000, 900, response_time);
    EXPECT_FALSE(watch.look(at(3), 1'100, 950, response_time));
    EXPECT_FALSE(watch.look(at(4'999), 9'000, 950, response_time));
    EXPECT_TRUE(watch.look(at(5'000), 9'000, 950, response_time));
}

TEST(upload_watch, when_the_network_is_back_every_acknowledgement_is_a_sign) {
    upload_watch watch;
    watch.expect_sign(at(0), 1'000, 900);
    EXPECT_FALSE(watch.look(at(50), 1'000, 900, response_time));
    watch.expect_sign(at(100), 1'000, 900);
    EXPECT_TRUE(watch.look(at(150), 1'020, 1'000, response_time));
    // Without anything on its way there is nothing to be expected.
    watch.expect_sign(at(200), 1'020, 1'020);
    EXPECT_FALSE(watch.look(at(250), 1'040, 1'040, response_time));
}

TEST(upload_watch, forgets_what_it_saw_when_something_was_received) {
    upload_watch watch;
    watch.look(at(0), 1'000, 0, response_time);
    watch.reset();
    EXPECT_FALSE(watch.look(at(10'000), 2'000, 500, response_time));
}

}  // namespace
}  // namespace mqtt_as
