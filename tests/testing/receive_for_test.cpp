// receive_for: a message or none in time, and no message lost between the two. In virtual time, where both can come in
// the same instant.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <mqtt_as/mqtt_as.hpp>
#include <mqtt_as/testing/world.hpp>
#include <optional>
#include <string>
#include <system_error>

namespace {

using namespace std::chrono_literals;
using mqtt_as::MQTTClient;
using mqtt_as::queued_message;
using mqtt_as::task;

class receive_for : public ::testing::Test {
protected:
    void SetUp() override {
        client.emplace(world.loop(), settings());
        world.await(client->connect());
        world.await(client->subscribe("t", 1));
    }
    mqtt_as::config settings() {
        mqtt_as::config c = world.settings("taker");
        c.queue_len = 10;
        return c;
    }

    mqtt_as::testing::world world;
    std::optional<MQTTClient> client;
};

TEST_F(receive_for, gives_the_message_or_nothing_when_the_time_has_passed) {
    const auto begin = world.now();
    EXPECT_FALSE(world.await(client->queue.receive_for(2s)));
    EXPECT_EQ(world.now() - begin, 2s);
    world.after(1s, [this] { world.broker.publish("t", "x", {.qos = 1}); });
    const std::optional<queued_message> got = world.await(client->queue.receive_for(2s));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->text(), "x");
    EXPECT_LT(world.now() - begin, 4s);
    EXPECT_FALSE(world.await(client->queue.receive_for(0s)));
}

TEST_F(receive_for, loses_no_message_that_comes_when_the_time_is_over) {
    constexpr int messages = 400;
    for (int n = 0; n < messages; ++n)
        world.after(10ms * n + 5ms, [this, n] { world.broker.publish("t", std::to_string(n), {.qos = 1}); });
    int got = 0;
    int in_vain = 0;
    world.await([&]() -> task<> {
        for (int turn = 0; got < messages && turn < 40 * messages; ++turn) {
            const auto message = co_await client->queue.receive_for(std::chrono::milliseconds(turn % 11));
            if (message) {
                EXPECT_EQ(message->text(), std::to_string(got++));
            } else {
                ++in_vain;
            }
        }
    }());
    EXPECT_EQ(got, messages);
    EXPECT_GT(in_vain, messages);
}

TEST_F(receive_for, ends_with_the_client_and_with_a_cancel) {
    boost::asio::cancellation_signal cancel;
    std::string told;
    boost::asio::co_spawn(
        world.loop().context(),
        [&]() -> task<> {
            try {
                (void)co_await client->queue.receive_for(1h);
            } catch (const std::system_error& e) {
                told = e.code() == mqtt_as::errc::cancelled ? "cancelled" : e.code().message();
            }
        },
        boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
    world.run_for(1s);
    cancel.emit(boost::asio::cancellation_type::terminal);
    world.run_for(1s);
    EXPECT_EQ(told, "cancelled");

    world.after(1s, [this] { client->close(); });
    try {
        (void)world.await(client->queue.receive_for(1h));
        ADD_FAILURE() << "it should have ended by an exception";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), mqtt_as::errc::closed);
    }
}

}  // namespace
