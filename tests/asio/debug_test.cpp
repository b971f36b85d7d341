// DEBUG, dprint, the trace of packets and the counters.
#include "tests/asio/world.hpp"

#include <regex>

namespace mqtt_as::front_test {
namespace {

using list = std::vector<std::string>;

/// Restores DEBUG, which is for all clients.
struct debugging {
    explicit debugging(debug_level level) { MQTTClient::DEBUG = level; }
    ~debugging() { MQTTClient::DEBUG = false; }
};

/// The packets of a trace, without the time of day.
list packets_of(const list& lines) {
    static const std::regex packet(R"(\d\d:\d\d:\d\d\.\d\d\d (<-|->) .*)");
    list result;
    for (const std::string& line : lines)
        if (std::regex_match(line, packet)) result.push_back(line.substr(13));
    return result;
}

config logging_to(list& lines, std::uint16_t port) {
    config c = config_for(port);
    c.dprint = [&lines](std::string_view line) { lines.emplace_back(line); };
    return c;
}

TEST(debug, is_off_on_or_tells_packets) {
    EXPECT_FALSE(MQTTClient::DEBUG);
    MQTTClient::DEBUG = true;
    EXPECT_TRUE(MQTTClient::DEBUG);
    EXPECT_EQ(MQTTClient::DEBUG.makes_log(), nullptr);
    MQTTClient::DEBUG = debug_level::packets;
    EXPECT_TRUE(MQTTClient::DEBUG);
    EXPECT_NE(MQTTClient::DEBUG.makes_log(), nullptr);
    MQTTClient::DEBUG = false;
    EXPECT_FALSE(MQTTClient::DEBUG);
    EXPECT_EQ(MQTTClient::DEBUG.makes_log(), nullptr);
}

TEST(debug, lines_go_where_the_configuration_says) {
    scripted_server server({good_broker});
    world w;
    list lines;
    MQTTClient client(w.executor(), logging_to(lines, server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.disconnect();
    });
    EXPECT_EQ(lines, (list{"Connecting to broker.", "Connected to broker."}));
}

TEST(debug, they_are_printed_only_if_debug_says_so) {
    scripted_server server({good_broker});
    const auto printed = [&] {
        testing::internal::CaptureStdout();
        world w;
        MQTTClient client(w.executor(), config_for(server.port()));
        w.run([&]() -> task<> {
            co_await client.connect();
            co_await client.disconnect();
        });
        return testing::internal::GetCapturedStdout();
    };
    EXPECT_EQ(printed(), "");
    const debugging on(debug_level::lines);
    EXPECT_EQ(printed(), "Connecting to broker.\nConnected to broker.\n");
}

TEST(debug, a_reconnection_is_told_as_in_the_original) {
    scripted_server server({[](peer& p) { p.accept(); }, good_broker});
    world w;
    list lines;
    MQTTClient client(w.executor(), logging_to(lines, server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return !lines.empty() && lines.back() == "Reconnect OK!"; }));
    });
}

TEST(debug, packets_are_traced_in_both_directions_without_payloads_and_secrets) {
    const debugging packets(debug_level::packets);
    scripted_server server({[](peer& p) {
        p.accept();
        p.serve([&](const frame& f) {
            if (f.type() == PUBLISH) p.publish("from/server", "secret too");
            return false;
        });
    }});
    world w;
    list lines;
    config c = logging_to(lines, server.port());
    c.client_id = "tracer";
    c.user = "somebody";
    c.password = "hidden";
    MQTTClient client(w.executor(), c);
    std::string id;
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.publish("a/b", "secret", {.qos = 1, .retain = true});
        co_await client.publish("c", std::string(100'000, 's'));  // gathered, in more than one write
        EXPECT_TRUE(co_await eventually([&] { return packets_of(lines).size() >= 7; }));
        co_await client.disconnect();
        EXPECT_TRUE(co_await eventually([&] { return packets_of(lines).size() >= 8; }));
    });
    const list traced = packets_of(lines);
    ASSERT_GE(traced.size(), 8u);
    EXPECT_EQ(traced[0], "-> CONNECT 3.1.1 client \"tracer\" clean keep-alive 60 user password, 38 bytes");
    EXPECT_EQ(traced[1], "<- CONNACK: Success, 4 bytes");
    std::smatch found;
    ASSERT_TRUE(
        std::regex_match(traced[2], found, std::regex(R"(-> PUBLISH qos 1 retain id (\d+) "a/b" payload 6, 15 bytes)")))
        << traced[2];
    const list rest(traced.begin() + 3, traced.end());
    for (const std::string& wanted :
         {"<- PUBACK id " + found[1].str() + ", 4 bytes",
          std::string("<- PUBLISH qos 0 \"from/server\" payload 10, 25 bytes"),
          std::string("-> PUBLISH qos 0 \"c\" payload 100000, 100007 bytes"), std::string("-> DISCONNECT, 2 bytes")}) {
        EXPECT_NE(std::find(rest.begin(), rest.end(), wanted), rest.end()) << wanted;
    }
    for (const std::string& line : lines) {
        for (const char* secret : {"secret", "somebody", "hidden"}) EXPECT_EQ(line.find(secret), line.npos) << line;
    }
}

