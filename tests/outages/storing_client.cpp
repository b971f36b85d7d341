// A program that stores what it receives, to be killed: each message is a line of a file, which is on the disk before
// the message is acknowledged ("stores"), or which never is ("holds"). "forgets" has each message acknowledged by the
// client and stores none: it writes them down only for the test to know.
#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/event_loop.hpp"

#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc != 5) return std::fputs("usage: storing_client SOCKET FILE 3|5 stores|holds|forgets\n", stderr), 1;
    const std::string what = argv[4];
    const int file = ::open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
    mqtt_as::config config;
    config.client_id = "storing";
    config.clean_init = config.clean = false;
    config.unix_socket = argv[1];
    config.version = argv[3][0] == '5' ? mqtt_as::protocol_version::v5 : mqtt_as::protocol_version::v3_1_1;
    config.manual_acknowledgement = what != "forgets";

    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient* client = nullptr;
    config.subs_cb = [&](const mqtt_as::received_message& message) {
        const std::string line = std::string(message.text()) + '\n';
        if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fsync(file) != 0) return;
        if (what == "stores") client->acknowledge(message.delivery());
        // The broker answers this when it has had all acknowledgements before it.
        if (message.text() == "last")
            client->publish("done", "", {.qos = 1}, [](std::error_code, const mqtt_as::publish_result&) {
                std::puts("done");
                std::fflush(stdout);
            });
    };
    mqtt_as::MQTTClient own(loop, config);
    client = &own;
    own.connect({.retry = true}, [](std::error_code, const mqtt_as::connect_result&) {});
    own.subscribe("stored", 2, [](std::error_code error, const mqtt_as::subscribe_result&) {
        std::puts(error ? "failed" : "subscribed");
        std::fflush(stdout);
    });
    loop.run();
}
