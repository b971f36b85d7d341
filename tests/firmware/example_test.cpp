// The example that hosts run, on a board: the same source file.
#include "tests/firmware/world.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>

namespace mqtt_as::firmware {
namespace {

TEST_F(firmware, runs_the_example_that_hosts_run) {
    // The file has the server's address in it, and no port: in a network of its own nobody else has that.
    test::broker_process broker("listener 1883 127.0.0.1\n");
    test::witness heard(broker, "shed/#", 1);
    machine board(machine::board::mps2, "mps2_thermometer", {});
    const auto hears = [&](const char* what) {
        return test::eventually(60s, [&] { return std::ranges::count(heard.lines(), what) > 0; });
    };
    EXPECT_TRUE(hears("shed/state here"));
    EXPECT_TRUE(hears("shed/temperature 201"));
    // It obeys: no longer five seconds between two readings.
    test::shell("mosquitto_pub --unix " + broker.socket().string() + " -q 1 -t shed/pause -m 0");
    EXPECT_TRUE(hears("shed/temperature 220"));
    // And it comes back.
    EXPECT_TRUE(broker.save("shed/#"));  // what the witness is subscribed to
    broker.kill();
    broker.start();
    const auto readings = [&] { return heard.lines().size(); };
    const std::size_t before = readings();
    EXPECT_TRUE(test::eventually(60s, [&] { return readings() > before + 20; }));
    EXPECT_TRUE(board.lines("failed ").empty());
}

}  // namespace
}  // namespace mqtt_as::firmware
