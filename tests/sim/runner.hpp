// Runs many seeds, each twice, and says what happened.
#pragma once

#include "tests/sim/faults.hpp"

#include <cstdint>
#include <optional>

namespace mqtt_as::sim {

struct plan {
    std::optional<std::uint64_t> seeds;  // 1 to this; 200 when nothing is said
    std::optional<std::uint64_t> only;   // this seed alone
    sabotage lie = sabotage::none;
    bool is_verbose = false;
    bool prints_hashes = false;
    bool on_board = false;  // with limits that an engine made for boards can have
};

/// True when every seed kept every promise and, over enough seeds, everything that can happen did.
bool run(const plan&);

}  // namespace mqtt_as::sim
