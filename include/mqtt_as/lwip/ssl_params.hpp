// How `config::ssl` secures the connection on a board: whom we trust, who we are, and whom we expect to meet.
#pragma once

#include <cstdint>

struct altcp_tls_config;

namespace mqtt_as {

/// What of the server's certificate is verified.
enum class ssl_verify : std::uint8_t {
    full,    ///< it comes from a CA we trust, is valid today, and is for the name we connect to
    issuer,  ///< as `full`, for whatever name
    none,    ///< nothing: encrypted, but to anybody
};

struct ssl_params {
    /// The CA we trust, and our own certificate if the server asks for one: from altcp_tls_create_config_client or
    /// altcp_tls_create_config_client_2wayauth. It must live as long as the client; several clients may have the same.
    altcp_tls_config* tls = nullptr;
    /// Told to the server (SNI) and looked for in its certificate; nullptr: `config::server`. mbedTLS looks for names,
    /// not for addresses.
    const char* server_name = nullptr;
    ssl_verify verify = ssl_verify::full;
};

}  // namespace mqtt_as
