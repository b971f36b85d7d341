// Against a real Mosquitto, in both versions.
#include "tests/asio/world.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/fault_proxy.hpp"

#include <map>
#include <set>

namespace mqtt_as::front_test {
namespace {

using test::broker_process;
using test::fault_proxy;
using test::witness;

class broker : public testing::TestWithParam<protocol_version> {
protected:
    void SetUp() override {
        if (!broker_process::is_installed()) GTEST_SKIP() << "no mosquitto here";
    }
    config config_for(const broker_process& b) const {
        config c;
        c.unix_socket = b.socket();
        c.version = GetParam();
        c.response_time = 2s;
        c.backoff.first_step = duration(50);
        return c;
    }
};

TEST_P(broker, publishes_and_receives_at_every_qos) {
    broker_process b;
    world w;
    std::multimap<std::string, std::string> got;
    config c = config_for(b);
    c.subs_cb = [&](std::string_view topic, std::string_view message, bool) { got.emplace(topic, message); };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ((co_await client.subscribe("a/#", 2)).granted_qos(), 2);
        for (std::uint8_t qos = 0; qos <= 2; ++qos) {
            for (int i = 0; i < 200; ++i) {
                client.publish("a/" + std::to_string(qos), std::to_string(i), {.qos = qos},
                               [](std::error_code e, publish_result) { EXPECT_FALSE(e); });
            }
        }
        EXPECT_TRUE(co_await eventually([&] { return got.size() == 600; }));
        for (const char* topic : {"a/0", "a/1", "a/2"}) {
            int next = 0;
            for (auto [at, end] = got.equal_range(topic); at != end; ++at)
                EXPECT_EQ(at->second, std::to_string(next++));
            EXPECT_EQ(next, 200);
        }
        co_await client.unsubscribe("a/#");
        EXPECT_TRUE(co_await client.broker_up());
        co_await client.disconnect();
    });
}

/// Mosquitto 2.0.11 answers the 21st unfinished qos 2 message of a 3.1.1 client with a PUBREC that means "quota
/// exceeded", which 3.1.1 cannot say: the message is acknowledged and lost, and then the connection is, too.
TEST_P(broker, takes_a_burst_of_qos_2_with_its_own_settings) {
    broker_process b("max_inflight_messages 20\n");
    world w;
    witness sees(b, "burst", 2);
    MQTTClient client(w.executor(), config_for(b));
    w.run([&]() -> task<> {
        co_await client.connect();
        int acknowledged = 0;
        for (int n = 0; n < 100; ++n) {
            client.publish("burst", std::to_string(n), {.qos = 2},
                           [&](std::error_code e, publish_result) { acknowledged += !e; });
        }
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 100; }));
        EXPECT_TRUE(co_await eventually([&] { return sees.lines().size() >= 100; }));
        EXPECT_EQ(client.count().outages, 0u);
        co_await client.disconnect();
    });
    const std::vector<std::string> lines = sees.lines();
    ASSERT_EQ(lines.size(), 100u);
    for (int n = 0; n < 100; ++n) EXPECT_EQ(lines[static_cast<std::size_t>(n)], "burst " + std::to_string(n));
}

/// It still counts those of a process that is gone, whose identifiers nobody remembers, so that they may arrive in
/// another order. In 3.1.1 all that comes beyond them is acknowledged and lost.
TEST_P(broker, holds_nothing_against_a_client_for_what_an_earlier_process_left_unfinished) {
    constexpr int left = 20, after = 100;
    broker_process b("max_inflight_messages 20\n");
    fault_proxy proxy(b.socket());
    const fault_proxy::rule_id rule =
        proxy.add({.to = test::toward::client, .type = test::packet_type::pubrec, .times = left});
    world w;
    witness sees(b, "numbers", 2);
    config c = config_for(b);
    c.client_id = "survivor";
    c.clean = c.clean_init = false;
    int acknowledged = 0;
    const auto publish = [&](MQTTClient& client, int from, int count) {
        for (int n = from; n < from + count; ++n)
            client.publish("numbers", std::to_string(n), {.qos = 2},
                           [&](std::error_code e, publish_result) { acknowledged += !e; });
    };
    {
        config cut = c;
        cut.unix_socket.clear();
        cut.server = "127.0.0.1";
        cut.port = proxy.port();
        MQTTClient killed(w.executor(), cut);
        w.run([&]() -> task<> {
            co_await killed.connect();
            publish(killed, 0, left);
            EXPECT_TRUE(co_await eventually([&] { return proxy.applied(rule) == left; }));
        });
        EXPECT_EQ(acknowledged, 0);
    }
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        EXPECT_TRUE((co_await client.connect()).session_present);
        publish(client, left, after);
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == after; }));
        EXPECT_TRUE(co_await eventually([&] { return sees.lines().size() >= left + after; }));
        co_await client.disconnect();
    });
    const std::vector<std::string> lines = sees.lines();
    std::vector<std::string> sent;
    for (int n = 0; n < left + after; ++n) sent.push_back("numbers " + std::to_string(n));
    ASSERT_EQ(lines.size(), sent.size());
    EXPECT_EQ(std::set(lines.begin(), lines.begin() + left), std::set(sent.begin(), sent.begin() + left));
    EXPECT_EQ(std::vector(lines.begin() + left, lines.end()), std::vector(sent.begin() + left, sent.end()));
}

