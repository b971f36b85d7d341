// The promises of the test kit itself.
#include <algorithm>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <mqtt_as/mqtt_as.hpp>
#include <mqtt_as/testing/world.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using mqtt_as::MQTTClient;
using mqtt_as::testing::action;
using mqtt_as::testing::packet_type;
using mqtt_as::testing::toward;
using strings = std::vector<std::string>;

class kit : public ::testing::TestWithParam<mqtt_as::protocol_version> {
protected:
    mqtt_as::config settings(const std::string& client_id) {
        mqtt_as::config c = world.settings(client_id);
        c.version = GetParam();
        c.subs_cb = [this, client_id](std::string_view topic, std::string_view text, bool retained) {
            heard.push_back(client_id + ": " + std::string(topic) + " " + std::string(text) +
                            (retained ? " retained" : ""));
        };
        return c;
    }
    void TearDown() override { EXPECT_EQ(world.broker.violations(), strings{}); }

    mqtt_as::testing::world world;
    strings heard;
};

std::string name_of(const ::testing::TestParamInfo<mqtt_as::protocol_version>& version) {
    return version.param == mqtt_as::protocol_version::v5 ? "v5" : "v3_1_1";
}

INSTANTIATE_TEST_SUITE_P(both, kit, ::testing::Values(mqtt_as::protocol_version::v3_1_1, mqtt_as::protocol_version::v5),
                         name_of);

TEST_P(kit, lets_a_year_pass_in_no_time) {
    const auto begin = std::chrono::steady_clock::now();
    world.await(mqtt_as::sleep_for(24h * 365), 24h * 366);
    EXPECT_EQ(world.now(), 24h * 365);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10min);
}

TEST_P(kit, carries_messages_of_every_qos_both_ways) {
    MQTTClient sender(world.loop(), settings("sender"));
    MQTTClient receiver(world.loop(), settings("receiver"));
    world.await(sender.connect());
    world.await(receiver.connect());
    world.await(receiver.subscribe("t/#", 2));
    strings wanted;
    for (std::uint8_t qos = 0; qos <= 2; ++qos) {
        world.await(sender.publish("t/Füße", std::to_string(qos), {.qos = qos}));
        wanted.push_back("receiver: t/Füße " + std::to_string(qos));
        ASSERT_TRUE(world.run_until([&] { return heard == wanted; }, 1s));
        EXPECT_EQ(world.broker.received().back().client, "sender");
        EXPECT_EQ(world.broker.received().back().qos, qos);
    }
    world.broker.publish("t/other", "hello", {.qos = 2});
    wanted.push_back("receiver: t/other hello");
    world.run_for(1s);
    EXPECT_EQ(heard, wanted);
    world.await(receiver.unsubscribe("t/#"));
    world.broker.publish("t/other", "nobody listens");
    world.run_for(1s);
    EXPECT_EQ(heard, wanted);
}

TEST_P(kit, keeps_retained_messages_and_publishes_wills) {
    auto mortal = settings("mortal");
    mortal.will = {"will", "gone", true, 1};
    MQTTClient vanishing(world.loop(), mortal);
    world.await(vanishing.connect());
    vanishing.close();
    world.run_for(1s);
    EXPECT_EQ(world.broker.retained("will"), "gone");
    MQTTClient late(world.loop(), settings("late"));
    world.await(late.connect());
    world.await(late.subscribe("will", 1));
    world.run_for(1s);
    EXPECT_EQ(heard, (strings{"late: will gone retained"}));
    world.broker.publish("will", "", {.retain = true});
    EXPECT_EQ(world.broker.retained("will"), std::nullopt);
}

