// Publishing: payloads of every kind and size, deadlines, full queues, co_await's traps.
#include "tests/asio/world.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mqtt_as::front_test {
namespace {

/// A good broker that remembers what was published.
struct recorder {
    std::mutex mutex;
    std::vector<frame> seen;
    bool v5 = false;

    scripted_server::script script() {
        return [this](peer& p) {
            p.accept();
            v5 = p.v5();
            p.serve([this](const frame& f) {
                const std::lock_guard lock(mutex);
                if (f.type() == PUBLISH) seen.push_back(f);
                return false;
            });
        };
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return seen.size();
    }
};

TEST(publish, completes_at_each_qos_in_both_versions) {
    for (const auto version : {protocol_version::v3_1_1, protocol_version::v5}) {
        recorder r;
        scripted_server server({r.script()});
        world w;
        MQTTClient client(w.executor(), config_for(server.port(), version));
        w.run([&]() -> task<> {
            co_await client.connect();
            for (std::uint8_t qos = 0; qos <= 2; ++qos) {
                const publish_result result =
                    co_await client.publish("t", std::to_string(qos), {.qos = qos, .retain = true});
                EXPECT_EQ(result.reason, reason_code::success);
            }
            EXPECT_TRUE(co_await eventually([&] { return r.count() == 3; }));
        });
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(r.seen[i].qos(), static_cast<int>(i));
            EXPECT_TRUE(r.seen[i].retain());
            EXPECT_EQ(r.seen[i].topic(), "t");
            EXPECT_EQ(r.seen[i].payload(r.v5), std::to_string(i));
        }
        EXPECT_EQ(server.complaint(), "");
    }
}

