// Closing, destroying, and threads.
#include "tests/asio/world.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <future>
#include <memory>
#include <thread>

namespace mqtt_as::front_test {
namespace {

TEST(lifetime, close_ends_everything_as_closed_and_sends_no_goodbye) {
    std::atomic<bool> said_goodbye{false}, gone{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        while (const auto f = p.read()) said_goodbye = said_goodbye || f->type() == DISCONNECT;
        gone = true;
    }});
    world w;
    config c = config_for(server.port());
    c.queue_len = 1;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        int closed = 0;
        const auto count = [&](std::error_code e, auto&&...) { closed += e == errc::closed; };
        client.publish("t", "x", {.qos = 1}, count);
        client.subscribe("t", count);
        client.queue.receive(count);
        client.down.wait(count);
        client.disconnect({.grace = 10s}, count);
        client.close();
        EXPECT_FALSE(client.isconnected());
        EXPECT_EQ(closed, 0);  // not inside close
        EXPECT_TRUE(co_await eventually([&] { return closed == 5 && gone; }));
        EXPECT_FALSE(said_goodbye);
        EXPECT_EQ(client.explain().text(), "closed");
        EXPECT_EQ(co_await error_of(client.publish("t", "x")), errc::closed);
        EXPECT_EQ(co_await error_of(client.connect()), errc::closed);
        EXPECT_EQ(co_await error_of(client.disconnect()), errc::closed);
        EXPECT_EQ(co_await error_of(client.broker_up()), errc::closed);
        EXPECT_EQ(co_await error_of(client.queue.receive()), errc::closed);
        client.close();
    });
}

TEST(lifetime, close_inside_a_callback_ends_callbacks) {
    scripted_server server({[](peer& p) {
        p.accept();
        p.answer(p.expect(SUBSCRIBE));
        for (int i = 0; i < 5; ++i) p.publish("t", "x");
        p.serve();
    }});
    world w;
    MQTTClient* client = nullptr;
    int called = 0;
    config c = config_for(server.port());
    c.subs_cb = [&](const received_message&) {
        if (++called == 2) client->close();
    };
    MQTTClient mine(w.executor(), c);
    client = &mine;
    mine.connect([](std::error_code, connect_result) {});
    mine.subscribe("t", [](std::error_code, subscribe_result) {});
    EXPECT_TRUE(w.until([&] { return called == 2; }));
    w.until([] { return false; }, 50ms);
    EXPECT_EQ(called, 2);
}

TEST(lifetime, close_inside_a_callback_leaves_the_rest_of_a_read_untold) {
    scripted_server server({[](peer& p) {
        p.accept();
        std::string many;
        for (char digit = '0'; digit <= '9'; ++digit) many += std::string("\x30\x04\x00\x01t", 5) + digit;
        p.send(many);
        p.serve();
    }});
    world w;
    MQTTClient* client = nullptr;
    std::string told;
    config c = config_for(server.port());
    c.subs_cb = [&](std::string_view, std::string_view text, bool) {
        told += text;
        if (text == "4") client->close();
    };
    MQTTClient mine(w.executor(), c);
    client = &mine;
    mine.connect([](std::error_code, connect_result) {});
    EXPECT_TRUE(w.until([&] { return told.size() == 5; }));
    w.until([] { return false; }, 50ms);
    EXPECT_EQ(told, "01234");
}

TEST(lifetime, the_destructor_ends_operations_without_waiting) {
    scripted_server server({[](peer& p) {
        p.accept();
        while (p.read()) {
        }
    }});
    world w;
    auto client = std::make_unique<MQTTClient>(w.executor(), config_for(server.port()));
    int connected = 0, closed = 0;
    client->connect([&](std::error_code, connect_result) { ++connected; });
    ASSERT_TRUE(w.until([&] { return connected == 1; }));
    for (int i = 0; i < 100; ++i)
        client->publish("t", std::string(5000, 'x'), {.qos = 1},
                        [&](std::error_code e, publish_result) { closed += e == errc::closed; });
    boost::asio::co_spawn(
        w.loop, [&c = *client]() -> task<> { co_await c.publish("t", "coroutine", {.qos = 1}); },
        [&](std::exception_ptr e) { closed += e != nullptr; });
    ASSERT_TRUE(w.until([&] { return client->explain().unfinished == 101; }));
    client.reset();
    EXPECT_EQ(closed, 0);
    EXPECT_TRUE(w.until([&] { return closed == 101; }));
}

