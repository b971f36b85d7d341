// Errors as hosts expect them: `errc` is a std::error_code, coroutines throw std::system_error.
#pragma once

#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/types.hpp"

#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_as {

namespace detail {
extern const std::error_category* const category;  // a pointer costs less than a call, for every completion
}

/// Category "mqtt_as"; messages are those of `describe(errc)`.
inline const std::error_category& error_category() noexcept { return *detail::category; }

inline std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }

/// What coroutines and futures throw when an operation fails: a std::system_error that also knows what the server
/// answered and whether the message may have arrived. `code()` compares with `errc`.
class operation_error : public std::system_error {
public:
    operation_error(std::error_code code, const char* operation, operation_result result);

    /// The server's answer; `success` when it did not answer.
    reason_code reason() const noexcept { return result_.reason; }
    /// False: not one byte of it was sent.
    bool may_have_been_delivered() const noexcept { return result_.may_have_been_delivered; }
    property_view properties() const noexcept { return result_.properties; }

private:
    operation_result result_;
};

/// What `connect` throws: says which stage failed, why, and whether trying again can help.
class connect_error : public std::system_error {
public:
    connect_error(std::error_code code, connect_result result);

    const connect_result& result() const noexcept { return result_; }
    stage at() const noexcept { return result_.at; }

private:
    connect_result result_;
};

/// "TCP: connection refused", "MQTT: refused by the server: Not authorized": the end of a connection, or of an
/// attempt at one, in one phrase. `error_text`: what the transport says, where it says more than its number.
std::string describe(const disconnected&, std::string_view error_text = {});

}  // namespace mqtt_as

template <>
struct std::is_error_code_enum<mqtt_as::errc> : std::true_type {};
