// run(): a program around one coroutine.
#include "tests/asio/world.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

namespace mqtt_as::front_test {
namespace {

TEST(run, returns_0_and_says_goodbye_when_the_coroutine_returns) {
    std::atomic<bool> said_goodbye{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        while (const auto f = p.read()) said_goodbye = said_goodbye || f->type() == DISCONNECT;
    }});
    EXPECT_EQ(mqtt_as::run(config_for(server.port()), [](MQTTClient& client) -> task<> { co_await client.connect(); }),
              0);
    for (int i = 0; i < 5'000 && !said_goodbye; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(said_goodbye);
}

TEST(run, returns_1_with_one_line_when_the_coroutine_throws) {
    const std::uint16_t port = port_of_nobody();
    testing::internal::CaptureStderr();
    EXPECT_EQ(mqtt_as::run(config_for(port), [](MQTTClient& client) -> task<> { co_await client.connect(); }), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "connect: TCP: Connection refused: " + std::string(describe(errc::connect_failed)) + "\n");
}

TEST(run, a_signal_cancels_disconnects_and_becomes_the_status) {
    for (const int signal : {SIGINT, SIGTERM}) {
        std::atomic<bool> said_goodbye{false};
        scripted_server server({[&](peer& p) {
            p.accept();
            while (const auto f = p.read()) said_goodbye = said_goodbye || f->type() == DISCONNECT;
        }});
        bool cancelled = false;
        const int status = mqtt_as::run(config_for(server.port()), [&](MQTTClient& client) -> task<> {
            co_await client.connect();
            std::raise(signal);
            try {
                co_await sleep_for(60s);
            } catch (const boost::system::system_error&) {
                cancelled = true;
                throw;
            }
        });
        EXPECT_EQ(status, 128 + signal);
        EXPECT_TRUE(cancelled);
        for (int i = 0; i < 5'000 && !said_goodbye; ++i) std::this_thread::sleep_for(1ms);
        EXPECT_TRUE(said_goodbye);
    }
}

TEST(run, a_second_signal_ends_at_once) {
    scripted_server server({good_broker});
    const auto begin = std::chrono::steady_clock::now();
    const int status = mqtt_as::run(config_for(server.port()), [&](MQTTClient& client) -> task<> {
        co_await client.connect();
        std::raise(SIGTERM);
        for (;;) {  // deaf to cancellation
            try {
                co_await boost::asio::this_coro::throw_if_cancelled(false);
                co_await sleep_for(20ms);
            } catch (...) {
            }
            std::raise(SIGTERM);
        }
    });
    EXPECT_EQ(status, 128 + SIGTERM);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(run, two_at_once_both_hear_a_signal) {
    scripted_server server({good_broker});
    std::atomic<int> ready{0};
    const auto program = [&] {
        return mqtt_as::run(config_for(server.port()), [&](MQTTClient& client) -> task<> {
            co_await client.connect();
            ++ready;
            co_await sleep_for(60s);
        });
    };
    std::future<int> first = std::async(std::launch::async, program);
    std::future<int> second = std::async(std::launch::async, program);
    for (int i = 0; i < 20'000 && ready < 2; ++i) std::this_thread::sleep_for(1ms);
    ASSERT_EQ(ready, 2);
    std::raise(SIGTERM);
    EXPECT_EQ(first.get(), 128 + SIGTERM);
    EXPECT_EQ(second.get(), 128 + SIGTERM);
}

TEST(run, puts_back_what_a_signal_meant_and_hears_none_that_came_before) {
    static std::atomic<int> heard_here;
    heard_here = 0;
    const auto before = std::signal(SIGINT, [](int) { ++heard_here; });
    for (int round = 1; round <= 2; ++round) {
        std::raise(SIGINT);
        EXPECT_EQ(heard_here, round);
        EXPECT_EQ(mqtt_as::run(config_for(1), [](MQTTClient&) -> task<> { co_return; }), 0);
    }
    std::raise(SIGINT);
    EXPECT_EQ(heard_here, 3);
    std::signal(SIGINT, before);
}

// The usual shape of a gateway. It never ended: once cancelled, each `co_await` threw at once.
TEST(run, a_signal_ends_a_coroutine_that_catches_everything) {
    scripted_server server({good_broker});
    int caught = 0;
    const int status = mqtt_as::run(config_for(server.port()), [&](MQTTClient& client) -> task<> {
        co_await client.connect();
        std::raise(SIGTERM);
        while (caught < 1'000) {
            try {
                co_await sleep_for(60s);
            } catch (const std::exception&) {
                ++caught;
            }
        }
    });
    EXPECT_EQ(status, 128 + SIGTERM);
    EXPECT_EQ(caught, 1);
}

TEST(run, a_cancelled_coroutine_may_still_publish) {
    std::atomic<bool> said_it{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        p.serve([&](const frame& f) {
            said_it = said_it || f.type() == PUBLISH;
            return false;
        });
    }});
    const int status = mqtt_as::run(config_for(server.port()), [&](MQTTClient& client) -> task<> {
        co_await client.connect();
        std::raise(SIGTERM);
        try {
            co_await sleep_for(60s);
        } catch (const std::exception&) {
        }
        co_await client.publish("status", "going", {.qos = 1});
    });
    EXPECT_EQ(status, 128 + SIGTERM);
    EXPECT_TRUE(said_it);
}

TEST(event_loop, runs_clients_of_programs_without_asio) {
    scripted_server server({good_broker});
    event_loop loop;
    MQTTClient client(loop, config_for(server.port()));
    std::vector<std::string> done;
    client.connect([&](std::error_code, connect_result) {
        done.push_back("connected");
        loop.post([&] { done.push_back("posted"); });
        loop.after(10ms, [&] {
            done.push_back("later");
            loop.stop();
        });
    });
    loop.run();
    EXPECT_EQ(done, (std::vector<std::string>{"connected", "posted", "later"}));
    loop.run_for(10ms);
}

// Its thread may begin before the first client is there.
TEST(event_loop, waits_for_work_and_ends_when_it_is_told_to) {
    event_loop loop;
    std::thread thread([&] { loop.run(); });
    for (int n = 0; n < 3; ++n) {
        std::promise<void> ran;
        loop.post([&] { ran.set_value(); });
        ran.get_future().get();
    }
    loop.stop();
    thread.join();
    loop.stop();
    loop.run();  // was told before it began
}

}  // namespace
}  // namespace mqtt_as::front_test
