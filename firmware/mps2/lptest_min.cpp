// Low power: wakes up, connects quickly, publishes, receives what waited for it, and sleeps again as soon as it can.
// All that survives the sleep is in the records of `port::save`: so the server's session goes on.
#include "firmware/mps2/lptest_min.hpp"

using board::print_line;

namespace {

mqtt_as::task<> awake(mqtt_as::MQTTClient& client) {
    const auto connection = co_await client.connect({.quick = true});
    print_line("session ", std::uint32_t{connection.session_present});
    // The session knows the subscription, and what waited for us comes before the answer to what we publish.
    if (!connection.session_present) co_await client.subscribe("foo_topic", 1);
    co_await client.publish("shed", "light 42", {.qos = 1});
    print_line("acknowledged light 42");
    // Then `run` disconnects: the server does not publish the will.
}

}  // namespace

int main() {
    print_line("begins");
    board::end_of_life(mqtt_as::run(board::lptest_config(), awake));
}
