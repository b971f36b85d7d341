// The example of the document: publishes a number every five seconds, through all outages, and prints what comes in.
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>

using namespace std::chrono_literals;
using mqtt_as::task;

task<> count(mqtt_as::MQTTClient& client) {
    co_await client.connect({.retry = true});   // an absent broker is an outage like any other
    co_await client.subscribe("foo_topic", 1);  // once: it is renewed whenever the broker has lost it
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(5s);
        std::cout << "publish " << n << '\n';
        co_await client.publish("result", std::to_string(n), {.qos = 1});  // waits while the network is down
    }
}

int main() {
    mqtt_as::config config;
    config.server = "192.168.0.10";
    config.subs_cb = [](std::string_view topic, std::string_view message, bool retained) {
        std::cout << topic << ' ' << message << ' ' << retained << '\n';
    };
    return mqtt_as::run(config, count);  // event loop, signals, orderly shutdown
}
