// A client on a board's network, against a real Mosquitto.
#include "tests/lwip/world.hpp"

#include <map>

namespace mqtt_as::lwip_test {
namespace {

TEST(lwip_client, publishes_and_receives_at_every_qos) {
    world w;
    std::multimap<std::string, std::string> got;
    config c = w.settings();
    c.subs_cb = [&got](std::string_view topic, std::string_view message, bool) { got.emplace(topic, message); };
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(client.isconnected());
        EXPECT_EQ((co_await client.subscribe("a/#", 2)).granted_qos(), 2);
        for (std::uint8_t qos = 0; qos <= 2; ++qos) {
            for (int i = 0; i < 50; ++i) {
                const std::string topic = "a/" + std::to_string(qos);
                co_await client.publish(topic, std::string_view(std::to_string(i)), {.qos = qos});
            }
        }
        while (got.size() < 150) co_await sleep_for(10ms);
        co_await client.unsubscribe("a/#");
        EXPECT_TRUE(co_await client.broker_up());
        co_await client.disconnect();
    }),
              errc::ok);
    for (const char* topic : {"a/0", "a/1", "a/2"}) {
        int next = 0;
        for (auto [at, end] = got.equal_range(topic); at != end; ++at) EXPECT_EQ(at->second, std::to_string(next++));
        EXPECT_EQ(next, 50);
    }
}

}  // namespace
}  // namespace mqtt_as::lwip_test
