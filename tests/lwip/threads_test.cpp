// What only a board with threads has: a client that sleeps until lwIP's thread wakes it.
#include "tests/lwip/world.hpp"

#if !NO_SYS

namespace mqtt_as::lwip_test {
namespace {

TEST(lwip_threads, the_client_is_woken_for_all_that_happens) {
    world w;
    int received = 0;
    config c = w.settings();
    c.subs_cb = [&received](std::string_view, std::string_view, bool) { ++received; };
    MQTTClient client(w.loop, c);
    // By then the board has its address.
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.disconnect();
    }),
              errc::ok);

    // From now on no wait ends by its time.
    const auto until = [&](const std::function<bool()>& condition) {
        for (;;) {
            const bool may_wait = w.loop.turn() > duration(0);
            if (condition()) return true;
            if (may_wait && !is_woken_within(30s)) return false;
        }
    };
    EXPECT_EQ(client.connect({}, [](errc e, connect_result) { EXPECT_EQ(e, errc::ok); }), errc::ok);
    ASSERT_TRUE(until([&] { return client.isconnected(); }));
    int answers = 0;
    EXPECT_EQ(client.subscribe("t", {.qos = 2}, [&](errc, subscribe_result) { ++answers; }), errc::ok);
    ASSERT_TRUE(until([&] { return answers == 1; }));
    EXPECT_EQ(client.publish("t", "text", {.qos = 2}, [&](errc, publish_result) { ++answers; }), errc::ok);
    ASSERT_TRUE(until([&] { return answers == 2 && received == 1; }));
    w.proxy.finish();
    ASSERT_TRUE(until([&] { return !client.isconnected(); }));
    EXPECT_TRUE(w.run_until([&] { return client.isconnected(); }));
    w.proxy.reset();
    ASSERT_TRUE(until([&] { return !client.isconnected(); }));
}

}  // namespace
}  // namespace mqtt_as::lwip_test

#endif
