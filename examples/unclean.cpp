// Test of a client with a session that is kept: what is published for it at qos 1 while it is away comes when it is
// back.
#include "mqtt_local.hpp"

#include <system_error>

using namespace std::chrono_literals;
using mqtt_as::task;

int outages = 0;

task<> wifi_han(bool state) {
    wifi_led(state);
    if (!state) ++outages;
    say(state ? "WiFi is up." : "WiFi is down.");
    co_await mqtt_as::sleep_for(1s);
}

task<> demo(mqtt_as::MQTTClient& client) {
    spawn(client, heartbeat());
    try {
        co_await client.connect();
    } catch (const std::system_error& error) {
        say("Connection failed.");
        throw;
    }
    co_await client.subscribe("foo_topic", 1);  // once: the broker keeps it
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(5s);
        say("publish " + std::to_string(n));
        const std::string text = std::to_string(n) + " repubs: " + std::to_string(client.repub_count()) +
                                 " outages: " + std::to_string(outages);
        co_await client.publish("result", text, {.qos = 1});
    }
}

int main() {
    mqtt_as::config config = local_config("unclean");
    config.subs_cb = print_message;
    config.wifi_coro = wifi_han;
    config.will = {"result", "Goodbye cruel world!", false, 0};
    config.keepalive = 120s;
    config.clean = false;  // begins with a clean session, and keeps it through outages
    mqtt_as::MQTTClient::DEBUG = true;
    return mqtt_as::run(config, demo);
}
