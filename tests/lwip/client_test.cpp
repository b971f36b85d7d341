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

TEST(lwip_client, takes_large_messages_apart_and_rejects_larger_ones) {
    world w;
    std::string got;
    config c = w.settings();
    constexpr limits larger_limits{.operations_max = 4,
                                   .payload_bytes_max = 1'024,
                                   .subscriptions_max = 1,
                                   .inbound_max = 1,
                                   .inbound_qos2_max = 1,
                                   .packet_bytes_max = 1'024,
                                   .batch_bytes_max = 1'024};
    alignas(std::max_align_t) std::uint8_t memory[client_memory_required(larger_limits)];
    c.limits = larger_limits;
    c.memory = memory;
    c.subs_cb = [&got](std::string_view, std::string_view message, bool) { got = message; };
    MQTTClient client(w.loop, c);
    const std::string large(900, 'x');  // more than a segment of TCP
    const std::string larger(2'000, 'x');
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("a", 1);
        co_await client.publish("a", std::string_view(large), {.qos = 1});
        while (got.empty()) co_await sleep_for(10ms);
        const auto r = co_await client.publish("a", std::string_view(larger), {.qos = 1}, as_result);
        EXPECT_EQ(r.error, errc::too_large);
        co_await client.disconnect();
    }),
              errc::ok);
    EXPECT_EQ(got, large);
}

TEST(lwip_client, says_why_it_cannot_connect) {
    world w;
    const auto outcome_of = [&](const config& c) {
        MQTTClient client(w.loop, c);
        outcome<connect_result> r;
        EXPECT_EQ(w.run([&]() -> task<> { r = co_await client.connect(as_result); }), errc::ok);
        return r;
    };
    config c = w.settings();
    EXPECT_TRUE(outcome_of(c));

    c.client_id = "";
    EXPECT_EQ(outcome_of(c).error, errc::bad_client_id);
    c = w.settings();
    c.password = "without a user";
    EXPECT_EQ(outcome_of(c).error, errc::bad_credentials);
    c = w.settings();
    alignas(std::max_align_t) std::uint8_t too_small[64];
    c.memory = too_small;
    EXPECT_EQ(outcome_of(c).error, errc::out_of_memory);
    c = w.settings();
    c.server = "there.is.no.name.server";
    EXPECT_EQ(outcome_of(c).error, errc::resolve_failed);
    EXPECT_EQ(outcome_of(c).at, stage::resolve);
    c = w.settings();
    c.ssl = true;  // without `tls`
    EXPECT_EQ(outcome_of(c).error, errc::bad_config);
    c = w.settings();
    w.proxy.refuse();
    EXPECT_EQ(outcome_of(c).error, errc::connect_failed);
    EXPECT_EQ(outcome_of(c).at, stage::connect);
}

TEST(lwip_client, a_failure_ends_the_task_from_the_outside_in_and_as_result_does_not) {
    world w;
    MQTTClient client(w.loop, w.settings());
    static std::vector<std::string> story;
    story.clear();
    struct leaves {
        const char* what;
        ~leaves() { story.push_back(what); }
    };
    const auto inner = [&]() -> task<int> {
        const leaves l{"inner"};
        co_await client.publish("a/#", "a wildcard is no topic");
        story.push_back("goes on");
        co_return 1;
    };
    EXPECT_EQ(w.run([&]() -> task<> {
        const leaves l{"outer"};
        co_await client.connect();
        co_await inner();
        story.push_back("goes on");
    }),
              errc::bad_topic);
    EXPECT_EQ(story, (std::vector<std::string>{"inner", "outer"}));
    EXPECT_EQ(look_at_task_memory().now, 0u);

    EXPECT_EQ(w.run([&]() -> task<> {
        EXPECT_EQ((co_await client.publish("a/#", "text", as_result)).error, errc::bad_topic);
        EXPECT_EQ((co_await client.connect(as_result)).error, errc::already_started);
        const auto cancelled = co_await client.publish("t", "text", {.qos = 1, .timeout = 1ms}, as_result);
        EXPECT_TRUE(cancelled || cancelled.error == errc::timed_out);
    }),
              errc::ok);
}

