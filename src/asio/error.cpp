// Error codes, exceptions, and the words for the end of a connection.
#include "mqtt_as/asio/error.hpp"

#include "mqtt_as/asio/async.hpp"

#include <array>
#include <cstdio>
#include <netdb.h>
#include <string>
#include <system_error>

namespace mqtt_as {

namespace {

class named_errors final : public std::error_category {
public:
    constexpr named_errors() = default;
    const char* name() const noexcept override { return "mqtt_as"; }
    std::string message(int value) const override { return std::string(describe(static_cast<errc>(value))); }
};
constinit const named_errors instance;

std::string text_of(reason_code reason) {
    std::array<char, 8> number{};
    std::snprintf(number.data(), number.size(), "0x%02X", static_cast<unsigned>(reason));
    return std::string(describe(reason)) + " (" + number.data() + ")";
}

const char* text_of(stage at) {
    switch (at) {
    case stage::idle: return "Idle";
    case stage::link: return "Link";
    case stage::resolve: return "DNS";
    case stage::connect: return "TCP";
    case stage::tls: return "TLS";
    case stage::mqtt:
    case stage::online: return "MQTT";
    }
    return "?";
}

/// What the first bytes of something else than a broker look like.
bool is_another_language(violation why) {
    return why == violation::bad_packet_type || why == violation::bad_fixed_header_flags ||
           why == violation::unexpected_packet;
}

std::string text_of(stage at, errc error, violation why, reason_code reason, int transport_error,
                    std::string_view error_text) {
    // With TLS 1.3 the server judges our certificate when the handshake is over for us.
    std::string text = std::string(text_of(error == errc::tls_failed ? stage::tls : at)) + ": ";
    if (!error_text.empty()) return text.append(error_text);
    if (transport_error != 0) {
        if (error == errc::resolve_failed) return text + ::gai_strerror(transport_error);
        return text + std::system_category().message(transport_error);
    }
    switch (error) {
    case errc::connection_refused: return text + "refused by the server: " + text_of(reason);
    case errc::server_disconnected: return text + "ended by the server: " + text_of(reason);
    case errc::protocol_violation:
        text += describe(why);
        return at == stage::mqtt && is_another_language(why) ? text + "; does it speak MQTT at this port?" : text;
    default: return text + std::string(describe(error));
    }
}

std::string text_of(const char* operation, reason_code reason) {
    return is_failure(reason) ? std::string(operation) + ": " + text_of(reason) : operation;
}

}  // namespace

constinit const std::error_category* const detail::category = &instance;

operation_error::operation_error(std::error_code code, const char* operation, operation_result result)
    : std::system_error(code, text_of(operation, result.reason)), result_(std::move(result)) {}

connect_error::connect_error(std::error_code code, connect_result result)
    : std::system_error(code, result.at == stage::idle
                                  ? std::string("connect")
                                  : "connect: " + text_of(result.at, static_cast<errc>(code.value()), result.why,
                                                          result.reason, result.transport_error, result.error_text)),
      result_(std::move(result)) {}

std::string describe(const disconnected& d, std::string_view error_text) {
    return text_of(d.at, d.error, d.why, d.reason, d.transport_error, error_text);
}

namespace detail {

std::exception_ptr make_exception(const char*, errc error, const connect_result& result) {
    return std::make_exception_ptr(connect_error(error, result));
}
std::exception_ptr make_exception(const char* operation, errc error, const operation_result& result) {
    return std::make_exception_ptr(operation_error(error, operation, result));
}
std::exception_ptr make_exception(const char* operation, errc error) {
    return std::make_exception_ptr(operation_error(error, operation, {}));
}

}  // namespace detail

}  // namespace mqtt_as