TEST_P(kit, loses_nothing_over_a_broker_that_is_killed) {
    MQTTClient client(world.loop(), settings("me"));
    world.await(client.connect());
    world.await(client.subscribe("in", 2));
    world.broker.kill();
    ASSERT_TRUE(world.run_until([&] { return !client.isconnected(); }, 1s));
    strings wanted;
    for (int n = 0; n < 100; ++n) {
        client.publish("out", std::to_string(n), {.qos = 2},
                       [](std::error_code error, const auto&) { EXPECT_FALSE(error); });
        world.broker.publish("in", "x", {.qos = 2});
        wanted.push_back(std::to_string(n));
    }
    world.run_for(5min);
    EXPECT_FALSE(client.isconnected());
    EXPECT_EQ(world.broker.texts("out"), strings{});
    world.broker.start();
    EXPECT_TRUE(world.run_until([&] { return world.broker.texts("out").size() == 100 && heard.size() == 100; }));
    EXPECT_EQ(world.broker.texts("out"), wanted);
}

TEST_P(kit, does_to_packets_what_the_rules_say) {
    MQTTClient client(world.loop(), settings("me"));
    world.await(client.connect());
    const auto withheld =
        world.network.add({.to = toward::client, .type = packet_type::puback, .what = action::withhold});
    bool is_acknowledged = false;
    client.publish("t", "slow", {.qos = 1}, [&](std::error_code, const auto&) { is_acknowledged = true; });
    world.run_for(3s);
    EXPECT_EQ(world.network.applied(withheld), 1u);
    EXPECT_EQ(world.broker.texts("t"), (strings{"slow"}));
    EXPECT_FALSE(is_acknowledged);
    world.network.release(withheld);
    EXPECT_TRUE(world.run_until([&] { return is_acknowledged; }, 1s));

    // Half a packet, then RST: it is sent again on the next connection.
    world.network.add({.client = "me", .type = packet_type::publish, .what = action::cut_reset});
    world.await(client.publish("t", "cut", {.qos = 2}));
    EXPECT_EQ(world.broker.texts("t"), (strings{"slow", "cut"}));
    EXPECT_EQ(world.broker.accepted(), 2u);

    world.network.add({.type = packet_type::publish, .what = action::late, .by = 2s});
    const auto before = world.now();
    world.await(client.publish("t", "late", {.qos = 1}));
    EXPECT_GE(world.now() - before, 2s);
}

TEST_P(kit, notices_a_half_open_connection_and_makes_a_new_one) {
    MQTTClient client(world.loop(), settings("me"));
    world.await(client.connect());
    world.network.half_open("me", mqtt_as::testing::silence::dropped);
    world.await(client.publish("t", "x", {.qos = 1}), 2min);
    EXPECT_EQ(world.broker.texts("t"), (strings{"x"}));
    EXPECT_EQ(world.broker.accepted(), 2u);
    world.network.reset();
    world.await(client.publish("t", "y", {.qos = 1}));
    world.network.finish();
    world.await(client.publish("t", "z", {.qos = 1}));
    EXPECT_EQ(world.broker.texts("t"), (strings{"x", "y", "z"}));
}

TEST_P(kit, brings_nothing_of_attempts_that_were_given_up_in_a_stall) {
    MQTTClient client(world.loop(), settings("me"));
    world.await(client.connect());
    world.network.stall();
    const auto before = world.network.passed(toward::broker, packet_type::connect);
    world.run_for(10min);
    ASSERT_GT(world.network.passed(toward::broker, packet_type::connect), before + 5);
    EXPECT_LE(world.network.open_connections(), 2u);  // the one that was there, and the present attempt
    world.network.heal();
    world.await(client.publish("t", "x", {.qos = 1}));
    world.run_for(1min);
    EXPECT_EQ(world.broker.accepted(), 2u);
    EXPECT_EQ(world.network.open_connections(), 1u);
}

TEST_P(kit, tells_clients_of_their_network_link) {
    strings told;
    auto c = settings("me");
    c.on_link = [&](bool up, std::string_view what) { told.push_back((up ? "up " : "down ") + std::string(what)); };
    MQTTClient client(world.loop(), c);
    world.await(client.connect());
    world.network.take_link_down("wlan0 is down");
    world.run_for(1s);
    EXPECT_EQ(client.explain().link, "wlan0 is down");
    world.run_for(10min);
    EXPECT_EQ(world.network.passed(toward::broker, packet_type::connect), 1u);
    world.network.bring_link_up();
    world.await(client.publish("t", "x", {.qos = 1}), 1s);
    EXPECT_EQ(told, (strings{"down wlan0 is down", "up eth0"}));
}