TEST(lifetime, an_event_loop_that_ends_first_leaks_nothing) {
    scripted_server server({[](peer& p) {
        p.accept();
        while (p.read()) {
        }
    }});
    // The client is destroyed with operations outstanding, and the loop is never run again: handlers and coroutine
    // frames, which hold on to the client's inside, are destroyed with the loop. AddressSanitizer looks.
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    bool connected = false;
    client.connect([&](std::error_code, connect_result) { connected = true; });
    ASSERT_TRUE(w.until([&] { return connected; }));
    boost::asio::co_spawn(
        w.loop, [&]() -> task<> { co_await client.publish("t", std::string(9000, 'x'), {.qos = 1}); },
        boost::asio::detached);
    client.publish("t", "x", {.qos = 1}, [p = std::make_shared<int>(1)](std::error_code, publish_result) {});
    w.until([] { return false; }, 20ms);
}

TEST(lifetime, a_client_that_never_connects_costs_nothing_and_ends) {
    world w;
    config c = config_for(1);
    const MQTTClient client(w.executor(), c);
    EXPECT_EQ(client.explain().text(), "not started");
    w.loop.run();  // no work is left
}

TEST(lifetime, destroying_does_not_wait_for_a_name_that_is_being_looked_up) {
    const auto begin = std::chrono::steady_clock::now();
    {
        world w;
        config c = config_for(1);
        c.server = "a-name-that-takes-its-time.invalid";
        MQTTClient client(w.executor(), c);
        client.connect([](std::error_code, connect_result) {});
        w.loop.poll();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

TEST(thread, four_publish_at_once_and_nothing_is_lost) {
    constexpr int each = 2'000;
    std::atomic<int> received{0};
    scripted_server server({[&](peer& p) {
        p.accept();
        p.serve([&](const frame& f) {
            received += f.type() == PUBLISH;
            return false;
        });
    }});
    boost::asio::io_context loop;
    auto work = boost::asio::make_work_guard(loop);
    MQTTClient client(loop.get_executor(), config_for(server.port()));
    std::thread runner([&] { loop.run(); });
    client.connect(boost::asio::use_future).get();
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                client.publish("t", "x", {.qos = static_cast<std::uint8_t>(i % 3)},
                               [&](std::error_code e, publish_result) { done += !e; });
                if (i % 100 == 0) client.publish("t", "f", {.qos = 1}, boost::asio::use_future).get();
                if (i % 50 == 0) {
                    EXPECT_FALSE(client.explain().text().empty());
                }
                EXPECT_TRUE(client.isconnected());
            }
        });
    }
    for (auto& t : threads) t.join();
    for (int i = 0; i < 10'000 && done < 4 * each; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(done, 4 * each);
    EXPECT_EQ(received, 4 * (each + each / 100));
    client.close();
    work.reset();
    runner.join();
}

TEST(thread, a_strand_of_a_pool_serves_as_executor) {
    scripted_server server({good_broker});
    boost::asio::io_context loop;
    auto work = boost::asio::make_work_guard(loop);
    std::vector<std::thread> pool;
    for (int i = 0; i < 4; ++i) pool.emplace_back([&] { loop.run(); });
    {
        std::atomic<int> inside{0}, done{0};
        MQTTClient client(boost::asio::make_strand(loop), config_for(server.port()));
        client.connect(boost::asio::use_future).get();
        for (int i = 0; i < 1'000; ++i) {
            client.publish("t", "x", {.qos = 1}, [&](std::error_code e, publish_result) {
                EXPECT_EQ(++inside, 1);
                done += !e;
                --inside;
            });
        }
        for (int i = 0; i < 10'000 && done < 1'000; ++i) std::this_thread::sleep_for(1ms);
        EXPECT_EQ(done, 1'000);
        client.disconnect(boost::asio::use_future).get();
    }
    work.reset();
    for (auto& t : pool) t.join();
}

TEST(thread, cancel_from_elsewhere_races_with_completion_harmlessly) {
    scripted_server server({good_broker});
    boost::asio::io_context loop;
    auto work = boost::asio::make_work_guard(loop);
    MQTTClient client(loop.get_executor(), config_for(server.port()));
    std::thread runner([&] { loop.run(); });
    client.connect(boost::asio::use_future).get();
    for (int i = 0; i < 500; ++i) {
        boost::asio::cancellation_signal signal;
        std::promise<std::error_code> ended;  // no exception: ThreadSanitizer does not see into those of libstdc++
        client.publish("t", "x", {.qos = 2},
                       boost::asio::bind_cancellation_slot(
                           signal.slot(), [&](std::error_code e, publish_result) { ended.set_value(e); }));
        if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i % 100));
        signal.emit(boost::asio::cancellation_type::terminal);
        const std::error_code error = ended.get_future().get();
        EXPECT_TRUE(!error || error == errc::cancelled);
    }
    client.close();
    work.reset();
    runner.join();
}

}  // namespace
}  // namespace mqtt_as::front_test
