// Waiting with a limit, for what nobody announces.
#pragma once

#include "mqtt_as/asio/task.hpp"

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

namespace mqtt_as::cli {

using clock = std::chrono::steady_clock;
/// Fractions of milliseconds matter on a local network.
using span = std::chrono::microseconds;

/// Asks every few milliseconds until `condition()` is true; false when it did not become true by then.
task<bool> until(clock::time_point deadline, std::function<bool()> condition);

inline span since(clock::time_point begin) { return std::chrono::duration_cast<span>(clock::now() - begin); }

}  // namespace mqtt_as::cli
