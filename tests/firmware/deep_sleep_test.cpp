// A board that sleeps most of the time: its session lives on in the server and in its records.
#include "tests/firmware/world.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>

namespace mqtt_as::firmware {
namespace {

void receives_what_was_published_while_it_slept(const char* image) {
    world w;
    machine& board = w.begin({"sleep=700", "once=1"}, image);
    // The first life knows of no session.
    EXPECT_TRUE(board.prints("asleep"));
    EXPECT_EQ(board.lines("session "), std::vector<std::string>{"0"});
    EXPECT_TRUE(board.lines("got ").empty());
    // Each later one goes on with it, and gets what waited.
    w.tell("one", "foo_topic");
    EXPECT_TRUE(board.prints("got foo_topic one"));
    w.tell("two", "foo_topic");
    EXPECT_TRUE(board.prints("got foo_topic two"));
    EXPECT_TRUE(board.prints("asleep", 4));
    const auto sessions = board.lines("session ");
    EXPECT_EQ(std::ranges::count(sessions, "0"), 1);
    EXPECT_TRUE(board.lines("failed ").empty());
    // All was heard, and it always said goodbye.
    const auto heard = [&w](const char* what) { return std::ranges::count(w.heard.lines(), what); };
    EXPECT_TRUE(test::eventually(10s, [&] { return heard("shed light 42") >= 4; }));
    EXPECT_EQ(heard("shed Goodbye cruel world!"), 0);
    for (const std::string& line : board.lines("asleep ")) std::printf("asleep %s\n", line.c_str());
}

TEST_F(firmware, receives_what_was_published_while_it_slept_deeply) {
    receives_what_was_published_while_it_slept("mps2_lptest_min");
}
TEST_F(firmware, receives_what_was_published_while_it_slept_deeply_without_coroutines) {
    receives_what_was_published_while_it_slept("mps2_lptest_min_callbacks");
}

TEST_F(firmware, sleeps_and_tries_again_when_there_is_no_server) {
    world w;
    w.proxy.refuse();
    machine& board = w.begin({"sleep=200", "once=1"}, "mps2_lptest_min");
    EXPECT_TRUE(board.prints("failed main"));
    EXPECT_TRUE(board.prints("begins", 2));
    w.proxy.accept();
    EXPECT_TRUE(board.prints("acknowledged light 42"));
}

}  // namespace
}  // namespace mqtt_as::firmware
