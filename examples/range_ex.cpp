// Range test as `range`, that also publishes the signal's strength, free memory and how many messages were discarded.
#include "range_tasks.hpp"

#include <sys/sysinfo.h>

using namespace std::chrono_literals;
using mqtt_as::task;

int rssi = -199;  // dBm; such a signal nobody hears

/// Known where we join the network ourselves (config.ssid): each question has its answer at the next one.
task<> signal_strength(mqtt_as::MQTTClient& client) {
    for (;;) {
        rssi = client.explain().rssi.value_or(-199);
        co_await mqtt_as::sleep_for(30s);
    }
}

unsigned long long free_memory() {
    struct sysinfo about{};
    ::sysinfo(&about);
    return about.freeram * about.mem_unit;
}

task<> demo(mqtt_as::MQTTClient& client) {
    for (auto* each : {up, down, messages, signal_strength}) spawn(client, each(client));
    co_await client.connect();
    for (int n = 0;; ++n) {
        co_await mqtt_as::sleep_for(5s);
        say("publish " + std::to_string(n));
        const std::string text = std::to_string(n) + " repubs: " + std::to_string(client.repub_count()) +
                                 " outages: " + std::to_string(outages) + " rssi: " + std::to_string(rssi) +
                                 "dB free: " + std::to_string(free_memory()) +
                                 "bytes discards: " + std::to_string(client.queue.discards());
        co_await client.publish("shed", text, {.qos = 1});
    }
}

int main() {
    mqtt_as::config config = local_config("range_ex");
    config.will = {"shed", "Goodbye cruel world!", false, 0};
    config.keepalive = 120s;
    config.queue_len = 4;
    config.on_overflow = mqtt_as::overflow_policy::discard_oldest;
    mqtt_as::MQTTClient::DEBUG = true;
    return mqtt_as::run(config, demo);
}
