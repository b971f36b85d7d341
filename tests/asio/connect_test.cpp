// Connecting, staying connected, leaving.
#include "tests/asio/world.hpp"
#include "tests/support/names.hpp"

#include <cstring>

namespace mqtt_as::front_test {
namespace {

TEST(connect, completes_when_the_server_has_accepted_us) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        EXPECT_FALSE(client.isconnected());
        const connect_result r = co_await client.connect();
        EXPECT_FALSE(r.session_present);
        EXPECT_EQ(r.at, stage::online);
        EXPECT_TRUE(client.isconnected());
        EXPECT_TRUE(client.up.is_set());
        EXPECT_FALSE(client.down.is_set());
        co_await client.disconnect();
        EXPECT_FALSE(client.isconnected());
    });
    EXPECT_EQ(server.complaint(), "");
}

TEST(connect, fails_with_the_stage_and_the_reason_when_nobody_listens) {
    const std::uint16_t port = port_of_nobody();
    world w;
    MQTTClient client(w.executor(), config_for(port));
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
            ADD_FAILURE() << "connected to nobody";
        } catch (const connect_error& e) {
            EXPECT_EQ(e.code(), errc::connect_failed);
            EXPECT_EQ(e.at(), stage::connect);
            EXPECT_EQ(e.result().transport_error, ECONNREFUSED);
            EXPECT_EQ(std::string(e.what()),
                      "connect: TCP: Connection refused: " + std::string(describe(errc::connect_failed)));
        }
    });
}

// Else a coroutine would wait for a client that does nothing any more.
TEST(connect, leaves_nobody_waiting_when_it_has_failed) {
    const std::uint16_t port = port_of_nobody();
    world w;
    config c = config_for(port);
    c.limits.operations_max = 1;
    c.on_full = full_policy::wait;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        std::vector<std::error_code> ends;
        const auto on_end = [&](std::error_code e, publish_result) { ends.push_back(e); };
        client.publish("t", "unfinished", {.qos = 1}, on_end);
        client.publish("t", "waits for room", {.qos = 1}, on_end);
        const auto connected = co_await client.connect(as_result);
        EXPECT_EQ(connected.error, errc::connect_failed);
        EXPECT_TRUE(co_await eventually([&] { return ends.size() == 2; }));
        EXPECT_EQ(ends, std::vector<std::error_code>(2, errc::stopped));
        EXPECT_EQ((co_await client.publish("t", "x", {.qos = 1}, as_result)).error, errc::not_started);
    });
}

TEST(connect, reports_what_the_server_says_when_it_refuses) {
    scripted_server server({[](peer& p) {
        p.expect(CONNECT);
        p.send({"\x20\x02\x00\x05", 4});
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
            ADD_FAILURE() << "connected";
        } catch (const connect_error& e) {
            EXPECT_EQ(e.code(), errc::connection_refused);
            EXPECT_EQ(e.at(), stage::mqtt);
            EXPECT_EQ(e.result().reason, reason_code::not_authorized);
            EXPECT_FALSE(e.result().can_retry_help);
            EXPECT_NE(std::strstr(e.what(), "MQTT: refused by the server: Not authorized (0x87)"), nullptr) << e.what();
        }
    });
}

TEST(connect, with_retry_treats_an_absent_server_as_an_outage) {
    int attempts = 0;
    scripted_server server({[&](peer& p) {
                                ++attempts;
                                p.reset();
                            },
                            [&](peer& p) {
                                ++attempts;
                                p.reset();
                            },
                            good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect({.retry = true});
        EXPECT_TRUE(client.isconnected());
        EXPECT_EQ(server.connections(), 3);
    });
}

TEST(connect, twice_is_refused) {
    scripted_server server({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ(co_await error_of(client.connect()), errc::already_started);
    });
}

