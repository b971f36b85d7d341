// A user's test of an outage: enough to need the test kit's headers and its library.
#include <mqtt_as/mqtt_as.hpp>
#include <mqtt_as/testing/world.hpp>

int main() {
    using namespace std::chrono_literals;
    mqtt_as::testing::world world;
    mqtt_as::MQTTClient client(world.loop(), world.settings("me"));
    world.await(client.connect());
    world.network.stall();
    world.after(1h, [&] { world.network.heal(); });
    world.await(client.publish("t", "late", {.qos = 1}), 2h);
    return world.broker.texts() == std::vector<std::string>{"late"} && world.now() > 1h ? 0 : 1;
}
