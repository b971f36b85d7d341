// What lies between records and packets: nothing is forgotten inside OpenSSL, keys may change, ends are in order.
#include "tests/asio/tls_end.hpp"
#include "tests/asio/tls_world.hpp"

#include <atomic>
#include <future>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace mqtt_as::front_test {
namespace {

class tls_record : public testing::Test {
protected:
    tls_place place;
    certificate_files own = place.ca.issue();
};

TEST_F(tls_record, a_burst_of_small_records_is_given_out_at_once) {
    constexpr int count = 3'000;
    scripted_server server({[this](peer& p) {
        const tls_end secured(p, own);
        p.accept();
        p.expect(8);  // SUBSCRIBE
        const int held = 1;
        ::setsockopt(p.socket(), IPPROTO_TCP, TCP_CORK, &held, sizeof held);
        for (int n = 0; n < count; ++n) p.publish("t", std::to_string(n));
        const int free = 0;
        ::setsockopt(p.socket(), IPPROTO_TCP, TCP_CORK, &free, sizeof free);
        p.serve();  // silent from here on: what was forgotten would stay so
    }});
    world w;
    config c = place.client_at(server.port());
    int next = 0;
    c.subs_cb = [&](std::string_view, std::string_view message, bool) { EXPECT_EQ(message, std::to_string(next++)); };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        client.subscribe("t", [](std::error_code, const subscribe_result&) {});
        EXPECT_TRUE(co_await eventually([&] { return next == count; })) << next;
        EXPECT_EQ(client.count().outages, 0u);
    });
}

TEST_F(tls_record, a_packet_in_records_of_one_byte_is_understood) {
    scripted_server server({[this](peer& p) {
        const tls_end secured(p, own);
        p.expect(CONNECT);
        for (const char byte : wire_bytes::connack) p.send({&byte, 1});
        p.serve();
    }});
    EXPECT_FALSE(attempt_with(place.client_at(server.port())).error);
}

TEST_F(tls_record, what_comes_with_the_end_of_the_handshake_is_not_forgotten) {
    // CONNACK is in the segment of the server's last word of the handshake: OpenSSL reads both at once.
    scripted_server server({[this](peer& p) {
        const int held = 1, free = 0;
        ::setsockopt(p.socket(), IPPROTO_TCP, TCP_CORK, &held, sizeof held);
        const tls_end secured(p, own, [](SSL_CTX* c) { SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION); });
        p.send(wire_bytes::connack);
        ::setsockopt(p.socket(), IPPROTO_TCP, TCP_CORK, &free, sizeof free);
        p.read();
        p.serve();
    }});
    config c = place.client_at(server.port());
    c.response_time = 60s;  // nothing else makes it look again
    EXPECT_FALSE(attempt_with(c).error);
}

TEST_F(tls_record, keys_may_change_at_any_time) {
    scripted_server server({[this](peer& p) {
        const tls_end secured(p, own);
        p.accept();
        p.serve([&](const frame& f) {
            if (f.type() == PUBLISH) SSL_key_update(secured.ssl(), SSL_KEY_UPDATE_REQUESTED);
            return false;
        });
    }});
    world w;
    MQTTClient client(w.executor(), place.client_at(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        for (int n = 0; n < 50; ++n) co_await client.publish("t", std::to_string(n), {.qos = 1});
        EXPECT_EQ(client.count().outages, 0u);
        co_await client.disconnect();
    });
    EXPECT_EQ(server.complaint(), "");
}

