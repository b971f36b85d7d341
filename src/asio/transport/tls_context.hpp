// What the connections of one client to one server share: certificates as they were read last, and the session that
// the next connection resumes.
//
// A resumed session skips the verification of certificates. So it is kept in memory alone, it is thrown away when any
// of the files has changed, when TLS has failed with it, and when the server's certificate has expired since.
#pragma once

#include "mqtt_as/asio/ssl_params.hpp"
#include "src/asio/transport/openssl.hpp"
#include "src/asio/transport/tls_files.hpp"

#include <string>
#include <vector>

namespace mqtt_as::detail {

class tls_context {
public:
    /// `server`: the name or the address that is connected to.
    tls_context(const ssl_params& params, const std::string& server);
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    /// A connection to be, with everything but its BIO. Reads the files if they have changed. Throws tls_error.
    ssl_ptr begin();

    /// For the next connection. OpenSSL resumes none whose connection ended by an error of TLS.
    void keep(ssl_session_ptr session) noexcept { session_ = std::move(session); }

    const ssl_params& params() const noexcept { return params_; }
    /// The name or address that the server's certificate must be for.
    const std::string& wanted_name() const noexcept { return name_; }

private:
    ssl_context_ptr make_context();
    void set_name(SSL*) const;
    bool may_resume() const noexcept;

    const ssl_params params_;
    std::string name_;
    bool name_is_address_ = false;
    std::string alpn_;  // as on the wire: each name behind its length
    std::vector<file_stamp> stamps_;
    ssl_context_ptr context_;
    ssl_session_ptr session_;
};

}  // namespace mqtt_as::detail
