// TLS as a part of the library that programs without it do not link.
#include "src/asio/parts.hpp"
#include "src/asio/settings.hpp"
#include "src/asio/transport/tls_context.hpp"
#include "src/asio/transport/tls_transport.hpp"

#include <memory>
#include <string>
#include <utility>

namespace mqtt_as::detail {

namespace {

/// What is wrong whatever the files hold: those are read when a connection is made.
void check_tls(const config& c) {
    const ssl_params& p = c.ssl_params;
    const bool has_ca = !p.ca_file.empty() || !p.ca_path.empty();
    require(p.cert_file.empty() == p.key_file.empty(),
            "ssl_params.cert_file and key_file belong together: set both, or none");
    require(p.key_password.empty() || !p.key_file.empty(), "ssl_params.key_password is set without key_file");
    require(p.verify != ssl_verify::none || !has_ca,
            "ssl_params.verify is none although there is a ca_file or a ca_path: leave out one of them");
    require(p.psk.empty() == p.psk_identity.empty(),
            "ssl_params.psk and psk_identity belong together: set both, or none");
    require(p.psk.empty() || (!has_ca && p.cert_file.empty()),
            "ssl_params.psk is set together with certificates: one of them is allowed");
    constexpr std::size_t psk_bytes_max = 64, identity_max = 128;
    const bool is_hex = p.psk.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    require(is_hex && p.psk.size() % 2 == 0 && p.psk.size() <= 2 * psk_bytes_max,
            "ssl_params.psk is not a key: 2 to 128 hexadecimal digits, two for each byte, are allowed");
    require(p.psk_identity.size() <= identity_max && p.psk_identity.find('\0') == std::string::npos,
            "ssl_params.psk_identity is not a name: 1 to 128 bytes without NUL are allowed");
    for (const std::string& protocol : p.alpn) {
        require(!protocol.empty() && protocol.size() <= 255,
                "ssl_params.alpn has a protocol of %zu bytes: 1 to 255 are allowed", protocol.size());
    }
    check_name("ssl_params.server_name", p.server_name);
    const bool has_name = !c.server.empty() || !p.server_name.empty();
    require(has_name || p.verify != ssl_verify::full || !p.psk.empty(),
            "ssl_params.server_name is empty with config.unix_socket: a path is not a name to verify");
}

class tls_transports final : public secured_transports {
public:
    tls_transports(const ssl_params& params, const std::string& server) : context_(params, server) {}

    std::shared_ptr<transport> make(executor_handle executor, epoch e, const socket_target& target, address_book& book,
                                    std::shared_ptr<transport_events> owner) override {
        return std::make_shared<tls_transport>(std::move(executor), e, target, book, context_, std::move(owner));
    }

private:
    tls_context context_;
};

std::unique_ptr<secured_transports> make(const ssl_params& params, const std::string& server) {
    return std::make_unique<tls_transports>(params, server);
}

}  // namespace

const tls_code tls{.check = &check_tls, .make = &make};

}  // namespace mqtt_as::detail
