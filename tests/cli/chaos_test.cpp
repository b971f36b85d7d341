// `mqtt-as chaos` does to clients, others' and ours, what it says, and can be told to do it again.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

class cli_chaos : public testing::Test {
protected:
    words chaos(const words& more) const {
        return mqtt_as(words{"chaos", "--listen", "0", "--broker", broker.socket().string()} + more);
    }
    std::string script(const std::string& text) const {
        const std::string file = folder.path() / "script";
        std::ofstream(file) << text;
        return file;
    }

    broker_process broker;
    temp_folder folder;
};

// A network that has begun: its first line says where it is.
class bad_network {
public:
    explicit bad_network(const words& argv) : program_(argv) {
        EXPECT_TRUE(eventually(20s, [&] { return !program_.out_lines().empty(); })) << program_.err();
    }
    words address() const {
        const std::string line = program_.out_lines().at(0);
        const auto colon = line.find(':');
        return {"-h", "127.0.0.1", "-p", line.substr(colon + 1, line.find(' ', colon) - colon - 1)};
    }
    /// What it has done so far, as lines of a script.
    words deeds() const {
        words lines = program_.out_lines();
        lines.erase(lines.begin());
        return lines;
    }
    bool has_done(std::size_t count) const {
        return eventually(20s, [&] { return deeds().size() >= count; });
    }
    int interrupt() {
        program_.signal(SIGINT);
        return program_.wait();
    }

private:
    program program_;
};

TEST_F(cli_chaos, changes_nothing_but_what_it_was_told_to) {
    const listener seen(to(broker, "311") + words{"-q", "1", "-t", "#"}, "%t %p");
    bad_network network(chaos({"--script", script("at 0 corrupt publish 62  # the last byte\n")}));
    ASSERT_TRUE(network.has_done(1));
    publish(network.address() + words{"-t", "t", "-q", "1", "-m", "a"});
    publish(network.address() + words{"-t", "t", "-q", "1", "-m", "a"});
    EXPECT_TRUE(seen.gets({"t c", "t a"})) << testing::PrintToString(seen.lines());
    EXPECT_EQ(network.deeds(), (words{"at 0 corrupt publish 62"}));
    EXPECT_EQ(network.interrupt(), 128 + SIGINT);
}

TEST_F(cli_chaos, does_to_the_client_that_is_named_and_to_no_other) {
    bad_network network(chaos({"--script", script("at 0 withhold connack 60 client=victim")}));
    ASSERT_TRUE(network.has_done(1));
    publish(network.address() + words{"-i", "other", "-t", "t", "-m", "x"});
    const outcome waits =
        run(mqtt_as(words{"pub", "-i", "victim", "-t", "t", "-m", "x", "--deadline", "0.5"} + network.address()));
    EXPECT_EQ(waits.status, 3) << waits.err;
}

TEST_F(cli_chaos, lets_nothing_pass_of_new_connections_either_while_it_stalls_or_drops) {
    for (const std::string fault : {"stall", "drop"}) {
        bad_network network(chaos({"--script", script("at 0 " + fault + " 60 client=victim")}));
        ASSERT_TRUE(network.has_done(1));
        publish(network.address() + words{"-i", "other", "-t", "t", "-m", "x"});
        const outcome waits =
            run(mqtt_as(words{"pub", "-i", "victim", "-t", "t", "-m", "x", "--deadline", "0.5"} + network.address()));
        EXPECT_EQ(waits.status, 3) << fault << waits.err;
    }
}

TEST_F(cli_chaos, refuses_connections_for_as_long_as_it_was_told) {
    bad_network network(chaos({"--script", script("at 0 refuse 1")}));
    ASSERT_TRUE(network.has_done(1));
    EXPECT_NE(run(mosquitto("mosquitto_pub", network.address() + words{"-t", "t", "-m", "x"})).status, 0);
    const outcome ours = run(mqtt_as(words{"pub", "-t", "t", "-m", "x", "-q", "1"} + network.address()));
    EXPECT_EQ(ours.status, 0) << ours.err;
}

TEST_F(cli_chaos, costs_our_client_not_a_line) {
    // Everything there is, much faster than networks do it.
    bad_network network(chaos({"--script", script("at 0    delay 0.02 10\n"
                                                  "at 0    cut publish\n"
                                                  "at 0    withhold pubrec 0.3\n"
                                                  "at 0    corrupt connack 8\n"
                                                  "at 0.3  reset\n"
                                                  "at 0.5  stall 0.3\n"
                                                  "at 0.9  drop 0.3\n"
                                                  "at 1.3  close\n"
                                                  "at 1.4  refuse 0.3\n"
                                                  "at 1.8  bandwidth 2000 1\n"
                                                  "at 1.9  cut pubcomp\n"
                                                  "at 2.5  reset\n")}));
    const listener seen(to(broker, "311") + words{"-q", "2", "-t", "log"}, "%p");
    std::string input;
    words lines;
    for (int n = 0; n < 300; ++n) lines.push_back("line " + std::to_string(n));
    for (const std::string& each : lines) input += each + "\n";
    program pub(
        mqtt_as(words{"pub", "-i", "publisher", "-c", "-V", "311", "-t", "log", "-l", "-q", "2"} + network.address()));
    pub.write(input.substr(0, input.size() / 2));
    EXPECT_TRUE(network.has_done(12));
    pub.write(input.substr(input.size() / 2));
    pub.close_input();
    EXPECT_EQ(pub.wait(), 0) << pub.err();
    EXPECT_TRUE(seen.gets(lines)) << differences(seen.lines(), lines) << pub.err();
}

