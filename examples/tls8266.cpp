// A connection secured by TLS where the broker asks who we are: a certificate and its key, in DER as small boards have
// them. To run it, name your own files.
#include "mqtt_local.hpp"

using namespace std::chrono_literals;
using mqtt_as::task;

task<> wifi_han(bool state) {
    wifi_led(state);
    say(state ? "Wifi is  up" : "Wifi is  down");
    co_await mqtt_as::sleep_for(1s);
}

task<> conn_han(mqtt_as::MQTTClient& client) { co_await client.subscribe("result", 1); }

task<> demo(mqtt_as::MQTTClient& client) {
    co_await client.connect();  // what is wrong with a file or a certificate is told in words
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(20s);
        say("publish " + std::to_string(n));
        co_await client.publish("result", std::to_string(n) + " " + std::to_string(client.repub_count()), {.qos = 1});
    }
}

int main() {
    mqtt_as::config config = local_config("tls8266");
    config.server = environment("MQTT_AS_HOST", "test.mosquitto.org");
    config.port = static_cast<std::uint16_t>(std::stoi(environment("MQTT_AS_PORT", "8884")));
    config.ssl = true;
    config.ssl_params = {.ca_file = environment("MQTT_AS_CAFILE", "mosquitto.org.crt"),
                         .cert_file = environment("MQTT_AS_CERT", "certificate.der"),
                         .key_file = environment("MQTT_AS_KEY", "key.der")};
    config.subs_cb = print_message;
    config.wifi_coro = wifi_han;
    config.connect_coro = conn_han;
    mqtt_as::MQTTClient::DEBUG = true;
    return mqtt_as::run(config, demo);
}
