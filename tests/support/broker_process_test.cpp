// The private Mosquitto starts, dies and comes back, and the witness sees what it delivers.
#include "tests/support/broker_process.hpp"

#include "tests/support/eventually.hpp"

#include <csignal>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

// Publishes by Debian's own client; its exit status.
int publish(const broker_process& broker, const std::string& topic, const std::string& text) {
    temp_folder folder;
    child_process pub({find_program("mosquitto_pub")->string(), "--unix", broker.socket().string(), "-q", "1", "-t",
                       topic, "-m", text},
                      folder.path() / "out");
    return pub.wait();
}

TEST(broker_process, delivers_to_a_witness_before_and_after_being_killed) {
    broker_process broker;
    const witness seen(broker, "a/#", 1);
    ASSERT_TRUE(broker.save("a/#"));
    ASSERT_EQ(publish(broker, "a/1", "one"), 0);
    EXPECT_TRUE(eventually(5s, [&] { return seen.lines() == std::vector<std::string>{"a/1 one"}; }));

    broker.kill();
    EXPECT_NE(publish(broker, "a/2", "nobody"), 0);
    broker.start();
    ASSERT_EQ(publish(broker, "a/3", "three"), 0);
    EXPECT_TRUE(eventually(10s, [&] { return seen.lines().size() == 2; }));
    EXPECT_EQ(seen.lines().back(), "a/3 three");
    EXPECT_NE(broker.log().find("mosquitto version"), std::string::npos);
}

TEST(broker_process, forgets_sessions_only_when_told) {
    broker_process broker;
    {
        const witness once(broker, "b/#", 1);
    }
    ASSERT_TRUE(broker.save("b/#"));
    broker.kill();
    broker.start();
    ASSERT_EQ(publish(broker, "b/x", "kept for the witness"), 0);
    EXPECT_TRUE(broker.save("kept for the witness"));
    broker.terminate();
    broker.forget();
    broker.start();
    ASSERT_EQ(publish(broker, "b/x", "for nobody"), 0);
    EXPECT_FALSE(broker.log().empty());
}

TEST(broker_process, says_why_it_does_not_start) {
    try {
        broker_process broker("no_such_setting true");
        FAIL() << "started";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("no_such_setting"), std::string::npos) << error.what();
    }
}

TEST(child_process, is_stopped_by_the_end_of_its_object_and_tells_how_others_ended) {
    temp_folder folder;
    child_process sleeper({"/bin/sleep", "60"}, folder.path() / "out");
    EXPECT_TRUE(sleeper.is_running());
    sleeper.signal(SIGTERM);
    EXPECT_EQ(sleeper.wait(), 128 + SIGTERM);
    child_process absent({"/no/such/program"}, folder.path() / "out");
    EXPECT_EQ(absent.wait(), 127);
}

}  // namespace
}  // namespace mqtt_as::test
