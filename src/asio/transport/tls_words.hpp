// What went wrong with TLS, in words that say who has to do what.
#pragma once

#include "mqtt_as/asio/ssl_params.hpp"
#include "src/asio/transport/openssl.hpp"
#include "src/asio/transport/transport.hpp"

#include <string>

namespace mqtt_as::detail {

/// Why the server's certificate was not accepted. `wanted`: the name or address that it should be for.
failure explain_verification(X509_STORE_CTX* store, const ssl_params&, const std::string& wanted);

/// What matters for the meaning of an error.
struct handshake_facts {
    bool has_psk = false;
    bool certificate_was_sent = false;     ///< ours, because the server asked for it
    bool certificate_was_missing = false;  ///< the server asked for ours, and we have none
    bool is_over = false;                  ///< and the server has accepted us: both sides are as they should be
};

/// Why the handshake or the connection was ended by OpenSSL's `error`.
failure explain_error(unsigned long error, const handshake_facts&);

/// OpenSSL's words for its last error; it is then forgotten.
std::string last_reason();

}  // namespace mqtt_as::detail
