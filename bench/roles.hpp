// What one process of a measurement can be. Each role is a process of its own, so that what it uses can be told apart.
#pragma once

#include "bench/rows.hpp"

namespace bench {

/// Serves all connections to `listener`, for ever: acknowledges and floods as fast as the sockets allow.
[[noreturn]] void serve(int listener);

// Each prints what `meter` has to say about the counted messages, and returns the exit status.

int run_limit(const load&);      // raw socket
int run_floor(const load&);      // Asio
int run_callbacks(const load&);  // MQTTClient, plain callbacks

}  // namespace bench
