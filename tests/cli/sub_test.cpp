// Each option of `mqtt-as sub` does what mosquitto_sub's users expect; mosquitto_pub is the other end.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <thread>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

class cli_sub : public testing::TestWithParam<std::string> {
protected:
    words sub(const words& more) const { return mqtt_as(words{"sub"} + to(broker, GetParam()) + more); }
    void send(const words& more, std::string_view input = {}) const { publish(to(broker, GetParam()) + more, input); }
    /// Until the broker has this many subscriptions; its own `$SYS` page is too slow, its log is not.
    void subscribed(std::size_t count = 1) const {
        ASSERT_TRUE(eventually(10s, [&] { return count_of("Sending SUBACK") >= count; })) << broker.log();
    }
    std::size_t count_of(std::string_view text) const {
        const std::string log = broker.log();
        std::size_t count = 0;
        for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++count;
        return count;
    }

    broker_process broker{"log_type all"};
};

INSTANTIATE_TEST_SUITE_P(version, cli_sub, testing::Values("311", "5"), version_name);

TEST_P(cli_sub, prints_payloads_and_ends_after_the_count) {
    program ours(sub({"-t", "a/+", "-t", "b", "-C", "3"}));
    subscribed(2);
    send({"-t", "a/1", "-m", "one"});
    send({"-t", "c", "-m", "not for us"});
    send({"-t", "b", "-m", "two"});
    send({"-t", "a/2", "-m", "three"});
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "one\ntwo\nthree\n");
    EXPECT_EQ(ours.err(), "");
}

TEST_P(cli_sub, prints_topics_or_no_newline_when_asked) {
    program verbose(sub({"-t", "a", "-v", "-C", "1"}));
    program bare(sub({"-t", "a", "-N", "-C", "1"}));
    subscribed(2);
    send({"-t", "a", "-m", "text"});
    EXPECT_EQ(verbose.wait(), 0);
    EXPECT_EQ(bare.wait(), 0);
    EXPECT_EQ(verbose.out(), "a text\n");
    EXPECT_EQ(bare.out(), "text");
}

TEST_P(cli_sub, prints_every_byte_as_it_came) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    program ours(sub({"-t", "a", "-N", "-C", "1"}));
    subscribed();
    send({"-t", "a", "-s"}, bytes);
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), bytes);
}

TEST_P(cli_sub, prints_large_messages_through_a_pipe) {
    const std::string large(3'000'000, 'x');
    program ours(sub({"-t", "a", "-q", "1", "-C", "1"}), {}, output_to::pipe);
    subscribed();
    send({"-t", "a", "-q", "1", "-s"}, large);
    EXPECT_EQ(ours.read_output(), large + "\n");
    EXPECT_EQ(ours.wait(), 0);
}

TEST_P(cli_sub, receives_at_the_qos_it_asked_for) {
    for (const std::string qos : {"0", "1", "2"}) {
        program ours(sub({"-t", "q" + qos, "-q", qos, "-F", "%q", "-C", "1"}));
        subscribed(1U + static_cast<std::size_t>(qos[0] - '0'));
        send({"-t", "q" + qos, "-q", "2", "-m", "x"});
        EXPECT_EQ(ours.wait(), 0);
        EXPECT_EQ(ours.out(), qos + "\n");
    }
}

TEST_P(cli_sub, filters_topics_out) {
    program ours(sub({"-t", "#", "-T", "b/#", "-T", "c", "-v", "-C", "2"}));
    subscribed();
    for (const std::string topic : {"a", "b/1", "c", "d"}) send({"-t", topic, "-m", "x"});
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "a x\nd x\n");
}

TEST_P(cli_sub, leaves_retained_messages_out_or_prints_them_alone) {
    send({"-t", "a", "-r", "-m", "old"});
    program fresh(sub({"-t", "a", "-R", "-C", "1"}));
    program retained(sub({"-t", "a", "--retained-only"}));
    program both(sub({"-t", "a", "-C", "2", "-F", "%p %r"}));
    subscribed(3);
    send({"-t", "a", "-m", "new"});
    EXPECT_EQ(fresh.wait(), 0);
    EXPECT_EQ(retained.wait(), 0);
    EXPECT_EQ(both.wait(), 0);
    EXPECT_EQ(fresh.out(), "new\n");
    EXPECT_EQ(retained.out(), "old\n");
    EXPECT_EQ(both.out(), "old 1\nnew 0\n");
}

TEST_P(cli_sub, clears_retained_messages) {
    for (const std::string topic : {"a/1", "a/2", "a/keep"}) send({"-t", topic, "-r", "-m", "x"});
    program ours(sub({"-t", "a/#", "-T", "a/keep", "--remove-retained", "-v", "-C", "2"}));
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "a/1 x\na/2 x\n");
    const outcome left = run(sub({"-t", "a/#", "-v", "-W", "0.5"}));
    EXPECT_EQ(left.out, "a/keep x\n");
}

TEST_P(cli_sub, continues_a_session_and_leaves_subscriptions) {
    const words session{"-i", "durable", "-c", "-q", "1"};
    // Makes the session and ends as soon as it stands.
    EXPECT_EQ(run(sub(session + words{"-t", "a", "-t", "b", "-E"})).status, 0);
    // What comes while we are away is there when we are back.
    send({"-t", "a", "-q", "1", "-m", "missed"});
    const outcome back = run(sub(session + words{"-t", "a", "-v", "-C", "1"}));
    EXPECT_EQ(back.status, 0);
    EXPECT_EQ(back.out, "a missed\n");
    // -U leaves one of them, and ends when nothing is subscribed to.
    EXPECT_EQ(run(sub(session + words{"-U", "a"})).status, 0);
    send({"-t", "a", "-q", "1", "-m", "unwanted"});
    send({"-t", "b", "-q", "1", "-m", "wanted"});
    const outcome last = run(sub(session + words{"-t", "b", "-v", "-C", "1"}));
    EXPECT_EQ(last.out, "b wanted\n");
}

