// A connection secured by TLS to a public broker: who the broker is, is verified. Anybody may subscribe there, so that
// nothing is secret.
#include "mqtt_local.hpp"

#include <sstream>

using namespace std::chrono_literals;
using mqtt_as::task;

task<> wifi_han(bool state) {
    wifi_led(state);
    say(state ? "Wifi is  up" : "Wifi is  down");
    co_await mqtt_as::sleep_for(1s);
}

task<> conn_han(mqtt_as::MQTTClient& client) { co_await client.subscribe("result", 1); }

task<> demo(mqtt_as::MQTTClient& client) {
    co_await client.connect();
    say("Secured by " + client.explain().security);  // "TLSv1.3, TLS_AES_256_GCM_SHA384"
    co_await mqtt_as::sleep_for(2s);
    for (int n = 0;; ++n) {
        say("publish " + std::to_string(n));
        co_await client.publish("result", std::to_string(n) + " " + std::to_string(client.repub_count()), {.qos = 1});
        co_await mqtt_as::sleep_for(20s);
    }
}

int main() {
    mqtt_as::config config = local_config("tls");
    config.server = environment("MQTT_AS_HOST", "test.mosquitto.org");
    config.port = static_cast<std::uint16_t>(std::stoi(environment("MQTT_AS_PORT", "8886")));  // the usual one is 8883
    config.ssl = true;
    config.ssl_params.ca_file = environment("MQTT_AS_CAFILE");  // empty: whom the system trusts

    mqtt_as::MQTTClient::DEBUG = true;
    config.wifi_coro = wifi_han;
    config.connect_coro = conn_han;
    config.subs_cb = [](std::string_view topic, std::string_view message, bool retained) {
        blue_led(!the_board.blue);  // it changes with each message
        std::istringstream numbers{std::string(message)};
        int count = 0;
        int retransmissions = 0;
        numbers >> count >> retransmissions;
        say("Topic = " + std::string(topic) + " Count = " + std::to_string(count) +
            " Retransmissions = " + std::to_string(retransmissions) + " Retained = " + (retained ? "True" : "False"));
    };
    return mqtt_as::run(config, demo);
}
