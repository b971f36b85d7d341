// Publishes with a limit: what an outage would make too old is given up, and it is told whether it may have arrived all
// the same. The original needed a subclass for that; here it is an option of each operation.
#include "mqtt_local.hpp"

#include <system_error>

using namespace std::chrono_literals;
using mqtt_as::task;

task<> demo(mqtt_as::MQTTClient& client) {
    co_await client.connect();
    for (int n = 0;; ++n) {
        try {
            co_await client.publish("result", std::to_string(n), {.qos = 1, .timeout = 2s});
            say("published " + std::to_string(n));
        } catch (const mqtt_as::operation_error& error) {
            if (error.code() != mqtt_as::errc::timed_out) throw;
            say("gave up " + std::to_string(n) +
                (error.may_have_been_delivered() ? ": it may arrive yet" : ": it was never sent"));
        }
        co_await mqtt_as::sleep_for(1s);
    }
}

int main() {
    mqtt_as::config config = local_config("mqtt_as_timeout");
    mqtt_as::MQTTClient::DEBUG = true;
    return mqtt_as::run(config, demo);
}
