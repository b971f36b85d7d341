// Low power: wakes up from time to time, connects quickly, publishes, receives what waited for it, and sleeps again.
//
//     example_lptest_min [DELAY [RETRY]]      seconds asleep, and after a failure
#include "mqtt_local.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fstream>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;
using mqtt_as::task;

/// A machine without a sensor of light has its load.
std::string light() {
    std::string value = "0";
    std::ifstream("/proc/loadavg") >> value;
    return value;
}

task<> work(mqtt_as::MQTTClient& client) {
    co_await client.connect({.quick = true});
    co_await client.subscribe("foo_topic", 1);
    co_await client.publish("shed", "light " + light(), {.qos = 1});
    co_await mqtt_as::sleep_for(1s);  // for what was published while we slept
    // Then `run` disconnects: the broker keeps the session, and does not publish the will.
}

/// Whatever happens to the network, the battery does not pay for more than this.
task<> run_task(mqtt_as::MQTTClient& client) {
    const auto first = co_await (work(client) || mqtt_as::sleep_for(20s));
    if (first.index() == 1) throw std::runtime_error("not done within 20 s");
}

int main(int count, char** arguments) {
    const std::chrono::seconds delay(count > 1 ? std::stoi(arguments[1]) : 60);
    const std::chrono::seconds retry(count > 2 ? std::stoi(arguments[2]) : 60);
    mqtt_as::config config = local_config("lptest_min");
    config.will = {"shed", "Goodbye cruel world!", false, 0};
    config.clean = false;
    config.clean_init = false;  // goes on with the session of the last time
    config.subs_cb = [](std::string_view topic, std::string_view message, bool retained) {
        print_message(topic, message, retained);
        blue_led(true);
    };
    for (;;) {
        const int status = mqtt_as::run(config, run_task);
        if (status > 128) return status;  // interrupted
        blue_led(false);
        say(status == 0 ? "sleep" : "sleep before the next try");
        std::this_thread::sleep_for(status == 0 ? delay : retry);  // where a board would go into deep sleep
    }
}
