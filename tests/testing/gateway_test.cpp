// What docs/testing.md shows: a user's application in outages, in milliseconds.
#include "tests/testing/gateway.hpp"

#include <gtest/gtest.h>
#include <mqtt_as/testing/world.hpp>

namespace {

using namespace std::chrono_literals;

std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int n = 0; n < count; ++n) all.push_back(std::to_string(n));
    return all;
}

TEST(gateway, keeps_its_order_through_a_30_s_outage) {
    mqtt_as::testing::world world;
    int next = 0;
    gateway mine(world.loop(), world.settings("gateway"), [&] { return next++; });
    world.start(mine.run());

    world.after(10s, [&] { world.network.stall(); });
    world.after(40s, [&] { world.network.heal(); });
    world.run_for(2min);

    EXPECT_EQ(world.broker.texts("readings"), numbers(next));
    EXPECT_EQ(mine.failures(), 0);
}

TEST(gateway, takes_commands_after_the_broker_has_forgotten_it) {
    mqtt_as::testing::world world;
    int next = 0;
    gateway mine(world.loop(), world.settings("gateway"), [&] { return next++; });
    world.start(mine.run());
    world.run_for(5s);

    world.broker.forget_sessions();
    ASSERT_TRUE(world.run_until([&] { return world.broker.is_subscribed("gateway", "interval"); }));
    world.broker.publish("interval", "60");
    world.run_for(1s);
    const int before = next;
    world.run_for(10min);
    EXPECT_EQ(next - before, 10);
}

// The test of the test: an application that throws messages away in outages is found out.
TEST(gateway, that_sends_and_forgets_is_found_out) {
    mqtt_as::testing::world world;
    mqtt_as::MQTTClient client(world.loop(), world.settings("gateway"));
    world.await(client.connect({.retry = true}));
    world.after(2s, [&] { world.network.half_open("gateway", mqtt_as::testing::silence::dropped); });
    world.after(12s, [&] { world.network.heal(); });
    const auto careless = [&]() -> mqtt_as::task<> {
        for (int n = 0; n < 20; ++n) {
            client.publish("readings", std::to_string(n), {.qos = 0},
                           [](std::error_code, const mqtt_as::publish_result&) {});
            co_await mqtt_as::sleep_for(1s);
        }
    };
    world.await(careless());
    world.run_for(1min);
    EXPECT_NE(world.broker.texts("readings"), numbers(20));
    EXPECT_LT(world.broker.received().size(), 20u);
}

}  // namespace
