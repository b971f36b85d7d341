// A wrong configuration is refused at construction, in words that name the key and say what is allowed.
#include "mqtt_as/asio/async.hpp"
#include "mqtt_as/asio/client.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace mqtt_as::front_test {
namespace {

using namespace std::chrono_literals;

struct wrong {
    const char* name;
    void (*change)(config&);
    std::string words;
};

std::string words_of(const wrong& w) {
    config c;
    c.server = "localhost";
    w.change(c);
    try {
        check(c);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

std::string no_name(const std::string& key, const std::string& given) {
    return "mqtt_as: config." + key + " is '" + given +
           "': a name or an address is allowed, without a scheme, brackets or a port (that is config.port)";
}
std::string no_server(const std::string& given) { return no_name("server", given); }

const wrong all[] = {
    {"no server", [](config& c) { c.server = ""; },
     "mqtt_as: config.server is empty: a name or an address is needed, or config.unix_socket"},
    {"both", [](config& c) { c.unix_socket = "/tmp/x"; },
     "mqtt_as: config.server and config.unix_socket are both set: one of them is allowed"},
    {"long name", [](config& c) { c.server = std::string(254, 'x'); },
     "mqtt_as: config.server has 254 bytes: a name or an address has at most 253"},
    {"scheme", [](config& c) { c.server = "tcp://localhost"; }, no_server("tcp://localhost")},
    {"server with port", [](config& c) { c.server = "localhost:1883"; }, no_server("localhost:1883")},
    {"brackets", [](config& c) { c.server = "[::1]"; }, no_server("[::1]")},
    {"line end", [](config& c) { c.server = "localhost\n"; }, no_server("localhost\n")},
    {"blank", [](config& c) { c.server = "local host"; }, no_server("local host")},
    {"address with port", [](config& c) { c.server = "127.0.0.1:1883"; }, no_server("127.0.0.1:1883")},
    {"long path", [](config& c) { c.server = "", c.unix_socket = std::string(200, 'x'); },
     "mqtt_as: config.unix_socket has 200 bytes: at most 107 are allowed"},
    {"long ssid", [](config& c) { c.ssid = std::string(33, 'x'); },
     "mqtt_as: config.ssid has 33 bytes: at most 32 are allowed"},
    {"password without a network", [](config& c) { c.wifi_pw = "open sesame"; },
     "mqtt_as: config.wifi_pw is set without config.ssid: which network is it for?"},
    {"short password", [](config& c) { c.ssid = "home", c.wifi_pw = "short"; },
     "mqtt_as: config.wifi_pw is no password of WPA: 8 to 63 ASCII characters or 64 hexadecimal digits are allowed"},
    {"neither password nor key", [](config& c) { c.ssid = "home", c.wifi_pw = std::string(64, 'x'); },
     "mqtt_as: config.wifi_pw is no password of WPA: 8 to 63 ASCII characters or 64 hexadecimal digits are allowed"},
    {"keepalive", [](config& c) { c.keepalive = 70'000s; },
     "mqtt_as: config.keepalive is 70000 s: 0 s to 65535 s is allowed"},
    {"negative", [](config& c) { c.ping_interval = -1s; },
     "mqtt_as: config.ping_interval is -1 s: 0 s to 86400 s is allowed"},
    {"response_time", [](config& c) { c.response_time = 0s; },
     "mqtt_as: config.response_time is 0 s: 1 ms to 86400 s is allowed"},
    {"client_id", [](config& c) { c.clean = false; },
     "mqtt_as: config.client_id is empty with clean or clean_init false: a session that is continued needs a name"},
    {"client_id text", [](config& c) { c.client_id = "\xff"; },
     "mqtt_as: config.client_id is not UTF-8, or holds U+0000: any other text is allowed"},
    {"password alone", [](config& c) { c.password = "x"; },
     "mqtt_as: config.password is set without config.user: MQTT 3.1.1 does not allow that; set the user, or version "
     "to v5"},
    {"long user", [](config& c) { c.user = std::string(70'000, 'x'); },
     "mqtt_as: config.user has 70000 bytes: at most 65535 are allowed"},
    {"will topic", [](config& c) { c.will = {"a/#", "x"}; },
     "mqtt_as: config.will.topic is 'a/#': a topic of 1 to 65535 bytes of UTF-8, without '+', '#' and U+0000, is "
     "allowed"},
    {"will qos", [](config& c) { c.will = {"a", "x", false, 3}; },
     "mqtt_as: config.will.qos is wrong: 0, 1 or 2 is allowed"},
    {"will qos of any size", [](config& c) { c.will = {"a", "x", false, 256}; },
     "mqtt_as: config.will.qos is wrong: 0, 1 or 2 is allowed"},
    {"will delay", [](config& c) { c.will = {.topic = "a", .payload = "x", .delay = 5s}; },
     "mqtt_as: config.will has a delay or properties: MQTT 3.1.1 has none; set config.version to v5"},
    {"user properties", [](config& c) { c.user_properties = {{"a", "b"}}; },
     "mqtt_as: config.user_properties and request_response_information need MQTT 5; set config.version to v5"},
    {"queue", [](config& c) { c.queue_len = 70'000; }, "mqtt_as: config.queue_len is 70000: 0 to 65000 is allowed"},
    {"limits", [](config& c) { c.limits.operations_max = 0; },
     "mqtt_as: config.limits.operations_max is 0: at least 1 is needed"},
    {"qos 2 on the way", [](config& c) { c.limits.outbound_qos2_max = 0; },
     "mqtt_as: config.limits.outbound_qos2_max is 0: at least 1 is needed"},
    {"backoff", [](config& c) { c.backoff.cap = duration(1); },
     "mqtt_as: config.backoff.cap is 1 ms: 1 s to 86400 s is allowed"},
    {"repubs", [](config& c) { c.max_repubs = 5'000; }, "mqtt_as: config.max_repubs is 5000: 0 to 1000 is allowed"},
    {"ssl forgotten", [](config& c) { c.ssl_params.ca_file = "ca.pem"; },
     "mqtt_as: config.ssl_params is set without config.ssl: the connection would be in the clear"},
    {"key missing", [](config& c) { c.ssl = true, c.ssl_params.cert_file = "me.pem"; },
     "mqtt_as: config.ssl_params.cert_file and key_file belong together: set both, or none"},
    {"password of nothing", [](config& c) { c.ssl = true, c.ssl_params.key_password = "x"; },
     "mqtt_as: config.ssl_params.key_password is set without key_file"},
    {"CA for nothing", [](config& c) { c.ssl = true, c.ssl_params = {.ca_file = "ca", .verify = ssl_verify::none}; },
     "mqtt_as: config.ssl_params.verify is none although there is a ca_file or a ca_path: leave out one of them"},
    {"psk of nobody", [](config& c) { c.ssl = true, c.ssl_params.psk = "00ff"; },
     "mqtt_as: config.ssl_params.psk and psk_identity belong together: set both, or none"},
    {"psk and CA",
     [](config& c) { c.ssl = true, c.ssl_params = {.ca_file = "ca", .psk = "00ff", .psk_identity = "me"}; },
     "mqtt_as: config.ssl_params.psk is set together with certificates: one of them is allowed"},
    {"psk not hex", [](config& c) { c.ssl = true, c.ssl_params = {.psk = "0xff", .psk_identity = "me"}; },
     "mqtt_as: config.ssl_params.psk is not a key: 2 to 128 hexadecimal digits, two for each byte, are allowed"},
    {"psk odd", [](config& c) { c.ssl = true, c.ssl_params = {.psk = "fff", .psk_identity = "me"}; },
     "mqtt_as: config.ssl_params.psk is not a key: 2 to 128 hexadecimal digits, two for each byte, are allowed"},
    {"psk identity",
     [](config& c) { c.ssl = true, c.ssl_params = {.psk = "ff", .psk_identity = std::string(129, 'x')}; },
     "mqtt_as: config.ssl_params.psk_identity is not a name: 1 to 128 bytes without NUL are allowed"},
    {"alpn", [](config& c) { c.ssl = true, c.ssl_params.alpn = {"mqtt", ""}; },
     "mqtt_as: config.ssl_params.alpn has a protocol of 0 bytes: 1 to 255 are allowed"},
    {"server_name", [](config& c) { c.ssl = true, c.ssl_params.server_name = std::string(254, 'x'); },
     "mqtt_as: config.ssl_params.server_name has 254 bytes: a name or an address has at most 253"},
    {"server_name with port", [](config& c) { c.ssl = true, c.ssl_params.server_name = "broker:8883"; },
     no_name("ssl_params.server_name", "broker:8883")},
    {"server_name with NUL", [](config& c) { c.ssl = true, c.ssl_params.server_name = std::string("a\0b", 3); },
     no_name("ssl_params.server_name", "a")},
    {"nothing to verify", [](config& c) { c.server = "", c.unix_socket = "/tmp/x", c.ssl = true; },
     "mqtt_as: config.ssl_params.server_name is empty with config.unix_socket: a path is not a name to verify"},
    {"nobody acknowledges", [](config& c) { c.manual_acknowledgement = true; },
     "mqtt_as: config.manual_acknowledgement needs subs_cb or queue_len, which gives you what to acknowledge"},
    {"two acknowledge",
     [](config& c) {
         c.manual_acknowledgement = true, c.queue_len = 1;
         c.subs_cb = [](const received_message&) {};
     },
     "mqtt_as: config.subs_cb and queue_len exclude each other under manual_acknowledgement: who acknowledges?"},
    {"nothing to acknowledge by",
     [](config& c) {
         c.manual_acknowledgement = true;
         c.subs_cb = [](std::string_view, std::string_view, bool) {};
     },
     "mqtt_as: config.subs_cb takes (topic, message, retained) under manual_acknowledgement: let it take (const "
     "received_message&), which has delivery()"},
    {"discards and acknowledges",
     [](config& c) {
         c.manual_acknowledgement = true, c.queue_len = 1;
         c.on_overflow = overflow_policy::discard_oldest;
     },
     "mqtt_as: config.on_overflow is discard_oldest under manual_acknowledgement: nobody would acknowledge what was "
     "discarded"},
};

TEST(config, takes_names_and_addresses_of_every_kind) {
    for (const char* server :
         {"localhost", "broker.example.org.", "127.0.0.1", "::1", "fe80::1%eth0", "::ffff:127.0.0.1"})
        EXPECT_NO_THROW(check({.server = server})) << server;
}

TEST(config, every_wrong_value_is_refused_in_words) {
    for (const wrong& w : all) EXPECT_EQ(words_of(w), w.words) << w.name;
}

TEST(config, a_qos_of_any_integer_is_what_it_was_or_wrong) {
    for (const int good : {0, 1, 2}) {
        EXPECT_EQ(qos_level(good), good);
        EXPECT_EQ(qos_level(static_cast<std::uint8_t>(good)), good);
        EXPECT_EQ(qos_level(static_cast<long long>(good)), good);
    }
    for (const int wrong : {3, -1, 256, 257, -256}) EXPECT_GT(qos_level(wrong), 2) << wrong;
    EXPECT_GT(qos_level(0x1'0000'0001), 2);
    EXPECT_GT(qos_level(std::uint8_t{255}), 2);
    EXPECT_GT(qos_level(static_cast<signed char>(-1)), 2);
}

TEST(config, the_constructor_throws_what_check_throws) {
    event_loop loop;
    EXPECT_THROW(MQTTClient(loop, config{}), std::invalid_argument);
}

TEST(config, defaults_are_those_of_the_original) {
    const config c;
    EXPECT_EQ(c.keepalive, 60s);
    EXPECT_EQ(c.response_time, 10s);
    EXPECT_EQ(c.max_repubs, 4u);
    EXPECT_TRUE(c.clean && c.clean_init);
}

TEST(config, what_was_left_out_is_filled_in) {
    event_loop loop;
    const config c{.server = "localhost"};
    const MQTTClient a(loop, c), b(loop, c);
    EXPECT_EQ(a.explain().server, "localhost:1883");
    EXPECT_EQ(a.client_id().size(), 23u);
    EXPECT_EQ(a.client_id().substr(0, 6), "mqttas");
    EXPECT_NE(a.client_id(), b.client_id());
    EXPECT_EQ(MQTTClient(loop, {.client_id = "me", .server = "localhost", .port = 1}).client_id(), "me");
}

TEST(config, is_written_as_one_expression) {
    event_loop loop;
    bool called = false;
    const config c{.client_id = "shed",
                   .server = "localhost",
                   .user = "me",
                   .password = "secret",
                   .ssl = true,
                   .ssl_params = {.ca_file = "ca.pem"},
                   .will = will_message{.topic = "shed", .payload = "gone"},
                   .subs_cb = [](std::string_view, std::string_view, bool) {},
                   .wifi_coro = [](bool) {},
                   .connect_coro = [](MQTTClient&) -> task<> { co_return; },
                   .version = protocol_version::v5,
                   .limits = {.operations_max = 5},
                   .user_properties = {{"a", "b"}},
                   .dprint = [&called](std::string_view) { called = true; }};
    EXPECT_NO_THROW(check(c));
    EXPECT_EQ(c.will->payload, "gone");
    EXPECT_NE(c.ssl.linked(), nullptr);
    EXPECT_NE(c.version.linked(), nullptr);
    EXPECT_EQ(c.ssid.linked(), nullptr);  // nobody said anything
    MQTTClient client(loop, c);
    EXPECT_EQ(client.explain().server, "localhost:8883");
    client.dprint("a line");
    EXPECT_TRUE(called);
}

/// The client keeps copies of what it needs.
TEST(config, needs_not_outlive_the_making_of_a_client) {
    event_loop loop;
    auto c = std::make_unique<config>(
        config{.client_id = std::string(30, 'i'), .server = std::string(40, 's'), .user = std::string(50, 'u')});
    MQTTClient client(loop, *c);
    c.reset();
    EXPECT_EQ(client.client_id(), std::string(30, 'i'));
    EXPECT_EQ(client.explain().server, std::string(40, 's') + ":1883");
}

TEST(config, accepts_everything_that_mqtt_allows) {
    config c;
    c.server = "localhost";
    c.client_id = "Zürich 東京";
    c.user = "";
    c.password = std::string("\x00\xff", 2);
    c.keepalive = 65'535s;
    c.will = {"a", "", true, 2};
    EXPECT_NO_THROW(check(c));
    c.version = protocol_version::v5;
    c.user.reset();
    c.will->delay = 5s;
    c.will->content_type = "text/plain";
    c.will->user_properties = {{"k", "v"}};
    c.user_properties = {{"k", "v"}, {"k", "v"}};
    EXPECT_NO_THROW(check(c));
}

}  // namespace
}  // namespace mqtt_as::front_test
