// Messages that the application acknowledges when it has stored them: when the server hears of it, and what becomes of
// those that nobody acknowledges.
#include "tests/asio/world.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace mqtt_as::front_test {
namespace {

using list = std::vector<std::string>;

/// What the server has heard, as "PUBACK 7" and "PUBREC 7", over all connections.
class heard {
public:
    void note(const frame& f) {
        if (f.type() != PUBACK && f.type() != pubrec) return;
        const std::lock_guard lock(mutex_);
        lines_.push_back((f.type() == PUBACK ? "PUBACK " : "PUBREC ") + std::to_string(f.packet_id()));
    }
    list lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    static constexpr int pubrec = 5;
    mutable std::mutex mutex_;
    list lines_;
};

/// A message that the server sends: its text is "qos QOS id ID".
struct sent {
    int qos;
    std::uint16_t id;
};

/// Sends `what` as soon as the client is there (and, at first, has subscribed) and serves it until `cut`.
scripted_server::script sending(std::vector<sent> what, heard& seen, std::atomic<bool>* cut = nullptr,
                                bool again = false) {
    return [what = std::move(what), &seen, cut, again](peer& p) {
        p.accept(again);
        if (!again) p.answer(p.expect(SUBSCRIBE));
        for (const sent& s : what)
            p.publish("t", "qos " + std::to_string(s.qos) + " id " + std::to_string(s.id), s.qos, s.id);
        while (const auto f = p.read()) {
            if (f->type() == PUBLISH && cut != nullptr && *cut) return p.reset();  // the test asks for it
            seen.note(*f);
            p.answer(*f);
            if (f->type() == DISCONNECT) return;
        }
    };
}

config by_hand(const scripted_server& server, protocol_version version) {
    config c = config_for(server.port(), version);
    c.manual_acknowledgement = true;
    c.client_id = "careful";
    c.clean_init = c.clean = false;
    return c;
}

/// The text and the delivery of each message that `subs_cb` was given.
struct given {
    list texts;
    std::vector<delivery> deliveries;

    void take(const received_message& m) {
        texts.emplace_back(m.text());
        deliveries.push_back(m.delivery());
    }
    delivery of(const std::string& text) const {
        const auto last = std::find(texts.rbegin(), texts.rend(), text);
        return last == texts.rend() ? delivery() : deliveries[static_cast<std::size_t>(texts.rend() - last - 1)];
    }
};

/// The connection ends: the server resets it when it sees this message.
task<> lose(MQTTClient& client, std::atomic<bool>& cut) {
    cut = true;
    const std::uint32_t before = client.count().connections;
    client.publish("t", "cut", {.qos = 0}, [](std::error_code, publish_result) {});
    EXPECT_TRUE(co_await eventually([&] { return client.count().connections == before + 1; }));
    cut = false;
}

class acknowledge : public testing::TestWithParam<protocol_version> {
protected:
    /// Of a client that notes what it is given.
    config noting(const scripted_server& server) {
        config c = by_hand(server, GetParam());
        c.subs_cb = [this](const received_message& m) { got.take(m); };
        return c;
    }
    /// Now the server sends.
    static task<> begin(MQTTClient& client) {
        co_await client.connect();
        co_await client.subscribe("t", 2);
    }

    heard seen;
    world w;
    given got;
};
INSTANTIATE_TEST_SUITE_P(both, acknowledge, testing::Values(protocol_version::v3_1_1, protocol_version::v5),
                         [](const auto& version) { return version.param == protocol_version::v5 ? "v5" : "v3_1_1"; });

TEST_P(acknowledge, in_any_order_is_told_to_the_server_in_the_order_of_arrival) {
    scripted_server server({sending({{1, 1}, {2, 2}, {0, 0}, {1, 3}}, seen)});
    const config c = noting(server);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 4; }));
        EXPECT_EQ(client.explain().unacknowledged, 3u);  // qos 0 has no acknowledgement
        EXPECT_TRUE(client.acknowledge(got.of("qos 0 id 0")));
        EXPECT_TRUE(client.acknowledge(got.of("qos 1 id 3")));
        EXPECT_TRUE(client.acknowledge(got.of("qos 2 id 2")));
        EXPECT_EQ(client.explain().unacknowledged, 1u);
        co_await client.publish("t", "x", {.qos = 1});  // the server has heard all that was to be told
        EXPECT_EQ(seen.lines(), list());
        EXPECT_TRUE(client.acknowledge(got.of("qos 1 id 1")));
        EXPECT_TRUE(client.acknowledge(got.of("qos 1 id 1")));  // twice does no harm
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == 3; }));
        EXPECT_EQ(seen.lines(), (list{"PUBACK 1", "PUBREC 2", "PUBACK 3"}));
        EXPECT_EQ(client.explain().unacknowledged, 0u);
        EXPECT_EQ(client.explain().inbox, 0u);
    });
}

