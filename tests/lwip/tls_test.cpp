// TLS of a board: altcp_tls with mbedTLS, against a real Mosquitto with certificates of our own.
#include "tests/lwip/world.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temp_folder.hpp"

#include <fstream>
#include <iterator>
#include <lwip/altcp_tls.h>
#include <set>

#if MQTT_AS_LWIP_HAS_TLS

#include <mbedtls/x509.h>

namespace mqtt_as::lwip_test {
namespace {

using test::action;
using test::authority;
using test::certificate_files;
using test::certificate_wish;
using test::content;
using test::demanding;
using test::secured_by;
using test::toward;

constexpr const char* broker_name = "broker.test";  // lwipopts.h gives it an address

/// What lies in a board's flash: with its last zero, as mbedTLS wants PEM.
std::string pem_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {}) + '\0';
}

/// lwIP's configuration of TLS, as a board makes it.
class trust {
public:
    explicit trust(const std::filesystem::path& ca) {
        const std::string c = pem_of(ca);
        in_lwip([&] { config_ = altcp_tls_create_config_client(bytes_of(c), c.size()); });
    }
    trust(const std::filesystem::path& ca, const certificate_files& own) {
        const std::string c = pem_of(ca), key = pem_of(own.key), certificate = pem_of(own.certificate);
        in_lwip([&] {
            config_ = altcp_tls_create_config_client_2wayauth(bytes_of(c), c.size(), bytes_of(key), key.size(), nullptr,
                                                              0, bytes_of(certificate), certificate.size());
        });
    }
    ~trust() {
        EXPECT_NE(config_, nullptr);
        if (config_ != nullptr) in_lwip([this] { altcp_tls_free_config(config_); });
    }
    trust(const trust&) = delete;
    trust& operator=(const trust&) = delete;
    altcp_tls_config* get() const { return config_; }

private:
    static const u8_t* bytes_of(const std::string& s) { return reinterpret_cast<const u8_t*>(s.data()); }
    altcp_tls_config* config_ = nullptr;
};

/// A CA, and a broker that it vouches for.
struct place {
    test::temp_folder folder;
    authority ca{folder.path(), "Test CA"};

    certificate_files issue(certificate_wish wish = {}) {
        wish.common_name = broker_name;
        wish.names = {broker_name};
        wish.addresses.clear();
        return ca.issue(wish);
    }
};

struct tls_world : place, world {
    explicit tls_world(const certificate_wish& wish = {}, bool demands_one = false)
        : world(secured_by(issue(wish)) + (demands_one ? demanding(ca.pem()) : ""), content::anything),
          trusted(ca.pem()) {}
    config settings(std::string_view client_id = "board") {
        config c = world::settings(client_id);
        c.server = broker_name;
        c.ssl = true;
        c.ssl_params.tls = trusted.get();
        c.response_time = 5s;
        return c;
    }
    /// How an attempt ends.
    outcome<connect_result> attempt(const config& c) {
        MQTTClient client(loop, c);
        outcome<connect_result> r;
        EXPECT_EQ(run([&]() -> task<> { r = co_await client.connect(as_result); }), errc::ok);
        return r;
    }
    trust trusted;
};

TEST(lwip_tls, verifies_the_broker_and_delivers_at_every_qos) {
    tls_world w;
    std::multiset<std::string> got;
    config c = w.settings();
    c.subs_cb = [&got](std::string_view, std::string_view message, bool) { got.emplace(message); };
    const std::string large(200, 'x');
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ((co_await client.subscribe("a/#", 2)).granted_qos(), 2);
        for (int i = 0; i < 30; ++i) {
            co_await client.publish("a/b", std::string_view(std::to_string(i)),
                                    {.qos = static_cast<std::uint8_t>(i % 3)});
            co_await client.publish("a/b", std::string_view(large), {.qos = 1});
        }
        while (got.size() < 60) co_await sleep_for(10ms);
        EXPECT_TRUE(co_await client.broker_up());
        co_await client.disconnect();
    }),
              errc::ok);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(got.count(std::to_string(i)), 1u);
    EXPECT_EQ(got.count(large), 30u);
}

// ---- whom we meet -------------------------------------------------------------------------------------------

