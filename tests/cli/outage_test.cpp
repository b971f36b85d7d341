// Outages: what was accepted is published when the broker is back, and the wait is told and bounded.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>
#include <set>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

class cli_outage : public testing::TestWithParam<std::string> {
protected:
    words socket() const { return to(broker, GetParam()); }

    broker_process broker{"log_type all"};
};

INSTANTIATE_TEST_SUITE_P(version, cli_outage, testing::Values("311", "5"), version_name);

TEST_P(cli_outage, a_thousand_lines_survive_a_killed_broker) {
    const witness seen(broker, "log", 1);
    ASSERT_TRUE(broker.save("log"));
    program lines(mqtt_as(words{"pub", "-t", "log", "-l", "-q", "1"} + socket()));
    const auto write = [&](int from, int to) {
        for (int n = from; n < to; ++n) lines.write("line " + std::to_string(n) + "\n");
    };
    // The broker is killed while lines are on the way, and more are written while it is down. It is stopped before, for
    // what it has acknowledged and not yet passed on would be its own loss.
    write(0, 400);
    ASSERT_TRUE(eventually(20s, [&] { return seen.lines().size() == 400; })) << seen.lines().size();
    broker.pause();
    write(400, 600);
    broker.kill();
    write(600, 999);
    lines.write("line 999");
    lines.close_input();
    ASSERT_TRUE(eventually(10s, [&] { return lines.err().find("trying again") != std::string::npos; }));
    broker.start();
    EXPECT_EQ(lines.wait(), 0) << lines.err();
    EXPECT_NE(lines.err().find("connected after "), std::string::npos) << lines.err();

    const auto distinct = [&] {
        const auto all = seen.lines();
        return std::set<std::string>(all.begin(), all.end()).size();
    };
    EXPECT_TRUE(eventually(20s, [&] { return distinct() == 1'000; })) << distinct() << " of 1000";
}

TEST_P(cli_outage, an_absent_broker_is_waited_for) {
    const witness seen(broker, "a", 1);
    ASSERT_TRUE(broker.save("a"));
    broker.kill();
    program pub(mqtt_as(words{"pub", "-t", "a", "-m", "patient", "-q", "1"} + socket()));
    ASSERT_TRUE(eventually(10s, [&] { return !pub.err().empty(); }));
    EXPECT_FALSE(eventually(1500ms, [&] { return !pub.is_running(); }));
    // The reason is told once, however many attempts there were.
    EXPECT_EQ(split_lines(pub.err()).size(), 1U) << pub.err();
    broker.start();
    EXPECT_EQ(pub.wait(), 0) << pub.err();
    EXPECT_TRUE(eventually(10s, [&] { return seen.lines() == std::vector<std::string>{"a patient"}; }));
}

TEST_P(cli_outage, an_absent_broker_times_out_at_the_deadline) {
    const words nobody{"-h", "127.0.0.1", "-p", "1", "-V", GetParam(), "--deadline", "1"};
    const auto begin = std::chrono::steady_clock::now();
    const outcome pub = run(mqtt_as(words{"pub", "-t", "a", "-m", "x"} + nobody));
    EXPECT_EQ(pub.status, 3);
    EXPECT_EQ(pub.err, "mqtt-as pub: TCP: Connection refused (127.0.0.1:1); trying again\n"
                       "mqtt-as pub: 1 of 1 message was not acknowledged: the time of --deadline is over\n");
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(elapsed, 1s);
    EXPECT_LT(elapsed, 5s);
    EXPECT_EQ(run(mqtt_as(words{"sub", "-t", "a"} + nobody)).status, 3);
}

TEST_P(cli_outage, some_acknowledged_and_some_not_is_partial) {
    const witness seen(broker, "a", 1);
    program lines(mqtt_as(words{"pub", "-t", "a", "-l", "-q", "1", "--deadline", "4"} + socket()));
    // When the second line is there, the first has been acknowledged.
    lines.write("first\n");
    ASSERT_TRUE(eventually(10s, [&] { return seen.lines().size() == 1; }));
    lines.write("second\n");
    ASSERT_TRUE(eventually(10s, [&] { return seen.lines().size() == 2; }));
    broker.kill();
    lines.write("third\nfourth\n");
    lines.close_input();
    EXPECT_EQ(lines.wait(), 4);
    EXPECT_NE(lines.err().find(" of 4 messages were not acknowledged: the time of --deadline is over"),
              std::string::npos)
        << lines.err();
}

TEST_P(cli_outage, a_subscriber_is_back_after_a_killed_broker) {
    program sub(mqtt_as(words{"sub", "-t", "a", "-q", "1", "-C", "2"} + socket()));
    const auto subscriptions = [&] {
        const std::string log = broker.log();
        std::size_t count = 0;
        for (auto at = log.find("Sending SUBACK"); at != log.npos; at = log.find("Sending SUBACK", at + 1)) ++count;
        return count;
    };
    ASSERT_TRUE(eventually(10s, [&] { return subscriptions() == 1; }));
    publish(socket() + words{"-t", "a", "-m", "before"});
    ASSERT_TRUE(eventually(10s, [&] { return sub.out() == "before\n"; }));
    broker.kill();
    broker.forget();
    broker.start();
    ASSERT_TRUE(eventually(10s, [&] { return subscriptions() == 2; })) << "the subscription was not renewed";
    publish(socket() + words{"-t", "a", "-m", "after"});
    EXPECT_EQ(sub.wait(), 0);
    EXPECT_EQ(sub.out(), "before\nafter\n");
}

TEST_P(cli_outage, lines_survive_reset_connections_exactly_once_at_qos_2) {
    fault_proxy proxy(broker.socket());
    // As a client of MQTT 5, mosquitto_sub 2.0.11 gives up at so many messages at once.
    const listener seen(to(broker, "311") + words{"-q", "2", "-t", "log"}, "%p");
    program lines(mqtt_as({"pub", "-h", "127.0.0.1", "-p", std::to_string(proxy.port()), "-V", GetParam(), "-i", "me",
                           "-c", "-t", "log", "-l", "-q", "2"}));
    std::vector<std::string> wanted;
    for (int n = 0; n < 300; ++n) {
        wanted.push_back(std::to_string(n));
        lines.write(wanted.back() + "\n");
        if (n % 100 == 50) {
            ASSERT_TRUE(eventually(20s, [&] { return !seen.lines().empty(); }));
            proxy.reset();
        }
    }
    lines.close_input();
    EXPECT_EQ(lines.wait(), 0) << lines.err();
    EXPECT_TRUE(seen.gets(wanted)) << differences(seen.lines(), wanted);
}

TEST_P(cli_outage, an_interrupt_ends_the_wait_for_an_absent_broker) {
    broker.kill();
    program pub(mqtt_as(words{"pub", "-t", "a", "-m", "x"} + socket()));
    ASSERT_TRUE(eventually(10s, [&] { return !pub.err().empty(); }));
    pub.signal(SIGINT);
    EXPECT_EQ(pub.wait(), 128 + SIGINT);
    EXPECT_NE(pub.err().find("1 of 1 message was not acknowledged: interrupted"), std::string::npos) << pub.err();
}

}  // namespace
}  // namespace mqtt_as::test
