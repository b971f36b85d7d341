// What `MQTTClient::wan_ok` asks, and what it finds out.
#pragma once

#include "mqtt_as/types.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace mqtt_as {

struct wan_options {
    std::string_view server = "8.8.8.8";       ///< the DNS server to ask: a numeric address, IPv4 or IPv6
    std::uint16_t port = 53;                   ///< UDP
    bytes packet{};                            ///< one DNS query; empty: for an IPv4 address of www.google.com
    std::chrono::milliseconds timeout{3'000};  ///< how long to wait for the answer; asked three times in it
};
static_assert(std::is_trivially_copyable_v<wan_options>);

/// What `wan_ok` found out. The numbers never change.
enum class wan_state : std::uint8_t {
    ok = 0,             ///< the DNS server gave a proper answer
    broker_down = 1,    ///< nobody was asked: the broker does not answer either
    unreachable = 2,    ///< there is no way to the DNS server, or none is there
    silent = 3,         ///< no answer came in time
    not_an_answer = 4,  ///< what came in time does not belong to the query: another identifier or question, or no DNS
    malformed = 5,      ///< the answer is cut short, or makes no sense
    truncated = 6,      ///< the DNS server says itself that its answer is cut short
    refused = 7,        ///< the DNS server answered with a failing response code
    no_record = 8,      ///< the answer does not hold what was asked for
    private_address =
        9  ///< www.google.com is said to be in a private network: the portal of a hotspot says such things
};

/// What was found out, in words, static storage.
std::string_view describe(wan_state) noexcept;

/// True when the wide area network can be used.
struct wan_result {
    wan_state state = wan_state::broker_down;
    std::uint8_t response_code = 0;  ///< of DNS, with wan_state::refused: 2 server failure, 3 no such name, 5 refused

    operator bool() const noexcept { return state == wan_state::ok; }
    std::string_view text() const noexcept { return describe(state); }
};

}  // namespace mqtt_as
