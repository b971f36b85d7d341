// What this build of the library is for. CMake chooses once; the code asks by `if constexpr`, never by `#if`.
//
// Hosts are fast and grow by use. Boards are small: one block of memory taken whole at construction, nothing twice.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <cstdint>
#include <type_traits>

#ifndef MQTT_AS_BOARD  // 1: for a board
#define MQTT_AS_BOARD 0
#endif
#ifndef MQTT_AS_ONLY_V3_1_1  // 1: MQTT 3.1.1 and nothing else
#define MQTT_AS_ONLY_V3_1_1 0
#endif
#ifndef MQTT_AS_QOS_MAX  // 1: no qos 2 in either direction
#define MQTT_AS_QOS_MAX 2
#endif

namespace mqtt_as::profile {

inline constexpr bool is_board = MQTT_AS_BOARD != 0;
/// Short ways for what most messages are. Boards do without them: that is smaller.
inline constexpr bool prefers_speed = !is_board;
/// What is sent is put together in a batch, large payloads by reference. Boards send one packet at a time.
inline constexpr bool makes_batches = !is_board;
inline constexpr bool only_v3_1_1 = MQTT_AS_ONLY_V3_1_1 != 0;
inline constexpr std::uint8_t qos_max = MQTT_AS_QOS_MAX;

/// Sizes of what lies in memory, and counts of it: all memory of a board's engine is less than 64 KiB.
using size_type = std::conditional_t<is_board, std::uint16_t, std::uint32_t>;
/// Sums of sizes of payloads, which on a host may be more than 4 GiB.
using byte_count = std::conditional_t<is_board, std::uint16_t, std::size_t>;
/// The width of a flag of which there are many.
inline constexpr int flag_bits = is_board ? 1 : 8;

/// A number that only hosts need. On boards it takes no room and is always 0.
struct absent {
    constexpr absent(std::uint32_t) {}
    constexpr operator std::uint32_t() const { return 0; }
};
using host_number = std::conditional_t<is_board, absent, std::uint32_t>;

}  // namespace mqtt_as::profile
