// Everything that can be wrong with TLS is an error that says in words what it is.
#include "tests/asio/tls_world.hpp"

namespace mqtt_as::front_test {
namespace {

class tls_refusal : public testing::Test {
protected:
    /// What a client that trusts Test CA says about a broker with this certificate.
    std::string refusal_of_broker(const certificate_files& of_broker) {
        const broker_process broker(secured_by(of_broker));
        return refusal_of(place.client_of(broker));
    }
    std::string path(const char* name) const { return place.folder.path() / name; }

    tls_place place;
    certificate_files own = place.ca.issue({.common_name = "me"});
    certificate_files locked = place.ca.issue({.common_name = "me", .key_password = "right"});
};

TEST_F(tls_refusal, an_expired_certificate_is_told_with_its_date) {
    EXPECT_EQ(refusal_of_broker(place.ca.issue({.valid_until = -60s})).substr(0, 40),
              ("the server's certificate expired on " + utc_text(-60s)).substr(0, 40));
}

TEST_F(tls_refusal, a_certificate_of_the_future_is_told_and_retried_soon_as_clocks_are_set) {
    const broker_process broker(secured_by(place.ca.issue({.valid_from = 3600s})));
    const attempt made = attempt_with(place.client_of(broker));
    EXPECT_EQ(made.error, make_error_code(errc::tls_failed));
    EXPECT_EQ(made.text.find("the server's certificate is not valid before " + utc_text(3600s).substr(0, 13)), 0u)
        << made.text;
    EXPECT_NE(made.text.find("; here it is " + utc_text(0s).substr(0, 13)), std::string::npos) << made.text;
    EXPECT_TRUE(made.can_retry_help);
}

TEST_F(tls_refusal, an_unknown_ca_is_named) {
    authority other(place.folder.path(), "Other CA");
    EXPECT_EQ(refusal_of_broker(other.issue()), "the server's certificate was issued by 'CN=Other CA', which is not in "
                                                "ca_file '" +
                                                    place.ca.pem().string() + "'");
}

TEST_F(tls_refusal, a_ca_of_the_same_name_is_told_from_ours) {
    const std::filesystem::path elsewhere = place.folder.path() / "elsewhere";
    std::filesystem::create_directory(elsewhere);
    authority impostor(elsewhere, "Test CA");
    EXPECT_EQ(refusal_of_broker(impostor.issue()),
              "the server's certificate was issued by another 'CN=Test CA' than that in ca_file '" +
                  place.ca.pem().string() + "'");
}

TEST_F(tls_refusal, a_certificate_for_another_name_says_for_whom_it_is) {
    EXPECT_EQ(
        refusal_of_broker(place.ca.issue({.names = {"a.example", "b.example"}, .addresses = {"10.0.0.1", "::1"}})),
        "the server's certificate is for 'a.example', 'b.example', '10.0.0.1', '::1', not for 'localhost'");
    EXPECT_EQ(refusal_of_broker(place.ca.issue({.common_name = "old style", .names = {}, .addresses = {}})),
              "the server's certificate is for 'CN=old style', not for 'localhost'");
    const broker_process broker(secured_by(place.ca.issue({.addresses = {}})));
    const fault_proxy proxy(broker.socket(), content::anything);
    EXPECT_EQ(refusal_of(place.client_at(proxy.port())),
              "the server's certificate is for 'localhost', not for '127.0.0.1'");
}

TEST_F(tls_refusal, names_in_a_certificate_cannot_forge_lines) {
    const std::string text =
        refusal_of_broker(place.ca.issue({.common_name = "a\nfake line\x1b[2J", .names = {}, .addresses = {}}));
    EXPECT_EQ(text.find_first_of("\n\x1b"), text.npos) << text;
}

TEST_F(tls_refusal, a_missing_client_certificate_is_told_in_both_versions) {
    const std::string settings = secured_by(place.ca.issue()) + demanding(place.ca.pem());
    const broker_process modern(settings);
    EXPECT_EQ(refusal_of(place.client_of(modern)), "the server refused: certificate required: it asks for a client "
                                                   "certificate (cert_file and key_file)");
    const only_tls_1_2 meanwhile(place.folder);
    const broker_process old(settings);
    EXPECT_EQ(refusal_of(place.client_of(old)), "the server refused: handshake failure: it asks for a client "
                                                "certificate (cert_file and key_file)");
}

TEST_F(tls_refusal, a_client_certificate_that_the_server_does_not_trust_is_told) {
    authority other(place.folder.path(), "Other CA");
    const broker_process broker(secured_by(place.ca.issue()) + demanding(place.ca.pem()));
    config c = place.client_of(broker);
    const certificate_files foreign = other.issue();
    show(c, foreign);
    EXPECT_EQ(refusal_of(c), "the server refused: unknown ca: it does not accept our certificate (cert_file)");
    const certificate_files old = place.ca.issue({.valid_until = -60s});
    show(c, old);
    EXPECT_EQ(refusal_of(c), "the server refused: certificate expired: it does not accept our certificate (cert_file)");
}

TEST_F(tls_refusal, files_that_are_wrong_are_named_with_what_is_wrong) {
    std::ofstream(path("garbage")) << "this is not a certificate";
    std::ofstream(path("damaged")) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::ofstream(path("empty")).close();
    const broker_process broker(secured_by(place.ca.issue()));  // it would accept anybody
    const auto refusal_of_files = [&](const auto& change) {
        config c = place.client_of(broker);
        change(c.ssl_params);
        return refusal_of(c);
    };
    using p = ssl_params;
    const std::string missing = "No such file or directory";
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = path("nowhere"); }),
              "ca_file '" + path("nowhere") + "': " + missing);
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = path("garbage"); }),
              "ca_file '" + path("garbage") + "': it is not a certificate, neither PEM nor DER");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = path("damaged"); }),
              "ca_file '" + path("damaged") + "': a certificate in it is damaged");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = path("empty"); }),
              "ca_file '" + path("empty") + "': it is empty");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = path(""); }), "ca_file '" + path("") + "': Is a directory");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_file = own.key; }),
              "ca_file '" + own.key.string() + "': there is no certificate in it");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_path = path("nowhere"); }),
              "ca_path '" + path("nowhere") + "': " + missing);
    EXPECT_EQ(refusal_of_files([&](p& s) { s.ca_path = path("garbage"); }),
              "ca_path '" + path("garbage") + "': Not a directory");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.cert_file = path("nowhere"), s.key_file = own.key; }),
              "cert_file '" + path("nowhere") + "': " + missing);
    EXPECT_EQ(refusal_of_files([&](p& s) { s.cert_file = own.certificate, s.key_file = path("garbage"); }),
              "key_file '" + path("garbage") + "': it is not a private key, neither PEM nor DER");
    EXPECT_EQ(refusal_of_files([&](p& s) { s.cert_file = own.certificate, s.key_file = locked.key; }),
              "key_file '" + locked.key.string() + "': the key is encrypted: key_password is needed");
    EXPECT_EQ(refusal_of_files(
                  [&](p& s) { s.cert_file = locked.certificate, s.key_file = locked.key, s.key_password = "wrong"; }),
              "key_file '" + locked.key.string() + "': key_password does not decrypt it");
    EXPECT_EQ(refusal_of_files(
                  [&](p& s) { s.cert_file = own.certificate, s.key_file = locked.key, s.key_password = "right"; }),
              "key_file '" + locked.key.string() + "': the key does not belong to the certificate in '" +
                  own.certificate.string() + "'");
}

