// The callback interface, the event interface, and what user code may do to us.
#include "tests/asio/world.hpp"

#include <memory>
#include <stdexcept>

namespace mqtt_as::front_test {
namespace {

using list = std::vector<std::string>;

TEST(callback, wifi_coro_comes_before_connect_coro_and_both_after_connect) {
    scripted_server server({good_broker});
    for (const bool coroutines : {true, false}) {
        world w;
        list order;
        config c = config_for(server.port());
        if (coroutines) {
            c.wifi_coro = [&](bool up) -> task<> {
                order.push_back(up ? "wifi up" : "wifi down");
                co_return;
            };
            c.connect_coro = [&](MQTTClient& client) -> task<> {
                order.push_back("connect_coro");
                co_await client.subscribe("foo_topic", 1);
                order.push_back("subscribed");
            };
        } else {
            c.wifi_coro = [&](bool up) { order.push_back(up ? "wifi up" : "wifi down"); };
            c.connect_coro = [&](MQTTClient& client) {
                order.push_back("connect_coro");
                client.subscribe("foo_topic", 1,
                                 [&](std::error_code, subscribe_result) { order.push_back("subscribed"); });
            };
        }
        MQTTClient client(w.executor(), c);
        client.connect([&](std::error_code, connect_result) { order.push_back("connected"); });
        EXPECT_TRUE(w.until([&] { return order.size() == 4; }));
        EXPECT_EQ(order, (list{"connected", "wifi up", "connect_coro", "subscribed"}));
    }
}

TEST(callback, connect_coro_is_cancelled_by_an_outage_and_the_next_starts_after_its_end) {
    std::atomic<bool> cut{false};
    std::atomic<int> received{0};
    scripted_server server({[&](peer& p) {
                                p.accept();
                                p.expect(PUBLISH);  // of connect_coro; not acknowledged
                                while (!cut) std::this_thread::sleep_for(1ms);
                                p.reset();
                            },
                            [&](peer& p) {
                                p.accept();
                                p.serve([&](const frame& f) {
                                    received += f.type() == PUBLISH;
                                    return false;
                                });
                            }});
    world w;
    int running = 0, most = 0, started = 0, errors = 0;
    config c = config_for(server.port());
    c.on_error = [&](std::exception_ptr, std::string_view) { ++errors; };
    c.connect_coro = [&](MQTTClient& client) -> task<> {
        most = std::max(most, ++running);
        const int mine = ++started;
        const std::unique_ptr<int, void (*)(int*)> at_end(&running, [](int* n) { --*n; });
        co_await client.publish("from/connect_coro", std::to_string(mine), {.qos = 1});
        if (mine == 1) ADD_FAILURE() << "the outage has not ended it";
        while (client.isconnected()) co_await sleep_for(5ms);
    };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return client.explain().in_flight == 1; }));
        cut = true;
        EXPECT_TRUE(co_await eventually([&] { return received == 2; }));  // the cancelled one's operation lived on
        EXPECT_EQ(started, 2);
        EXPECT_EQ(most, 1);
        EXPECT_EQ(errors, 0);
        co_await client.disconnect();
        EXPECT_TRUE(co_await eventually([&] { return running == 0; }));
    });
}

TEST(callback, exceptions_are_reported_and_harm_nothing) {
    std::atomic<int> acknowledged{0};
    scripted_server server({[&](peer& p) {
        p.accept();
        p.answer(p.expect(SUBSCRIBE));
        for (std::uint16_t i = 1; i <= 3; ++i) p.publish("t", "m" + std::to_string(i), 1, i);
        p.serve([&](const frame& f) {
            acknowledged += f.type() == PUBACK;
            return false;
        });
    }});
    world w;
    list errors;
    int messages = 0;
    config c = config_for(server.port());
    c.on_error = [&](std::exception_ptr e, std::string_view where) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            errors.push_back(std::string(where) + ": " + x.what());
        }
        throw std::runtime_error("even this one");
    };
    c.subs_cb = [&](std::string_view, std::string_view, bool) {
        ++messages;
        throw std::runtime_error("from subs_cb");
    };
    c.wifi_coro = [](bool) -> task<> {
        throw std::runtime_error("from wifi_coro");
        co_return;
    };
    c.connect_coro = [](MQTTClient&) -> task<> {
        co_await sleep_for(1ms);
        throw std::runtime_error("from connect_coro");
    };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        client.connect([](std::error_code, connect_result) { throw std::runtime_error("from a callback"); });
        co_await client.subscribe("t", 1);
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 3 && errors.size() == 6; }));
        EXPECT_EQ((co_await client.publish("t", "x", {.qos = 1})).reason, reason_code::success);
    });
    EXPECT_EQ(messages, 3);
    std::sort(errors.begin(), errors.end());
    EXPECT_EQ(errors, (list{"a completion: from a callback", "connect_coro: from connect_coro", "subs_cb: from subs_cb",
                            "subs_cb: from subs_cb", "subs_cb: from subs_cb", "wifi_coro: from wifi_coro"}));
}

