// How `config::ssl` secures the connection: whom we trust, who we are, and what is asked of the handshake.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_as {

/// What of the server's certificate is verified.
enum class ssl_verify : std::uint8_t {
    full,    ///< it comes from a CA we trust, is valid today, and is for the name (or the address) we connect to
    issuer,  ///< as `full`, for whatever name: where a broker is reached by another one than its certificate has
    none,    ///< nothing: encrypted, but to anybody
};

enum class tls_version : std::uint8_t { v1_2, v1_3 };

/// Files are read when a connection is made, and read again when they have changed: renewed certificates are taken
/// up by the next connection. Each file may be PEM or DER; its content tells. A file that is missing or wrong is an
/// error of the attempt (tls_failed, in words), not of the configuration.
struct ssl_params {
    std::string ca_file{};       ///< CAs we trust, one or more; without it and `ca_path` those of the system
    std::string ca_path{};       ///< a folder of them, named by `openssl rehash`
    std::string cert_file{};     ///< our own certificate, where the server asks for one, and those up to its CA
    std::string key_file{};      ///< its key; may be the same file
    std::string key_password{};  ///< of `key_file`, when that is encrypted
    ssl_verify verify = ssl_verify::full;
    std::string server_name{};        ///< told to the server (SNI) and verified, instead of `config::server`
    std::vector<std::string> alpn{};  ///< protocols to offer, the preferred one first; the server may take none
    tls_version min_version = tls_version::v1_2;
    std::string psk{};           ///< a key known to both sides, in hexadecimal, instead of certificates
    std::string psk_identity{};  ///< its name at the server
    bool resume = true;          ///< reconnect by the session of before: one round trip and no certificates less

    friend bool operator==(const ssl_params&, const ssl_params&) = default;
};

}  // namespace mqtt_as
