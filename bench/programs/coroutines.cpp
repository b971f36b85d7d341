// The smallest program of a user with coroutines: connects, subscribes, publishes, prints what comes.
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>

mqtt_as::task<> run(mqtt_as::MQTTClient& client) {
    co_await client.connect();
    co_await client.subscribe("foo", 1);
    co_await client.publish("foo", "hello", {.qos = 1});
}

int main() {
    mqtt_as::config config;
    config.server = "localhost";
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        std::cout << topic << ' ' << message << '\n';
    };
    return mqtt_as::run(config, run);
}
