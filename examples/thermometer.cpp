// One source for host and board: a thermometer that publishes its readings through all outages, and obeys orders.
// Without `as_result` a failure throws on a host; on a board it ends the task, and `run` starts it again.
#include <array>
#include <charconv>
#include <mqtt_as/mqtt_as.hpp>

using namespace std::chrono_literals;
using mqtt_as::task;

namespace {

std::uint32_t pause_s = 5;

/// Stands for a sensor.
int read_temperature() {
    static int tenths = 200;
    return tenths += 1;
}

task<> measure(mqtt_as::MQTTClient& client) {
    co_await client.connect({.retry = true});
    for (;;) {
        std::array<char, 12> text;
        const auto end = std::to_chars(text.data(), text.data() + text.size(), read_temperature()).ptr;
        const std::string_view reading(text.data(), static_cast<std::size_t>(end - text.data()));
        // Waits while the network is down; after a minute the reading is too old to matter.
        const auto sent =
            co_await client.publish("shed/temperature", reading, {.qos = 1, .timeout = 60s}, mqtt_as::as_result);
        if (!sent && sent.error != mqtt_as::errc::timed_out) co_return;
        co_await mqtt_as::sleep_for(std::chrono::seconds(pause_s));
    }
}

}  // namespace

int main() {
    mqtt_as::config config;
    config.server = "10.0.2.2";
    config.will = {"shed/state", "gone", true, 1};
    config.subs_cb = [](std::string_view, std::string_view message, bool) {
        std::from_chars(message.data(), message.data() + message.size(), pause_s);
    };
    config.connect_coro = [](mqtt_as::MQTTClient& client) -> task<> {
        co_await client.subscribe("shed/pause", 1);
        co_await client.publish("shed/state", "here", {.qos = 1, .retain = true});
    };
    return mqtt_as::run(config, measure);
}
