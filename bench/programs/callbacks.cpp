// The smallest program of a user with callbacks: connects, subscribes, publishes, prints what comes.
#include <cstdio>
#include <mqtt_as/asio/client.hpp>

int main() {
    mqtt_as::config config;
    config.server = "localhost";
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        std::printf("%.*s %.*s\n", static_cast<int>(topic.size()), topic.data(), static_cast<int>(message.size()),
                    message.data());
    };
    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient client(loop, config);
    client.connect([&](std::error_code error, const mqtt_as::connect_result&) {
        if (error) return loop.stop();
        client.subscribe("foo", 1, [](std::error_code, const mqtt_as::subscribe_result&) {});
        client.publish("foo", "hello", {.qos = 1}, [](std::error_code, mqtt_as::publish_result) {});
    });
    loop.run();
}
