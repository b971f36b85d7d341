// A program with a last will: connects to a Unix socket, says so, and waits to be killed.
#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("usage: willing_client SOCKET 3|5\n", stderr), 1;
    mqtt_as::config config;
    config.client_id = "willing";
    config.unix_socket = argv[1];
    config.version = argv[2][0] == '5' ? mqtt_as::protocol_version::v5 : mqtt_as::protocol_version::v3_1_1;
    config.will = mqtt_as::will_message{.topic = "will", .payload = "killed", .qos = 1};
    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient client(loop, config);
    client.connect([](std::error_code error, mqtt_as::connect_result) {
        std::puts(error ? "failed" : "connected");
        std::fflush(stdout);
    });
    loop.run();
}