/// In 3.1.1 a broker can say no to a message only by hanging up, and a session that is kept has it sent again at once.
TEST_P(broker, that_hangs_up_over_a_message_gets_the_others_when_nobody_waits_for_it_any_more) {
    if (GetParam() == protocol_version::v5) GTEST_SKIP() << "it says beforehand how much it takes";
    broker_process b("max_packet_size 1000\n");
    world w;
    witness sees(b, "numbers", 2);
    config c = config_for(b);
    c.client_id = "talker";
    c.clean_init = c.clean = false;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        for (std::uint8_t qos = 1; qos <= 2; ++qos) {
            const std::string too_large(2'000, 'x');
            client.publish("numbers", too_large, {.qos = qos, .timeout = 500ms},
                           [](std::error_code e, publish_result) { EXPECT_EQ(e, errc::timed_out); });
        }
        int acknowledged = 0;
        for (int n = 0; n < 10; ++n)
            client.publish("numbers", std::to_string(n), {.qos = static_cast<std::uint8_t>(1 + n % 2)},
                           [&](std::error_code e, publish_result) { acknowledged += !e; });
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 10 && sees.lines().size() >= 10; }));
        EXPECT_GE(client.count().outages, 2u);
        co_await client.disconnect();
    });
    EXPECT_EQ(sees.lines().size(), 10u);
}

TEST_P(broker, loses_nothing_when_it_is_killed_and_started_again) {
    broker_process b;
    world w;
    std::map<int, int> got;
    MQTTClient client(w.executor(), survivor(config_for(b), got));
    w.run(
        [&]() -> task<> {
            co_await client.connect();
            co_await client.subscribe("numbers", 1);
            EXPECT_TRUE(b.save("numbers"));
            int acknowledged = 0;
            for (int n = 0; n < 300; ++n) {
                client.publish("numbers", std::to_string(n), {.qos = 1},
                               [&](std::error_code e, publish_result) { acknowledged += !e; });
                if (n == 100) b.kill();
                if (n == 200) b.start();
                co_await sleep_for(1ms);
            }
            EXPECT_TRUE(co_await eventually([&] { return acknowledged == 300 && got.size() == 300; }));
            EXPECT_EQ(client.count().outages, 1u);
            EXPECT_TRUE(client.isconnected());
        },
        40s);
}

TEST_P(broker, a_half_open_connection_is_noticed_by_silence) {
    broker_process b;
    fault_proxy proxy(b.socket());
    world w;
    config c;
    c.server = "127.0.0.1";
    c.port = proxy.port();
    c.version = GetParam();
    c.response_time = 300ms;
    c.backoff.first_step = duration(20);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        proxy.half_open();
        const auto begin = std::chrono::steady_clock::now();
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
        EXPECT_EQ(client.count().outages, 1u);
    });
}

TEST_P(broker, a_paused_one_is_noticed_although_its_kernel_acknowledges) {
    broker_process b;
    world w;
    config c = config_for(b);
    c.response_time = 200ms;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        b.pause();
        client.publish("t", "x", {.qos = 1}, [](std::error_code, publish_result) {});
        EXPECT_TRUE(co_await eventually([&] { return !client.isconnected(); }, 3s));
        b.resume();
        EXPECT_TRUE(co_await eventually([&] { return client.isconnected(); }));
    });
}

TEST_P(broker, sends_the_will_after_close_and_not_after_disconnect) {
    broker_process b;
    witness watcher(b, "will/#", 1);
    world w;
    for (const bool close : {false, true}) {
        config c = config_for(b);
        c.will = {"will/" + std::string(close ? "close" : "disconnect"), "gone", false, 1};
        MQTTClient client(w.executor(), c);
        w.run([&]() -> task<> {
            co_await client.connect();
            co_await leave(client, close);
            co_await sleep_for(50ms);
        });
    }
    EXPECT_TRUE(w.until([&] { return !watcher.lines().empty(); }));
    EXPECT_EQ(watcher.lines(), std::vector<std::string>{"will/close gone"});
}

INSTANTIATE_TEST_SUITE_P(mosquitto, broker, testing::Values(protocol_version::v3_1_1, protocol_version::v5),
                         [](const auto& p) { return std::string(p.param == protocol_version::v5 ? "v5" : "v3_1_1"); });

}  // namespace
}  // namespace mqtt_as::front_test
