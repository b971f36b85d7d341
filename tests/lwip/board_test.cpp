// What a board supplies: Wi-Fi, records that survive a power cycle, a policy for failed tasks.
#include "tests/lwip/world.hpp"

namespace mqtt_as::lwip_test {
namespace {

TEST(lwip_board, joins_a_network_when_it_is_asked_to) {
    world w;
    config c = w.settings();
    c.ssid = "shed";
    c.wifi_pw = "secret";
    w.net.set_link(false);
    MQTTClient client(w.loop, c);
    bool is_connected = false;
    EXPECT_EQ(client.connect({}, [&](errc e, connect_result) { is_connected = e == errc::ok; }), errc::ok);
    EXPECT_TRUE(w.run_until([&] { return !the_wifi.asked.empty(); }));
    EXPECT_EQ(the_wifi.asked, std::vector<std::string>{"shed/secret"});
    // Longer than response_time: joining has a minute.
    EXPECT_FALSE(w.run_until([&] { return is_connected; }, 3s));
    EXPECT_EQ(client.explain().at, stage::link);
    w.net.set_link(true);
    EXPECT_TRUE(w.run_until([&] { return is_connected; }));
    EXPECT_EQ(the_wifi.asked.size(), 1u);
}

TEST(lwip_board, a_wrong_key_ends_the_attempt_at_once) {
    world w;
    config c = w.settings();
    c.ssid = "shed";
    w.net.set_link(false);
    the_wifi.answer = errc::wifi_wrong_key;
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        const auto r = co_await client.connect(as_result);
        EXPECT_EQ(r.error, errc::wifi_wrong_key);
        EXPECT_EQ(r.at, stage::link);
        EXPECT_FALSE(r.can_retry_help);
    }),
              errc::ok);
}

TEST(lwip_board, without_a_network_an_attempt_ends_after_response_time) {
    world w;
    w.net.set_link(false);
    MQTTClient client(w.loop, w.settings());
    EXPECT_EQ(w.run([&]() -> task<> {
        const auto r = co_await client.connect(as_result);
        EXPECT_EQ(r.error, errc::stage_timed_out);
        EXPECT_EQ(r.at, stage::link);
    }),
              errc::ok);
}

TEST(lwip_board, the_session_goes_on_after_a_power_cycle) {
    world w;
    config c = w.settings();
    c.clean_init = true;  // a clean session in the first life only
    for (const bool is_first : {true, false}) {
        MQTTClient client(w.loop, c);
        EXPECT_EQ(w.run([&]() -> task<> {
            const auto r = co_await client.connect();
            EXPECT_EQ(r.session_present, !is_first);
            co_await client.disconnect();
        }),
                  errc::ok);
    }
    // Another client's record says nothing about this one's session.
    c.client_id = "another";
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> { EXPECT_FALSE((co_await client.connect()).session_present); }), errc::ok);
}

TEST(lwip_board, accepted_publishes_survive_a_power_cycle_in_their_order) {
    world w;
    test::witness heard(w.broker, "t", 2);
    config c = w.settings();
    c.store_publishes = true;
    {
        MQTTClient client(w.loop, c);  // never connects, and loses its power
        for (const char* text : {"1", "2", "3"})
            EXPECT_EQ(client.publish("t", text, {.qos = 1, .retain = true}, [](errc, publish_result) {}), errc::ok);
        EXPECT_EQ(client.publish("t", "of qos 0", {}, [](errc, publish_result) {}), errc::ok);
        EXPECT_EQ(the_flash.records.size(), 3u);
        const flash left = the_flash;
        client.close();
        w.run_until([&] { return look_at_task_memory().now == 0; });
        the_flash = left;
    }
    {
        MQTTClient client(w.loop, c);
        EXPECT_EQ(w.run([&]() -> task<> {
            EXPECT_EQ(client.publish("t", "4", {.qos = 1}, [](errc, publish_result) {}),
                      errc::ok);  // gets a free record
            co_await client.connect();
            co_await client.publish("t", "5", {.qos = 2});
            co_await client.disconnect();
        }),
                  errc::ok);
        EXPECT_TRUE(w.run_until([&] { return heard.lines().size() == 5; }));
        EXPECT_EQ(heard.lines(), (std::vector<std::string>{"t 1", "t 2", "t 3", "t 4", "t 5"}));
    }
    the_flash.records.erase(0);
    EXPECT_TRUE(the_flash.records.empty()) << "records of finished publishes are erased";
}

TEST(lwip_board, what_cannot_be_stored_is_not_accepted) {
    world w;
    config c = w.settings();
    c.store_publishes = true;
    the_flash.writes_left = 1;
    MQTTClient client(w.loop, c);
    const auto nothing = [](errc, publish_result) {};
    EXPECT_EQ(client.publish("t", "1", {.qos = 1}, nothing), errc::ok);
    EXPECT_EQ(client.publish("t", "2", {.qos = 1}, nothing), errc::out_of_memory);
    EXPECT_EQ(client.explain().unfinished, 1u);
}

TEST(lwip_board, run_starts_a_failed_task_again) {
    world w;
    static int lives;
    lives = 0;
    const auto twice = [](MQTTClient& client) -> task<> {
        co_await client.connect();
        co_await client.publish(++lives < 3 ? "a/#" : "a", "text", {.qos = 1});
    };
    EXPECT_EQ(run(w.settings(), twice), 0);
    EXPECT_EQ(lives, 3);
    using told = std::vector<std::pair<errc, std::string>>;
    EXPECT_EQ(task_failures.told, (told{{errc::bad_topic, "main"}, {errc::bad_topic, "main"}}));
    // Unless it is told not to.
    lives = 0;
    task_failures.again_after = duration(-1);
    EXPECT_EQ(run(w.settings(), twice), 1);
    EXPECT_EQ(lives, 1);
}

TEST(lwip_board, a_failed_connect_coro_is_reported) {
    world w;
    config c = w.settings();
    c.connect_coro = [](MQTTClient& client) -> task<> { co_await client.subscribe("a/#/b", 1); };
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> { co_await client.connect(); }), errc::ok);
    EXPECT_TRUE(w.run_until([&] { return !task_failures.told.empty(); }));
    EXPECT_EQ(task_failures.told.front(), (std::pair<errc, std::string>{errc::bad_filter, "connect_coro"}));
    EXPECT_TRUE(client.isconnected());
}

}  // namespace
}  // namespace mqtt_as::lwip_test
