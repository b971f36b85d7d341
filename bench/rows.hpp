// What is measured: the rows of the table, and what one run of a client is told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class direction : std::uint8_t { publish, receive, echo };

struct traffic {
    direction way = direction::publish;
    std::uint8_t qos = 0;
    std::uint32_t payload_size = 64;
    std::uint32_t window = 1;  // of outstanding operations; receiving with qos 0: 0, there is none
};

/// P publishes and S receives; the digit is the qos; W is the window.
struct row {
    std::string_view name;
    traffic what;
    std::uint32_t count;  // of messages in one run: a multiple of the window, a tenth of a second or so
};

inline constexpr row rows[] = {
    {"P0 64 B W1", {direction::publish, 0, 64, 1}, 20'000},
    {"P0 64 B W100", {direction::publish, 0, 64, 100}, 300'000},
    {"P0 64 B W1000", {direction::publish, 0, 64, 1'000}, 500'000},
    {"P0 1 KiB W1000", {direction::publish, 0, 1'024, 1'000}, 200'000},
    {"P0 64 KiB W10", {direction::publish, 0, 65'536, 10}, 5'000},
    {"P1 64 B W1", {direction::publish, 1, 64, 1}, 20'000},
    {"P1 64 B W100", {direction::publish, 1, 64, 100}, 300'000},
    {"P1 64 B W1000", {direction::publish, 1, 64, 1'000}, 500'000},
    {"P1 1 KiB W100", {direction::publish, 1, 1'024, 100}, 200'000},
    {"P1 64 KiB W10", {direction::publish, 1, 65'536, 10}, 5'000},
    {"P2 64 B W1", {direction::publish, 2, 64, 1}, 10'000},
    {"P2 64 B W100", {direction::publish, 2, 64, 100}, 200'000},
    {"P2 64 B W1000", {direction::publish, 2, 64, 1'000}, 200'000},
    {"P2 1 KiB W100", {direction::publish, 2, 1'024, 100}, 100'000},
    {"P2 64 KiB W10", {direction::publish, 2, 65'536, 10}, 5'000},
    {"S0 64 B", {direction::receive, 0, 64, 0}, 1'000'000},
    {"S0 1 KiB", {direction::receive, 0, 1'024, 0}, 200'000},
    {"S0 64 KiB", {direction::receive, 0, 65'536, 0}, 5'000},
    {"S1 64 B W20", {direction::receive, 1, 64, 20}, 200'000},
    {"S1 64 B W1000", {direction::receive, 1, 64, 1'000}, 500'000},
    {"S2 64 B W100", {direction::receive, 2, 64, 100}, 200'000},
    {"round trip 64 B", {direction::echo, 0, 64, 1}, 10'000},
};

enum class version : std::uint8_t { v3_1_1 = 4, v5 = 5 };  // as CONNECT has it

/// One run of a client: messages before the count begins, and messages counted, both multiples of the window.
struct load {
    traffic what;
    version in = version::v3_1_1;
    std::uint16_t port = 0;
    std::uint32_t warm_up = 0;
    std::uint32_t count = 0;

    std::uint32_t total() const { return warm_up + count; }
};

/// The topic of every message; what is published to `echo_topic` comes back.
inline constexpr std::string_view topic = "bench/topic";
inline constexpr std::string_view echo_topic = "bench/echo!";
inline std::string_view topic_of(const traffic& t) { return t.way == direction::echo ? echo_topic : topic; }

/// Bodies from this size on are not copied on their way into a batch: from here on that is cheaper (`copy or gather`).
inline constexpr std::size_t large_payload = 8'192;

/// The subscription that makes the source send: payload size, messages, qos, and how many may be unacknowledged.
inline std::string flood_filter(const load& l) {
    return "flood/" + std::to_string(l.what.payload_size) + '/' + std::to_string(l.total()) + '/' +
           std::to_string(l.what.qos) + '/' + std::to_string(l.what.window);
}

}  // namespace bench
