// Connects to a port where nobody listens: enough to need the headers, the library and what it depends on.
#include <mqtt_as/mqtt_as.hpp>

int main() {
    mqtt_as::config config;
    config.server = "127.0.0.1";
    config.port = 1;
    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient client(loop, config);

    bool has_failed = false;
    client.connect([&](std::error_code error, const mqtt_as::connect_result&) {
        has_failed = static_cast<bool>(error);
        loop.stop();
    });
    loop.run();
    return has_failed ? 0 : 1;
}
