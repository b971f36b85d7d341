// The engine's clock on Linux: CLOCK_BOOTTIME, which goes on while the machine sleeps; or that of the thread's own
// world.
#pragma once

#include "mqtt_as/types.hpp"
#include "src/asio/world.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <time.h>

namespace mqtt_as::detail {

inline time_point boot_time() noexcept {
    if (const world* const w = world::of_this_thread) [[unlikely]]
        return w->now();
    timespec t;
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return time_point(static_cast<std::uint32_t>(t.tv_sec) * 1000u + static_cast<std::uint32_t>(t.tv_nsec / 1'000'000));
}

/// What a user's span of time is to the engine; longer ones than it knows become its longest.
inline duration engine_duration(std::chrono::milliseconds d) noexcept {
    constexpr std::int64_t most = (1 << 30) - 1;
    const std::int64_t ms = d.count();
    if (ms <= 0) return duration(0);
    return duration(static_cast<std::int32_t>(ms > most ? most : ms));
}

}  // namespace mqtt_as::detail