TEST(lwip_client, rejects_what_finds_no_room_and_goes_on) {
    world w;
    config c = w.settings();
    MQTTClient client(w.loop, c);
    int ended = 0;
    const auto count = [&ended](errc, publish_result) { ++ended; };
    // Nobody is connected: publishes wait, and the queue fills.
    std::uint32_t accepted = 0;
    errc e = errc::ok;
    while (accepted <= c.limits.operations_max && e == errc::ok) {
        e = client.publish("t", "text", {.qos = 1}, count);
        accepted += e == errc::ok;
    }
    EXPECT_EQ(e, errc::queue_full);
    EXPECT_EQ(accepted, c.limits.operations_max);
    // A subscription has a place of its own.
    EXPECT_EQ(client.subscribe("t", {.qos = 1}, [](errc error, subscribe_result) { EXPECT_EQ(error, errc::ok); }),
              errc::ok);
    // The memory of tasks ends, too: the task that finds none says so.
    std::vector<void*> blocks;
    while (void* block = detail::take_memory(64)) blocks.push_back(block);
    EXPECT_EQ(client.publish("t", "text", {}, count), errc::out_of_memory);
    EXPECT_EQ(w.run([&]() -> task<> { co_await client.connect(); }), errc::out_of_memory);
    for (void* block : blocks) detail::give_memory(block);
    // Everything accepted ends well.
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        while (ended < static_cast<int>(accepted)) co_await sleep_for(10ms);
        co_await client.disconnect();
    }),
              errc::ok);
    EXPECT_EQ(look_at_task_memory().now, 0u);
}

TEST(lwip_client, can_be_destroyed_at_any_moment) {
    world w;
    EXPECT_EQ(w.run([&]() -> task<> {
        MQTTClient first(w.loop, w.settings());  // by then the board has its address
        co_await first.connect();
    }),
              errc::ok);
    const std::size_t before = w.net.heap_in_use();
    for (int turns = 0; turns < 60; ++turns) {
        config c = w.settings();
        c.connect_coro = [](MQTTClient& client) -> task<> { co_await client.subscribe("t", 1); };
        job j(w.loop);
        {
            MQTTClient client(w.loop, c);
            const auto work = [&]() -> task<> {
                co_await client.connect();
                for (;;) co_await client.publish("t", "text", {.qos = 2});
            };
            (void)client.publish("t", "text", {.qos = 1}, [](errc, publish_result) {});
            j.start(work());
            for (int i = 0; i < turns; ++i) port::wait(w.loop.turn());
            j.cancel();
        }
        EXPECT_TRUE(w.run_until([&] { return look_at_task_memory().now == 0; }));
        EXPECT_TRUE(w.run_until([&] { return w.net.heap_in_use() == before; })) << "lwIP has lost memory";
    }
}

TEST(lwip_client, disconnect_suppresses_the_will_and_close_does_not) {
    world w;
    config c = w.settings();
    c.will = {"will", "gone", false, 1};
    test::witness heard(w.broker, "will", 1);
    {
        MQTTClient client(w.loop, c);
        EXPECT_EQ(w.run([&]() -> task<> {
            co_await client.connect();
            co_await client.disconnect();
            EXPECT_FALSE(client.isconnected());
            EXPECT_EQ((co_await client.publish("t", "x", as_result)).error, errc::not_started);
            co_await client.connect();  // may follow
        }),
                  errc::ok);
        EXPECT_TRUE(heard.lines().empty());
        client.close();
        EXPECT_EQ(client.publish("t", "x", {}, [](errc, publish_result) {}), errc::closed);
        EXPECT_TRUE(w.run_until([&] { return heard.lines().size() == 1; }));
    }
}

TEST(lwip_client, asks_whether_the_broker_is_up) {
    world w;
    MQTTClient client(w.loop, w.settings());
    EXPECT_EQ(w.run([&]() -> task<> {
        EXPECT_FALSE(co_await client.broker_up());
        co_await client.connect();
        EXPECT_TRUE(co_await client.broker_up());
        co_await sleep_for(1100ms);  // the last sign of life is too old: it is asked
        EXPECT_TRUE(co_await client.broker_up());
        co_await sleep_for(1100ms);
        w.broker.pause();
        EXPECT_FALSE(co_await client.broker_up());
        w.broker.resume();
        co_await client.disconnect();
    }),
              errc::ok);
}

TEST(lwip_client, speaks_version_5_too) {
    world w;
    config c = w.settings();
    c.version = protocol_version::v5;
    int got = 0;
    c.subs_cb = [&got](const received_message& m) {
        EXPECT_EQ(m.properties().text(property_id::content_type), "text/plain");
        ++got;
    };
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t", 2);
        for (std::uint8_t qos = 0; qos <= 2; ++qos)
            co_await client.publish("t", "text", {.qos = qos, .properties = {.content_type = "text/plain"}});
        while (got < 3) co_await sleep_for(10ms);
        co_await client.disconnect();
    }),
              errc::ok);
}

}  // namespace
}  // namespace mqtt_as::lwip_test
