// TLS through outages: sessions are resumed, renewed certificates are taken up, nothing hangs and nothing is lost.
#include "tests/asio/tls_world.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

namespace mqtt_as::front_test {
namespace {

using std::chrono::steady_clock;
using test::action;
using test::packet_type;
using test::toward;

bool is_resumed(const MQTTClient& client) { return client.explain().security.ends_with(", resumed"); }

void replace(const std::filesystem::path& what, const std::filesystem::path& by) {
    std::filesystem::copy_file(by, what.string() + ".new");
    std::filesystem::rename(what.string() + ".new", what);
}

class tls_outage : public testing::TestWithParam<protocol_version> {
protected:
    config client_at(const fault_proxy& proxy) const {
        config c = place.client_at(proxy.port());
        c.version = GetParam();
        return c;
    }
    /// Ends the connection and waits for the next one.
    static task<> reconnect(MQTTClient& client, fault_proxy& proxy, void (fault_proxy::*end)(std::string_view)) {
        const auto connections = client.count().connections;
        (proxy.*end)({});
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == connections + 1; }));
    }
    tls_place place;
};

INSTANTIATE_TEST_SUITE_P(mosquitto, tls_outage, testing::Values(protocol_version::v3_1_1, protocol_version::v5),
                         [](const auto& p) { return std::string(p.param == protocol_version::v5 ? "v5" : "v3_1_1"); });

// ---- sessions of TLS --------------------------------------------------------------------------------------

void expect_resumption(const config& c, fault_proxy& proxy, auto reconnect) {
    world w;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_FALSE(is_resumed(client));
        co_await reconnect(client, proxy, &fault_proxy::reset);
        EXPECT_TRUE(is_resumed(client)) << "after RST: " << client.explain().security;
        co_await reconnect(client, proxy, &fault_proxy::finish);
        EXPECT_TRUE(is_resumed(client)) << "after FIN: " << client.explain().security;
        co_await client.disconnect();
        co_await client.connect();
        EXPECT_TRUE(is_resumed(client)) << "after disconnect: " << client.explain().security;
    });
}

TEST_P(tls_outage, a_reconnection_resumes_the_session_in_tls_1_3_and_1_2) {
    const std::string settings = secured_by(place.ca.issue());
    {
        const broker_process modern(settings);
        fault_proxy proxy(modern.socket(), content::anything);
        expect_resumption(client_at(proxy), proxy, &reconnect);
    }
    const only_tls_1_2 meanwhile(place.folder);
    const broker_process old(settings);
    fault_proxy proxy(old.socket(), content::anything);
    expect_resumption(client_at(proxy), proxy, &reconnect);
}

TEST_P(tls_outage, no_session_is_resumed_when_told_so_or_when_a_file_has_changed) {
    const broker_process broker(secured_by(place.ca.issue()) + demanding(place.ca.pem()));
    fault_proxy proxy(broker.socket(), content::anything);
    const certificate_files own = place.ca.issue({.common_name = "me"});
    config c = client_at(proxy);
    show(c, own);
    world w;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await reconnect(client, proxy, &fault_proxy::reset);
        EXPECT_TRUE(is_resumed(client));
        for (const auto& file : {place.ca.pem(), own.certificate, own.key}) {
            replace(file, file);
            co_await reconnect(client, proxy, &fault_proxy::reset);
            EXPECT_FALSE(is_resumed(client)) << file;
        }
    });
    c.ssl_params.resume = false;
    MQTTClient without(w.executor(), c);
    w.run([&]() -> task<> {
        co_await without.connect();
        co_await reconnect(without, proxy, &fault_proxy::reset);
        EXPECT_FALSE(is_resumed(without));
    });
}

TEST_P(tls_outage, a_server_that_forgot_the_session_gets_a_full_handshake) {
    broker_process broker(secured_by(place.ca.issue()));
    fault_proxy proxy(broker.socket(), content::anything);
    world w;
    MQTTClient client(w.executor(), client_at(proxy));
    w.run([&]() -> task<> {
        co_await client.connect();
        broker.kill();  // its ticket keys die with it
        broker.start();
        EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
        EXPECT_FALSE(is_resumed(client));
        co_await reconnect(client, proxy, &fault_proxy::reset);
        EXPECT_TRUE(is_resumed(client));
    });
}