TEST_P(acknowledge, of_messages_from_the_queue_when_they_are_gone_and_from_another_thread) {
    scripted_server server({sending({{1, 1}, {2, 2}, {0, 0}}, seen)});
    config c = by_hand(server, GetParam());
    c.queue_len = 5;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        std::vector<delivery> taken;
        taken.push_back((co_await client.queue.receive()).delivery());
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 2; }));
        EXPECT_EQ(client.explain().unacknowledged, 1u);  // the others have not been given out
        taken.push_back(client.queue.try_receive()->delivery());
        taken.push_back((co_await client.queue.receive()).delivery());
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(seen.lines(), list());
        std::thread([&] {
            for (const delivery d : taken) EXPECT_TRUE(client.acknowledge(d));
        }).join();
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == 2; }));
        EXPECT_EQ(seen.lines(), (list{"PUBACK 1", "PUBREC 2"}));
    });
}

TEST_P(acknowledge, what_was_not_is_delivered_again_and_the_old_delivery_says_that_it_is_too_late) {
    std::atomic<bool> cut{false};
    scripted_server server({sending({{1, 1}, {2, 2}, {1, 3}, {2, 4}}, seen, &cut),
                            sending({{1, 1}, {2, 2}, {1, 3}}, seen, nullptr, true)});
    const config c = noting(server);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 4; }));
        const given before = std::exchange(got, {});
        EXPECT_TRUE(client.acknowledge(before.of("qos 1 id 3")));  // the server does not hear of it: id 1 comes first
        EXPECT_TRUE(client.acknowledge(before.of("qos 2 id 4")));
        co_await lose(client, cut);

        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 3; }));
        EXPECT_EQ(got.texts, (list{"qos 1 id 1", "qos 2 id 2", "qos 1 id 3"}));
        EXPECT_FALSE(client.acknowledge(before.of("qos 1 id 1")));
        EXPECT_FALSE(client.acknowledge(before.of("qos 2 id 2")));
        EXPECT_EQ(client.explain().unacknowledged, 3u);
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(seen.lines(), list());
        for (const delivery d : got.deliveries) EXPECT_TRUE(client.acknowledge(d));
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == 3; }));
        EXPECT_EQ(seen.lines(), (list{"PUBACK 1", "PUBREC 2", "PUBACK 3"}));
        EXPECT_EQ(client.explain().inbox, 0u);
    });
}

TEST_P(acknowledge, what_was_at_qos_2_is_never_delivered_again) {
    std::atomic<bool> cut{false};
    scripted_server server(
        {sending({{1, 1}, {2, 2}}, seen, &cut), sending({{1, 1}, {2, 2}, {1, 3}}, seen, nullptr, true)});
    const config c = noting(server);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 2; }));
        EXPECT_TRUE(client.acknowledge(got.of("qos 2 id 2")));  // the server does not hear of it
        got = {};
        co_await lose(client, cut);
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 2; }));
        EXPECT_EQ(got.texts, (list{"qos 1 id 1", "qos 1 id 3"}));
        EXPECT_EQ(seen.lines(), list());  // it waits for its turn
        EXPECT_TRUE(client.acknowledge(got.of("qos 1 id 1")));
        EXPECT_TRUE(co_await eventually([&] { return seen.lines() == (list{"PUBACK 1", "PUBREC 2"}); }));
    });
}

TEST_P(acknowledge, what_waits_in_the_queue_through_an_outage_is_delivered_once_at_qos_2) {
    std::atomic<bool> cut{false};
    scripted_server server(
        {sending({{2, 1}, {2, 2}}, seen, &cut), sending({{2, 1}, {2, 2}, {2, 3}}, seen, nullptr, true)});
    config c = by_hand(server, GetParam());
    c.queue_len = 5;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 2; }));
        co_await lose(client, cut);
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 3; }));
        for (int id = 1; id <= 3; ++id) {
            const queued_message m = co_await client.queue.receive();
            EXPECT_EQ(m.text(), "qos 2 id " + std::to_string(id));
            EXPECT_TRUE(client.acknowledge(m.delivery()));
        }
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == 3; }));
        EXPECT_EQ(seen.lines(), (list{"PUBREC 1", "PUBREC 2", "PUBREC 3"}));
    });
}

TEST_P(acknowledge, left_out_stops_the_server_at_the_limit_and_is_told_by_explain) {
    std::vector<sent> many;
    for (std::uint16_t id = 1; id <= 100; ++id) many.push_back({1, id});
    scripted_server server({sending(many, seen)});
    config c = noting(server);
    c.limits.inbound_max = 10;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 10; }));
        co_await sleep_for(20ms);
        EXPECT_EQ(got.texts.size(), 10u);
        const explanation stuck = client.explain();
        EXPECT_EQ(stuck.unacknowledged, 10u);
        EXPECT_TRUE(stuck.unacknowledged_since);
        EXPECT_NE(stuck.text().find("; 10 received messages not acknowledged, the oldest for 0 s"), std::string::npos)
            << stuck.text();
        for (std::size_t i = 0; i < 100; ++i) {  // each makes room for another
            EXPECT_TRUE(co_await eventually([&] { return got.deliveries.size() > i; }));
            EXPECT_TRUE(client.acknowledge(got.deliveries[i]));
        }
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == 100; }));
        EXPECT_EQ(client.explain().text().find("acknowledged"), std::string::npos);
    });
}

