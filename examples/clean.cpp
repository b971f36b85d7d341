// Test of a client with clean sessions: what is published for it while it is away is lost, what it publishes is not.
#include "mqtt_local.hpp"

#include <system_error>

using namespace std::chrono_literals;
using mqtt_as::task;

task<> wifi_han(bool state) {
    wifi_led(state);
    say(state ? "Wifi is  up" : "Wifi is  down");
    co_await mqtt_as::sleep_for(1s);
}

/// As the original's demo does. Here once would do: a wanted subscription is renewed at each connection with a clean
/// session before this runs, and asking for it again sends nothing.
task<> conn_han(mqtt_as::MQTTClient& client) { co_await client.subscribe("foo_topic", 1); }

task<> demo(mqtt_as::MQTTClient& client) {
    spawn(client, heartbeat());
    try {
        co_await client.connect();
    } catch (const std::system_error& error) {
        say("Connection failed.");
        throw;  // the reason goes to standard error
    }
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(5s);
        say("publish " + std::to_string(n));
        // While the network is down the following waits.
        co_await client.publish("result", std::to_string(n) + " " + std::to_string(client.repub_count()), {.qos = 1});
    }
}

int main() {
    mqtt_as::config config = local_config("clean");
    config.subs_cb = print_message;
    config.wifi_coro = wifi_han;
    config.connect_coro = conn_han;
    config.clean = true;
    mqtt_as::MQTTClient::DEBUG = true;  // print diagnostic messages
    return mqtt_as::run(config, demo);
}