TEST_P(kit, delays_and_limits_the_path_of_a_client) {
    world.network.set_path("slow", {.delay = 500ms});
    MQTTClient slow(world.loop(), settings("slow"));
    world.await(slow.connect());
    EXPECT_GE(world.now(), 1s);
    world.network.set_path("slow", {.bytes_per_second = 1000});
    const auto before = world.now();
    world.await(slow.publish("t", std::string(20'000, 'x'), {.qos = 1}));
    EXPECT_GE(world.now() - before, 20s);
}

TEST_P(kit, refuses_when_it_is_told_to) {
    world.broker.refuse_connections(GetParam() == mqtt_as::protocol_version::v5 ? 0x87 : 5);
    MQTTClient client(world.loop(), settings("me"));
    EXPECT_THROW(world.await(client.connect()), mqtt_as::connect_error);
    world.broker.refuse_connections(0);
    world.network.fail_resolving(true);
    EXPECT_THROW(world.await(client.connect()), mqtt_as::connect_error);
    world.network.fail_resolving(false);
    world.network.refuse();
    EXPECT_THROW(world.await(client.connect()), mqtt_as::connect_error);
    world.network.accept();
    world.await(client.connect());
    world.broker.refuse_subscription("secret");
    EXPECT_THROW(world.await(client.subscribe("secret", 1)), std::system_error);
    world.broker.refuse_subscription("secret", false);
    world.await(client.subscribe("secret", 1));
    EXPECT_TRUE(world.broker.is_subscribed("me", "secret"));
}

TEST_P(kit, answers_as_a_device_would) {
    MQTTClient client(world.loop(), settings("me"));
    world.await(client.connect());
    world.await(client.subscribe("answer", 1));
    world.broker.on_message("question",
                            [&](const mqtt_as::testing::message& m) { world.broker.publish("answer", m.text + "!"); });
    world.await(client.publish("question", "here", {.qos = 1}));
    world.run_for(1s);
    EXPECT_EQ(heard, (strings{"me: answer here!"}));
}

TEST_P(kit, lets_messages_expire) {
    strings times;
    auto c = world.settings("me");
    c.version = GetParam();
    c.subs_cb = [&](const mqtt_as::received_message& m) {
        const auto left = m.properties().number(mqtt_as::property_id::message_expiry_interval);
        times.push_back(std::string(m.text()) + (left ? " " + std::to_string(*left) : ""));
    };
    MQTTClient client(world.loop(), c);
    world.await(client.connect());
    world.await(client.subscribe("in", 1));
    world.await(client.disconnect());
    world.run_for(1s);
    world.broker.publish("in", "short", {.expiry = 60s});
    world.broker.publish("in", "long", {.expiry = 61s});
    world.broker.publish("in", "for ever");
    world.broker.publish("kept/short", "a", {.retain = true, .expiry = 60s});
    world.broker.publish("kept/long", "b", {.retain = true, .expiry = 61s});
    EXPECT_EQ(world.broker.retained("kept/short"), "a");
    world.run_for(60s);
    EXPECT_EQ(world.broker.retained("kept/short"), std::nullopt);
    EXPECT_EQ(world.broker.retained("kept/long"), "b");
    world.await(client.connect());
    world.await(client.subscribe("kept/#", 1));
    world.run_for(100ms);
    const bool v5 = GetParam() == mqtt_as::protocol_version::v5;
    EXPECT_EQ(times, v5 ? (strings{"long 1", "for ever", "b 1"}) : (strings{"long", "for ever", "b"}));
}

TEST(kit_world, lets_what_clients_publish_expire_and_their_wills) {
    mqtt_as::testing::world world;
    auto c = world.settings("me");
    c.version = mqtt_as::protocol_version::v5;
    c.will = {"will", "gone", true, 1};
    c.will->message_expiry_interval = 5;
    MQTTClient client(world.loop(), c);
    world.await(client.connect());
    mqtt_as::publish_options options{.qos = 1, .retain = true};
    options.properties.message_expiry_interval = 10;
    world.await(client.publish("t", "x", options));
    client.close();
    world.run_for(4s);
    EXPECT_EQ(world.broker.retained("will"), "gone");
    EXPECT_EQ(world.broker.retained("t"), "x");
    world.run_for(2s);
    EXPECT_EQ(world.broker.retained("will"), std::nullopt);
    world.run_for(5s);
    EXPECT_EQ(world.broker.retained("t"), std::nullopt);
}

TEST_P(kit, lets_the_members_of_a_group_take_turns) {
    MQTTClient a(world.loop(), settings("a"));
    MQTTClient b(world.loop(), settings("b"));
    MQTTClient alone(world.loop(), settings("alone"));
    world.broker.publish("jobs/1", "retained", {.retain = true});
    for (MQTTClient* const each : {&a, &b}) {
        world.await(each->connect());
        world.await(each->subscribe("$share/workers/jobs/+", 1));
    }
    world.await(alone.connect());
    world.await(alone.subscribe("$share/others/jobs/+", 1));
    const auto job = [&](const char* text) {
        world.broker.publish("jobs/1", text);
        world.run_for(1s);
        std::sort(heard.begin(), heard.end());  // each group has its own turns, in no order between them
        return std::exchange(heard, {});
    };
    EXPECT_EQ(job("1"), (strings{"a: jobs/1 1", "alone: jobs/1 1"}));
    EXPECT_EQ(job("2"), (strings{"alone: jobs/1 2", "b: jobs/1 2"}));
    EXPECT_EQ(job("3"), (strings{"a: jobs/1 3", "alone: jobs/1 3"}));
    // Who is away has no turn; while all are, the sessions keep what comes.
    world.await(b.disconnect());
    world.run_for(1s);
    EXPECT_EQ(job("4"), (strings{"a: jobs/1 4", "alone: jobs/1 4"}));
    world.await(a.disconnect());
    world.run_for(1s);
    EXPECT_EQ(job("5"), (strings{"alone: jobs/1 5"}));
    EXPECT_EQ(job("6"), (strings{"alone: jobs/1 6"}));
    world.await(a.connect());
    world.await(b.connect());
    world.run_for(1s);
    EXPECT_EQ(heard, (strings{"a: jobs/1 6", "b: jobs/1 5"}));
    heard.clear();
    world.await(a.unsubscribe("$share/workers/jobs/+"));
    EXPECT_EQ(job("7"), (strings{"alone: jobs/1 7", "b: jobs/1 7"}));
}

TEST_P(kit, answers_one_message_after_the_other) {
    strings story;
    world.broker.on_message("#", [&](const mqtt_as::testing::message& m) {
        story.push_back("begins " + m.text);
        if (m.text.size() < 3) world.broker.publish("echo", m.text + "x");
        story.push_back("ends " + m.text);
    });
    world.broker.publish("t", "x");
    world.run_for(0ms);
    EXPECT_EQ(story, (strings{"begins x", "ends x", "begins xx", "ends xx", "begins xxx", "ends xxx"}));
    EXPECT_EQ(world.broker.texts(), (strings{"x", "xx", "xxx"}));
    EXPECT_EQ(world.now(), 0ms);
}

TEST_P(kit, delivers_again_what_a_killed_process_had_not_acknowledged) {
    auto c = settings("me");
    c.subs_cb = nullptr;
    c.queue_len = 10;
    c.manual_acknowledgement = true;
    const auto life = [](MQTTClient& client) -> mqtt_as::task<> {
        co_await client.connect({.retry = true});
        co_await client.subscribe("orders", 1);
        for (;;) (void)co_await client.queue.receive();
    };
    std::optional<MQTTClient> client(std::in_place, world.loop(), c);
    world.start(life(*client));
    world.after(1s, [&] { world.broker.publish("orders", "tea"); });
    world.after(2s, [&] { client->close(); });
    EXPECT_THROW(world.run_for(3s), mqtt_as::operation_error);
    client.emplace(world.loop(), c);
    const auto again = world.await([](MQTTClient& next) -> mqtt_as::task<mqtt_as::queued_message> {
        co_await next.connect();
        co_return co_await next.queue.receive();
    }(*client));
    EXPECT_EQ(again.text(), "tea");
    EXPECT_TRUE(again.duplicate());
}

TEST_P(kit, ends_sessions_as_they_were_begun) {
    auto clean = settings("clean");
    clean.clean = clean.clean_init = true;
    {
        MQTTClient passing(world.loop(), clean);
        MQTTClient kept(world.loop(), settings("kept"));
        world.await(passing.connect());
        world.await(kept.connect());
        world.await(passing.disconnect());
        world.await(kept.disconnect());
    }
    world.run_for(1s);
    EXPECT_FALSE(world.broker.has_session("clean"));
    EXPECT_TRUE(world.broker.has_session("kept"));
    EXPECT_EQ(world.network.open_connections(), 0u);
}

// ---- the same again, and what goes wrong -------------------------------------------------------------------------

strings story_of(std::uint64_t seed) {
    mqtt_as::testing::world world(seed);
    strings story;
    auto c = world.settings("me");
    c.wifi_coro = [&](bool up) { story.push_back(std::to_string(world.now().count()) + (up ? " up" : " down")); };
    MQTTClient client(world.loop(), c);
    client.connect({.retry = true}, [](std::error_code, const auto&) {});
    world.after(1min, [&] { world.broker.kill(); });
    world.after(10min, [&] { world.broker.start(); });
    world.run_for(20min);
    return story;
}

TEST(kit_world, repeats_itself_and_differs_by_seed) {
    EXPECT_EQ(story_of(1).size(), 3u);
    EXPECT_EQ(story_of(1), story_of(1));
    EXPECT_NE(story_of(1), story_of(2));
}

TEST(kit_world, passes_on_what_an_application_throws) {
    mqtt_as::testing::world world;
    world.start([]() -> mqtt_as::task<> {
        co_await mqtt_as::sleep_for(1s);
        throw std::runtime_error("a bug");
    }());
    world.run_for(999ms);
    EXPECT_THROW(world.run_for(1ms), std::runtime_error);
    world.run_for(1h);
}

TEST(kit_world, passes_on_what_leaves_a_callback_of_a_client) {
    struct bug {
        int number;
    };
    mqtt_as::testing::world world;
    const auto thrown_in = [&](auto call) {
        try {
            call();
        } catch (const bug& e) {
            return e.number;
        }
        return 0;
    };
    auto c = world.settings("me");
    c.subs_cb = [](std::string_view, std::string_view, bool) { throw bug{1}; };
    c.wifi_coro = [](bool up) {
        if (!up) throw bug{2};
    };
    c.connect_coro = [&](MQTTClient&) -> mqtt_as::task<> {
        if (world.now() > 1min) throw bug{3};
        co_return;
    };
    MQTTClient client(world.loop(), c);
    world.await(client.connect());
    world.await(client.subscribe("t", 1));
    world.run_for(1s);
    world.broker.publish("t", "x");
    EXPECT_EQ(thrown_in([&] { world.run_for(1s); }), 1);
    world.run_for(1min);  // once
    client.publish("u", "x", {.qos = 1}, [](std::error_code, const auto&) { throw bug{4}; });
    EXPECT_EQ(thrown_in([&] { world.await(mqtt_as::sleep_for(1s)); }), 4);
    world.network.reset();
    EXPECT_EQ(thrown_in([&] { world.run_for(1s); }), 2);
    EXPECT_EQ(thrown_in([&] { (void)world.run_until([] { return false; }, 1min); }), 3);
}

TEST(kit_world, leaves_to_on_error_what_a_client_gives_it) {
    mqtt_as::testing::world world;
    strings told;
    auto c = world.settings("me");
    c.on_error = [&](std::exception_ptr, std::string_view where) { told.emplace_back(where); };
    MQTTClient client(world.loop(), c);
    world.await(client.connect());
    client.publish("u", "x", {.qos = 1}, [](std::error_code, const auto&) { throw std::runtime_error("a bug"); });
    world.run_for(1s);
    EXPECT_EQ(told, (strings{"a completion"}));
}

TEST(kit_world, says_when_what_is_awaited_does_not_come) {
    mqtt_as::testing::world world;
    EXPECT_THROW(world.await(mqtt_as::sleep_for(61min)), std::runtime_error);
    world.network.refuse();
    MQTTClient client(world.loop(), world.settings("me"));
    client.connect({.retry = true}, [](std::error_code, const auto&) {});
    EXPECT_THROW(world.await(client.publish("t", "x", {.qos = 1}), 1h), std::runtime_error);
}

TEST(kit_world, says_when_an_application_never_rests) {
    mqtt_as::testing::world world;
    std::function<void()> again = [&] { world.loop().post(again); };
    again();
    EXPECT_THROW(world.run_for(1s), std::runtime_error);
}

template <class Call>
std::string complaint_of(Call call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "none";
}

TEST(kit_world, says_when_a_device_answers_itself_for_ever) {
    mqtt_as::testing::world world;
    world.broker.on_message("#", [&](const mqtt_as::testing::message&) { world.broker.publish("echo/x", "got it"); });
    MQTTClient client(world.loop(), world.settings("me"));
    world.await(client.connect());
    client.publish("t", "x", {.qos = 0}, [](std::error_code, const auto&) {});
    EXPECT_EQ(complaint_of([&] { world.run_for(1s); }),
              "mqtt_as::testing: 100,000 handlers have run and no time has passed");
}

TEST(kit_world, says_when_a_coroutine_sleeps_for_no_time_for_ever) {
    mqtt_as::testing::world world;
    world.start([]() -> mqtt_as::task<> {
        for (;;) co_await mqtt_as::sleep_for(0ms);
    }());
    EXPECT_EQ(complaint_of([&] { world.run_for(1s); }),
              "mqtt_as::testing: 100,000 handlers have run and no time has passed");
}

TEST(kit_world, tells_a_device_of_all_that_a_test_publishes_at_once) {
    mqtt_as::testing::world world;
    int told = 0;
    world.broker.on_message("t", [&](const mqtt_as::testing::message&) { ++told; });
    for (int n = 0; n < 100'001; ++n) world.broker.publish("t", "x", {.qos = 0});
    world.run_for(1s);
    EXPECT_EQ(told, 100'001);
}

TEST(kit_world, refuses_what_cannot_be) {
    mqtt_as::testing::world world;
    auto& broker = world.broker;
    const std::string kit = "mqtt_as::testing: ";
    EXPECT_EQ(complaint_of([&] { broker.publish("a/#", "x"); }), kit + "'a/#' is not a topic to publish to");
    EXPECT_EQ(complaint_of([&] { broker.publish("a", "x", {.qos = 3}); }), kit + "there is no qos 3");
    EXPECT_EQ(complaint_of([&] { (void)broker.texts("a/#/b"); }), kit + "'a/#/b' is not a topic filter");
    EXPECT_EQ(complaint_of([&] { broker.on_message("a+", {}); }), kit + "'a+' is not a topic filter");
    EXPECT_EQ(complaint_of([&] { broker.refuse_subscription(""); }), kit + "'' is not a topic filter");
    EXPECT_EQ(complaint_of([&] { broker.refuse_connections(0x33); }),
              kit + "no CONNACK has the code 51: 0 to 5, or 128 and more");
    EXPECT_EQ(complaint_of([&] { (void)broker.retained("a/#"); }),
              kit + "'a/#' is not a topic that a message is retained for: ask for one topic");
    EXPECT_EQ(complaint_of([&] { (void)broker.is_subscribed("me", "a/#/b"); }), kit + "'a/#/b' is not a topic filter");
    EXPECT_EQ(complaint_of([&] { broker.set_limits({.maximum_qos = 7}); }),
              kit + "there is no qos 7: `maximum_qos` is 0, 1 or 2");
    EXPECT_EQ(complaint_of([&] { broker.set_limits({.receive_maximum = 0}); }),
              kit + "a `receive_maximum` of 0 is a protocol error: 1 or more");
    EXPECT_EQ(complaint_of([&] { broker.publish("a", "x", {.expiry = -1s}); }),
              kit + "a message cannot expire in -1 s: 1 to 4294967295, or 0 for never");
    EXPECT_EQ(complaint_of([&] { world.run_for(-1ms); }), kit + "a span of time is not negative, as -1 ms is");
    EXPECT_EQ(complaint_of([&] { world.after(-1s, [] {}); }), kit + "a span of time is not negative, as -1000 ms is");
    EXPECT_EQ(complaint_of([&] { world.network.set_path("", {.delay = -5ms}); }),
              kit + "a `delay` is not negative, as -5 ms is");
    EXPECT_EQ(complaint_of([&] { (void)world.network.passed(toward::client, packet_type::pingreq); }),
              kit + "no PINGREQ goes toward the client: ask for the other side");
    for (const auto& call : {std::function<void()>([&] { (void)world.network.applied(9); }),
                             std::function<void()>([&] { world.network.release(9); }),
                             std::function<void()>([&] { world.network.remove(9); })})
        EXPECT_EQ(complaint_of(call), "there is no rule 9: `add` returns what rules are called");
}

TEST(kit_world, refuses_what_would_wait_in_real_time) {
    mqtt_as::testing::world world;
    const auto main = [](MQTTClient& client) -> mqtt_as::task<> { co_await client.connect(); };
    const std::string why =
        " would wait in real time, in which nothing happens in a world: make the client of world.loop(), start the "
        "coroutine by world.start, and let time pass by world.run_for";
    EXPECT_EQ(complaint_of([&] { mqtt_as::run(world.settings("me"), main); }),
              "mqtt_as::testing: run(config, main)" + why);
    EXPECT_EQ(complaint_of([&] { world.loop().run(); }), "mqtt_as::testing: event_loop::run" + why);
    mqtt_as::event_loop own;
    EXPECT_EQ(complaint_of([&] { own.run_for(1ms); }), "mqtt_as::testing: event_loop::run_for" + why);
    EXPECT_EQ(complaint_of([&] { MQTTClient client(own, world.settings("me")); }),
              "mqtt_as::testing: this client is not of world.loop(), whose time alone passes: make it of world.loop(), "
              "or of world.loop().context()");
}

// What docs/testing.md says of programs written with `run`: their coroutine is what is tested.
TEST(kit_world, tests_the_coroutine_of_a_program) {
    mqtt_as::testing::world world;
    const auto main = [](MQTTClient& client) -> mqtt_as::task<> {
        co_await client.connect();
        co_await client.publish("t", "done", {.qos = 1});
        co_await client.disconnect();
    };
    // A strand of the loop is of the loop.
    MQTTClient client(boost::asio::make_strand(world.loop().context()), world.settings("me"));
    world.await(main(client));
    EXPECT_EQ(world.broker.texts("t"), (strings{"done"}));
}

TEST(kit_world, refuses_rules_that_could_not_do_what_they_say) {
    mqtt_as::testing::world world;
    const auto complaint = [&](const mqtt_as::testing::rule& what) {
        const std::string kit = "mqtt_as::testing: ";
        const std::string all = complaint_of([&] { (void)world.network.add(what); });
        return all.starts_with(kit) ? all.substr(kit.size()) : all;
    };
    EXPECT_EQ(complaint({.topic = "s/#"}),
              "'s/#' is a filter, and a rule's `topic` is one topic: name one, or none for all");
    EXPECT_EQ(complaint({.type = packet_type::connect, .topic = "me"}),
              "a CONNECT has no topic: leave `topic` away, or set `type` to PUBLISH");
    EXPECT_EQ(complaint({.to = toward::client, .type = packet_type::pingreq}),
              "no PINGREQ goes toward the client: set `to` to the other side, or another `type`");
    EXPECT_EQ(complaint({.type = packet_type::suback}),
              "no SUBACK goes toward the broker: set `to` to the other side, or another `type`");
    EXPECT_EQ(complaint({.type = packet_type::continuation}),
              "a rule is about packets, not about more bytes of a large packet: set `type`");
    EXPECT_EQ(complaint({.to = toward::client, .type = packet_type::puback, .what = action::refuse}),
              "what can be refused is a SUBACK, not a PUBACK: set `to` and `type`");
    for (const auto& what : {mqtt_as::testing::rule{.type = packet_type::connect, .what = action::swallow},
                             mqtt_as::testing::rule{.to = toward::client, .what = action::swallow}})
        EXPECT_EQ(complaint(what),
                  "what can be swallowed is a PUBLISH toward the broker: set `to` and `type`, or use `drop`");
    EXPECT_EQ(complaint({.times = 0}), "a rule that applies 0 `times` does nothing: set 1 or more");
    EXPECT_EQ(complaint({.what = action::late, .by = -1s}),
              "no packet is late by less than nothing: set `by` to more than 0");
    EXPECT_EQ(complaint({.what = action::late}), "late by how much? Set `by`");
    EXPECT_EQ(complaint({.to = toward::client, .type = packet_type::suback, .what = action::refuse}), "none");
    EXPECT_EQ(complaint({.what = action::swallow, .topic = "s"}), "none");
    EXPECT_EQ(complaint({.to = toward::client, .type = packet_type::disconnect}), "none");
}

// There is no PUBACK for others: the client would be told what cannot be.
TEST(kit_world, swallows_messages_of_qos_1_alone) {
    mqtt_as::testing::world world;
    MQTTClient client(world.loop(), world.settings("me"));
    world.await(client.connect());
    const auto swallows = world.network.add({.type = packet_type::publish, .what = action::swallow, .times = 9});
    world.await(client.publish("t", "0", {.qos = 0}));
    world.await(client.publish("t", "1", {.qos = 1}));
    world.await(client.publish("t", "2", {.qos = 2}));
    world.run_for(1s);
    EXPECT_EQ(world.broker.texts("t"), (strings{"0", "2"}));
    EXPECT_EQ(world.network.applied(swallows), 1u);
}

TEST(kit_world, leaves_other_threads_and_what_comes_after_it_in_real_time) {
    std::optional<mqtt_as::testing::world> world(std::in_place);
    std::thread([] { mqtt_as::event_loop().run_for(1ms); }).join();
    world.reset();
    mqtt_as::event_loop().run_for(1ms);
}

TEST(kit_world, is_the_only_one_of_its_thread) {
    mqtt_as::testing::world world;
    EXPECT_THROW(mqtt_as::testing::world(), std::logic_error);
}

TEST(kit_world, names_what_a_client_did_wrong) {
    mqtt_as::testing::world world;
    MQTTClient client(world.loop(), world.settings("me"));
    world.await(client.connect());
    world.network.add({.type = packet_type::publish, .what = action::corrupt, .bit = 5});  // qos 1 becomes qos 3
    world.await(client.publish("t", "x", {.qos = 1}));
    ASSERT_EQ(world.broker.violations().size(), 1u);
    EXPECT_EQ(world.broker.violations()[0].substr(0, 4), "me: ");
    EXPECT_EQ(world.broker.texts(), (strings{"x"}));  // on the next connection
}

TEST(kit_world, cancels_what_sleeps) {
    mqtt_as::testing::world world;
    boost::asio::cancellation_signal cancel;
    bool was_cancelled = false;
    boost::asio::co_spawn(world.loop().context(), mqtt_as::sleep_for(1h),
                          boost::asio::bind_cancellation_slot(
                              cancel.slot(), [&](std::exception_ptr e) { was_cancelled = e != nullptr; }));
    world.after(1s, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
    world.run_for(2s);
    EXPECT_TRUE(was_cancelled);
}

}  // namespace