TEST_P(cli_sub, ends_when_the_time_is_over) {
    const auto begin = std::chrono::steady_clock::now();
    const outcome result = run(sub({"-t", "a", "-W", "0.5"}));
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.err, "mqtt-as sub: timed out\n");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 500ms);
    EXPECT_EQ(run(sub({"-t", "a", "--deadline", "0.5", "--quiet"})).err, "");
    // Nobody is there: -W does not wait for ever for the connection to begin with.
    const outcome absent = run(mqtt_as({"sub", "-h", "127.0.0.1", "-p", "1", "-t", "a", "-W", "0.5"}));
    EXPECT_EQ(absent.status, 3);
    EXPECT_EQ(absent.out, "");
}

TEST_P(cli_sub, takes_its_topic_from_the_url) {
    const fault_proxy proxy(broker.socket());
    program ours(mqtt_as({"sub", "-V", GetParam(), "-L", "mqtt://127.0.0.1:" + std::to_string(proxy.port()) + "/u/#",
                          "-t", "more", "-v", "-C", "2"}));
    subscribed(2);
    send({"-t", "u/1", "-m", "x"});
    send({"-t", "more", "-m", "y"});
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "u/1 x\nmore y\n");
}

TEST_P(cli_sub, ends_in_good_order_when_interrupted) {
    for (const int number : {SIGINT, SIGTERM}) {
        const listener will(to(broker, GetParam()) + words{"-t", "gone"}, "%p");
        program ours(sub({"-t", "a", "--will-topic", "gone", "--will-payload", "bye"}));
        subscribed(number == SIGINT ? 2 : 4);
        send({"-t", "a", "-m", "x"});
        EXPECT_TRUE(eventually(10s, [&] { return ours.out() == "x\n"; }));
        ours.signal(number);
        EXPECT_EQ(ours.wait(), 128 + number);
        send({"-t", "gone", "-m", "end"});
        EXPECT_TRUE(will.gets({"end"})) << "a will came";
    }
}

TEST_P(cli_sub, ends_quietly_when_nobody_reads_any_more) {
    program idle(sub({"-t", "a"}), {}, output_to::pipe);
    subscribed();
    idle.close_output();  // noticed without any message
    EXPECT_EQ(idle.wait(), 0);
    EXPECT_EQ(idle.err(), "");
}

TEST_P(cli_sub, loses_nothing_while_its_reader_pauses) {
    program ours(sub({"-t", "a", "-q", "1", "-C", "3000"}), {}, output_to::pipe);
    subscribed();
    std::string lines;
    for (int n = 0; n < 3000; ++n) lines += std::to_string(n) + std::string(100, '.') + "\n";
    send({"-t", "a", "-q", "1", "-l"}, lines);  // 300 KB: more than the pipe holds
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(ours.is_running());
    EXPECT_EQ(ours.read_output(), lines);
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.err(), "");
}

TEST(cli_sub_v5, keeps_the_publishers_retain_flag_when_asked) {
    broker_process broker{"log_type all"};
    const words socket = to(broker, "5");
    program published(
        mqtt_as(words{"sub"} + socket + words{"-t", "a", "--retain-as-published", "-F", "%r", "-C", "1"}));
    program usual(mqtt_as(words{"sub"} + socket + words{"-t", "a", "-F", "%r", "-C", "1"}));
    ASSERT_TRUE(eventually(10s, [&] {
        const std::string log = broker.log();
        const auto first = log.find("Sending SUBACK");
        return first != log.npos && log.find("Sending SUBACK", first + 1) != log.npos;
    }));
    publish(socket + words{"-t", "a", "-r", "-m", "x"});
    EXPECT_EQ(published.wait(), 0);
    EXPECT_EQ(usual.wait(), 0);
    EXPECT_EQ(published.out(), "1\n");
    EXPECT_EQ(usual.out(), "0\n");
}

TEST(cli_sub_v5, keeps_a_session_as_long_as_told) {
    broker_process broker;
    const words sub = words{"sub"} + to(broker, "5") + words{"-i", "durable", "-q", "1"};
    EXPECT_EQ(run(mqtt_as(sub + words{"-t", "a", "-x", "600", "-E"})).status, 0);
    publish(to(broker, "5") + words{"-t", "a", "-q", "1", "-m", "missed"});
    const outcome back = run(mqtt_as(sub + words{"-c", "-x", "-1", "-t", "a", "-C", "1"}));
    EXPECT_EQ(back.out, "missed\n");
}

TEST(cli_sub_v5, gives_subscriptions_an_identifier) {
    broker_process broker{"log_type all"};
    program ours(mqtt_as(words{"sub",
                               "--unix",
                               broker.socket().string(),
                               "-t",
                               "a",
                               "-F",
                               "%S",
                               "-C",
                               "1",
                               "-D",
                               "subscribe",
                               "subscription-identifier",
                               "42",
                               "-D",
                               "subscribe",
                               "user-property",
                               "a",
                               "b",
                               "-D",
                               "connect",
                               "receive-maximum",
                               "3"}));
    ASSERT_TRUE(eventually(10s, [&] { return broker.log().find("Sending SUBACK") != std::string::npos; }));
    publish(to(broker, "5") + words{"-t", "a", "-m", "x"});
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "42\n");
}

}  // namespace
}  // namespace mqtt_as::test