TEST(callback, may_call_every_method) {
    scripted_server server({[](peer& p) {
        p.accept();
        p.answer(p.expect(SUBSCRIBE));
        p.publish("t", "go", 1, 1);
        p.serve();
    }});
    world w;
    MQTTClient* client = nullptr;
    list done;
    config c = config_for(server.port());
    const auto note = [&](const char* what) {
        return [&done, what](std::error_code e, auto&&...) { done.push_back(what + std::string(e ? "!" : "")); };
    };
    c.subs_cb = [&](const received_message& m) {
        EXPECT_EQ(m.qos(), 1);
        EXPECT_EQ(m.text(), "go");
        client->publish("a", m.text(), {.qos = 1}, note("publish"));
        client->subscribe("b", 1, note("subscribe"));
        client->unsubscribe("t", note("unsubscribe"));
        client->broker_up(note("broker_up"));
        EXPECT_TRUE(client->isconnected());
        EXPECT_EQ(client->explain().inbox, 1u);
    };
    MQTTClient mine(w.executor(), c);
    client = &mine;
    mine.connect(note("connect"));
    mine.subscribe("t", 1, note("first"));
    EXPECT_TRUE(w.until([&] { return done.size() == 6; }));
    std::sort(done.begin(), done.end());
    EXPECT_EQ(done, (list{"broker_up", "connect", "first", "publish", "subscribe", "unsubscribe"}));
}

TEST(callback, that_tries_again_at_once_lets_everything_else_go_on) {
    world w;
    config c = config_for(1);
    c.limits.operations_max = 1;
    MQTTClient client(w.executor(), c);
    client.publish("t", "waits", {.qos = 1}, [](std::error_code, const publish_result&) {});
    constexpr int retries_max = 1'000'000;
    int retries = 0;
    std::function<void()> again = [&] {
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, const publish_result&) {
            EXPECT_EQ(e, errc::queue_full);
            if (++retries < retries_max) again();
        });
    };
    again();
    w.run([]() -> task<> { co_await sleep_for(1ms); });
    EXPECT_LT(retries, retries_max);
    retries = retries_max;
    client.close();
}

TEST(callback, sees_non_ascii_empty_and_large_messages_whole) {
    const std::string large(2'500'000, 'L');
    scripted_server server({[&](peer& p) {
        p.accept();
        p.answer(p.expect(SUBSCRIBE));
        p.publish("température/°C", "21,5 °C ☀", 0, 0, true);
        p.publish("t", "");
        p.publish("t", large, 2, 7);
        p.publish("t", "after");
        p.serve();
    }});
    world w;
    std::vector<std::tuple<std::string, std::string, bool>> got;
    config c = config_for(server.port());
    c.subs_cb = [&](std::string_view topic, std::string_view message, bool retained) {
        got.emplace_back(topic, message, retained);
    };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("#", 2);
        EXPECT_TRUE(co_await eventually([&] { return got.size() == 4; }));
    });
    EXPECT_EQ(got[0], std::make_tuple(std::string("température/°C"), std::string("21,5 °C ☀"), true));
    EXPECT_EQ(std::get<1>(got[1]), "");
    EXPECT_TRUE(std::get<1>(got[2]) == large);
    EXPECT_EQ(std::get<1>(got[3]), "after");
    EXPECT_EQ(server.complaint(), "");
}

TEST(callback, a_slow_one_does_not_lose_the_link) {
    // The server answers at once; the application blocks for three response times with an acknowledgement under way.
    scripted_server server({good_broker});
    world w;
    config c = config_for(server.port());
    c.response_time = 100ms;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        std::error_code ended = make_error_code(errc::cancelled);
        client.publish("t", "1", {.qos = 1},
                       [](std::error_code, publish_result) { std::this_thread::sleep_for(350ms); });
        client.publish("t", "2", {.qos = 1}, [&](std::error_code e, publish_result) { ended = e; });
        EXPECT_TRUE(co_await eventually([&] { return !ended; }));
        co_await sleep_for(50ms);
        EXPECT_EQ(client.count().outages, 0u);
    });
}

TEST(callback, dprint_can_be_overridden) {
    struct logging final : MQTTClient {
        using MQTTClient::MQTTClient;
        void dprint(std::string_view line) override { lines.emplace_back(line); }
        list lines;
    };
    scripted_server server({[](peer& p) { p.accept(); }, good_broker});
    world w;
    logging client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
    });
    ASSERT_GE(client.lines.size(), 6u);
    EXPECT_EQ(client.lines[0], "Connecting to broker.");
    EXPECT_EQ(client.lines[1], "Connected to broker.");
    EXPECT_EQ(client.lines[2].substr(0, 22), "Connection lost: MQTT:") << client.lines[2];
    EXPECT_EQ(client.lines[3].substr(0, 22), "The next attempt is in") << client.lines[3];
    EXPECT_EQ(client.lines[4], "Connecting to broker.");
    EXPECT_EQ(client.lines[5], "Connected to broker.");
}

