// How much `dprint` is told: the switch behind MQTTClient::DEBUG.
#pragma once

#include "mqtt_as/types.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace mqtt_as {

enum class debug_level : std::uint8_t {
    off,      ///< `false`
    lines,    ///< `true`: what happens to the connection
    packets,  ///< and each packet of the connections made from now on: direction, time, type, flags, packet identifier,
              ///< topic and sizes; never a payload, a user name or a password
};

namespace detail {
class packet_log;
using packet_log_maker = std::unique_ptr<packet_log>(protocol_version);
packet_log_maker trace_packets;
}  // namespace detail

/// A value that may be read and changed at any time, by any thread.
class debug_switch {
public:
    debug_switch& operator=(bool on) noexcept {
        makes_log_.store(nullptr, std::memory_order_relaxed);
        is_on_.store(on, std::memory_order_relaxed);
        return *this;
    }
    /// Whoever never calls this does not link the words for packets.
    debug_switch& operator=(debug_level level) noexcept {
        makes_log_.store(level == debug_level::packets ? detail::trace_packets : nullptr, std::memory_order_relaxed);
        is_on_.store(level != debug_level::off, std::memory_order_relaxed);
        return *this;
    }
    operator bool() const noexcept { return is_on_.load(std::memory_order_relaxed); }
    detail::packet_log_maker* makes_log() const noexcept { return makes_log_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> is_on_{false};
    std::atomic<detail::packet_log_maker*> makes_log_{nullptr};
};

}  // namespace mqtt_as
