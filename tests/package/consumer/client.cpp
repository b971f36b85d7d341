// Makes a client and asks it where it stands: enough to need the headers, the library and what it depends on.
#include <mqtt_as/mqtt_as.hpp>

int main() {
    mqtt_as::config config;
    config.server = "localhost";
    const mqtt_as::MQTTClient client{config};
    return client.isconnected() ? 1 : 0;
}
