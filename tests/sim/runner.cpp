// Seeds one after another; a table of what happened; the command that repeats a failure.
#include "tests/sim/runner.hpp"

#include "tests/sim/swarm.hpp"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace mqtt_as::sim {
namespace {

constexpr std::uint64_t seeds_by_default = 200;
constexpr std::uint64_t enough_to_see_everything = 200;
constexpr std::uint64_t operations_min = 100;
constexpr std::uint64_t faults_min = 10;
constexpr const char* event_names[] = {"op_done",         "released",     "message", "connected", "renewed",
                                       "renewal_refused", "disconnected", "waiting", "gave_up",   "stopped"};
constexpr const char* phase_names[] = {"stopped", "waiting", "opening", "handshake", "online", "draining", "closing"};

/// Every change of phase that the engine has.
constexpr std::pair<int, int> possible_transitions[] = {
    {0, 2}, {2, 3}, {3, 4}, {4, 1}, {1, 2}, {2, 1}, {3, 1}, {2, 6},
    {3, 6}, {4, 6}, {6, 1}, {4, 5}, {5, 6}, {6, 0}, {1, 0},
};

/// Seeds that once failed: a number at the start of a line, then what it was.
std::vector<std::uint64_t> kept_seeds() {
    std::vector<std::uint64_t> seeds;
    std::ifstream file(MQTT_AS_SIM_SEEDS);
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line[0] >= '0' && line[0] <= '9') seeds.push_back(std::stoull(line));
    return seeds;
}

/// Once and once more: the same seed must make the same world.
outcome run_twice(std::uint64_t seed, const plan& what) {
    outcome first = run_seed(seed, what.lie, what.is_verbose, what.on_board);
    if (!first.verdict.empty()) return first;
    outcome second = run_seed(seed, what.lie, false, what.on_board);
    if (what.lie == sabotage::chance) ++second.hash;
    if (second.hash != first.hash) first.verdict = "two runs of this seed differ";
    if (first.faults < faults_min || first.operations + first.inbound < operations_min)
        first.verdict = "the seed draws too little work or too few faults";
    return first;
}

bool print_counts(const tally& all, bool must_be_complete) {
    bool is_complete = true;
    const auto line = [&](const char* group, const std::string& name, std::uint64_t n) {
        std::printf("  %-10s %-28s %10" PRIu64 "%s\n", group, name.c_str(), n, n == 0 ? "   NEVER" : "");
        is_complete = is_complete && n > 0;
    };
    for (std::size_t i = 0; i < fault_kinds; ++i) line("fault", fault_names[i], all.faults[i]);
    for (std::size_t i = 0; i < std::size(event_names); ++i) line("event", event_names[i], all.events[i]);
    for (const auto& [from, to] : possible_transitions)
        line("phase", std::string(phase_names[from]) + " -> " + phase_names[to],
             all.transitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]);
    if (must_be_complete && !is_complete) std::puts("something that can happen never did");
    return is_complete || !must_be_complete;
}

}  // namespace

bool run(const plan& what) {
    std::vector<std::uint64_t> seeds;
    const std::uint64_t count = what.seeds.value_or(seeds_by_default);
    if (what.only) {
        seeds.push_back(*what.only);
    } else {
        for (std::uint64_t s = 1; s <= count; ++s) seeds.push_back(s);
        const auto kept = kept_seeds();
        if (!what.prints_hashes) seeds.insert(seeds.end(), kept.begin(), kept.end());
    }

    tally all;
    trace combined;
    std::uint64_t operations = 0, inbound = 0, faults = 0, failed = 0, lost = 0;
    moment virtual_ms = 0;
    for (const std::uint64_t seed : seeds) {
        const outcome o = run_twice(seed, what);
        if (what.prints_hashes) std::printf("%" PRIu64 " %016" PRIx64 "\n", seed, o.hash);
        all.add(o.counts);
        combined.add(o.hash);
        operations += o.operations;
        inbound += o.inbound;
        faults += o.faults;
        virtual_ms += o.virtual_ms;
        lost += o.lost;
        if (o.verdict.empty()) continue;
        ++failed;
        std::printf("seed %" PRIu64 " failed %s\n  repeat it: ./run sim --seed %" PRIu64 "\n", seed, o.verdict.c_str(),
                    seed);
        if (what.lie != sabotage::none) break;  // shown: the oracle objects
    }
    if (what.prints_hashes) return failed == 0;

    const bool is_complete = print_counts(all, seeds.size() >= enough_to_see_everything && what.lie == sabotage::none);
    std::printf("%zu seeds, each twice: %.1f virtual hours, %" PRIu64 " operations, %" PRIu64
                " messages received, %" PRIu64 " faults, %" PRIu64 " lost, %" PRIu64 " failed, trace %016" PRIx64 "\n",
                seeds.size(), static_cast<double>(virtual_ms) / 3'600'000.0, operations, inbound, faults, lost, failed,
                combined.hash());
    return failed == 0 && is_complete;
}

}  // namespace mqtt_as::sim
