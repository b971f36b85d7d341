// Waiting with a limit: every stage of the doctor is bounded by one.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/doctor/finding.hpp"

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

namespace mqtt_as::cli::doctor {

using clock = std::chrono::steady_clock;

/// Asks every few milliseconds until `condition()` is true; false when it did not become true by then.
task<bool> until(clock::time_point deadline, std::function<bool()> condition);

inline span since(clock::time_point begin) { return std::chrono::duration_cast<span>(clock::now() - begin); }

}  // namespace mqtt_as::cli::doctor
