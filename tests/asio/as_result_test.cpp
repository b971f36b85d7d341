// `as_result`: a failure as a value, for each operation that can be awaited.
#include "tests/asio/world.hpp"

namespace mqtt_as::front_test {
namespace {

TEST(as_result, brings_the_result_of_a_success_and_the_error_of_a_failure) {
    scripted_server server({[](peer& p) {
        p.accept();
        p.serve([](const frame&) { return false; });
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        const auto connected = co_await client.connect(as_result);
        EXPECT_TRUE(connected);
        const auto again = co_await client.connect({.retry = true}, as_result);
        EXPECT_EQ(again.error, errc::already_started);

        const auto sent = co_await client.publish("t", "text", {.qos = 1}, as_result);
        EXPECT_TRUE(sent);
        EXPECT_EQ(sent.reason, reason_code::success);
        const auto bad = co_await client.publish("a/#", "text", as_result);
        EXPECT_EQ(bad.error, errc::bad_topic);
        EXPECT_FALSE(bad.may_have_been_delivered);

        const auto granted = co_await client.subscribe("t", 1, as_result);
        EXPECT_TRUE(granted);
        EXPECT_EQ(granted.granted_qos(), 1);
        EXPECT_EQ((co_await client.subscribe("", subscribe_options{}, as_result)).error, errc::bad_filter);
        EXPECT_TRUE(co_await client.unsubscribe("t", {}, as_result));

        EXPECT_TRUE(co_await client.disconnect({}, as_result));
        EXPECT_EQ((co_await client.publish("t", "text", {.qos = 1}, as_result)).error, errc::not_started);
    });
}

TEST(as_result, tells_why_a_first_connection_failed) {
    std::uint16_t port = 0;
    {
        port = scripted_server({[](peer&) {}}).port();
    }  // nobody listens there any more
    world w;
    MQTTClient client(w.executor(), config_for(port));
    w.run([&]() -> task<> {
        const auto refused = co_await client.connect(as_result);
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error, errc::connect_failed);
        EXPECT_EQ(refused.at, stage::connect);
        EXPECT_EQ(refused.transport_error, ECONNREFUSED);
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
