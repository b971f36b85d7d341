// The server's end of TLS, for scripted servers.
#pragma once

#include "tests/asio/scripted_server.hpp"
#include "tests/support/certificates.hpp"

#include <memory>
#include <openssl/ssl.h>

namespace mqtt_as::front_test {

class tls_end {
public:
    /// The handshake; from then on `client` reads and writes through TLS. `tune` may change what OpenSSL is told.
    tls_end(peer& client, const test::certificate_files& own, const std::function<void(SSL_CTX*)>& tune = {});

    SSL* ssl() const { return ssl_.get(); }
    /// The client has said that it closes.
    bool was_closed_in_order() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

private:
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

}  // namespace mqtt_as::front_test