TEST(publish, takes_payloads_of_every_kind_and_size) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    // 0 bytes, a short string (inside itself), one below the crossover, one above, 3 MB.
    std::vector<std::string> expected;
    w.run([&]() -> task<> {
        co_await client.connect();
        for (const std::size_t size : {0u, 1u, 15u, 16u, 4095u, 4096u, 70'000u, 3'000'000u}) {
            const std::string text(size, static_cast<char>('a' + size % 26));
            const std::vector<std::byte> raw(size, static_cast<std::byte>('a' + size % 26));
            const std::vector<std::uint8_t> numbers(size, static_cast<std::uint8_t>('a' + size % 26));
            const publish_options one{.qos = 1};
            co_await client.publish("t", text, one);
            co_await client.publish("t", std::string_view(text), one);
            co_await client.publish("t", text.c_str(), one);
            co_await client.publish("t", std::string(text), one);
            co_await client.publish("t", raw, one);
            co_await client.publish("t", std::vector(raw), one);
            co_await client.publish("t", std::span<const std::byte>(raw), one);
            co_await client.publish("t", numbers, one);
            co_await client.publish("t", std::vector(numbers), one);
            co_await client.publish("t", bytes(numbers), one);
            co_await client.publish("t", std::make_shared<const std::string>(text), one);
            co_await client.publish("t", payload(std::make_shared<int>(1), bytes(numbers)), one);
            expected.insert(expected.end(), 12, text);
        }
    });
    ASSERT_EQ(r.count(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(r.seen[i].payload() == expected[i]) << i;
}

TEST(publish, keeps_an_owned_body_until_the_packet_is_done_and_not_longer) {
    std::atomic<bool> answer{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        const frame f = p.expect(PUBLISH);
        while (!answer) std::this_thread::sleep_for(1ms);
        p.answer(f);
        p.serve();
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        auto body = std::make_shared<const std::string>(100'000, 'x');
        const std::weak_ptr<const std::string> alive = body;
        // The wait ends after 50 ms, the packet lives on.
        EXPECT_EQ(co_await error_of(client.publish("t", std::move(body), {.qos = 1, .timeout = 50ms})),
                  errc::timed_out);
        EXPECT_FALSE(alive.expired());
        answer = true;
        EXPECT_TRUE(co_await eventually([&] { return alive.expired(); }));
    });
    EXPECT_EQ(server.complaint(), "");
}

TEST(publish, handles_any_utf8_topic_and_rejects_bad_ones) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.publish("température/Zürich/東京/🌡", "21 °C", {.qos = 1});
        co_await client.publish(std::string(65'535, 'x'), "long", {.qos = 1});
        EXPECT_EQ(co_await error_of(client.publish("", "x")), errc::bad_topic);
        EXPECT_EQ(co_await error_of(client.publish("a/#", "x")), errc::bad_topic);
        EXPECT_EQ(co_await error_of(client.publish("\xff", "x")), errc::bad_topic);
        EXPECT_EQ(co_await error_of(client.publish(std::string(65'536, 'x'), "x")), errc::bad_topic);
        EXPECT_EQ(co_await error_of(client.publish("t", "x", {.qos = 3})), errc::bad_qos);
        EXPECT_EQ(co_await error_of(client.publish("t", "x", {.properties = {.content_type = "text"}})),
                  errc::unsupported_by_version);
    });
    ASSERT_EQ(r.count(), 2u);
    EXPECT_EQ(r.seen[0].topic(), "température/Zürich/東京/🌡");
    EXPECT_EQ(r.seen[0].payload(), "21 °C");
    EXPECT_EQ(r.seen[1].topic().size(), 65'535u);
}

TEST(publish, sends_properties_of_mqtt_5_and_returns_those_of_the_acknowledgement) {
    std::string body;
    scripted_server server({[&](peer& p) {
        p.accept();
        body = p.expect(PUBLISH).body;
        // PUBACK, packet identifier as sent, reason 0x10, one reason string "no".
        p.send(std::string("\x40\x09", 2) + body.substr(3, 2) + std::string("\x10\x05\x1F\x00\x02no", 7));
        p.serve();
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port(), protocol_version::v5));
    w.run([&]() -> task<> {
        co_await client.connect();
        const user_property mine[] = {{"k", "v"}};
        const publish_result r = co_await client.publish(
            "t", "x", {.qos = 1, .properties = {.message_expiry_interval = 7, .user_properties = mine}});
        EXPECT_EQ(r.reason, reason_code::no_matching_subscribers);
        EXPECT_EQ(r.properties.view().text(property_id::reason_string), "no");
    });
    EXPECT_EQ(body.substr(5), std::string("\x0C\x02\x00\x00\x00\x07\x26\x00\x01k\x00\x01vx", 14));
}

TEST(publish, waits_through_an_outage_and_arrives_once_it_is_over) {
    recorder r;
    scripted_server server({[](peer& p) {
                                p.accept();
                                p.expect(PUBLISH);  // not acknowledged
                                p.reset();
                            },
                            r.script()});
    world w;
    config c = config_for(server.port());
    c.clean = false;
    c.client_id = "me";
    c.clean_init = false;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.publish("t", "once", {.qos = 1});
    });
    ASSERT_EQ(r.count(), 1u);
    EXPECT_EQ(r.seen[0].payload(), "once");
}

TEST(publish, before_the_first_connect_waits_for_it) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        int done = 0;
        for (int i = 0; i < 3; ++i)
            client.publish("t", std::to_string(i), [&](std::error_code e, publish_result) { done += !e; });
        EXPECT_EQ(client.explain().text(), "not started; 3 messages (3 B) queued");
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return done == 3; }));
    });
}

TEST(publish, tells_not_sent_from_may_have_been_delivered) {
    scripted_server server({[](peer& p) {
        p.accept();
        while (p.read()) {
        }
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        try {
            co_await client.publish("t", "x", {.qos = 1, .timeout = 20ms});  // not even connected
            ADD_FAILURE();
        } catch (const operation_error& e) {
            EXPECT_EQ(e.code(), errc::timed_out);
            EXPECT_FALSE(e.may_have_been_delivered());
        }
        co_await client.connect();
        try {
            co_await client.publish("t", "x", {.qos = 1, .timeout = 50ms});
            ADD_FAILURE();
        } catch (const operation_error& e) {
            EXPECT_EQ(e.code(), errc::timed_out);
            EXPECT_TRUE(e.may_have_been_delivered());
        }
    });
}

TEST(publish, rejects_at_once_when_the_limit_of_operations_is_reached) {
    world w;
    config c = config_for(1);
    c.limits.operations_max = 2;
    MQTTClient client(w.executor(), c);
    std::vector<std::error_code> ends;
    for (int i = 0; i < 3; ++i)
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, publish_result) { ends.push_back(e); });
    EXPECT_TRUE(ends.empty());  // never inside the initiating call
    EXPECT_TRUE(w.until([&] { return ends.size() == 1; }));
    EXPECT_EQ(ends, std::vector{make_error_code(errc::queue_full)});
    client.close();
    EXPECT_TRUE(w.until([&] { return ends.size() == 3; }));
    EXPECT_EQ(ends[2], errc::closed);
}