TEST(lwip_tls, says_what_is_wrong_with_a_certificate) {
    const auto expect_faults = [](tls_world& w, const config& c, int faults) {
        const auto r = w.attempt(c);
        EXPECT_EQ(r.error, errc::tls_failed);
        EXPECT_EQ(r.at, stage::tls);
        EXPECT_EQ(r.transport_error, faults);
        EXPECT_FALSE(r.can_retry_help);
    };
    {
        tls_world w;
        const authority another(w.folder.path(), "Another CA");
        const trust misled(another.pem());
        config c = w.settings();
        c.ssl_params.tls = misled.get();
        expect_faults(w, c, MBEDTLS_X509_BADCERT_NOT_TRUSTED);
        c.ssl_params.verify = ssl_verify::issuer;
        expect_faults(w, c, MBEDTLS_X509_BADCERT_NOT_TRUSTED);
        c.ssl_params.server_name = "another.test";
        c.ssl_params.verify = ssl_verify::full;
        expect_faults(w, c, MBEDTLS_X509_BADCERT_NOT_TRUSTED | MBEDTLS_X509_BADCERT_CN_MISMATCH);
        c.ssl_params.verify = ssl_verify::none;
        EXPECT_TRUE(w.attempt(c));

        c = w.settings();
        c.server = "10.0.2.2";
        expect_faults(w, c, MBEDTLS_X509_BADCERT_CN_MISMATCH);
        c.ssl_params.server_name = broker_name;
        EXPECT_TRUE(w.attempt(c));
        c.ssl_params.server_name = nullptr;
        c.ssl_params.verify = ssl_verify::issuer;
        EXPECT_TRUE(w.attempt(c));
    }
    tls_world old({.valid_from = -2h, .valid_until = -1h});
    expect_faults(old, old.settings(), MBEDTLS_X509_BADCERT_EXPIRED);
}

TEST(lwip_tls, a_server_that_is_absent_or_speaks_no_tls_is_told_apart) {
    {
        tls_world w;
        w.proxy.refuse();
        const auto r = w.attempt(w.settings());
        EXPECT_EQ(r.error, errc::connect_failed);
        EXPECT_EQ(r.at, stage::connect);
        EXPECT_TRUE(r.can_retry_help);
    }
    place p;
    world w;
    const trust trusted(p.ca.pem());
    config c = w.settings();
    c.server = broker_name;
    c.ssl = true;
    EXPECT_EQ(c.ssl_params.tls, nullptr);
    c.ssl_params.tls = trusted.get();
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        const auto r = co_await client.connect(as_result);
        EXPECT_EQ(r.error, errc::tls_failed);
        EXPECT_EQ(r.at, stage::tls);
        EXPECT_LT(r.transport_error, 0) << "no certificate was seen";
    }),
              errc::ok);
}

TEST(lwip_tls, shows_its_own_certificate_where_it_is_asked_for) {
    tls_world w({}, true);
    const auto r = w.attempt(w.settings());
    EXPECT_EQ(r.error, errc::tls_failed);
    const trust mutual(w.ca.pem(), w.ca.issue({.common_name = "board"}));
    config c = w.settings();
    c.ssl_params.tls = mutual.get();
    EXPECT_TRUE(w.attempt(c));
}

// ---- outages ------------------------------------------------------------------------------------------------

TEST(lwip_tls, a_silent_server_ends_the_handshake_after_response_time) {
    tls_world w;
    EXPECT_TRUE(w.attempt(w.settings()));  // by then the board has its address
    w.proxy.set_path("", {.mute = true});
    config c = w.settings();
    c.response_time = 300ms;
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        const auto r = co_await client.connect(as_result);
        EXPECT_EQ(r.error, errc::stage_timed_out);
        EXPECT_EQ(r.at, stage::tls);
    }),
              errc::ok);
    bool is_connected = false;
    EXPECT_EQ(client.connect({.retry = true}, [&](errc e, connect_result) { is_connected = e == errc::ok; }), errc::ok);
    EXPECT_TRUE(w.run_until([&] { return client.explain().attempt >= 3; }));
    w.proxy.heal();
    EXPECT_TRUE(w.run_until([&] { return is_connected; }));
}