TEST_F(tls_record, keys_may_change_while_both_directions_are_full) {
    // The server asks for new keys and then does not read until much has been sent: our answer to it has to wait, too.
    constexpr std::size_t size = 8'000'000;
    std::atomic<bool> asked{false};
    scripted_server server({[&](peer& p) {
        const tls_end secured(p, own);
        p.accept();
        p.expect(8);
        SSL_key_update(secured.ssl(), SSL_KEY_UPDATE_REQUESTED);
        p.publish("t", std::string(100'000, 'x'));
        asked = true;
        std::this_thread::sleep_for(200ms);
        p.serve();
    }});
    world w;
    config c = place.client_at(server.port());
    std::size_t got = 0;
    c.subs_cb = [&](std::string_view, std::string_view message, bool) { got += message.size(); };
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        client.subscribe("t", [](std::error_code, const subscribe_result&) {});
        EXPECT_TRUE(co_await eventually([&] { return asked.load(); }));
        co_await client.publish("t", std::string(size, 'y'), {.qos = 1});
        EXPECT_TRUE(co_await eventually([&] { return got == 100'000; }));
        EXPECT_EQ(client.count().outages, 0u);
    });
}

TEST_F(tls_record, tickets_that_come_in_pieces_do_not_hold_up_what_we_send) {
    // In the middle of a ticket OpenSSL writes nothing: our writes have to wait for bytes to read.
    constexpr int count = 40;
    const std::string path = place.folder.path() / "slow";
    std::atomic<int> received{0};
    scripted_server server({[&](peer& p) {
                               const tls_end secured(p, own, [&](SSL_CTX* c) {
                                   SSL_CTX_set_max_send_fragment(c, 512);
                                   SSL_CTX_load_verify_file(c, place.ca.pem().c_str());  // tickets hold our certificate
                                   SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
                               });
                               p.accept();
                               p.serve([&](const frame& f) {
                                   if (f.type() == PUBLISH && ++received % 4 == 0) {
                                       SSL_new_session_ticket(secured.ssl());
                                   }
                                   return false;
                               });
                           }},
                           path);
    fault_proxy proxy(path, content::anything);
    world w;
    config c = place.client_at(proxy.port());
    const certificate_files ours = place.ca.issue({.common_name = std::string(60, 'x')});
    show(c, ours);
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        co_await client.connect();
        proxy.set_path("", {.bytes_per_second = 10'000});
        int acknowledged = 0;
        for (int n = 0; n < count; ++n) {
            client.publish("t", "x", {.qos = 1}, [&](std::error_code e, const publish_result&) { acknowledged += !e; });
            co_await sleep_for(7ms);
        }
        EXPECT_TRUE(co_await eventually([&] { return acknowledged == count; })) << acknowledged;
        EXPECT_EQ(client.count().outages, 0u);
        client.close();
    });
    EXPECT_EQ(server.complaint(), "");
}

TEST_F(tls_record, the_end_is_told_to_the_server) {
    for (const bool close : {false, true}) {
        std::promise<bool> in_order;
        scripted_server server({[&](peer& p) {
            const tls_end secured(p, own);
            p.accept();
            while (p.read()) {
            }
            in_order.set_value(secured.was_closed_in_order());
        }});
        world w;
        MQTTClient client(w.executor(), place.client_at(server.port()));
        w.run([&]() -> task<> {
            co_await client.connect();
            co_await leave(client, close);
            co_await sleep_for(20ms);
        });
        EXPECT_TRUE(in_order.get_future().get()) << (close ? "close" : "disconnect");
    }
}

TEST_F(tls_record, an_event_loop_that_ends_first_leaks_nothing_in_the_handshake_or_after) {
    scripted_server silent({mute_server});
    scripted_server good({[this](peer& p) {
        const tls_end secured(p, own);
        good_broker(p);
    }});
    for (const bool connects : {false, true}) {
        // The client goes, and the loop is never run again. AddressSanitizer looks.
        world w;
        MQTTClient client(w.executor(), place.client_at(connects ? good.port() : silent.port()));
        client.connect([](std::error_code, const connect_result&) {});
        EXPECT_TRUE(w.until([&] { return connects ? client.isconnected() : client.explain().at == stage::tls; }));
    }
}

TEST_F(tls_record, bytes_that_were_tampered_with_end_the_connection_and_are_told) {
    const broker_process broker(secured_by(own));
    fault_proxy proxy(broker.socket(), content::anything);
    world w;
    MQTTClient client(w.executor(), place.client_at(proxy.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        proxy.inject("", std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
        EXPECT_TRUE(co_await eventually([&] { return client.count().outages == 1; }));
        EXPECT_EQ(client.explain().error_text, "the connection broke: decryption failed or bad record mac");
        EXPECT_TRUE(client.explain().last_error->can_retry_help);
        EXPECT_TRUE(co_await eventually([&] { return client.isconnected(); }));
        EXPECT_FALSE(client.explain().security.ends_with("resumed")) << "a session that may have been attacked";
    });
}

TEST_F(tls_record, bytes_in_the_clear_end_the_connection_and_are_told) {
    scripted_server server({[this](peer& p) {
        const tls_end secured(p, own);
        p.accept();
        p.read();
        ::send(p.socket(), "\x15\x03\x03\x00\x02\x02\x28", 7, MSG_NOSIGNAL);  // an alert of TLS 1.2
        p.read();
    }});
    world w;
    MQTTClient client(w.executor(), place.client_at(server.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        client.publish("t", "x", {.qos = 1}, [](std::error_code, const publish_result&) {});
        EXPECT_TRUE(co_await eventually([&] { return client.count().outages == 1; }));
        EXPECT_EQ(client.explain().error_text.find("the connection broke: "), 0u) << client.explain().error_text;
    });
}

TEST_F(tls_record, the_name_and_the_protocols_are_told_to_the_server) {
    std::promise<std::string> told;
    scripted_server server({[&](peer& p) {
        const tls_end secured(p, own, [](SSL_CTX* c) {
            SSL_CTX_set_alpn_select_cb(
                c,
                [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                   void*) {
                    static const unsigned char mqtt[] = "\x04mqtt";
                    return SSL_select_next_proto(const_cast<unsigned char**>(out), size, mqtt, 5, in, in_size) ==
                                   OPENSSL_NPN_NEGOTIATED
                               ? SSL_TLSEXT_ERR_OK
                               : SSL_TLSEXT_ERR_ALERT_FATAL;
                },
                nullptr);
        });
        const char* const name = SSL_get_servername(secured.ssl(), TLSEXT_NAMETYPE_host_name);
        told.set_value(name != nullptr ? name : "none");
        good_broker(p);
    }});
    config c = place.client_at(server.port());
    c.ssl_params.server_name = "localhost";
    c.ssl_params.alpn = {"x-amzn-mqtt-ca", "mqtt"};
    EXPECT_EQ(attempt_with(c).after.security, "TLSv1.3, TLS_AES_256_GCM_SHA384, alpn mqtt");
    EXPECT_EQ(told.get_future().get(), "localhost");
    c.ssl_params.alpn = {"http/1.1"};
    EXPECT_EQ(refusal_of(c), "the server refused: no application protocol: it takes none of the protocols in alpn");
}

}  // namespace
}  // namespace mqtt_as::front_test
