// One seed: draws a world, a life of work and trouble, heals the world now and then, and demands that all ends well.
#pragma once

#include "tests/sim/faults.hpp"
#include "tests/sim/world.hpp"

#include <cstdint>
#include <string>

namespace mqtt_as::sim {

world_options draw_options(std::uint64_t seed, protocol_version);
protocol_version draw_version(std::uint64_t seed);

struct outcome {
    std::string verdict;     // empty: every promise was kept
    std::uint64_t hash = 0;  // of all inputs and outputs
    tally counts;
    moment virtual_ms = 0;
    std::uint64_t operations = 0;  // accepted by the engine
    std::uint64_t inbound = 0;     // messages owed to the client
    std::uint64_t faults = 0;
    std::uint32_t lost = 0;
};

/// An hour, dense with faults.
outcome run_seed(std::uint64_t seed, sabotage, bool is_verbose);

/// Weeks of one client that is never without the same session for long, with so many messages in all.
outcome run_weeks(std::uint64_t seed, protocol_version, std::uint64_t weeks, std::uint64_t messages, bool is_verbose);

}  // namespace mqtt_as::sim