TEST(lwip_tls, a_handshake_cut_anywhere_is_begun_again) {
    tls_world w;
    for (const toward to : {toward::client, toward::broker}) {
        for (const action how : {action::cut_finish, action::cut_reset, action::drop}) {
            for (const unsigned piece : {0u, 1u}) {
                test::fault_proxy proxy(w.broker.socket(), content::anything);
                const auto cut = proxy.add(
                    {.to = to, .type = test::packet_type::continuation, .what = how, .skip = piece, .times = 1});
                config c = w.settings();
                c.port = proxy.port();
                c.response_time = 500ms;
                MQTTClient client(w.loop, c);
                EXPECT_EQ(w.run([&]() -> task<> { co_await client.connect({.retry = true}); }), errc::ok);
                EXPECT_EQ(proxy.applied(cut), 1u);
            }
        }
    }
}

TEST(lwip_tls, nothing_is_lost_through_ends_silence_lost_frames_tampered_records_and_a_killed_broker) {
    tls_world w;
    std::set<int> got;
    config c = w.settings();
    c.response_time = 1s;
    c.subs_cb = [&got](std::string_view, std::string_view message, bool) {
        got.insert(std::stoi(std::string(message)));
    };
    std::set<int> acknowledged;
    MQTTClient client(w.loop, c);
    EXPECT_EQ(w.run([&]() -> task<> {
        co_await client.connect({.retry = true});
        co_await client.subscribe("numbers", 1);
    }),
              errc::ok);
    EXPECT_TRUE(w.broker.save("numbers"));
    int next = 0;
    const auto goes_on = [&](std::size_t more) {
        const std::size_t goal = acknowledged.size() + more;
        return w.run_until([&] {
            const std::string number = std::to_string(next);
            if (client.publish("numbers", std::string_view(number), {.qos = 1}, [&, n = next](errc e, publish_result) {
                    if (e == errc::ok) acknowledged.insert(n);
                }) == errc::ok)
                ++next;
            return acknowledged.size() >= goal;
        });
    };
    const auto is_down = [&] { return w.run_until([&] { return !client.isconnected(); }); };
    EXPECT_TRUE(goes_on(20));
    w.proxy.reset();
    EXPECT_TRUE(is_down());
    EXPECT_TRUE(goes_on(20));
    w.proxy.finish();
    EXPECT_TRUE(is_down());
    EXPECT_TRUE(goes_on(20));
    w.net.loss_percent = 10;
    EXPECT_TRUE(goes_on(20));
    w.net.loss_percent = 0;
    for (const toward to : {toward::client, toward::broker}) {
        const auto outages = client.count().outages;
        w.proxy.add({.to = to, .type = test::packet_type::continuation, .what = action::corrupt, .bit = 200});
        EXPECT_TRUE(goes_on(20));
        EXPECT_GT(client.count().outages, outages);
    }
    w.proxy.half_open();
    EXPECT_TRUE(is_down());
    EXPECT_TRUE(goes_on(20));
    EXPECT_TRUE(w.run_until([&] { return acknowledged == got; }));
    w.broker.kill();
    EXPECT_TRUE(is_down());
    w.broker.start();
    EXPECT_TRUE(goes_on(20));
    EXPECT_TRUE(w.run_until([&] {
        return acknowledged.size() == static_cast<std::size_t>(next) && acknowledged == got;
    })) << next
        << " accepted, " << acknowledged.size() << " acknowledged, " << got.size() << " received";
    EXPECT_EQ(w.run([&]() -> task<> { co_await client.disconnect(); }), errc::ok);
}

TEST(lwip_tls, a_client_can_be_destroyed_at_any_moment) {
    tls_world w;
    EXPECT_TRUE(w.attempt(w.settings()));  // by then the board has its address
    EXPECT_TRUE(w.run_until([&] { return look_at_task_memory().now == 0; }));
    const std::size_t before = w.net.heap_in_use();
    for (int turns = 0; turns < 60; turns += 3) {
        job j(w.loop);
        {
            MQTTClient client(w.loop, w.settings());
            const auto work = [&]() -> task<> {
                co_await client.connect();
                for (;;) co_await client.publish("t", "text", {.qos = 2});
            };
            j.start(work());
            for (int i = 0; i < turns; ++i) port::wait(w.loop.turn());
            j.cancel();
        }
        EXPECT_TRUE(w.run_until([&] { return w.net.heap_in_use() == before; })) << "lwIP has lost memory";
    }
}

}  // namespace
}  // namespace mqtt_as::lwip_test

#endif