TEST(connect, can_follow_a_failure_and_a_disconnect) {
    scripted_server server({[](peer& p) { p.reset(); }, good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        EXPECT_NE(co_await error_of(client.connect()), std::error_code());
        for (int i = 0; i < 3; ++i) {
            co_await client.connect();
            EXPECT_EQ((co_await client.publish("t", "x", {.qos = 1})).reason, reason_code::success);
            co_await client.disconnect();
        }
        EXPECT_EQ(server.connections(), 4);
    });
    EXPECT_EQ(server.complaint(), "");
}

TEST(connect, gives_up_a_mute_server_after_response_time) {
    scripted_server server({[](peer& p) {
        while (p.read()) {
        }
    }});
    world w;
    config c = config_for(server.port());
    c.response_time = 200ms;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
            ADD_FAILURE() << "connected";
        } catch (const connect_error& e) {
            EXPECT_EQ(e.code(), errc::stage_timed_out);
            EXPECT_EQ(e.at(), stage::mqtt);
        }
    });
}

TEST(connect, reconnects_after_fin_and_after_rst_and_renews_subscriptions) {
    std::atomic<int> subscribed{0};
    const auto drop = [&](bool hard) {
        return [&subscribed, hard](peer& p) {
            p.accept();
            p.answer(p.expect(SUBSCRIBE));
            ++subscribed;
            if (hard) p.reset();
        };
    };
    scripted_server server({drop(false), drop(true), [&](peer& p) {
                                p.accept();
                                p.serve([&](const frame& f) { return f.type() == SUBSCRIBE && ++subscribed > 100; });
                            }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("a/b", 1);
        EXPECT_TRUE(co_await eventually([&] { return subscribed == 3; }));
        EXPECT_EQ(client.count().connections, 3u);
        EXPECT_EQ(client.count().outages, 2u);
        EXPECT_TRUE(client.down.is_set());
    });
}

TEST(connect, a_session_taken_over_is_reported_by_that_name) {
    scripted_server server({[](peer& p) {
        p.accept();
        p.send("\xE0\x01\x8E");
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port(), protocol_version::v5));
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.down.wait();
        EXPECT_EQ(client.explain().last_error->reason, reason_code::session_taken_over);
        EXPECT_EQ(describe(*client.explain().last_error), "MQTT: ended by the server: Session taken over (0x8E)");
    });
}

TEST(connect, sends_user_password_will_and_keepalive_of_the_configuration) {
    frame connect;
    scripted_server server({[&](peer& p) {
        connect = p.accept();
        p.serve();
    }});
    world w;
    config c = config_for(server.port());
    c.client_id = "cid";
    c.user = "u1";
    c.password = "p2";
    c.keepalive = 300s;
    c.will = {"wt", "wm", true, 1};
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> { co_await client.connect(); });
    server.refuse();  // its threads have ended
    // The bytes of MQTT 3.1.1, section 3.1: flags 0xEE, client identifier, will topic, will message, user, password.
    EXPECT_EQ(connect.body, std::string("\x00\x04MQTT\x04\xEE\x01\x2C\x00\x03"
                                        "cid\x00\x02wt\x00\x02wm\x00\x02u1\x00\x02p2",
                                        31));
}

TEST(connect, uses_ipv6_and_unix_sockets) {
    world w;
    {
        scripted_server server({good_broker}, "::1");
        config c = config_for(server.port());
        c.server = "::1";
        MQTTClient client(w.executor(), c);
        w.run([&]() -> task<> {
            co_await client.connect();
            EXPECT_EQ(client.explain().address, "[::1]:" + std::to_string(server.port()));
        });
    }
    const std::string path = testing::TempDir() + "mqtt_as_front_" + std::to_string(::getpid());
    scripted_server server({good_broker}, path);
    config c;
    c.unix_socket = path;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ((co_await client.publish("t", "x", {.qos = 2})).reason, reason_code::success);
        EXPECT_EQ(client.explain().address, path);
    });
}

