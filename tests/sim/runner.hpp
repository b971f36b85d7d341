// Runs many seeds, each twice, and says what happened.
#pragma once

#include "tests/sim/faults.hpp"

#include <cstdint>
#include <optional>

namespace mqtt_as::sim {

struct plan {
    std::optional<std::uint64_t> seeds;    // so many, from `first` on; 200 when nothing is said
    std::optional<std::uint64_t> only;     // this seed alone
    std::optional<std::uint64_t> seconds;  // of real time: fresh seeds as long as that
    std::optional<std::uint64_t> weeks;    // of one client in each version
    std::optional<std::uint64_t> first;    // 1 when nothing is said; for fresh seeds, one that nobody has seen
    std::optional<std::uint64_t> stride;   // of the byte boundaries of small cases
    bool is_exhaustive = false;
    sabotage lie = sabotage::none;
    bool is_verbose = false;
    bool stops_at_failure = false;
    bool keeps_failures = false;  // in seeds.txt
    bool prints_hashes = false;
};

/// True when every seed kept every promise and, over enough seeds, everything that can happen did.
bool run(const plan&);

}  // namespace mqtt_as::sim
