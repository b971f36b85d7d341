// Certificates and keys in files, PEM or DER, whichever their content is. What cannot be read is a tls_error that names
// the key of the configuration, the file and the cause.
#pragma once

#include "mqtt_as/asio/ssl_params.hpp"
#include "src/asio/transport/openssl.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_as::detail {

/// Gives `context` the CAs that we trust.
void load_trusted(SSL_CTX* context, const ssl_params&);
/// Gives it our own certificate and its key, when there are any.
void load_identity(SSL_CTX* context, const ssl_params&);

/// By what one notices that a file was changed or replaced.
struct file_stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1;  ///< -1: there is no file
    std::int64_t modified_ns = 0, changed_ns = 0;
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// Of all files that `load_trusted` and `load_identity` read, or would read for a certificate of the server.
std::vector<file_stamp> stamps_of(const ssl_params&);

}  // namespace mqtt_as::detail
