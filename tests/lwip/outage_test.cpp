// Outages between a board and its broker, on a wire that fails on demand.
#include "tests/lwip/world.hpp"

#include <set>

namespace mqtt_as::lwip_test {
namespace {

/// Publishes numbers without a pause, by callbacks, and notes which were acknowledged.
class stream {
public:
    stream(world& w, const config& c) : world_(w), heard_(w.broker, "numbers", 2), client(w.loop, c) {
        EXPECT_EQ(w.run([&]() -> task<> { co_await client.connect({.retry = true}); }), errc::ok);
    }

    /// Goes on until `more` further messages were acknowledged.
    bool goes_on(std::size_t more) {
        const std::size_t goal = acknowledged_.size() + more;
        return world_.run_until([&] {
            const auto number = std::to_string(next_);
            const errc e =
                client.publish("numbers", std::string_view(number), {.qos = static_cast<std::uint8_t>(1 + next_ % 2)},
                               [this, n = next_](errc error, publish_result) {
                                   EXPECT_EQ(error, errc::ok);
                                   acknowledged_.insert(n);
                               });
            if (e == errc::ok) ++next_;
            return acknowledged_.size() >= goal;
        });
    }
    /// Publishes nothing more until everything is acknowledged and heard.
    bool rests() {
        return world_.run_until(
            [&] { return acknowledged_.size() == static_cast<std::size_t>(next_) && lost().empty(); });
    }
    void judge() {
        EXPECT_TRUE(rests()) << lost().size() << " lost";
        EXPECT_EQ(world_.run([&]() -> task<> { co_await client.disconnect(); }), errc::ok);
    }

private:
    std::set<int> lost() const {
        std::set<int> missing = acknowledged_;
        for (const std::string& line : heard_.lines()) missing.erase(std::stoi(line.substr(line.find(' '))));
        return missing;
    }

    world& world_;
    test::witness heard_;
    int next_ = 0;
    std::set<int> acknowledged_;

public:
    MQTTClient client;
};

TEST(lwip_outage, a_lossy_wire_loses_nothing) {
    world w;
    stream s(w, w.settings());
    w.net.loss_percent = 10;
    ASSERT_TRUE(s.goes_on(60));
    EXPECT_GT(w.net.lost, 0u);
    w.net.loss_percent = 0;
    s.judge();
}

TEST(lwip_outage, a_pulled_link_is_held_and_a_black_hole_is_noticed) {
    world w;
    stream s(w, w.settings());
    ASSERT_TRUE(s.goes_on(20));
    w.net.set_link(false);
    EXPECT_TRUE(w.run_until([&] { return !s.client.explain().link_up; }));
    w.net.set_link(true);
    ASSERT_TRUE(s.goes_on(20));
    w.net.is_black_hole = true;
    EXPECT_TRUE(w.run_until([&] { return !s.client.isconnected(); }));
    w.net.is_black_hole = false;
    ASSERT_TRUE(s.goes_on(20));
    s.judge();
}

TEST(lwip_outage, resets_ends_and_cut_packets_are_healed) {
    world w;
    stream s(w, w.settings());
    ASSERT_TRUE(s.goes_on(20));
    w.proxy.reset();
    ASSERT_TRUE(s.goes_on(20));
    w.proxy.finish();
    ASSERT_TRUE(s.goes_on(20));
    for (const test::rule& cut :
         {test::rule{.what = test::action::cut_finish, .skip = 5},
          test::rule{.what = test::action::cut_reset, .skip = 5},
          test::rule{.to = test::toward::client, .type = test::packet_type::puback, .what = test::action::cut_reset}}) {
        const auto before = s.client.count().outages;
        w.proxy.add(cut);
        ASSERT_TRUE(s.goes_on(20));
        EXPECT_GT(s.client.count().outages, before);
    }
    EXPECT_GE(s.client.count().outages, 4u);
    s.judge();
}

TEST(lwip_outage, a_killed_broker_is_found_again) {
    world w;
    stream s(w, w.settings());
    ASSERT_TRUE(s.goes_on(20));
    EXPECT_TRUE(s.rests());  // Mosquitto acknowledges what it has not saved yet
    EXPECT_TRUE(w.broker.save("numbers"));
    w.broker.kill();
    EXPECT_TRUE(w.run_until([&] { return !s.client.isconnected(); }));
    w.broker.start();
    ASSERT_TRUE(s.goes_on(20));
    s.judge();
}

TEST(lwip_outage, a_frozen_broker_is_noticed_although_its_tcp_answers) {
    world w;
    stream s(w, w.settings());
    ASSERT_TRUE(s.goes_on(20));
    w.broker.pause();
    EXPECT_FALSE(w.run_until([&] { return !s.client.isconnected(); }, 1s));  // response_time is 2 s
    EXPECT_TRUE(w.run_until([&] { return !s.client.isconnected(); }));
    w.broker.resume();
    ASSERT_TRUE(s.goes_on(20));
    s.judge();
}

TEST(lwip_outage, handlers_follow_each_connection) {
    world w;
    static std::vector<std::string> story;
    story.clear();
    config c = w.settings();
    c.wifi_coro = [](bool up) { story.push_back(up ? "up" : "down"); };
    c.connect_coro = [](MQTTClient& client) -> task<> {
        story.push_back("begins");
        co_await client.subscribe("x", 1);
        story.push_back("subscribed");
        struct at_end {
            ~at_end() { story.push_back("cancelled"); }
        } const cancelled;
        co_await sleep_for(1h);
    };
    {
        MQTTClient client(w.loop, c);
        EXPECT_EQ(w.run([&]() -> task<> {
            co_await client.connect();
            while (story.size() < 3) co_await sleep_for(10ms);
            w.proxy.reset();
            co_await client.down.wait();
            client.up.clear();
            co_await client.up.wait();
            while (story.size() < 8) co_await sleep_for(10ms);
            co_await client.disconnect();
        }),
                  errc::ok);
        w.run_until([&] { return story.size() == 10; });
    }
    EXPECT_EQ(story, (std::vector<std::string>{"up", "begins", "subscribed", "cancelled", "down", "up", "begins",
                                               "subscribed", "cancelled", "down"}));
}

}  // namespace
}  // namespace mqtt_as::lwip_test
