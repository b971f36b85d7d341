// Range test: walk about with it. It tells each outage, and how many there were, through the event interface: no
// callbacks.
#include "range_tasks.hpp"

using namespace std::chrono_literals;
using mqtt_as::task;

task<> demo(mqtt_as::MQTTClient& client) {
    for (auto* each : {up, down, messages}) spawn(client, each(client));
    co_await client.connect();
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(5s);
        say("publish " + std::to_string(n));
        const std::string text = std::to_string(n) + " repubs: " + std::to_string(client.repub_count()) +
                                 " outages: " + std::to_string(outages);
        co_await client.publish("shed", text, {.qos = 1});
    }
}

int main() {
    mqtt_as::config config = local_config("range");
    config.will = {"shed", "Goodbye cruel world!", false, 0};
    config.keepalive = 120s;
    config.queue_len = 1;  // the event interface, with room for one message that waits
    config.on_overflow = mqtt_as::overflow_policy::discard_oldest;
    mqtt_as::MQTTClient::DEBUG = true;
    return mqtt_as::run(config, demo);
}
