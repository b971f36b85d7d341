// Low power: wakes up, connects quickly, publishes, receives what waited for it, and sleeps again as soon as it can.
// All that survives the sleep is in the records of `port::save`: so the server's session goes on.
#include "firmware/common/semihosting.hpp"
#include "firmware/common/start.hpp"

#include <mqtt_as/mqtt_as.hpp>

using namespace std::chrono_literals;
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

/// Deep sleep: the memory loses what is in it, and the board begins anew.
[[noreturn]] void sleep_deeply(std::uint32_t ms) {
    const std::uint32_t begun = board::milliseconds();
    while (board::milliseconds() - begun < ms) board::sleep();
    board::restart();
}

}  // namespace

int main() {
    print_line("begins");
    mqtt_as::config config;
    config.client_id = "lptest_min";
    config.server = board::argument("server").data();
    config.port = static_cast<std::uint16_t>(board::number_argument("port", 1883));
    config.will = {"shed", "Goodbye cruel world!", false, 0};
    config.clean = false;  // the first life begins with a clean session, all others go on with it
    config.response_time = 2s;
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        print_line("got ", topic, " ", message);
    };
    const int status = mqtt_as::run(config, awake);
    print_line("asleep after ", board::milliseconds(), " ms, status ", static_cast<std::uint32_t>(status));
    sleep_deeply(board::number_argument("sleep", 1'000));
}
