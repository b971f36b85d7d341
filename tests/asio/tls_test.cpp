// TLS with a real Mosquitto: certificates and keys of every kind, both versions of TLS and of MQTT, large messages.
#include "tests/asio/tls_world.hpp"

namespace mqtt_as::front_test {
namespace {

/// Publishes to itself at qos 1 and gets the same back.
void expect_echo(const config& given, const std::string& body = "hello") {
    world w;
    config c = given;
    std::string got;
    c.subs_cb = [&](std::string_view, std::string_view message, bool) { got = message; };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("echo", 1);
        co_await client.publish("echo", body, {.qos = 1});
        EXPECT_TRUE(co_await eventually([&] { return !got.empty(); }));
        EXPECT_TRUE(got == body) << got.size() << " bytes instead of " << body.size();
        co_await client.disconnect();
    });
}

class tls : public testing::TestWithParam<protocol_version> {
protected:
    config client_of(const broker_process& broker) const {
        config c = place.client_of(broker);
        c.version = GetParam();
        return c;
    }
    tls_place place;
};

INSTANTIATE_TEST_SUITE_P(mosquitto, tls, testing::Values(protocol_version::v3_1_1, protocol_version::v5),
                         [](const auto& p) { return std::string(p.param == protocol_version::v5 ? "v5" : "v3_1_1"); });

TEST_P(tls, connects_and_delivers) {
    const broker_process broker(secured_by(place.ca.issue()));
    expect_echo(client_of(broker));
}

TEST_P(tls, brings_large_messages_there_and_back) {
    const broker_process broker(secured_by(place.ca.issue()));
    std::string body(20'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 4099);
    for (const std::size_t size : {16'383u, 16'384u, 16'385u, 100'000u})
        expect_echo(client_of(broker), body.substr(0, size));
    expect_echo(client_of(broker), body);
}

TEST_P(tls, keeps_order_and_bounds_of_many_messages_of_all_sizes) {
    const broker_process broker(secured_by(place.ca.issue()));
    world w;
    config c = client_of(broker);
    std::vector<std::size_t> sizes;
    c.subs_cb = [&](std::string_view, std::string_view message, bool) {
        EXPECT_EQ(message.find_first_not_of(message.empty() ? '\0' : message[0]), message.npos);
        sizes.push_back(message.size());
    };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("sizes", 1);
        std::vector<std::size_t> sent;
        for (std::size_t n = 0; n < 400; ++n) {
            sent.push_back((n * n * 37) % (n % 10 == 0 ? 40'000 : 300));
            client.publish("sizes", std::string(sent.back(), static_cast<char>('a' + n % 26)), {.qos = 1},
                           [](std::error_code e, const publish_result&) { EXPECT_FALSE(e); });
        }
        EXPECT_TRUE(co_await eventually([&] { return sizes.size() == sent.size(); }));
        EXPECT_EQ(sizes, sent);
        co_await client.disconnect();
    });
}

TEST_P(tls, presents_its_certificate_in_pem_and_der_with_and_without_password) {
    const broker_process broker(secured_by(place.ca.issue()) + demanding(place.ca.pem()));
    for (const bool der : {false, true}) {
        for (const std::string password : {"", "correct horse"}) {
            const certificate_files own = place.ca.issue({.common_name = "me", .der = der, .key_password = password});
            config c = client_of(broker);
            c.ssl_params.ca_file = der ? place.ca.der() : place.ca.pem();
            show(c, own);
            c.ssl_params.key_password = password;
            expect_echo(c);
        }
    }
}

TEST_P(tls, speaks_1_2_and_1_3) {
    const certificate_files own = place.ca.issue();
    const broker_process modern(secured_by(own));
    EXPECT_EQ(attempt_with(client_of(modern)).after.security, "TLSv1.3, TLS_AES_256_GCM_SHA384");
    const only_tls_1_2 meanwhile(place.folder);
    const broker_process old(secured_by(own));
    EXPECT_EQ(attempt_with(client_of(old)).after.security, "TLSv1.2, ECDHE-ECDSA-AES256-GCM-SHA384");
    expect_echo(client_of(old));
}

TEST_P(tls, with_a_pre_shared_key_needs_no_certificates) {
    const std::string keys = place.folder.path() / "psk";
    std::ofstream(keys) << "sensor-7:0123456789abcdef\n";
    const std::string settings = "psk_hint hint\npsk_file " + keys + "\n";
    config c;
    c.ssl = true;
    c.version = GetParam();
    c.ssl_params.psk = "0123456789ABCDEF";
    c.ssl_params.psk_identity = "sensor-7";
    const broker_process modern(settings);
    c.unix_socket = modern.socket();
    EXPECT_EQ(attempt_with(c).after.security.substr(0, 7), "TLSv1.3");
    expect_echo(c);
    const only_tls_1_2 meanwhile(place.folder);
    const broker_process old(settings);
    c.unix_socket = old.socket();
    EXPECT_NE(attempt_with(c).after.security.find("PSK"), std::string::npos);
    expect_echo(c);
}

TEST_P(tls, trusts_a_folder_of_hashed_certificates) {
    const broker_process broker(secured_by(place.ca.issue()));
    const auto trusted = place.folder.path() / "trusted";
    std::filesystem::create_directory(trusted);
    std::filesystem::copy(place.ca.pem(), trusted / "ca.pem");
    config c = client_of(broker);
    c.ssl_params.ca_file.clear();
    c.ssl_params.ca_path = trusted;
    EXPECT_EQ(attempt_with(c).error, make_error_code(errc::tls_failed)) << "not hashed yet";
    ASSERT_EQ(std::system(("openssl rehash " + trusted.string()).c_str()), 0);
    expect_echo(c);
}

TEST_P(tls, verifies_names_and_addresses) {
    const broker_process broker(
        secured_by(place.ca.issue({.names = {"*.example.org"}, .addresses = {"127.0.0.1", "fe80::1"}})));
    const fault_proxy proxy(broker.socket(), content::anything);
    config c = place.client_at(proxy.port());
    c.version = GetParam();
    expect_echo(c);  // by address
    for (const char* name : {"mqtt.example.org", "mqtt.example.org.", "fe80::1", "fe80::1%1"}) {
        c.ssl_params.server_name = name;
        expect_echo(c);
    }
    for (const char* name : {"fe80::2%1", "."}) {
        c.ssl_params.server_name = name;
        EXPECT_EQ(attempt_with(c).error, make_error_code(errc::tls_failed)) << name;
    }
    c.ssl_params.server_name = "example.com";
    EXPECT_EQ(attempt_with(c).error, make_error_code(errc::tls_failed));
    c.ssl_params.verify = ssl_verify::issuer;
    expect_echo(c);
}

TEST_P(tls, verifies_nothing_only_when_told_to) {
    authority nobody(place.folder.path(), "Nobody");
    const broker_process broker(secured_by(nobody.issue({.names = {"elsewhere"}})));
    config c = client_of(broker);
    c.ssl_params.ca_file.clear();
    EXPECT_EQ(attempt_with(c).error, make_error_code(errc::tls_failed));
    c.ssl_params.verify = ssl_verify::none;
    expect_echo(c);
}

TEST(tls_config, the_default_port_is_8883) {
    event_loop loop;
    config c;
    c.server = "localhost";
    c.ssl = true;
    EXPECT_TRUE(MQTTClient(loop, c).explain().server.ends_with(":8883"));
}

}  // namespace
}  // namespace mqtt_as::front_test
