// What lptest_min does, without coroutines: `./run size` shows by both what coroutines cost.
#include "firmware/mps2/lptest_min.hpp"

#include <mqtt_as/lwip/port.hpp>
#include <mqtt_as/mqtt_as.hpp>

using board::print_line;
using mqtt_as::errc;

namespace {

bool is_over = false;
int status = 0;

/// To the end, or on when it was good.
bool is_good(errc error) {
    if (error == errc::ok) return true;
    is_over = true;
    status = 1;
    return false;
}

void leave(mqtt_as::MQTTClient* client) {
    is_good(client->disconnect({}, [](errc) { is_over = true; }));
}

void publish(mqtt_as::MQTTClient* client) {
    is_good(client->publish("shed", "light 42", {.qos = 1}, [client](errc error, mqtt_as::publish_result) {
        if (!is_good(error)) return;
        print_line("acknowledged light 42");
        leave(client);
    }));
}

void begin(mqtt_as::MQTTClient* client) {
    is_good(client->connect({.quick = true}, [client](errc error, const mqtt_as::connect_result& connection) {
        if (!is_good(error)) return;
        print_line("session ", std::uint32_t{connection.session_present});
        if (connection.session_present) return publish(client);
        is_good(client->subscribe("foo_topic", {.qos = 1}, [client](errc failure, mqtt_as::subscribe_result) {
            if (is_good(failure)) publish(client);
        }));
    }));
}

}  // namespace

int main() {
    print_line("begins");
    const mqtt_as::config config = board::lptest_config();
    alignas(mqtt_as::event_loop) static std::byte room_for_loop[sizeof(mqtt_as::event_loop)];
    alignas(mqtt_as::MQTTClient) static std::byte room_for_client[sizeof(mqtt_as::MQTTClient)];
    auto& loop = *new (room_for_loop) mqtt_as::event_loop;
    auto& client = *new (room_for_client) mqtt_as::MQTTClient(loop, config);
    begin(&client);
    while (!is_over) mqtt_as::port::wait(loop.turn());
    board::end_of_life(status);
}
