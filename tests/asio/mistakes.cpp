// What must not compile, one mistake at a time, and, without any, what must: each is compiled by a test, which looks
// for the words that the compiler has for the user.
#include "mqtt_as/asio/client.hpp"

#include <coroutine>
#include <functional>
#include <system_error>

#ifndef MISTAKE
#define MISTAKE 0
#endif

struct a_coroutine {
    struct promise_type {
        a_coroutine get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
};

void good(mqtt_as::MQTTClient& client, mqtt_as::config& config, int qos) {
    client.publish("t", "x", {.qos = qos}, [](std::error_code, mqtt_as::publish_result) {});
    client.publish("t", "x", [](std::error_code, const mqtt_as::publish_result&) {});
    client.subscribe("t", {.qos = qos}, [](auto, auto&&) {});
    client.disconnect([](std::error_code) {});
    config.will = {"t", "x", false, qos};
    config.subs_cb = [](const mqtt_as::received_message&) {};
}

void mistaken([[maybe_unused]] mqtt_as::MQTTClient& client, [[maybe_unused]] mqtt_as::config& config) {
#if MISTAKE == 1
    client.publish("t", "x", {.qos = 1}, [](std::error_code) {});
#elif MISTAKE == 2
    client.subscribe("t", 1, [](std::error_code, mqtt_as::publish_result) {});
#elif MISTAKE == 3
    client.disconnect([](std::error_code, int) {});
#elif MISTAKE == 4
    client.connect(std::function<void(int)>());
#elif MISTAKE == 5
    config.subs_cb = [](const mqtt_as::received_message&) -> a_coroutine { co_return; };
#elif MISTAKE == 6
    client.publish("t", "x", 1);
#endif
}
