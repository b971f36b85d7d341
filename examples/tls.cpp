// A connection secured by TLS, with a certificate of our own: who the server is, is verified, and we prove who we are.
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>
using namespace std::chrono_literals;
using mqtt_as::task;

task<> run(mqtt_as::MQTTClient& client) {
    co_await client.connect();
    std::cout << "connected by " << client.explain().security << '\n';  // "TLSv1.3, TLS_AES_256_GCM_SHA384"
    for (int n = 0;; ++n) {
        co_await client.publish("result", std::to_string(n), {.qos = 1});
        co_await mqtt_as::sleep_for(20s);
    }
}

int main() {
    mqtt_as::config config;
    config.server = "test.mosquitto.org";
    config.port = 8884;  // the default with TLS is 8883
    config.ssl = true;
    config.ssl_params = {.ca_file = "mosquitto.org.crt", .cert_file = "client.crt", .key_file = "client.key"};
    return mqtt_as::run(config, run);  // what is wrong with a file or a certificate is told in words
}
