// Cancellation of every operation, of every kind, at every moment.
#include "tests/asio/world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <optional>

namespace mqtt_as::front_test {
namespace {

namespace asio = boost::asio;
using asio::cancellation_type;

/// A server that accepts and then reads without ever answering.
void mute_after_connack(peer& p) {
    p.accept();
    while (p.read()) {
    }
}

TEST(cancel, of_an_untouched_publish_removes_it_whatever_the_kind) {
    for (const auto type : {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal}) {
        world w;
        MQTTClient client(w.executor(), config_for(1));
        asio::cancellation_signal signal;
        std::error_code ended;
        publish_result result;
        client.publish("t", "x", {.qos = 1},
                       asio::bind_cancellation_slot(
                           signal.slot(), [&](std::error_code e, publish_result r) { ended = e, result = r; }));
        signal.emit(type);
        EXPECT_FALSE(ended);  // not inside emit
        EXPECT_TRUE(w.until([&] { return ended == errc::cancelled; }));
        EXPECT_FALSE(result.may_have_been_delivered);
        EXPECT_EQ(client.explain().unfinished, 0u);
    }
}

TEST(cancel, of_a_touched_publish_ends_the_wait_unless_it_must_be_total) {
    for (const auto type : {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal}) {
        scripted_server server({mute_after_connack});
        world w;
        MQTTClient client(w.executor(), config_for(server.port()));
        w.run([&]() -> task<> {
            co_await client.connect();
            asio::cancellation_signal signal;
            std::optional<std::error_code> ended;
            publish_result result;
            client.publish("t", "x", {.qos = 1},
                           asio::bind_cancellation_slot(
                               signal.slot(), [&](std::error_code e, publish_result r) { ended = e, result = r; }));
            EXPECT_TRUE(co_await eventually([&] { return client.explain().in_flight == 1; }));
            signal.emit(type);
            co_await sleep_for(20ms);
            if (type == cancellation_type::total) {
                EXPECT_FALSE(ended);
            } else {
                EXPECT_EQ(ended, make_error_code(errc::cancelled));
                EXPECT_TRUE(result.may_have_been_delivered);
            }
            EXPECT_EQ(client.explain().unfinished, 1u);  // the packet lives on
            client.close();
            EXPECT_TRUE(co_await eventually([&] { return ended.has_value(); }));
        });
    }
}

TEST(cancel, that_comes_too_late_does_nothing) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        asio::cancellation_signal signal;
        int ended = 0;
        client.publish(
            "t", "x", {.qos = 1},
            asio::bind_cancellation_slot(signal.slot(), [&](std::error_code e, publish_result) { ended += 1 + !!e; }));
        EXPECT_TRUE(co_await eventually([&] { return ended == 1; }));
        std::error_code second;
        bool second_ended = false;
        client.publish("t", "y", {.qos = 1},
                       [&](std::error_code e, publish_result) { second = e, second_ended = true; });
        signal.emit(cancellation_type::terminal);  // its block is in use again, by another operation
        EXPECT_TRUE(co_await eventually([&] { return second_ended; }));
        EXPECT_FALSE(second);
        EXPECT_EQ(ended, 1);
    });
}

TEST(cancel, of_every_other_operation) {
    scripted_server server({mute_after_connack});
    world w;
    config c = config_for(server.port());
    c.queue_len = 1;
    c.response_time = 60s;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await sleep_for(1100ms);  // for broker_up to ask
        for (int i = 0; i < 7; ++i) {
            asio::cancellation_signal signal;
            std::optional<std::error_code> ended;
            const auto handler =
                asio::bind_cancellation_slot(signal.slot(), [&](std::error_code e, auto&&...) { ended = e; });
            switch (i) {
            case 0: client.subscribe("t", 1, handler); break;
            case 1: client.unsubscribe("t", handler); break;
            case 2: client.broker_up(handler); break;
            case 3: client.queue.receive(handler); break;
            case 4: client.down.wait(handler); break;
            case 5: client.publish("t", "x", {.qos = 2}, handler); break;
            case 6: client.disconnect({.grace = 60s}, handler); break;
            }
            co_await sleep_for(10ms);
            EXPECT_FALSE(ended) << i;
            signal.emit(cancellation_type::terminal);
            EXPECT_TRUE(co_await eventually([&] { return ended == make_error_code(errc::cancelled); })) << i;
        }
    });
}

TEST(cancel, of_connect_gives_up_and_leaves_the_client_usable) {
    scripted_server server({[](peer& p) {
                                while (p.read()) {
                                }
                            },
                            good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        asio::cancellation_signal signal;
        std::error_code ended;
        client.connect({.retry = true}, asio::bind_cancellation_slot(
                                            signal.slot(), [&](std::error_code e, connect_result) { ended = e; }));
        EXPECT_TRUE(co_await eventually([&] { return server.connections() == 1; }));
        signal.emit(cancellation_type::terminal);
        EXPECT_TRUE(co_await eventually([&] { return ended == errc::cancelled; }));
        EXPECT_EQ(client.explain().now_in, status::phase::stopped);
        co_await client.connect();
        EXPECT_TRUE(client.isconnected());
    });
}

TEST(cancel, of_a_publish_that_waits_for_room) {
    world w;
    config c = config_for(1);
    c.limits.operations_max = 1;
    c.on_full = full_policy::wait;
    MQTTClient client(w.executor(), c);
    asio::cancellation_signal signal;
    std::error_code ended;
    client.publish("t", "1", [](std::error_code, publish_result) {});
    client.publish("t", "2",
                   asio::bind_cancellation_slot(signal.slot(), [&](std::error_code e, publish_result) { ended = e; }));
    EXPECT_EQ(client.explain().waiting_for_room, 1u);
    signal.emit(cancellation_type::total);
    EXPECT_TRUE(w.until([&] { return ended == errc::cancelled; }));
    EXPECT_EQ(client.explain().waiting_for_room, 0u);
}

TEST(cancel, of_a_coroutine_ends_what_it_awaits) {
    world w;
    MQTTClient client(w.executor(), config_for(1));
    asio::cancellation_signal signal;
    std::exception_ptr thrown;
    asio::co_spawn(
        w.loop, [&]() -> task<> { co_await client.publish("t", "x", {.qos = 1}); },
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { thrown = e; }));
    EXPECT_TRUE(w.until([&] { return client.explain().unfinished == 1; }));
    signal.emit(cancellation_type::terminal);
    EXPECT_TRUE(w.until([&] { return thrown != nullptr; }));
    EXPECT_THROW(std::rethrow_exception(thrown), operation_error);
    EXPECT_EQ(client.explain().unfinished, 0u);
}

}  // namespace
}  // namespace mqtt_as::front_test