TEST_F(cli_chaos, prints_a_script_that_repeats_what_a_seed_did) {
    // The same seed draws the same, however far each of them came.
    const words drawn{"--seed", "42", "--faults", "reset,close,cut,corrupt", "--pause", "0.02", "--for", "1"};
    const auto deeds = [](const outcome& of) {
        words lines = split_lines(of.out);
        std::erase_if(lines, [](const std::string& line) { return line.starts_with('#'); });
        return lines;
    };
    words first = deeds(run(chaos(drawn)));
    words second = deeds(run(chaos(drawn)));
    ASSERT_GT(first.size(), 5u);
    const std::size_t common = std::min(first.size(), second.size());
    EXPECT_TRUE(std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common), second.begin()));
    words other = drawn;
    other[1] = "43";
    EXPECT_NE(deeds(run(chaos(other))).at(0), first.at(0));

    // What was printed, its comments included, is a script.
    std::string text = "# what somebody has printed\n";
    for (const std::string& line : first) text += line + "\n";
    const outcome again = run(chaos({"--script", "-", "--for", "2"}), text);
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(deeds(again), first);
}

TEST_F(cli_chaos, says_what_is_wrong_and_how_it_is_written) {
    const auto expect_error = [&](const words& arguments, const std::string& says) {
        const outcome wrong = run(mqtt_as(words{"chaos"} + arguments));
        EXPECT_EQ(wrong.status, 1) << says;
        EXPECT_NE(wrong.err.find(says), std::string::npos) << wrong.err;
        EXPECT_EQ(std::count(wrong.err.begin(), wrong.err.end(), '\n'), 1) << wrong.err;
    };
    const words at{"--listen", "0", "--broker", "localhost"};
    expect_error({}, "say where: mqtt-as chaos --listen PORT --broker HOST[:PORT]");
    expect_error({"--listen", "x", "--broker", "localhost"}, "--listen takes a number from 0 to 65535, not 'x'");
    expect_error({"--listen", "nowhere:0", "--broker", "localhost"}, "cannot stand between nowhere:0 and localhost");
    expect_error({"--listen", "0", "--broker", ""}, "--broker takes HOST[:PORT] or the path of a Unix socket, not ''");
    expect_error(at + words{"--seed", "x"}, "--seed takes a number");
    expect_error(at + words{"--faults", "stal"}, "there is no fault 'stal'; there are stall, drop, reset");
    expect_error(at + words{"--faults", ""}, "--faults takes one or more of stall");
    expect_error(at + words{"--faults", "cut", "--tls"}, "TLS hides the packets");
    expect_error(at + words{"--script", "/nowhere"}, "/nowhere cannot be read");
    expect_error(at + words{"--script", "x", "--seed", "1"}, "are for faults at random, not for a --script");

    const auto expect_line_error = [&](const std::string& line, const std::string& says, const words& more = {}) {
        expect_error(at + words{"--script", script("\n# first\n" + line + "\n")} + more, says);
    };
    expect_line_error("reset", "script:3: a line is like 'at 10 stall 8'");
    expect_line_error("at soon reset", "script:3: 'soon' is no time in seconds");
    expect_line_error("at -1 reset", "script:3: '-1' is no time in seconds");
    expect_line_error("at 1 stall", "script:3: stall is written like 'at 10 stall 8'");
    expect_line_error("at 1 reset 5", "script:3: reset is written like 'at 10 reset'");
    expect_line_error("at 1 cut everything", "script:3: there is no packet 'everything'; there are connect, connack");
    expect_line_error("at 1 bandwidth 0 5", "the bandwidth takes a number from 1");
    expect_line_error("at 1 refuse 5 client=a", "script:3: refuse is for all");
    expect_line_error("at 1 stall 5 client=",
                      "script:3: client= names nobody: write client=ID, or leave it away for all");
    expect_line_error("at 1 cut publish", "TLS hides the packets", {"--tls"});
    expect_line_error("at 1 reset client=a", "TLS hides the clients' names", {"--tls"});
}

}  // namespace
}  // namespace mqtt_as::test
