// A whole program around one coroutine: event loop, signals, orderly shutdown.
#pragma once

#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/asio/task.hpp"

#include <chrono>
#include <functional>

namespace mqtt_as {

/// Makes a client of `config` and runs `main` with it, on this thread, until it ends.
///
/// Returns what `main` of a program should: 0 when it returned (after a disconnect in good order), 1 when it threw
/// (one line on standard error), 128 + signal after SIGINT or SIGTERM. A signal cancels what the coroutine awaits at
/// that moment (boost::system::system_error); it may then still await, to say something before it ends. When it has
/// ended, or after 2 s, the client disconnects within its grace and what is left of the coroutine is destroyed; a
/// second signal ends at once. (systemd: `SuccessExitStatus=143`.)
/// Until it returns, SIGINT and SIGTERM are its own: a handler set for them meanwhile, such as a signal_set of Asio's,
/// hears them instead.
/// Throws std::invalid_argument when the configuration is wrong.
int run(const config&, std::function<task<>(MQTTClient&)> main);

/// Waits. `co_await sleep_for(5s);` Ends early, throwing, when the coroutine is cancelled.
[[nodiscard]] task<> sleep_for(std::chrono::nanoseconds);

}  // namespace mqtt_as
