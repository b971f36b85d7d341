// OpenSSL's objects with owners, and its errors as exceptions.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdexcept>

namespace mqtt_as::detail {

template <auto free>
struct freed_by {
    template <class T>
    void operator()(T* what) const noexcept {
        free(what);
    }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;
using ssl_context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;

/// What is wrong with our own side of TLS, a file above all, in words.
class tls_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace mqtt_as::detail
