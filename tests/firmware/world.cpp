// The judge, and what it needs.
#include "tests/firmware/world.hpp"

#include "tests/support/eventually.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace mqtt_as::firmware {

void firmware::SetUp() {
    std::string why = test::net_namespace::why_not();
    if (why.empty()) why = machine::why_not();
    if (why.empty() && !test::broker_process::is_installed()) why = "no mosquitto";
    if (!why.empty()) {
        ASSERT_TRUE(test::net_namespace::may_be_skipped()) << why << ", and CI=true allows no skipping";
        GTEST_SKIP() << why;
    }
    network_.emplace();
    network_->enter();
    test::shell("ip link set lo up");
}

world::world() : proxy(broker.socket()), heard(broker, "#", 2) {}

machine& world::begin(std::vector<std::string> arguments, std::string_view image, std::string_view server) {
    arguments.insert(arguments.begin(),
                     {"id=board", "server=" + std::string(server), "port=" + std::to_string(proxy.port())});
    return board_.emplace(machine::board::mps2, image, arguments);
}

machine& world::begin_microbit(const std::vector<std::string>& arguments) {
    return board_.emplace(machine::board::microbit, "microbit_traffic", arguments, proxy.port());
}

void world::tell(const std::string& text, const std::string& topic) {
    test::shell("mosquitto_pub --unix " + broker.socket().string() + " -q 1 -t " + topic + " -m " + text);
    told_.push_back(text);
}

bool world::goes_on(std::size_t more) {
    return board().prints("acknowledged ", board().lines("acknowledged ").size() + more);
}

std::set<std::string> world::unheard(std::string_view claim) const {
    std::set<std::string> missing;
    for (const std::string& what : board_->lines(claim)) missing.insert(what);
    for (const std::string& line : heard.lines()) missing.erase(line.substr(line.find(' ') + 1));
    return missing;
}

void world::end() {
    // A broker that was killed has the board's subscription, or learns it again; before that nobody would be told.
    EXPECT_TRUE(goes_on(1));
    tell("end");
    EXPECT_EQ(board().wait(), 0);
    EXPECT_TRUE(test::eventually(10s, [&] { return lost().empty(); }))
        << lost().size() << " acknowledged messages were not heard, the first is " << *lost().begin();
    EXPECT_EQ(board().lines("not "), std::vector<std::string>());
    EXPECT_EQ(board().lines("rejected "), std::vector<std::string>());
    EXPECT_EQ(board().lines("failed "), std::vector<std::string>());
    const std::vector<std::string> got = board().lines("got to/board ");
    for (const std::string& text : told_)
        EXPECT_TRUE(std::ranges::count(got, text) > 0) << "the board did not get " << text;
    for (const std::string& line : board().lines("figures ")) std::ofstream(FIGURES, std::ios::app) << line << '\n';
    std::printf("%zu acknowledged, %zu lost\n", board().lines("acknowledged ").size(), lost().size());
    if (testing::Test::HasFailure()) {
        for (const std::string& line : board().lines()) std::printf("  | %s\n", line.c_str());
    }
}

}  // namespace mqtt_as::firmware
