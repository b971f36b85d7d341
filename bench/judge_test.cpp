// The judge of `./run bench` can say no.
#include "bench/judge.hpp"

#include <gtest/gtest.h>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace {

using bench::measurement;

const bench::gates two_gates = {{"P0", {.instructions = 1000, .allocations = 0}},
                                {"S0", {.instructions = 800, .allocations = 0}}};

int judged(const std::vector<measurement>& figures, std::string& said) {
    std::ostringstream out;
    const int status = bench::judge(out, figures, two_gates);
    said = out.str();
    return status;
}

TEST(judge, says_yes_when_every_figure_is_at_its_gate) {
    std::string said;
    EXPECT_EQ(judged({{.name = "P0, MQTT 5", .row = "P0", .instructions = 1000}, {.name = "S0", .row = "S0"}}, said),
              0);
    EXPECT_NE(said.find("4 gates met, 0 missed"), std::string::npos) << said;
}

TEST(judge, tolerates_three_percent_of_instructions) {
    std::string said;
    EXPECT_EQ(judged({{.name = "P0", .row = "P0", .instructions = 1030}}, said), 0) << said;
    EXPECT_EQ(judged({{.name = "P0", .row = "P0", .instructions = 1031}}, said), 1) << said;
}

TEST(judge, misses_one_gate_when_one_figure_exceeds_it) {
    std::string said;
    EXPECT_EQ(
        judged({{.name = "P0", .row = "P0", .instructions = 900}, {.name = "S0", .row = "S0", .instructions = 900}},
               said),
        1);
    EXPECT_NE(said.find("3 gates met, 1 missed"), std::string::npos) << said;
    EXPECT_NE(said.find("NO"), std::string::npos) << said;
}

TEST(judge, tolerates_no_allocation_per_message) {
    std::string said;
    EXPECT_EQ(judged({{.name = "P0", .row = "P0", .instructions = 900, .allocations = 0.01}}, said), 1) << said;
    EXPECT_NE(said.find("1 gates met, 1 missed"), std::string::npos) << said;
}

TEST(judge, misses_what_has_no_gate) {
    std::string said;
    EXPECT_EQ(judged({{.name = "P9", .row = "P9"}}, said), 1) << said;
}

TEST(gates, are_read_with_comments_left_out) {
    std::istringstream in("# row\tinstructions\tallocations\nP1 64 B W100\t1800\t0\n\n");
    const bench::gates all = bench::read_gates(in);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all.at("P1 64 B W100").instructions, 1800);
    EXPECT_EQ(all.at("P1 64 B W100").allocations, 0);
}

TEST(gates, name_the_line_that_makes_no_sense) {
    std::istringstream in("P1 64 B W100\t1800\n");
    try {
        bench::read_gates(in);
        FAIL() << "accepted";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("P1 64 B W100"), std::string::npos) << e.what();
    }
}

}  // namespace
