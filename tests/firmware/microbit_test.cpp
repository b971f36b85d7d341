// The engine on 16 KiB of RAM over a UART, through outages that it notices by silence only.
#include "tests/firmware/world.hpp"

namespace mqtt_as::firmware {
namespace {

TEST_F(firmware, microbit_publishes_and_receives_over_a_uart) {
    world w;
    w.begin_microbit();
    EXPECT_TRUE(w.goes_on());
    w.tell("hello");
    EXPECT_TRUE(w.goes_on(100));
    w.end();
}

TEST_F(firmware, microbit_survives_a_broker_that_is_killed) {
    world w;
    w.begin_microbit({"odd_qos=1"});  // killed between PUBREC and PUBREL, Mosquitto forgets what it has received
    EXPECT_TRUE(w.goes_on());
    EXPECT_TRUE(w.broker.save("to/board"));
    w.broker.kill();
    EXPECT_TRUE(w.board().prints("down"));
    w.broker.start();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, microbit_survives_a_half_open_connection_and_a_reset) {
    world w;
    w.begin_microbit();
    EXPECT_TRUE(w.goes_on());
    w.proxy.half_open({}, test::silence::dropped);
    EXPECT_TRUE(w.board().prints("down"));
    w.proxy.heal();
    EXPECT_TRUE(w.goes_on());
    w.proxy.reset();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, microbit_begins_anew_after_a_power_cycle) {
    world w;
    w.begin_microbit();
    EXPECT_TRUE(w.goes_on());
    w.board().cycle_power();
    EXPECT_TRUE(w.board().prints("begins", 2));
    EXPECT_TRUE(w.goes_on());
    w.end();
}

}  // namespace
}  // namespace mqtt_as::firmware
