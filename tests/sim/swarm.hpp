// One seed: draws a world, an hour of work and trouble, then heals the world and demands that all ends well.
#pragma once

#include "tests/sim/faults.hpp"
#include "tests/sim/world.hpp"

#include <cstdint>
#include <string>

namespace mqtt_as::sim {

world_options draw_options(std::uint64_t seed);

struct outcome {
    std::string verdict;     // empty: every promise was kept
    std::uint64_t hash = 0;  // of all inputs and outputs
    tally counts;
    moment virtual_ms = 0;
    std::size_t operations = 0;  // accepted by the engine
    std::size_t inbound = 0;     // messages owed to the client
    std::uint64_t faults = 0;
    std::uint32_t lost = 0;
};

outcome run_seed(std::uint64_t seed, sabotage, bool is_verbose, bool on_board = false);

}  // namespace mqtt_as::sim
