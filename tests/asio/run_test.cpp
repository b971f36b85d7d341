// run(): a program around one coroutine.
#include "tests/asio/world.hpp"

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
    std::uint16_t port;
    {
        scripted_server gone({good_broker});
        port = gone.port();
    }
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