// ---- certificates that are renewed ------------------------------------------------------------------------

TEST_P(tls_outage, a_ca_replaced_during_an_outage_is_taken_up) {
    const certificate_files in_use = place.ca.issue();
    broker_process broker(secured_by(in_use));
    fault_proxy proxy(broker.socket(), content::anything);
    authority next(place.folder.path(), "Next CA");
    const certificate_files renewed = next.issue();
    world w;
    MQTTClient client(w.executor(), client_at(proxy));
    w.run([&]() -> task<> {
        co_await client.connect();
        broker.kill();
        bool acknowledged = false;
        client.publish("t", "x", {.qos = 1}, [&](std::error_code e, const publish_result&) { acknowledged = !e; });
        replace(in_use.certificate, renewed.certificate);
        replace(in_use.key, renewed.key);
        broker.start();
        // The broker was quicker than we: that is told, until our CA is replaced, too.
        const std::string told = "the server's certificate was issued by 'CN=Next CA', which is not in ca_file '" +
                                 place.ca.pem().string() + "'";
        EXPECT_TRUE(co_await eventually([&] { return client.explain().error_text == told; }));
        EXPECT_FALSE(acknowledged);
        replace(place.ca.pem(), next.pem());
        EXPECT_TRUE(co_await eventually([&] { return client.isconnected() && acknowledged; }));
    });
}

TEST_P(tls_outage, a_renewed_client_certificate_is_taken_up) {
    const certificate_files old = place.ca.issue({.common_name = "old"});
    const certificate_files renewed = place.ca.issue({.common_name = "renewed"});
    broker_process broker(secured_by(place.ca.issue()) + demanding(place.ca.pem()) + "use_identity_as_username true\n");
    fault_proxy proxy(broker.socket(), content::anything);
    config c = client_at(proxy);
    show(c, old);
    world w;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_NE(broker.log().find("u'old'"), std::string::npos) << broker.log();
        replace(old.certificate, renewed.certificate);
        replace(old.key, renewed.key);
        co_await reconnect(client, proxy, &fault_proxy::reset);
        EXPECT_NE(broker.log().find("u'renewed'"), std::string::npos) << broker.log();
    });
}

// ---- handshakes that do not end -----------------------------------------------------------------------------

TEST_P(tls_outage, a_silent_server_ends_the_handshake_after_response_time) {
    const broker_process broker(secured_by(place.ca.issue()));
    fault_proxy proxy(broker.socket(), content::anything);
    proxy.set_path("", {.mute = true});
    config c = client_at(proxy);
    c.response_time = 300ms;
    world w;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        const auto begin = steady_clock::now();
        EXPECT_EQ(co_await error_of(client.connect()), make_error_code(errc::stage_timed_out));
        EXPECT_EQ(client.explain().last_error->at, stage::tls);
        EXPECT_EQ(client.explain().error_text, "");
        EXPECT_LT(steady_clock::now() - begin, 5s);
        client.connect({.retry = true}, [](std::error_code, const connect_result&) {});
        EXPECT_TRUE(co_await eventually([&] { return client.explain().attempt >= 3; }));
        proxy.heal();
        EXPECT_TRUE(co_await eventually([&] { return client.isconnected(); }));
    });
}

TEST_P(tls_outage, a_handshake_cut_anywhere_is_begun_again) {
    const broker_process broker(secured_by(place.ca.issue()));
    for (const toward to : {toward::client, toward::broker}) {
        for (const action how : {action::cut_finish, action::cut_reset, action::drop}) {
            for (const unsigned piece : {0u, 1u}) {
                fault_proxy proxy(broker.socket(), content::anything);
                const auto cut =
                    proxy.add({.to = to, .type = packet_type::continuation, .what = how, .skip = piece, .times = 1});
                config c = client_at(proxy);
                c.response_time = 500ms;
                world w;
                MQTTClient client(w.executor(), c);
                w.run([&]() -> task<> {
                    co_await client.connect({.retry = true});
                    EXPECT_EQ(proxy.applied(cut), 1u);
                    client.close();
                });
            }
        }
    }
}

