// explain() says in one line where the client stands, in every state.
#include "tests/asio/world.hpp"

#include <algorithm>
#include <type_traits>

namespace mqtt_as::front_test {
namespace {

// They refer to what the client has.
static_assert(!std::is_copy_constructible_v<event_flag> && !std::is_copy_constructible_v<message_queue>);

TEST(explain, puts_numbers_into_words) {
    explanation e;
    e.now = time_point(100'000);
    e.now_in = status::phase::waiting;
    e.outage_since = time_point(59'000);
    e.last_error = disconnected{{.error = errc::connect_failed, .at = stage::connect, .transport_error = ECONNREFUSED}};
    e.address = "127.0.0.1:1883";
    e.attempt = 7;
    e.next_attempt = time_point(112'300);
    e.unfinished = 318;
    e.payload_bytes = 94'200;
    EXPECT_EQ(e.text(), "down 41 s: TCP: Connection refused (127.0.0.1:1883); attempt 7; next in 12.3 s; 318 messages "
                        "(94 KB) queued");
    e.last_error->can_retry_help = false;
    e.unfinished = 1;
    e.payload_bytes = 10;
    e.link_up = false;
    e.link_since = time_point(58'000);
    e.link = "eth0 has no carrier";
    EXPECT_EQ(
        e.text(),
        "down 41 s: TCP: Connection refused (127.0.0.1:1883); trying again will not help until someone "
        "changes something; attempt 7; next in 12.3 s; link down 42 s: eth0 has no carrier; 1 message (10 B) queued");
}

TEST(explain, has_words_for_what_the_clock_of_the_engine_cannot_count) {
    explanation e;
    e.now_in = status::phase::online;
    e.address = "127.0.0.1:1883";
    e.now = time_point(1'000'000'000);
    e.since = time_point(1);
    EXPECT_EQ(e.text(), "up 277.8 h (127.0.0.1:1883)");
    e.since = time_point(0);
    EXPECT_EQ(e.text(), "up more than 11 days (127.0.0.1:1883)");
}

TEST(explain, tells_of_received_messages_that_nobody_takes) {
    scripted_server server({[](peer& p) {
        p.accept();
        for (int i = 0; i < 5; ++i) p.send({"\x30\x04\0\1tx", 6});
        p.serve();
    }});
    world w;
    config c = config_for(server.port());
    c.queue_len = 2;
    c.limits.inbound_max = 4;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 4; }));
        EXPECT_FALSE(client.explain().reads);
        const std::string text = client.explain().text();
        EXPECT_TRUE(text.ends_with("; 4 received messages wait in the queue; nothing more is read until received "
                                   "messages are taken"))
            << text;
        for (int i = 0; i < 4; ++i) co_await client.queue.receive();
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 1; }));
        EXPECT_TRUE(client.explain().text().ends_with("; 1 received message waits in the queue"));
        co_await client.disconnect();
    });
}

TEST(explain, in_each_state_of_a_client) {
    std::atomic<bool> accept{false};
    scripted_server server({[&](peer& p) {
        while (!accept) std::this_thread::sleep_for(1ms);
        p.accept();
        p.serve([](const frame& f) { return f.type() == PUBLISH && f.qos() == 1; });
    }});
    const std::string at = "127.0.0.1:" + std::to_string(server.port());
    world w;
    config c = config_for(server.port());
    c.backoff.first_step = duration(60'000);
    c.backoff.cap = duration(60'000);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        EXPECT_EQ(client.explain().text(), "not started");
        client.connect([](std::error_code, connect_result) {});
        EXPECT_TRUE(co_await eventually([&] { return client.explain().now_in == status::phase::handshake; }));
        EXPECT_EQ(client.explain().text(),
                  "down 0 s; attempt 1: waiting for the server's answer to CONNECT (" + at + ")");
        accept = true;
        EXPECT_TRUE(co_await eventually([&] { return client.isconnected(); }));
        EXPECT_EQ(client.explain().text(), "up 0 s (" + at + ")");
        client.publish("t", "x", {.qos = 1}, [](std::error_code, publish_result) {});  // acknowledged, then the end
        client.publish("t", "yy", {.qos = 1}, [](std::error_code, publish_result) {});
        EXPECT_EQ(client.explain().text(), "up 0 s (" + at + "); 2 messages (3 B) on the way");
        EXPECT_TRUE(co_await eventually([&] { return client.explain().now_in == status::phase::waiting; }));
        const std::string text = client.explain().text();
        EXPECT_EQ(text.substr(0, 17), "down 0 s: MQTT: C") << text;
        EXPECT_NE(text.find(" (" + at + "); next in "), std::string::npos) << text;
        EXPECT_NE(text.find("; 1 message (2 B) queued"), std::string::npos) << text;
        co_await client.disconnect();
        EXPECT_EQ(client.explain().text().substr(0, 13), "stopped: MQTT");
        client.close();
        EXPECT_EQ(client.explain().text(), "closed");
    });
}

// MQTT 3.1.1 has no word for "too large" or "somebody else has your name": the server hangs up, again and again.
TEST(explain, suspects_a_message_or_a_namesake_when_connections_do_not_hold) {
    std::atomic<bool> is_patient{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        if (is_patient) return p.serve();
        p.expect(PUBLISH);
    }});
    world w;
    config c = config_for(server.port());
    c.backoff.first_step = duration(1);
    c.backoff.stable_after = duration(3'600'000);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ(client.explain().suspicion(), "");
        bool is_answered = false;
        client.publish("t", "x", {.qos = 1}, [&](std::error_code, publish_result) { is_answered = true; });
        EXPECT_TRUE(co_await eventually([&] { return client.explain().soon_lost >= 3; }));
        const std::string text = client.explain().text();
        EXPECT_NE(text.find(" connections in a row were soon ended by the server: does another client use this client "
                            "identifier, or does it not take one of our messages (size, qos, retain)?"),
                  std::string::npos)
            << text;
        is_patient = true;
        EXPECT_TRUE(co_await eventually([&] { return is_answered; }));
        EXPECT_NE(client.explain().suspicion(), "") << "the last one may end soon, too";
        co_await client.disconnect();
    });
}

TEST(explain, suspects_nothing_when_connections_hold) {
    scripted_server server({[&](peer& p) {
        p.accept();
        p.expect(PUBLISH);
    }});
    world w;
    config c = config_for(server.port());
    c.backoff.first_step = duration(1);
    c.backoff.stable_after = duration(0);
    MQTTClient* ours = nullptr;
    std::uint32_t most = 0;
    c.wifi_coro = [&](bool up) {
        if (!up) most = std::max(most, ours->explain().soon_lost);
    };
    MQTTClient client(w.executor(), c);
    ours = &client;
    w.run([&]() -> task<> {
        co_await client.connect();
        client.publish("t", "x", {.qos = 1}, [](std::error_code, publish_result) {});
        EXPECT_TRUE(co_await eventually([&] { return client.count().outages >= 6; }));
        EXPECT_EQ(most, 0u);
        co_await client.disconnect();
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
