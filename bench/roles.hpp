// What one process of a measurement can be. Each role is a process of its own, so that what it uses can be told apart.
//
// A role prints one line of names and figures, and returns the exit status.
#pragma once

#include "bench/rows.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Serves all connections to `listener`, for ever: acknowledges and floods as fast as the sockets allow.
[[noreturn]] void serve(int listener);

// A load as a role's arguments, and back. `load_of` throws std::runtime_error.
inline constexpr std::size_t load_arguments = 8;
std::string arguments_of(const load&);
load load_of(std::span<char* const>);

// The rows of the table. `callbacks` is also measured with other limits: `gather_from` 0 is the default.
int run_limit(const load&);
int run_floor(const load&, std::uint32_t clients = 1);
int run_callbacks(const load&, std::size_t gather_from = 0);
int run_coroutines(const load&);

// Many connections in one process: `l.what` on each of `clients`, `l.count` messages in all.
int run_many(const load& l, std::uint32_t clients);
int run_many_limit(const load& l, std::uint32_t clients);

/// The load from `threads` threads that share one client; 0: from the one that runs its event loop.
int run_threads(const load&, std::uint32_t threads);

/// Receives one message of this many bytes: `growth`, the largest resident memory over what it was before.
int run_large(const load&);

/// Kills the sink under `clients` clients that publish, and starts another one `outage_s` later.
int run_recovery(std::uint32_t outage_s, std::uint32_t clients);

}  // namespace bench
