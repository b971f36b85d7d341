// An application as a user writes it: samples once a second, and takes a new interval by MQTT.
#pragma once

#include <chrono>
#include <functional>
#include <mqtt_as/mqtt_as.hpp>
#include <string>
#include <string_view>

class gateway {
public:
    gateway(mqtt_as::event_loop& loop, mqtt_as::config config, std::function<int()> sensor)
        : sensor_(std::move(sensor)), client_(loop, with_commands(std::move(config))) {}

    mqtt_as::task<> run() {
        co_await client_.connect({.retry = true});
        for (;;) {
            client_.publish(
                "readings", std::to_string(sensor_()), {.qos = 2},
                [this](std::error_code error, const mqtt_as::publish_result&) { failures_ += error ? 1 : 0; });
            co_await mqtt_as::sleep_for(interval_);
        }
    }
    int failures() const { return failures_; }

private:
    mqtt_as::config with_commands(mqtt_as::config config) {
        config.subs_cb = [this](std::string_view, std::string_view text, bool) {
            interval_ = std::chrono::seconds(std::stoi(std::string(text)));
        };
        config.connect_coro = [](mqtt_as::MQTTClient& client) -> mqtt_as::task<> {
            co_await client.subscribe("interval", 1);
        };
        return config;
    }

    std::function<int()> sensor_;
    std::chrono::seconds interval_{1};
    int failures_ = 0;
    mqtt_as::MQTTClient client_;
};