TEST_P(acknowledge, is_left_to_the_application_when_its_callback_throws) {
    scripted_server server({sending({{1, 1}, {1, 2}}, seen)});
    config c = by_hand(server, GetParam());
    int errors = 0;
    c.on_error = [&](std::exception_ptr, std::string_view) { ++errors; };
    c.subs_cb = [&](const received_message& m) {
        got.take(m);
        throw std::runtime_error("the disk is full");
    };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await begin(client);
        EXPECT_TRUE(co_await eventually([&] { return errors == 2; }));
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(seen.lines(), list());
        EXPECT_EQ(client.explain().unacknowledged, 2u);
    });
}

TEST_P(acknowledge, is_too_late_after_disconnect_and_after_close) {
    for (const bool close : {false, true}) {
        scripted_server server({sending({{1, 1}, {1, 2}}, seen), sending({{1, 2}}, seen, nullptr, true)});
        const config c = noting(server);
        got = {};
        MQTTClient client(w.executor(), c);
        w.run([&]() -> task<> {
            co_await begin(client);
            EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 2; }));
            EXPECT_TRUE(client.acknowledge(got.deliveries[0]));  // goes out before DISCONNECT
            const delivery kept = got.deliveries[1];
            co_await leave(client, close);
            EXPECT_FALSE(client.acknowledge(kept));
            if (close) co_return;
            EXPECT_TRUE(co_await eventually([&] { return seen.lines() == list{"PUBACK 1"}; }));
            co_await client.connect();
            EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 3; }));
            EXPECT_EQ(got.texts[2], "qos 1 id 2");
            EXPECT_FALSE(client.acknowledge(kept));
            EXPECT_TRUE(client.acknowledge(got.deliveries[2]));
            EXPECT_TRUE(co_await eventually([&] { return seen.lines() == (list{"PUBACK 1", "PUBACK 2"}); }));
        });
    }
}

TEST_P(acknowledge, knows_its_own_messages_from_those_of_another_client) {
    heard others;
    scripted_server server({sending({{1, 1}}, seen)}), another({sending({{1, 1}}, others)});
    given theirs;
    config c = by_hand(server, GetParam()), d = by_hand(another, GetParam());
    c.subs_cb = [&](const received_message& m) { got.take(m); };
    d.subs_cb = [&](const received_message& m) { theirs.take(m); };
    MQTTClient client(w.executor(), c), other(w.executor(), d);
    w.run([&]() -> task<> {
        for (MQTTClient* each : {&client, &other}) {
            co_await each->connect();
            co_await each->subscribe("t", 1);
        }
        EXPECT_TRUE(co_await eventually([&] { return got.texts.size() == 1 && theirs.texts.size() == 1; }));
        EXPECT_FALSE(client.acknowledge(theirs.deliveries[0]));
        EXPECT_FALSE(other.acknowledge(got.deliveries[0]));
        EXPECT_EQ(client.explain().unacknowledged, 1u);
        EXPECT_EQ(other.explain().unacknowledged, 1u);
    });
}

TEST_P(acknowledge, by_many_threads_at_once_keeps_the_order) {
    constexpr std::uint16_t count = 500;
    std::vector<sent> many;
    list expected;
    for (std::uint16_t id = 1; id <= count; ++id) {
        many.push_back({1, id});
        expected.push_back("PUBACK " + std::to_string(id));
    }
    scripted_server server({sending(many, seen)});
    config c = by_hand(server, GetParam());
    c.limits.inbound_max = 20;
    std::mutex mutex;
    std::deque<delivery> stored;
    c.subs_cb = [&](const received_message& m) {
        const std::lock_guard lock(mutex);
        stored.push_back(m.delivery());
    };
    MQTTClient client(w.executor(), c);
    std::atomic<int> left{count};
    const auto work = [&](bool newest) {
        while (left > 0) {
            std::optional<delivery> d;
            {
                const std::lock_guard lock(mutex);
                if (!stored.empty()) {
                    d = newest ? stored.back() : stored.front();
                    newest ? stored.pop_back() : stored.pop_front();
                }
            }
            if (!d) {
                std::this_thread::yield();
                continue;
            }
            EXPECT_TRUE(client.acknowledge(*d));
            --left;
        }
    };
    std::thread a(work, true), b(work, false);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t", 1);
        EXPECT_TRUE(co_await eventually([&] { return seen.lines().size() == count; }, 15s));
        left = 0;
    });
    a.join();
    b.join();
    EXPECT_EQ(seen.lines(), expected);
}

TEST_P(acknowledge, is_nothing_to_worry_about_without_the_key) {
    scripted_server server({sending({{1, 1}}, seen)});
    config c = config_for(server.port(), GetParam());
    c.subs_cb = [&](const received_message& m) { got.take(m); };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t", 1);
        EXPECT_TRUE(co_await eventually([&] { return seen.lines() == list{"PUBACK 1"}; }));
        EXPECT_TRUE(client.acknowledge(got.deliveries.at(0)));
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(seen.lines(), list{"PUBACK 1"});
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
