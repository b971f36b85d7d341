// What the tests of TLS share: a Mosquitto with a certificate, a client that trusts it, and how an attempt ended.
#pragma once

#include "tests/asio/world.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

namespace mqtt_as::front_test {

using test::authority;
using test::broker_process;
using test::certificate_files;
using test::certificate_wish;
using test::content;
using test::demanding;
using test::fault_proxy;
using test::secured_by;
using test::temp_folder;
using test::utc_text;

/// While it lives, programs that are started have OpenSSL speak nothing newer than TLS 1.2.
class only_tls_1_2 {
public:
    explicit only_tls_1_2(const temp_folder& folder) {
        const std::string file = folder.path() / "openssl.cnf";
        std::ofstream(file) << "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                               "MaxProtocol = TLSv1.2\n";
        ::setenv("OPENSSL_CONF", file.c_str(), 1);
    }
    ~only_tls_1_2() { ::unsetenv("OPENSSL_CONF"); }
    only_tls_1_2(const only_tls_1_2&) = delete;
    only_tls_1_2& operator=(const only_tls_1_2&) = delete;
};

/// A CA in a folder of its own, and clients that trust it.
struct tls_place {
    temp_folder folder;
    authority ca{folder.path(), "Test CA"};

    /// Straight to the broker's Unix socket.
    config client_of(const broker_process& broker) const {
        config c;
        c.unix_socket = broker.socket();
        c.ssl_params.server_name = "localhost";
        return with_defaults(c);
    }
    config client_at(std::uint16_t port) const {
        config c;
        c.server = "127.0.0.1";
        c.port = port;
        return with_defaults(c);
    }

private:
    config with_defaults(config c) const {
        c.ssl = true;
        c.ssl_params.ca_file = ca.pem();
        c.response_time = std::chrono::seconds(5);
        c.backoff.first_step = c.backoff.cap = duration(50);
        return c;
    }
};

/// The client of `c` has a certificate of its own.
inline void show(config& c, const certificate_files& own) {
    c.ssl_params.cert_file = own.certificate;
    c.ssl_params.key_file = own.key;
}

/// How the first attempt to connect ended.
struct attempt {
    std::error_code error;
    std::string text;
    bool can_retry_help = true;
    explanation after;
};

inline attempt attempt_with(const config& c) {
    world w;
    MQTTClient client(w.executor(), c);
    attempt result;
    w.run([&]() -> task<> {
        try {
            co_await client.connect();
        } catch (const connect_error& e) {
            result.error = e.code();
            result.text = e.result().error_text;
            result.can_retry_help = e.result().can_retry_help;
        }
        result.after = client.explain();
        client.close();
    });
    return result;
}

/// What an attempt that must fail says.
inline std::string refusal_of(const config& c) {
    const attempt made = attempt_with(c);
    EXPECT_EQ(made.error, make_error_code(errc::tls_failed)) << made.after.text();
    EXPECT_FALSE(made.can_retry_help) << made.text;
    return made.text;
}

}  // namespace mqtt_as::front_test