TEST(publish, leaves_places_for_subscriptions) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    config c = config_for(server.port());
    c.limits.operations_max = 2;
    MQTTClient client(w.executor(), c);
    std::vector<std::error_code> published;
    std::vector<std::error_code> subscribed;
    for (int i = 0; i < 3; ++i)
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, publish_result) { published.push_back(e); });
    client.subscribe("t", 1, [&](std::error_code e, const subscribe_result&) { subscribed.push_back(e); });
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return published.size() == 3 && subscribed.size() == 1; }));
    });
    const auto ok = make_error_code(errc::ok);
    EXPECT_EQ(published, (std::vector{make_error_code(errc::queue_full), ok, ok}));
    EXPECT_EQ(subscribed, std::vector{ok});
}

TEST(publish, with_on_full_wait_waits_for_room_in_order_and_with_its_deadline) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    config c = config_for(server.port(), protocol_version::v5);
    c.limits.operations_max = 2;
    c.on_full = full_policy::wait;
    MQTTClient client(w.executor(), c);
    int done = 0;
    std::error_code late;
    for (int i = 0; i < 50; ++i) {
        const std::string type = "type " + std::to_string(i);  // gone after this round: it must have been copied
        const user_property mine[] = {{"n", type}};
        client.publish("t", std::to_string(i),
                       {.qos = 1, .properties = {.content_type = type, .user_properties = mine}},
                       [&](std::error_code e, publish_result) { done += !e; });
    }
    client.publish("t", "late", {.qos = 1, .timeout = 30ms}, [&](std::error_code e, publish_result) { late = e; });
    EXPECT_EQ(client.explain().waiting_for_room, 49u);
    EXPECT_TRUE(w.until([&] { return late == errc::timed_out; }));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return done == 50; }));
    });
    ASSERT_EQ(r.count(), 50u);
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_NE(r.seen[i].body.find("type " + std::to_string(i)), std::string::npos);
        EXPECT_EQ(r.seen[i].payload(true), std::to_string(i));
    }
}

TEST(publish, with_on_full_drop_oldest_qos0_drops_those) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    config c = config_for(server.port());
    c.limits.operations_max = 3;
    c.on_full = full_policy::drop_oldest_qos0;
    MQTTClient client(w.executor(), c);
    std::vector<std::pair<int, std::error_code>> ends;
    const auto publish = [&](int n, std::uint8_t qos) {
        client.publish("t", std::to_string(n), {.qos = qos},
                       [&, n](std::error_code e, publish_result) { ends.emplace_back(n, e); });
    };
    publish(0, 0);
    publish(1, 1);
    publish(2, 0);
    publish(3, 1);  // drops 0
    publish(4, 1);  // drops 2
    publish(5, 1);  // nothing is left to drop
    EXPECT_TRUE(w.until([&] { return ends.size() == 3; }));
    const std::vector<std::pair<int, std::error_code>> expected{
        {0, errc::dropped}, {2, errc::dropped}, {5, errc::queue_full}};
    EXPECT_EQ(ends, expected);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return r.count() == 3; }));
    });
}

