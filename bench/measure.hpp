// Measures: each function runs processes and adds what it has found.
#pragma once

#include "bench/figures.hpp"

#include <functional>
#include <string_view>

namespace bench {

/// Hears of each step.
using tell_step = std::function<void(std::string_view)>;

// Each throws std::runtime_error when a process fails.

/// The rows of the table, interleaved: in each round, each row by each client.
void measure_rows(figures&, extent, const tell_step&);
/// How the cost grows with the payload and with the window, and from which size on gathering pays.
void measure_growth(figures&, const tell_step&);
/// Many clients, several threads, coroutines, a large message.
void measure_scaling(figures&, const tell_step&);
/// A real Mosquitto instead of our sink.
void measure_mosquitto(figures&, const tell_step&);
/// How soon clients are back after an outage.
void measure_recovery(figures&, const tell_step&);
/// Which functions the instructions of a message are spent in.
void measure_profile(figures&, const tell_step&);
/// What a user's program costs to compile, and in size.
void measure_programs(figures&, const tell_step&);

}  // namespace bench
