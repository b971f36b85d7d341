// What is measured: the rows of the table, and what one measurement of a row has to tell.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// P publishes and S receives; the digit is the qos; W operations are outstanding at any time.
struct row {
    std::string_view name;
    enum class direction : std::uint8_t { publish, receive } way;
    std::uint8_t qos;
    std::uint32_t payload_size;
    std::uint32_t window;  // of receiving: none
};

inline constexpr row rows[] = {
    {"P0 64 B W1000", row::direction::publish, 0, 64, 1000},
    {"P1 64 B W100", row::direction::publish, 1, 64, 100},
    {"S0 64 B", row::direction::receive, 0, 64, 0},
};

enum class version : std::uint8_t { v3_1_1, v5 };
inline constexpr version versions[] = {version::v3_1_1, version::v5};

inline std::string_view name_of(version v) { return v == version::v5 ? "MQTT 5" : "MQTT 3.1.1"; }

/// The topic of every message. A subscription to `flood/SIZE/COUNT` makes the source send COUNT messages of SIZE bytes.
inline constexpr std::string_view topic = "bench/topic";

/// One run of a client: messages before the count begins, and messages counted.
struct load {
    row what;
    version in;
    std::uint16_t port;
    std::uint32_t warm_up;
    std::uint32_t count;
};

struct measurement {
    std::string name;  // of the row, with the version
    std::string row;
    double instructions = 0;  // per message, of the client process
    double allocations = 0;   // per message, once warm
    double cpu_ns = 0;        // per message: median
    double limit_ns = 0;      // of raw sockets, in the same run: median
};

}  // namespace bench