TEST(debug, a_packet_that_the_end_of_the_connection_cuts_is_told) {
    const debugging packets(debug_level::packets);
    scripted_server server({[](peer& p) {
                                p.accept();
                                p.send(std::string("\x30\x20\0\1t", 5));
                            },
                            good_broker});
    world w;
    list lines;
    MQTTClient client(w.executor(), logging_to(lines, server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
    });
    const list traced = packets_of(lines);
    const std::string wanted = "<- PUBLISH qos 0 \"t\" payload 29, 5 of 34 bytes: cut off";
    EXPECT_NE(std::find(traced.begin(), traced.end(), wanted), traced.end());
}

TEST(debug, what_is_not_asked_for_is_not_traced) {
    scripted_server server({[](peer& p) { p.accept(); }, good_broker});
    world w;
    list lines;
    MQTTClient client(w.executor(), logging_to(lines, server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
        EXPECT_EQ(packets_of(lines), list{});
        // From the next connection on.
        const debugging packets(debug_level::packets);
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(packets_of(lines), list{});
    });
}

TEST(counters, count_bytes_on_all_connections) {
    scripted_server server({[](peer& p) {
                                p.accept();
                                p.answer(p.expect(PUBLISH));
                            },
                            good_broker});
    world w;
    config c = config_for(server.port());
    c.client_id = "counter";
    MQTTClient client(w.executor(), c);
    constexpr std::uint64_t connect_size = 2 + 6 + 1 + 1 + 2 + 2 + 7;
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ(client.count().bytes_sent, connect_size);
        EXPECT_EQ(client.count().bytes_received, 4u);
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_EQ(client.count().bytes_sent, connect_size + 8);
        EXPECT_EQ(client.count().bytes_received, 8u);
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
        EXPECT_EQ(client.explain().count.bytes_sent, 2 * connect_size + 8);
        EXPECT_EQ(client.count().bytes_received, 12u);
        EXPECT_EQ(client.count().outages, 1u);
    });
}

TEST(counters, republications_count_for_the_client_and_in_total) {
    // The first PUBLISH stays unanswered while other packets come.
    scripted_server server({[](peer& p) {
        p.accept();
        int seen = 0;
        p.serve([&](const frame& f) {
            if (f.type() != PUBLISH) return false;
            if (++seen == 1) {
                p.publish("other", "traffic");
                while (true) {
                    const auto next = p.read();
                    if (!next) return true;
                    p.answer(*next);
                    if (next->type() == PUBLISH) return false;
                }
            }
            return false;
        });
    }});
    world w;
    config c = config_for(server.port());
    c.response_time = 200ms;
    MQTTClient client(w.executor(), c);
    MQTTClient other(w.executor(), config_for(server.port()));
    const std::uint32_t before = MQTTClient::REPUB_COUNT;
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.publish("t", "x", {.qos = 1});
        EXPECT_GE(client.repub_count(), 1u);
        EXPECT_TRUE(co_await eventually([&] { return MQTTClient::REPUB_COUNT == before + client.repub_count(); }));
        EXPECT_EQ(other.repub_count(), 0u);
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
