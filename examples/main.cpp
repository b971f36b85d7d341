// Starts with the machine, as a service of systemd (see mqtt_as.service), and waits for the network as long as it
// takes.
//
// The original's main.py slept for some seconds, so that the hardware was ready. Here nobody needs to know how long
// that takes: with `retry`, an absent network is an outage like any other.
#include "mqtt_local.hpp"

using namespace std::chrono_literals;
using mqtt_as::task;

task<> demo(mqtt_as::MQTTClient& client) {
    co_await client.connect({.retry = true});
    say("connected");
    for (int n = 0;; ++n) {
        co_await client.publish("shed", std::to_string(n), {.qos = 1});
        co_await mqtt_as::sleep_for(5s);
    }
}

int main() {
    mqtt_as::config config = local_config("main");
    config.will = {"shed", "Goodbye cruel world!", false, 0};  // not when the service is stopped in good order
    mqtt_as::MQTTClient::DEBUG = true;                         // to the journal
    return mqtt_as::run(config, demo);                         // until SIGTERM: then 143, which the unit knows
}
