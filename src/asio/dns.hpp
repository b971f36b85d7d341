// As much of DNS as it takes to know a proper answer (RFC 1035). Pure functions.
#pragma once

#include "mqtt_as/asio/wan.hpp"
#include "mqtt_as/types.hpp"

#include <array>
#include <cstdint>

namespace mqtt_as::detail {

/// A query for an IPv4 address of www.google.com.
std::array<std::uint8_t, 32> default_query(std::uint16_t id);

/// Whether this is one standard query with one question.
bool is_query(bytes packet) noexcept;

/// What `answer` says to `query`, which is one. not_an_answer: it belongs to something else, and the right one may
/// still come. The answer must hold a record of the type and class asked for.
wan_result judge_answer(bytes query, bytes answer) noexcept;

/// Whether all IPv4 addresses of an answer that is ok are such as the Internet has.
bool has_public_addresses(bytes answer) noexcept;

}  // namespace mqtt_as::detail
