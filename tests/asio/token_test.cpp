// Every kind of completion token on every method, and where completions run.
#include "tests/asio/world.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/prepend.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <exception>
#include <future>
#include <memory>
#include <thread>

namespace mqtt_as::front_test {
namespace {

namespace asio = boost::asio;

TEST(token, callbacks_on_every_method) {
    scripted_server server({good_broker});
    world w;
    config c = config_for(server.port());
    c.queue_len = 4;
    MQTTClient client(w.executor(), c);
    std::vector<std::string> done;
    const auto note = [&](std::string what) {
        return [&done, what](std::error_code e, auto&&...) { done.push_back(what + (e ? ": " + e.message() : "")); };
    };
    client.up.wait(note("up"));
    client.connect(note("connect"));
    ASSERT_TRUE(w.until([&] { return done.size() == 2; }));
    client.publish("t", "x", note("publish 0"));
    client.publish("t", "x", {.qos = 2}, note("publish 2"));
    client.subscribe("t", note("subscribe"));
    client.subscribe("u", 1, note("subscribe 1"));
    client.subscribe("v", {.qos = 2}, note("subscribe 2"));
    client.unsubscribe("t", note("unsubscribe"));
    client.unsubscribe("u", {.timeout = 5s}, note("unsubscribe u"));
    client.broker_up(note("broker_up"));
    ASSERT_TRUE(w.until([&] { return done.size() == 10; }));
    client.queue.receive(note("receive"));
    client.down.wait(note("down"));
    client.disconnect(note("disconnect"));
    ASSERT_TRUE(w.until([&] { return done.size() == 11; }));
    client.close();
    ASSERT_TRUE(w.until([&] { return done.size() == 13; }));
    std::sort(done.begin(), done.end());
    const std::string closed = ": " + std::string(describe(errc::closed));
    EXPECT_EQ(done, (std::vector<std::string>{"broker_up", "connect", "disconnect", "down" + closed, "publish 0",
                                              "publish 2", "receive" + closed, "subscribe", "subscribe 1",
                                              "subscribe 2", "unsubscribe", "unsubscribe u", "up"}));
}

TEST(token, callbacks_may_be_large_and_move_only) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    std::array<int, 100> large{};
    large[99] = 7;
    int sum = 0;
    client.connect([](std::error_code, const connect_result&) {});
    client.publish("t", "x", {.qos = 1}, [&sum, large](std::error_code, publish_result) { sum += large[99]; });
    client.publish("t", "x", {.qos = 1},
                   [&sum, owned = std::make_unique<int>(35)](std::error_code, publish_result) { sum += *owned; });
    EXPECT_TRUE(w.until([&] { return sum == 42; }));
}

TEST(token, futures_from_another_thread) {
    scripted_server server({good_broker});
    asio::io_context loop;
    auto work = asio::make_work_guard(loop);
    MQTTClient client(loop.get_executor(), config_for(server.port()));
    std::thread thread([&] { loop.run(); });
    EXPECT_FALSE(client.connect(asio::use_future).get().session_present);
    EXPECT_EQ(client.publish("t", "x", {.qos = 1}, asio::use_future).get().reason, reason_code::success);
    EXPECT_EQ(client.subscribe("t", 1, asio::use_future).get().granted_qos(), 1);
    client.unsubscribe("t", asio::use_future).get();
    EXPECT_TRUE(client.broker_up(asio::use_future).get());
    std::exception_ptr thrown;  // freed behind the join: ThreadSanitizer does not see how libstdc++ counts its owners
    try {
        client.publish("#", "x", asio::use_future).get();
        ADD_FAILURE();
    } catch (const operation_error& e) {
        EXPECT_EQ(e.code(), errc::bad_topic);
        thrown = std::current_exception();
    }
    client.disconnect(asio::use_future).get();
    work.reset();
    thread.join();
}

TEST(token, of_asio_all_kinds) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect(asio::use_awaitable);
        // deferred: nothing happens before it is awaited.
        auto later = client.publish("t", "x", {.qos = 1}, asio::deferred);
        EXPECT_EQ((co_await std::move(later)(asio::use_awaitable)).reason, reason_code::success);
        // as_tuple and redirect_error: no exception.
        const auto [error, result] = co_await client.publish("#", "x", asio::as_tuple(asio::use_awaitable));
        EXPECT_EQ(error, errc::bad_topic);
        EXPECT_FALSE(result.may_have_been_delivered);
        boost::system::error_code redirected;
        co_await client.publish("#", "x", asio::redirect_error(asio::use_awaitable, redirected));
        EXPECT_EQ(redirected, errc::bad_topic);
        // prepend and append.
        co_await client.publish("t", "x", {.qos = 1}, asio::append(asio::use_awaitable, 1));
        int seen = 0;
        client.publish("t", "x", {.qos = 1},
                       asio::prepend([&](int n, std::error_code, publish_result) { seen = n; }, 5));
        EXPECT_TRUE(co_await eventually([&] { return seen == 5; }));
        client.publish("t", "x", asio::detached);
        co_await client.disconnect(asio::deferred);
    });
}

TEST(token, the_executor_of_a_handler_is_honoured) {
    scripted_server server({good_broker});
    world w;
    asio::io_context other;
    auto work = asio::make_work_guard(other);
    std::thread thread([&] { other.run(); });
    MQTTClient client(w.executor(), config_for(server.port()));
    std::atomic<int> there{0};
    const auto count = [&, id = thread.get_id()](auto&&...) { there += std::this_thread::get_id() == id; };
    client.connect(asio::bind_executor(other, count));
    client.publish("t", "x", {.qos = 1}, asio::bind_executor(asio::make_strand(other), count));
    client.publish("#", "x", asio::bind_executor(other, count));
    EXPECT_TRUE(w.until([&] { return there == 3; }));
    // A coroutine that lives on another executor.
    std::promise<bool> stayed;
    asio::co_spawn(
        other,
        [&, id = thread.get_id()]() -> task<> {
            co_await client.publish("t", "x", {.qos = 1});
            co_await client.broker_up();
            stayed.set_value(std::this_thread::get_id() == id);
        },
        asio::detached);
    auto future = stayed.get_future();
    EXPECT_TRUE(w.until([&] { return future.wait_for(0s) == std::future_status::ready; }));
    EXPECT_TRUE(future.get());
    work.reset();
    thread.join();
}

TEST(token, with_awaitable_operators) {
    using namespace asio::experimental::awaitable_operators;
    scripted_server server({good_broker});
    world w;
    config c = config_for(server.port());
    c.queue_len = 1;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await (client.publish("a", "1", {.qos = 1}) && client.publish("b", "2", {.qos = 2}) &&
                  client.subscribe("c", 1));
        const auto first = co_await (client.queue.receive() || sleep_for(10ms));
        EXPECT_EQ(first.index(), 1u);
    });
}

TEST(token, completions_never_run_inside_the_call_or_inside_each_other) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    int depth = 0;
    int done = 0;
    std::function<void(std::error_code, publish_result)> next = [&](std::error_code, publish_result) {
        EXPECT_EQ(++depth, 1);
        if (++done < 200) {
            client.publish(done % 3 == 0 ? "#" : "t", "x", {.qos = static_cast<std::uint8_t>(done % 2)}, next);
            client.isconnected();
        }
        --depth;
    };
    client.connect([](std::error_code, const connect_result&) {});
    ++depth;
    client.publish("#", "x", next);  // rejected, but not here
    --depth;
    EXPECT_TRUE(w.until([&] { return done == 200; }));
}

}  // namespace
}  // namespace mqtt_as::front_test