TEST_F(tls_refusal, a_version_that_is_too_old_is_told) {
    const only_tls_1_2 meanwhile(place.folder);
    const broker_process old(secured_by(place.ca.issue()));
    config c = place.client_of(old);
    c.ssl_params.min_version = tls_version::v1_3;
    EXPECT_EQ(refusal_of(c), "the server refused: protocol version: it does not speak min_version or newer");
}

TEST_F(tls_refusal, a_wrong_pre_shared_key_is_told_in_both_versions) {
    std::ofstream(path("psk")) << "sensor-7:0123456789abcdef\n";
    const std::string settings = "psk_hint hint\npsk_file " + path("psk") + "\n";
    const auto expect_hint = [](const broker_process& broker) {
        config c;
        c.unix_socket = broker.socket();
        c.ssl = true;
        for (const auto& [identity, key] : {std::pair("sensor-7", "0000"), std::pair("sensor-8", "0123456789abcdef")}) {
            c.ssl_params.psk_identity = identity;
            c.ssl_params.psk = key;
            const std::string text = refusal_of(c);
            EXPECT_TRUE(text.ends_with(": it does not know psk_identity, or with another psk")) << text;
        }
    };
    expect_hint(broker_process(settings));
    const broker_process without(secured_by(place.ca.issue()));  // even a trusted certificate is not what was agreed on
    config c;
    c.unix_socket = without.socket();
    c.ssl = true;
    c.ssl_params.psk_identity = "sensor-7";
    c.ssl_params.psk = "0123456789abcdef";
    for (const ssl_verify verify : {ssl_verify::full, ssl_verify::none}) {
        c.ssl_params.verify = verify;
        EXPECT_EQ(refusal_of(c), "the server has a certificate instead: it does not know psk_identity, or no psk");
    }
    const only_tls_1_2 meanwhile(place.folder);
    expect_hint(broker_process(settings));
}

TEST_F(tls_refusal, a_server_that_does_not_speak_tls_is_recognized) {
    // Mosquitto takes the beginning of the handshake for a bad CONNECT and closes.
    const broker_process plain;
    const attempt closed = attempt_with(place.client_of(plain));
    EXPECT_EQ(closed.error, make_error_code(errc::tls_failed));
    EXPECT_EQ(closed.text, "the server closed the connection unanswered; does it speak TLS at this port?");
    EXPECT_TRUE(closed.can_retry_help) << "a broker that is shutting down closes, too";

    scripted_server talker({[](peer& p) {
        p.send("220 mail.example ESMTP\r\n");
        p.read();
    }});
    EXPECT_EQ(refusal_of(place.client_at(talker.port())), "the server does not speak TLS at this port");
}

TEST_F(tls_refusal, is_in_explain_and_in_the_exception) {
    authority other(place.folder.path(), "Other CA");
    const broker_process broker(secured_by(other.issue()));
    world w;
    MQTTClient client(w.executor(), place.client_of(broker));
    const std::string words = "TLS: the server's certificate was issued by 'CN=Other CA', which is not in ca_file '" +
                              place.ca.pem().string() + "'";
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
            ADD_FAILURE() << "connected";
        } catch (const std::system_error& e) {
            EXPECT_EQ(std::string(e.what()).find("connect: " + words), 0u) << e.what();
        }
        EXPECT_EQ(client.explain().text(), "stopped: " + words + " (" + broker.socket().string() +
                                               "); trying again will not help until someone changes something");
    });
}

}  // namespace
}  // namespace mqtt_as::front_test
