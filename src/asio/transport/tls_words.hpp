// What went wrong with TLS, in words that say who has to do what.
#pragma once

#include "mqtt_as/asio/ssl_params.hpp"
#include "src/asio/transport/openssl.hpp"
#include "src/asio/transport/transport.hpp"

#include <string>

namespace mqtt_as::detail {

/// Why the server's certificate was not accepted. `wanted`: the name or address that it should be for.
failure explain_verification(X509_STORE_CTX* store, const ssl_params&, const std::string& wanted);

/// Why the handshake or the connection was ended by OpenSSL's `error`. `certificate_was_asked`: for ours, and we have
/// none.
failure explain_error(unsigned long error, const ssl_params&, bool certificate_was_asked);

/// OpenSSL's words for its last error; it is then forgotten.
std::string last_reason();

}  // namespace mqtt_as::detail
