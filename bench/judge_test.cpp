// The judge of `./run bench` can say no: of every kind of gate.
#include "bench/judge.hpp"

#include "bench/rows.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <stdexcept>

namespace {

using bench::extent;

struct outcome {
    int status;
    std::string said;
};

outcome outcome_of(const bench::figures& found, const bench::gates& all, extent e = extent::full) {
    std::ostringstream out;
    const int status = bench::pronounce(out, bench::judge(found, all, e));
    return {.status = status, .said = out.str()};
}

/// One figure of ours against one gate of its kind.
int status_of(const std::string& quantity, double gate, double measured) {
    return outcome_of({{"x", quantity, "MQTT 5", measured}}, {{"x", quantity, gate}}).status;
}

bench::gates gates_of_the_project() {
    std::ifstream in(MQTT_AS_BENCH_GATES);
    return bench::read_gates(in);
}

TEST(judge, says_yes_when_every_figure_is_at_its_gate) {
    bench::figures found;
    for (const bench::gate& g : gates_of_the_project())
        found.push_back({g.subject, g.quantity, "MQTT 3.1.1", g.at_most});
    const auto [status, said] = outcome_of(found, gates_of_the_project());
    EXPECT_EQ(status, 0) << said;
    EXPECT_NE(said.find(std::to_string(found.size()) + " gates met, 0 missed"), std::string::npos) << said;
}

TEST(judge, says_no_when_any_one_gate_of_the_project_is_exceeded) {
    const bench::gates all = gates_of_the_project();
    ASSERT_GT(all.size(), 40u);
    for (std::size_t missed = 0; missed < all.size(); ++missed) {
        bench::figures found;
        for (const bench::gate& g : all) found.push_back({g.subject, g.quantity, "MQTT 3.1.1", g.at_most});
        found[missed].value = all[missed].at_most * 1.04 + 0.01;
        const auto [status, said] = outcome_of(found, all);
        EXPECT_EQ(status, 1) << all[missed].subject << ": " << all[missed].quantity;
        EXPECT_NE(said.find(std::to_string(all.size() - 1) + " gates met, 1 missed"), std::string::npos) << said;
    }
}

TEST(judge, says_no_when_any_one_gate_of_the_project_was_not_measured) {
    const bench::gates all = gates_of_the_project();
    for (std::size_t missing = 0; missing < all.size(); ++missing) {
        bench::figures found;
        for (const bench::gate& g : all) found.push_back({g.subject, g.quantity, "MQTT 3.1.1", g.at_most});
        found.erase(found.begin() + static_cast<std::ptrdiff_t>(missing));
        EXPECT_EQ(outcome_of(found, all).status, 1) << all[missing].subject << ": " << all[missing].quantity;
    }
}

TEST(judge, tolerates_three_percent_of_instructions_and_system_calls) {
    EXPECT_EQ(status_of("instructions", 1000, 1030), 0);
    EXPECT_EQ(status_of("instructions", 1000, 1031), 1);
    EXPECT_EQ(status_of("system calls", 0.02, 0.0206), 0);
    EXPECT_EQ(status_of("system calls", 0.02, 0.0207), 1);
}

TEST(judge, tolerates_the_allocations_of_starting_and_none_per_message) {
    EXPECT_EQ(status_of("allocations", 0, 0.001), 0);
    EXPECT_EQ(status_of("allocations", 0, 0.01), 1);
}

TEST(judge, tolerates_nothing_else) {
    EXPECT_EQ(status_of("time / floor", 4, 4), 0);
    EXPECT_EQ(status_of("time / floor", 4, 4.01), 1);
    EXPECT_EQ(status_of("messages lost", 0, 1), 1);
    EXPECT_EQ(status_of("maximum s", 1, 1.001), 1);
}

TEST(judge, holds_the_worse_of_both_versions_against_the_gate) {
    const bench::gates one = {{"P0", "instructions", 500}};
    EXPECT_EQ(
        outcome_of({{"P0", "instructions", "MQTT 3.1.1", 490}, {"P0", "instructions", "MQTT 5", 600}}, one).status, 1);
    EXPECT_EQ(
        outcome_of({{"P0", "instructions", "MQTT 3.1.1", 600}, {"P0", "instructions", "MQTT 5", 490}}, one).status, 1);
}

TEST(judge, takes_no_figure_of_a_peer_or_a_limit_for_ours) {
    const bench::gates one = {{"P0", "instructions", 500}};
    EXPECT_EQ(outcome_of({{"P0", "instructions", "limit", 56}, {"P0", "instructions", "libmosquitto", 90}}, one).status,
              1);
}

TEST(judge, lets_coroutines_cost_more_but_not_allocate) {
    const bench::gates both = {{"P0", "instructions", 500}, {"P0", "allocations", 0}};
    const bench::figure ours[] = {{"P0", "instructions", "MQTT 5", 490}, {"P0", "allocations", "MQTT 5", 0}};
    EXPECT_EQ(outcome_of({ours[0], ours[1], {"P0", "instructions", "coroutines", 1700}}, both).status, 0);
    EXPECT_EQ(outcome_of({ours[0], ours[1], {"P0", "allocations", "coroutines", 1}}, both).status, 1);
}

TEST(judge, of_a_quick_run_expects_instructions_allocations_and_times) {
    const bench::gates all = {
        {"P0", "instructions", 500}, {"P0", "time / floor", 4}, {"outage of 3 s", "median s", 0.5}};
    const bench::figures found = {{"P0", "instructions", "MQTT 5", 400}, {"P0", "time / floor", "MQTT 5", 3}};
    EXPECT_EQ(outcome_of(found, all, extent::quick).status, 0);
    EXPECT_EQ(outcome_of({found.front()}, all, extent::quick).status, 1);
    EXPECT_EQ(outcome_of({found.front()}, all, extent::steady).status, 0);
    EXPECT_EQ(outcome_of(found, all, extent::full).status, 1);
}

TEST(gates, are_read_with_comments_left_out_and_ratios_computed) {
    std::istringstream in(
        "# subject\tquantity\tgate\nP0 64 B W1000\ttime / floor\t100/25\n\nS0 64 B\tinstructions\t400\n");
    const bench::gates all = bench::read_gates(in);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].subject, "P0 64 B W1000");
    EXPECT_EQ(all[0].quantity, "time / floor");
    EXPECT_EQ(all[0].at_most, 4);
    EXPECT_EQ(all[1].at_most, 400);
}

TEST(gates, of_a_message_name_rows_that_are_measured) {
    for (const bench::gate& g : gates_of_the_project()) {
        const bool is_of_a_message = g.quantity == bench::instructions || g.quantity == bench::allocations ||
                                     g.quantity == bench::system_calls || g.quantity == bench::over_floor;
        const auto is_named = [&](const bench::row& r) { return r.name == g.subject; };
        EXPECT_EQ(std::ranges::any_of(bench::rows, is_named), is_of_a_message || g.quantity == "ns more by co_await")
            << g.subject << ": " << g.quantity;
    }
}

TEST(gates, name_the_line_that_makes_no_sense) {
    for (const std::string line : {"P1 64 B W100\t1800", "P1\tinstructions\t", "P1\tinstructions\tmany",
                                   "P1\tinstructions\t5/0", "P1\tinstructions\t5 6"}) {
        std::istringstream in(line + "\n");
        try {
            bench::read_gates(in);
            ADD_FAILURE() << "accepted: " << line;
        } catch (const std::runtime_error& e) {
            EXPECT_NE(std::string(e.what()).find(line), std::string::npos) << e.what();
        }
    }
}

}  // namespace
