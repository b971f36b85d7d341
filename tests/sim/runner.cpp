// Seeds one after another; a table of what happened; the command that repeats a failure.
#include "tests/sim/runner.hpp"

#include "tests/sim/exhaustive.hpp"
#include "tests/sim/swarm.hpp"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace mqtt_as::sim {
namespace {

constexpr std::uint64_t seeds_by_default = 200;
constexpr std::uint64_t enough_to_see_everything = 200;
constexpr std::uint64_t seeds_apart = 1'000'000;  // so that runs from different first seeds hardly meet
constexpr std::uint64_t messages_in_eight_weeks = 1'000'000;
constexpr std::uint64_t outages_in_eight_weeks = 5'000;
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
    outcome first = run_seed(seed, what.lie, what.is_verbose);
    if (!first.verdict.empty()) return first;
    outcome second = run_seed(seed, what.lie, false);
    if (what.lie == sabotage::chance) ++second.hash;
    if (second.hash != first.hash) first.verdict = "two runs of this seed differ";
    // Of the seeds that everybody runs. A fresh one may have been suspended for most of its hour.
    const bool is_well_known = !what.seconds && !what.only;
    if (is_well_known && (first.faults < faults_min || first.operations + first.inbound < operations_min))
        first.verdict = "the seed draws too little work or too few faults";
    return first;
}

/// Says what happened how often; false when something did so less than `least` times.
bool print_counts(const tally& all, std::uint64_t least) {
    bool is_complete = true;
    const auto line = [&](const char* group, const std::string& name, std::uint64_t n, std::uint64_t at_least) {
        const bool is_enough = n >= at_least;
        std::printf("  %-10s %-28s %10" PRIu64 "%s\n", group, name.c_str(), n, is_enough ? "" : "   TOO FEW");
        is_complete = is_complete && is_enough;
    };
    const std::uint64_t once = std::min<std::uint64_t>(least, 1);
    for (std::size_t i = 0; i < fault_kinds; ++i) line("fault", fault_names[i], all.faults[i], least);
    for (std::size_t i = 0; i < std::size(event_names); ++i) line("event", event_names[i], all.events[i], once);
    for (const auto& [from, to] : possible_transitions)
        line("phase", std::string(phase_names[from]) + " -> " + phase_names[to],
             all.transitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)], once);
    for (std::size_t qos = 0; qos < 3; ++qos) {
        line("sent", "qos " + std::to_string(qos), all.sent[qos], once);
        line("received", "qos " + std::to_string(qos), all.received[qos], once);
    }
    if (!is_complete) std::puts("something that can happen did so too seldom");
    return is_complete;
}

void keep(std::uint64_t seed, const std::string& why) {
    std::ofstream(MQTT_AS_SIM_SEEDS, std::ios::app) << seed << ' ' << why << '\n';
}

/// All that many seeds have come to.
struct sum {
    std::uint64_t seeds = 0, operations = 0, inbound = 0, faults = 0, failed = 0, lost = 0;
    moment virtual_ms = 0;
    tally counts;
    trace hashes;

    void add(const outcome& o) {
        ++seeds;
        operations += o.operations;
        inbound += o.inbound;
        faults += o.faults;
        lost += o.lost;
        virtual_ms += o.virtual_ms;
        failed += !o.verdict.empty();
        counts.add(o.counts);
        hashes.add(o.hash);
    }
};

/// False when it failed and nothing is to be tried any more.
bool try_seed(std::uint64_t seed, const plan& what, sum& all) {
    const outcome o = run_twice(seed, what);
    if (what.prints_hashes) std::printf("%" PRIu64 " %016" PRIx64 "\n", seed, o.hash);
    all.add(o);
    if (o.verdict.empty()) return true;
    std::printf("seed %" PRIu64 " failed %s\n  repeat it: ./run sim --seed %" PRIu64 "\n", seed, o.verdict.c_str(),
                seed);
    if (what.keeps_failures) keep(seed, "failed " + o.verdict);
    return what.lie == sabotage::none && !what.stops_at_failure;  // a lie is shown: the oracle objects
}