// ---- nothing is lost ------------------------------------------------------------------------------------------

TEST_P(tls_outage, nothing_is_lost_through_cuts_silence_and_a_killed_broker) {
    broker_process broker(secured_by(place.ca.issue()));
    fault_proxy proxy(broker.socket(), content::anything);
    world w;
    std::map<int, int> got;
    config c = survivor(client_at(proxy), got);
    c.response_time = 500ms;
    MQTTClient client(w.executor(), c);
    w.run(
        [&]() -> task<> {
            co_await client.connect();
            co_await client.subscribe("numbers", 1);
            EXPECT_TRUE(broker.save("numbers"));
            constexpr int count = 1'000;
            int acknowledged = 0;
            const auto was_down = [&](std::uint32_t outages) {
                return eventually(
                    [&client, outages] { return client.count().outages >= outages && client.isconnected(); });
            };
            for (int n = 0; n < count; ++n) {
                // Now and then one that fills several records.
                const std::string body = std::to_string(n) + std::string(n % 50 == 0 ? 50'000 : 0, ' ');
                client.publish("numbers", body, {.qos = 1},
                               [&](std::error_code e, const publish_result&) { acknowledged += !e; });
                if (n == 200) proxy.reset();
                if (n == 400) proxy.finish();
                if (n == 600) proxy.half_open();
                if (n == 800) broker.kill();
                if (n == 850) broker.start();
                if (n % 200 == 50 && n > 200) {
                    EXPECT_TRUE(co_await was_down(static_cast<std::uint32_t>(n / 200)));
                }
                if (n % 10 == 0) co_await sleep_for(1ms);
            }
            EXPECT_TRUE(co_await eventually([&] { return acknowledged == count && got.size() == count; }, 20s))
                << acknowledged << " acknowledged, " << got.size() << " received";
            EXPECT_EQ(client.count().outages, 4u);
        },
        50s);
}

TEST_P(tls_outage, a_large_message_goes_through_a_slow_path_and_a_cut) {
    broker_process broker(secured_by(place.ca.issue()));
    fault_proxy proxy(broker.socket(), content::anything);
    proxy.set_path("", {.delay = 5ms, .bytes_per_second = 4'000'000});
    world w;
    std::string body(3'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 251);
    config c = client_at(proxy);
    c.clean = c.clean_init = false;
    c.client_id = "large";
    int good = 0;
    c.subs_cb = [&](std::string_view, std::string_view message, bool) { good += message == body; };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        co_await client.subscribe("large", 1);
        client.publish("large", body, {.qos = 1}, [](std::error_code, const publish_result&) {});
        co_await sleep_for(200ms);
        proxy.reset();
        EXPECT_TRUE(co_await eventually([&] { return good > 0; }, 15s));
        EXPECT_EQ(client.count().outages, 1u);
    });
}

// ---- figures ----------------------------------------------------------------------------------------------------

TEST(tls_figures, of_a_full_and_a_resumed_connection) {
    tls_place place;
    const broker_process broker(secured_by(place.ca.issue()));
    world w;
    MQTTClient client(w.executor(), place.client_of(broker));
    std::array<std::vector<double>, 2> took;  // full, resumed
    w.run([&]() -> task<> {
        for (int n = 0; n < 40; ++n) {
            if (n % 2 == 0) replace(place.ca.pem(), place.ca.pem());
            const auto begin = steady_clock::now();
            co_await client.connect();
            const std::chrono::duration<double, std::milli> ms = steady_clock::now() - begin;
            EXPECT_EQ(is_resumed(client), n % 2 == 1);
            took[is_resumed(client) ? 1 : 0].push_back(ms.count());
            co_await client.disconnect();
        }
    });
    for (auto& all : took) std::nth_element(all.begin(), all.begin() + all.size() / 2, all.end());
    std::printf("connect() over a Unix socket, median of 20: full %.2f ms, resumed %.2f ms\n", took[0][10],
                took[1][10]);
}

}  // namespace
}  // namespace mqtt_as::front_test