TEST(connect, resolves_a_name_and_tries_all_of_its_addresses) {
    MQTT_AS_NEEDS_LOCALHOST();
    // `localhost` is ::1 and 127.0.0.1 on most machines; the server listens on the latter only.
    scripted_server server({good_broker});
    world w;
    config c = config_for(server.port());
    c.server = "localhost";
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ(client.explain().address, "127.0.0.1:" + std::to_string(server.port()));
    });
}

TEST(connect, says_that_a_name_has_no_address) {
    world w;
    config c = config_for(1);
    c.server = "no-such-host.invalid";
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
            ADD_FAILURE() << "connected";
        } catch (const connect_error& e) {
            EXPECT_EQ(e.code(), errc::resolve_failed);
            EXPECT_EQ(e.at(), stage::resolve);
            EXPECT_NE(e.result().transport_error, 0);
        }
    });
}

TEST(disconnect, says_goodbye_and_ends_what_is_left_as_stopped) {
    std::atomic<bool> said_goodbye{false};
    scripted_server server({[&](peer& p) {
        p.accept();
        p.expect(PUBLISH);  // never acknowledged
        while (const auto f = p.read()) said_goodbye = said_goodbye || f->type() == DISCONNECT;
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        std::error_code ended;
        publish_result result;
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, publish_result r) { ended = e, result = r; });
        const auto begin = std::chrono::steady_clock::now();
        co_await client.disconnect({.grace = 100ms});
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
        EXPECT_EQ(ended, errc::stopped);
        EXPECT_TRUE(result.may_have_been_delivered);
        EXPECT_TRUE(co_await eventually([&] { return said_goodbye.load(); }));
        EXPECT_EQ(co_await error_of(client.publish("t", "y")), errc::not_started);
    });
}

TEST(disconnect, completes_at_once_when_not_connected) {
    world w;
    MQTTClient client(w.executor(), config_for(1));
    w.run([&]() -> task<> { co_await client.disconnect(); });
}

TEST(disconnect, before_connect_ends_what_waits_as_stopped) {
    world w;
    MQTTClient client(w.executor(), config_for(1));
    w.run([&]() -> task<> {
        std::error_code waited;
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, const publish_result&) { waited = e; });
        co_await client.disconnect();
        EXPECT_EQ(waited, errc::stopped);
        const auto r = co_await client.publish("t", "y", {.qos = 1}, as_result);
        EXPECT_EQ(r.error, errc::not_started);
    });
}

TEST(disconnect, ends_an_attempt_that_is_under_way) {
    scripted_server server({[](peer& p) {
        while (p.read()) {
        }
    }});
    world w;
    MQTTClient client(w.executor(), config_for(server.port()));
    w.run([&]() -> task<> {
        std::error_code ended;
        client.connect([&](std::error_code e, const connect_result&) { ended = e; });
        EXPECT_TRUE(co_await eventually([&] { return server.connections() == 1; }));
        co_await client.disconnect();
        EXPECT_EQ(ended, errc::stopped);
    });
}

TEST(broker_up, knows_fresh_bytes_asks_a_quiet_server_and_waits_for_a_mute_one) {
    std::atomic<bool> mute{false};
    std::atomic<int> pings{0};
    scripted_server server({[&](peer& p) {
        p.accept();
        while (const auto f = p.read()) {
            pings += f->type() == PINGREQ;
            if (!mute) p.answer(*f);
        }
    }});
    world w;
    config c = config_for(server.port());
    c.response_time = 300ms;
    c.ping_interval = 60s;
    c.keepalive = 0s;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        EXPECT_FALSE(co_await client.broker_up());
        co_await client.connect();
        EXPECT_TRUE(co_await client.broker_up());
        EXPECT_EQ(pings, 0);
        co_await sleep_for(1100ms);
        EXPECT_TRUE(co_await client.broker_up());
        EXPECT_EQ(pings, 1);
        mute = true;
        co_await sleep_for(1100ms);
        EXPECT_FALSE(co_await client.broker_up());
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