TEST(callback, a_refused_renewal_is_told) {
    scripted_server server({[](peer& p) {
                                p.accept();
                                p.answer(p.expect(SUBSCRIBE));
                            },
                            [](peer& p) {
                                p.accept();
                                const frame f = p.expect(SUBSCRIBE);
                                p.send(std::string("\x90\x03", 2) + f.body.substr(0, 2) + "\x80");
                                p.serve();
                            }});
    world w;
    list refused;
    config c = config_for(server.port());
    c.on_renewal_refused = [&](std::string_view filter, reason_code) { refused.emplace_back(filter); };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("a/b", 1);
        EXPECT_TRUE(co_await eventually([&] { return !refused.empty(); }));
        EXPECT_EQ(refused, list{"a/b"});
        EXPECT_TRUE(client.isconnected());
    });
}

// ---- the event interface ----------------------------------------------------------------------------------

/// Sends `count` messages as soon as something is subscribed, then serves; counts acknowledgements.
scripted_server::script source(int count, int qos, std::atomic<int>& acknowledged) {
    return [count, qos, &acknowledged](peer& p) {
        p.accept();
        p.answer(p.expect(SUBSCRIBE));
        for (int i = 0; i < count; ++i) p.publish("t", std::to_string(i), qos, static_cast<std::uint16_t>(i + 1));
        p.serve([&](const frame& f) {
            acknowledged += f.type() == PUBACK;
            return false;
        });
    };
}

TEST(queue, gives_messages_in_order_and_acknowledges_them_when_taken) {
    std::atomic<int> acknowledged{0};
    scripted_server server({source(3, 1, acknowledged)});
    world w;
    config c = config_for(server.port());
    c.queue_len = 5;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t", 1);
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 3; }));
        EXPECT_EQ(acknowledged, 0);
        const auto [topic, text, retained] = co_await client.queue.receive();
        EXPECT_EQ(topic, "t");
        EXPECT_EQ(text, "0");
        EXPECT_FALSE(retained);
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 1; }));
        EXPECT_EQ(client.queue.try_receive()->text(), "1");
        EXPECT_EQ((co_await client.queue.receive()).text(), "2");
        EXPECT_FALSE(client.queue.try_receive());
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 3; }));
    });
}

TEST(queue, with_discard_oldest_keeps_exactly_its_capacity) {
    for (const std::size_t capacity : {1u, 4u}) {
        std::atomic<int> acknowledged{0};
        scripted_server server({source(10, 1, acknowledged)});
        world w;
        config c = config_for(server.port());
        c.queue_len = capacity;
        c.on_overflow = overflow_policy::discard_oldest;
        MQTTClient client(w.executor(), c);
        w.run([&]() -> task<> {
            co_await client.connect();
            co_await client.subscribe("t", 1);
            EXPECT_TRUE(co_await eventually([&] { return client.queue.discards() == 10 - capacity; }));
            EXPECT_EQ(client.queue.size(), capacity);
            EXPECT_EQ(client.queue.capacity(), capacity);
            for (std::size_t i = 10 - capacity; i < 10; ++i) {
                EXPECT_EQ((co_await client.queue.receive()).text(), std::to_string(i));
            }
            EXPECT_TRUE(co_await eventually([&] { return acknowledged == 10; }));
        });
    }
}

TEST(queue, with_wait_loses_nothing_and_stops_reading_when_the_inbox_is_full) {
    std::atomic<int> acknowledged{0};
    scripted_server server({source(1000, 1, acknowledged)});
    world w;
    config c = config_for(server.port());
    c.queue_len = 2;
    c.limits.inbound_max = 10;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t", 1);
        EXPECT_TRUE(co_await eventually([&] { return client.queue.size() == 10; }));
        co_await sleep_for(20ms);
        EXPECT_EQ(client.queue.size(), 10u);
        for (int i = 0; i < 1000; ++i) {
            EXPECT_EQ((co_await client.queue.receive()).text(), std::to_string(i));
        }
        EXPECT_EQ(client.queue.discards(), 0u);
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == 1000; }));
    });
}

TEST(queue, and_callback_may_be_used_together) {
    std::atomic<int> acknowledged{0};
    scripted_server server({source(2, 0, acknowledged)});
    world w;
    int called = 0;
    config c = config_for(server.port());
    c.queue_len = 2;
    c.subs_cb = [&](const received_message&) { ++called; };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("t");
        co_await client.queue.receive();
        co_await client.queue.receive();
        EXPECT_EQ(called, 2);
    });
}

TEST(event, up_and_down_are_set_by_the_client_and_cleared_by_the_application) {
    std::atomic<bool> cut{false};
    scripted_server server({[&](peer& p) {
                                p.accept();
                                while (!cut) std::this_thread::sleep_for(1ms);
                            },
                            good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.up.wait();
        client.up.clear();
        EXPECT_FALSE(client.up.is_set());
        cut = true;
        co_await client.down.wait();
        EXPECT_TRUE(client.down.is_set());
        client.down.clear();
        co_await client.up.wait();
        EXPECT_TRUE(client.isconnected());
        client.down.set();
        co_await client.down.wait();
        co_await client.disconnect();
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
