// Small cases, all of them: two operations in every order of events, and one outage at every byte boundary.
#pragma once

#include "tests/sim/faults.hpp"

#include <cstdint>
#include <string>

namespace mqtt_as::sim {

struct exhausted {
    std::uint64_t cases = 0;
    std::uint64_t outages = 0;  // cases in which the connection was really lost
    std::uint64_t failed = 0;
    std::string first_objection;  // and which case it was
};

/// In both versions, each pair of operations (a publish of each qos, a message received at each, a subscribe, an
/// unsubscribe): the second begins behind each event of the first; the broker answers in order or in reverse; the
/// connection ends after each number of bytes in either direction, or never; the session is kept or lost. `stride`
/// n: every n-th of the byte boundaries, in turn, so that a slow build goes through all pairs, too.
exhausted run_all_small_cases(sabotage, std::uint64_t stride);

}  // namespace mqtt_as::sim
