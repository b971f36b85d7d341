// OpenSSL as a server, blocking, on the thread of its script.
#include "tests/asio/tls_end.hpp"

#include <csignal>
#include <openssl/err.h>
#include <stdexcept>

namespace mqtt_as::front_test {

tls_end::tls_end(peer& client, const test::certificate_files& own, const std::function<void(SSL_CTX*)>& tune) {
    sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    SSL_CTX_use_certificate_file(context.get(), own.certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), own.key.c_str(), SSL_FILETYPE_PEM);
    if (tune) tune(context.get());
    ssl_.reset(SSL_new(context.get()));
    SSL_set_fd(ssl_.get(), client.socket());
    if (SSL_accept(ssl_.get()) != 1) {
        const char* const why = ERR_reason_error_string(ERR_get_error());
        throw std::runtime_error(std::string("SSL_accept: ") + (why ? why : "the client left"));
    }
    client.receive = [ssl = ssl_.get()](char* into, std::size_t size) -> ssize_t {
        return SSL_read(ssl, into, static_cast<int>(size));
    };
    client.transmit = [ssl = ssl_.get()](const char* from, std::size_t size) -> ssize_t {
        return SSL_write(ssl, from, static_cast<int>(size));
    };
}

}  // namespace mqtt_as::front_test
