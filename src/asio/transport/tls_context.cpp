// Setting up OpenSSL for a client.
#include "src/asio/transport/tls_context.hpp"

#include "src/asio/transport/tls_words.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

tls_context& context_of(SSL* ssl) { return *static_cast<tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))); }

/// OpenSSL has a session for us: TLS 1.2 with the handshake, TLS 1.3 whenever the server sends a ticket.
int on_new_session(SSL* ssl, SSL_SESSION* session) {
    context_of(ssl).keep(ssl_session_ptr(session));
    return 1;  // it is ours now
}

unsigned on_psk_asked(SSL* ssl, const char*, char* identity, unsigned identity_max, unsigned char* key,
                      unsigned key_max) {
    const ssl_params& params = context_of(ssl).params();
    const std::size_t size = params.psk.size() / 2;
    if (params.psk_identity.size() >= identity_max || size > key_max) return 0;
    identity[params.psk_identity.copy(identity, identity_max - 1)] = '\0';
    std::size_t decoded = 0;
    return OPENSSL_hexstr2buf_ex(key, key_max, &decoded, params.psk.c_str(), '\0') == 1 ? static_cast<unsigned>(decoded)
                                                                                        : 0;
}

}  // namespace

tls_context::tls_context(const ssl_params& params, const std::string& server)
    : params_(params), name_(params.server_name.empty() ? server : params.server_name) {
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(name_, no_address);
    name_is_address_ = !no_address;
    if (name_is_address_ && address.is_v6()) {  // certificates do not know of interfaces ("fe80::1%eth0")
        name_ = boost::asio::ip::address_v6(address.to_v6().to_bytes()).to_string();
    } else if (name_.ends_with('.')) {  // nor of the dot that ends an absolute name
        name_.pop_back();
    }
    for (const std::string& protocol : params.alpn) alpn_ += static_cast<char>(protocol.size()) + protocol;
}

ssl_ptr tls_context::begin() {
    ERR_clear_error();
    // First the stamps, then the files: what changes in between is noticed by the next connection.
    auto stamps = stamps_of(params_);
    if (!context_ || stamps != stamps_) {
        session_.reset();
        context_.reset();
        context_ = make_context();
        stamps_ = std::move(stamps);
    }
    ssl_ptr ssl(SSL_new(context_.get()));
    if (!ssl) throw tls_error(last_reason());
    set_name(ssl.get());
    SSL_set_connect_state(ssl.get());
    if (session_ && may_resume()) SSL_set_session(ssl.get(), session_.get());
    return ssl;
}

ssl_context_ptr tls_context::make_context() {
    ssl_context_ptr made(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = made.get();
    if (context == nullptr) throw tls_error(last_reason());
    SSL_CTX_set_min_proto_version(context, params_.min_version == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // A write that had to wait goes on with the same bytes, not necessarily in the same place; an idle connection keeps
    // no buffers (34 KB); one system call reads a whole record.
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    if (!alpn_.empty()) {
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn_.data()),
                                static_cast<unsigned>(alpn_.size()));
    }
    if (!params_.psk.empty()) {
        SSL_CTX_set_psk_client_callback(context, &on_psk_asked);
        SSL_CTX_set_cipher_list(context, "PSK");  // of TLS 1.2: those where both sides prove the key
    }
    // With a shared key no certificate is good enough: a server that has one does not know the key.
    const bool trusts_certificates = params_.psk.empty() && params_.verify != ssl_verify::none;
    if (trusts_certificates) load_trusted(context, params_);
    load_identity(context, params_);
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_sess_set_new_cb(context, &on_new_session);
    SSL_CTX_set_session_cache_mode(context, params_.resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                                                           : SSL_SESS_CACHE_OFF);
    return made;
}

void tls_context::set_name(SSL* ssl) const {
    if (!name_is_address_ && !name_.empty()) SSL_set_tlsext_host_name(ssl, name_.c_str());  // addresses are not sent
    if (params_.verify != ssl_verify::full) return;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int is_set = name_is_address_ ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name_.c_str())
                                        : SSL_set1_host(ssl, name_.c_str());
    // For OpenSSL an empty name is none to verify. Only a shared key makes do without.
    const bool has_none = name_.empty() && params_.psk.empty();
    if (is_set != 1 || has_none) throw tls_error("'" + name_ + "' is not a name to verify (server_name)");
}

bool tls_context::may_resume() const noexcept {
    const X509* const certificate = SSL_SESSION_get0_peer(session_.get());
    const bool is_expired = certificate != nullptr && params_.verify != ssl_verify::none &&
                            X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    return !is_expired;
}

}  // namespace mqtt_as::detail