void try_seeds(const plan& what, sum& all) {
    const auto began = std::chrono::steady_clock::now();
    const auto goes_on = [&](std::uint64_t done) {
        if (what.seconds) return std::chrono::steady_clock::now() - began < std::chrono::seconds(*what.seconds);
        return done < what.seeds.value_or(seeds_by_default);
    };
    const std::uint64_t first = what.first.value_or(what.seconds ? std::random_device{}() * seeds_apart : 1);
    if (what.seconds) std::printf("fresh seeds from %" PRIu64 " on\n", first);
    for (std::uint64_t done = 0; goes_on(done); ++done)
        if (!try_seed(first + done, what, all)) return;
    if (what.prints_hashes || what.seconds) return;
    for (const std::uint64_t seed : kept_seeds())
        if (!try_seed(seed, what, all)) return;
}

/// The headline of the original, and more: weeks of one client in each version, side by side in virtual time.
bool run_headline(const plan& what) {
    const std::clock_t began = std::clock();  // of the processor: it says the same on a machine that is busy
    const std::uint64_t weeks = *what.weeks;
    const std::uint64_t wanted = messages_in_eight_weeks * weeks / 8 * 102 / 100;
    tally all;
    std::uint64_t lost = 0;
    trace hashes;
    bool is_good = true;
    for (const auto version : {protocol_version::v3_1_1, protocol_version::v5}) {
        // The second makes up for what the first has left of the messages.
        const std::uint64_t share =
            version == protocol_version::v5 ? wanted - std::min(wanted, all.messages()) : wanted / 2;
        const std::uint64_t seed = what.only.value_or(1);
        const outcome o = run_weeks(seed, version, weeks, share, what.is_verbose);
        all.add(o.counts);
        lost += o.lost;
        hashes.add(o.hash);
        if (o.verdict.empty()) continue;
        is_good = false;
        std::printf("failed %s\n  repeat it: ./run sim --weeks %" PRIu64 " --seed %" PRIu64 "\n", o.verdict.c_str(),
                    weeks, seed);
    }
    const bool is_long = weeks >= 8;
    is_good = print_counts(all, is_long ? 100 : 0) && is_good;
    if (is_long && (all.messages() < messages_in_eight_weeks || all.outages < outages_in_eight_weeks)) {
        is_good = false;
        std::puts("too few messages or outages");
    }
    const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    std::printf("trace %016" PRIx64 "\n%" PRIu64 " weeks, %" PRIu64 " messages, %" PRIu64 " lost, %" PRIu64
                " outages, %.1f s\n",
                hashes.hash(), weeks, all.messages(), lost, all.outages, took);
    return is_good && lost == 0;
}

bool run_small_cases(const plan& what) {
    const exhausted all = run_all_small_cases(what.lie, std::max<std::uint64_t>(1, what.stride.value_or(1)));
    if (all.failed > 0) std::printf("first failure: %s\n", all.first_objection.c_str());
    std::printf("%" PRIu64 " small cases, %" PRIu64 " with an outage, %" PRIu64 " failed\n", all.cases, all.outages,
                all.failed);
    return all.failed == 0;
}

}  // namespace

bool run(const plan& what) {
    if (what.is_exhaustive) return run_small_cases(what);
    if (what.weeks) return run_headline(what);
    sum all;
    if (what.only)
        try_seed(*what.only, what, all);
    else
        try_seeds(what, all);
    if (what.prints_hashes) return all.failed == 0;

    const bool is_enough = !what.seconds && all.seeds >= enough_to_see_everything && what.lie == sabotage::none;
    const bool is_complete = print_counts(all.counts, is_enough ? 1 : 0);
    std::printf("%" PRIu64 " seeds, each twice: %.1f virtual hours, %" PRIu64 " operations, %" PRIu64
                " messages received, %" PRIu64 " faults, %" PRIu64 " outages, %" PRIu64 " lost, %" PRIu64
                " failed, trace %016" PRIx64 "\n",
                all.seeds, static_cast<double>(all.virtual_ms) / 3'600'000.0, all.operations, all.inbound, all.faults,
                all.counts.outages, all.lost, all.failed, all.hashes.hash());
    return all.failed == 0 && is_complete;
}

}  // namespace mqtt_as::sim
