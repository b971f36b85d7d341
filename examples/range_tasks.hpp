// What `range` and `range_ex` do beside publishing: three tasks on the event interface, without callbacks.
#pragma once

#include "mqtt_local.hpp"

inline int outages = 0;

inline mqtt_as::task<> messages(mqtt_as::MQTTClient& client) {
    for (;;) {
        const mqtt_as::queued_message message = co_await client.queue.receive();
        print_message(message.topic(), message.text(), message.retained());
        spawn(client, pulse(std::chrono::seconds(1)));
    }
}

inline mqtt_as::task<> up(mqtt_as::MQTTClient& client) {
    for (;;) {
        co_await client.up.wait();
        client.up.clear();
        wifi_led(true);
        say("We are connected to broker.");
        co_await client.subscribe("foo_topic", 1);
    }
}

inline mqtt_as::task<> down(mqtt_as::MQTTClient& client) {
    for (;;) {
        co_await client.down.wait();
        client.down.clear();
        wifi_led(false);
        ++outages;
        say("WiFi or broker is down.");
    }
}
