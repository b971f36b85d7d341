// Without Asio, coroutines or exceptions to catch: callbacks and the light header only.
#include <cstdio>
#include <functional>
#include <mqtt_as/asio/client.hpp>
#include <string>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    mqtt_as::config config;
    config.server = argc > 1 ? argv[1] : "192.168.0.10";
    config.port = argc > 2 ? static_cast<std::uint16_t>(std::stoi(argv[2])) : 0;
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        std::printf("%.*s %.*s\n", static_cast<int>(topic.size()), topic.data(), static_cast<int>(message.size()),
                    message.data());
    };

    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient client(loop, config);

    int n = 0;
    std::function<void()> publish = [&] {
        client.publish("result", std::to_string(n++), {.qos = 1}, [&](std::error_code error, mqtt_as::publish_result) {
            std::printf("published: %s\n", error.message().c_str());
            loop.after(5s, publish);
        });
    };
    client.connect([&](std::error_code error, const mqtt_as::connect_result&) {
        if (error) {
            std::printf("%s\n", client.explain().text().c_str());
            loop.stop();
            return;
        }
        client.subscribe("foo_topic", 1, [](std::error_code, mqtt_as::subscribe_result) {});
        publish();
    });
    loop.run();
}