TEST(publish, reports_what_the_server_refused) {
    scripted_server server({[](peer& p) {
        p.accept();
        const frame f = p.expect(PUBLISH);
        p.send(std::string("\x40\x03", 2) + f.body.substr(3, 2) + "\x87");
        p.serve();
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port(), protocol_version::v5));
    w.run([&]() -> task<> {
        co_await client.connect();
        try {
            co_await client.publish("t", "x", {.qos = 1});
            ADD_FAILURE();
        } catch (const operation_error& e) {
            EXPECT_EQ(e.code(), errc::refused);
            EXPECT_EQ(e.reason(), reason_code::not_authorized);
            EXPECT_EQ(std::string(e.what()), "publish: Not authorized (0x87): " + std::string(describe(errc::refused)));
        }
    });
}

// g++ 12 copies aggregates in a co_await expression bitwise and destroys both copies: with a std::string inside that
// is a double free, which AddressSanitizer sees. Our forms must survive it.
TEST(publish, survives_temporaries_in_co_await_expressions) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), config_for(server.port(), protocol_version::v5));
    w.run([&]() -> task<> {
        co_await client.connect();
        const std::string long_text(200, 'l');
        const user_property mine[] = {{"name", "value"}};
        co_await client.publish(std::string("topic/") + long_text, std::to_string(12345), {.qos = 1});
        co_await client.publish(std::string("topic/") + long_text, std::string(5000, 'p') + "x",
                                {.qos = 1, .retain = true});
        co_await client.publish("t", std::vector<std::byte>(5000, std::byte{1}), {.qos = 2, .timeout = 5s});
        co_await client.publish("t", std::string(9000, 'q'),
                                {.qos = 1, .properties = {.content_type = "text/plain", .user_properties = mine}});
        co_await client.publish("t", long_text + "y", publish_options{.qos = 1, .timeout = 5s});
        co_await client.subscribe(std::string("filter/") + long_text, {.qos = 1, .no_local = true, .timeout = 5s});
        co_await client.unsubscribe(std::string("filter/") + long_text, {.timeout = 5s});
        if ((co_await client.publish("t", std::string(300, 'z'), {.qos = 1})).reason != reason_code::success)
            ADD_FAILURE();
        co_await client.disconnect({.grace = 1s});
        co_await client.connect({.quick = true, .retry = true});
    });
    EXPECT_EQ(r.count(), 6u);
    EXPECT_EQ(server.complaint(), "");
}

TEST(publish, a_thousand_at_once_all_arrive_in_order) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        int done = 0;
        for (int i = 0; i < 1000; ++i)
            client.publish("t", std::to_string(i), {.qos = 1}, [&](std::error_code e, publish_result) { done += !e; });
        EXPECT_TRUE(co_await eventually([&] { return done == 1000; }));
    });
    ASSERT_EQ(r.count(), 1000u);
    for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(r.seen[i].payload(), std::to_string(i));
}

/// A window of publishes in one batch, and room for the next one.
config with_large_batches(config c) {
    c.limits.batch_bytes_max = std::size_t{1} << 20;
    return c;
}

TEST(publish, goes_out_before_all_completions_that_publish_have_run) {
    recorder r;
    scripted_server server({r.script()});
    world w;
    MQTTClient client(w.executor(), with_large_batches(config_for(server.port())));
    const std::string body(1'000, 'x');
    constexpr std::size_t each = 200;
    std::size_t done = 0;
    std::uint64_t sent_by_then = 0;
    client.connect([&](std::error_code, connect_result) {
        for (std::size_t i = 0; i < each; ++i) {
            client.publish("t", std::to_string(i) + body, [&](std::error_code, publish_result) {
                client.publish("t", std::to_string(each + done) + body,
                               [&](std::error_code, publish_result) { ++done; });
                if (++done == each) sent_by_then = client.count().bytes_sent;
            });
        }
    });
    EXPECT_TRUE(w.until([&] { return done == 2 * each; }));
    EXPECT_GT(sent_by_then, each * (body.size() + 10) + 64'000) << "the second ones have waited for all completions";
    EXPECT_TRUE(w.until([&] { return r.count() == 2 * each; }));
    for (std::size_t i = 0; i < 2 * each; ++i) EXPECT_EQ(r.seen[i].payload(), std::to_string(i) + body);
}

TEST(publish, loses_nothing_when_the_connection_is_lost_between_completions) {
    std::atomic<bool> gone{false};
    recorder r;
    scripted_server server({[&](peer& p) {
                                p.accept();
                                p.expect(PUBLISH);
                                p.reset();
                                gone = true;
                            },
                            r.script()});
    world w;
    config c = with_large_batches(config_for(server.port()));
    int losses = 0;
    c.wifi_coro = [&](bool up) { losses += !up; };
    MQTTClient client(w.executor(), c);
    const std::string body(1'000, 'x');
    constexpr int each = 200;
    int done = 0;
    client.connect([&](std::error_code, connect_result) {
        for (int i = 0; i < each; ++i) {
            client.publish("t", body, [&](std::error_code first, publish_result) {
                while (!gone) std::this_thread::sleep_for(1ms);  // what is written from here on fails
                client.publish("t", body, [&](std::error_code second, publish_result) { done += !second; });
                done += !first;
            });
        }
    });
    EXPECT_TRUE(w.until([&] { return done == 2 * each; }));
    EXPECT_EQ(losses, 1);
    EXPECT_TRUE(w.until([&] { return r.count() >= each; }));  // the second ones, which the first connection never took
}

}  // namespace
}  // namespace mqtt_as::front_test
