// What one process of a measurement can be. Each role is a process of its own, so that what it uses can be told apart.
#pragma once

#include "bench/rows.hpp"

namespace bench {

/// Serves one connection after the other on `listener`, for ever: acknowledges and floods as fast as the socket allows.
[[noreturn]] void serve(int listener);

/// Through MQTTClient. Prints the CPU time [ns] and the allocations of the counted messages; the exit status.
int run_client(const load&);

/// The same bytes through a raw socket, encoded beforehand. Prints the CPU time [ns]; the exit status.
int run_limit(const load&);

}  // namespace bench
