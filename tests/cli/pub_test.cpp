// Each option of `mqtt-as pub` does what mosquitto_pub's users expect; mosquitto_sub is the witness.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

// Every test in both versions, against a broker of its own.
class cli_pub : public testing::TestWithParam<std::string> {
protected:
    words pub(const words& more) const { return mqtt_as(words{"pub"} + to(broker, GetParam()) + more); }
    words all(const std::string& filter = "#") const { return to(broker, GetParam()) + words{"-q", "2", "-t", filter}; }

    broker_process broker;
};

INSTANTIATE_TEST_SUITE_P(version, cli_pub, testing::Values("311", "5"), version_name);

TEST_P(cli_pub, takes_its_message_from_each_source) {
    const temp_folder folder;
    const std::string file = folder.path() / "message";
    std::ofstream(file) << "from a file\n";
    const listener seen(all(), "%t %x");

    EXPECT_EQ(run(pub({"-t", "m", "-m", "hello"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "empty", "-m", ""})).status, 0);
    EXPECT_EQ(run(pub({"-t", "dash", "-m", "-5"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "n", "-n"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "f", "-f", file})).status, 0);
    EXPECT_EQ(run(pub({"-t", "s", "-s"}), "two\nlines").status, 0);
    EXPECT_EQ(run(pub({"-t", "l", "-l"}), "a\n\nlast").status, 0);
    EXPECT_EQ(run(pub({"--topic", "long", "--message", "name"})).status, 0);
    EXPECT_TRUE(seen.gets({"m 68656c6c6f", "empty ", "dash 2d35", "n ", "f 66726f6d20612066696c650a",
                           "s 74776f0a6c696e6573", "l 61", "l ", "l 6c617374", "long 6e616d65"}))
        << testing::PrintToString(seen.lines());
}

TEST_P(cli_pub, carries_every_byte_there_is) {
    std::string bytes;
    std::string hexadecimal;
    for (int byte = 0; byte < 256; ++byte) {
        bytes += static_cast<char>(byte);
        hexadecimal += "0123456789abcdef"[byte / 16];
        hexadecimal += "0123456789abcdef"[byte % 16];
    }
    const listener seen(all(), "%x");
    EXPECT_EQ(run(pub({"-t", "bytes", "-s"}), bytes).status, 0);
    EXPECT_TRUE(seen.gets({hexadecimal}));
}

TEST_P(cli_pub, keeps_qos_and_retain) {
    const listener seen(all(), "%t %q %r");
    for (const std::string qos : {"0", "1", "2"}) EXPECT_EQ(run(pub({"-t", qos, "-m", "x", "-q", qos})).status, 0);
    EXPECT_EQ(run(pub({"-t", "kept", "-m", "x", "-r"})).status, 0);
    EXPECT_TRUE(seen.gets({"0 0 0", "1 1 0", "2 2 0", "kept 0 0"}));
    const listener late(all(), "%t %q %r");
    EXPECT_TRUE(late.gets({"kept 0 1"}));
}

TEST_P(cli_pub, repeats_a_message_with_pauses) {
    const listener seen(all(), "%p");
    EXPECT_EQ(run(pub({"-t", "a", "-m", "x", "-q", "1", "--repeat", "3"})).status, 0);
    EXPECT_TRUE(seen.gets({"x", "x", "x"}));

    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(run(pub({"-t", "a", "-m", "y", "--repeat", "3", "--repeat-delay", "0.2"})).status, 0);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 400ms);
    EXPECT_TRUE(seen.gets({"x", "x", "x", "y", "y", "y"}));
}

TEST_P(cli_pub, publishes_lines_as_they_come) {
    const listener seen(all(), "%p");
    program lines(pub({"-t", "a", "-l", "-q", "1"}));
    lines.write("one\ntw");
    EXPECT_TRUE(seen.gets({"one"}));
    lines.write("o\nthree");
    EXPECT_TRUE(seen.gets({"one", "two"}));
    lines.close_input();
    EXPECT_EQ(lines.wait(), 0);
    EXPECT_TRUE(seen.gets({"one", "two", "three"}));
}

TEST_P(cli_pub, finds_the_broker_by_options_url_and_variables) {
    const fault_proxy proxy(broker.socket());
    const std::string port = std::to_string(proxy.port());
    const words version{"-V", GetParam()};
    const listener seen(all(), "%t");

    EXPECT_EQ(run(mqtt_as(words{"pub", "-h", "127.0.0.1", "-p", port, "-t", "1", "-n"} + version)).status, 0);
    EXPECT_EQ(run(mqtt_as(words{"pub", "-L", "mqtt://127.0.0.1:" + port + "/2/a", "-n"} + version)).status, 0);
    EXPECT_EQ(
        run(mqtt_as(words{"pub", "-t", "3", "-n"} + version), {}, {"MQTT_AS_HOST=127.0.0.1", "MQTT_AS_PORT=" + port})
            .status,
        0);
    // What is said counts more than what is set.
    EXPECT_EQ(run(pub({"-t", "4", "-n"}), {}, {"MQTT_AS_HOST=no.such.host.invalid"}).status, 0);
    EXPECT_TRUE(seen.gets({"1", "2/a", "3", "4"})) << testing::PrintToString(seen.lines());
}

TEST_P(cli_pub, introduces_itself_as_told) {
    const std::string p = GetParam() == "5" ? "p5" : "p2";  // Mosquitto's number for the version
    EXPECT_EQ(run(pub({"-t", "a", "-n", "-i", "me", "-k", "17"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "a", "-n", "-I", "sensor-"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "a", "-n", "-i", "durable", "-c", "--nodelay"})).status, 0);
    EXPECT_EQ(run(pub({"-t", "a", "-n"})).status, 0);
    const std::string log = broker.log();
    EXPECT_NE(log.find(" as me (" + p + ", c1, k17)"), std::string::npos) << log;
    EXPECT_NE(log.find(" as sensor-"), std::string::npos) << log;
    EXPECT_NE(log.find(" as durable (" + p + ", c0, k60)"), std::string::npos) << log;
    EXPECT_NE(log.find(" as mqttas"), std::string::npos) << log;
}

TEST_P(cli_pub, leaves_its_will_only_when_it_vanishes) {
    const listener seen(all("gone/#"), "%t %p %q %r");
    const words will{"--will-topic", "gone/me", "--will-payload", "bye", "--will-qos", "1", "--will-retain"};
    // Ends in good order: no will.
    EXPECT_EQ(run(pub(words{"-t", "a", "-n"} + will)).status, 0);
    // Is killed: the will, and retained.
    program killed(pub(words{"-t", "gone/alive", "-l"} + will));
    killed.write("here\n");
    EXPECT_TRUE(seen.gets({"gone/alive here 0 0"}));
    killed.signal(SIGKILL);
    EXPECT_TRUE(seen.gets({"gone/alive here 0 0", "gone/me bye 1 0"})) << testing::PrintToString(seen.lines());
    const listener late(all("gone/#"), "%t %r");
    EXPECT_TRUE(late.gets({"gone/me 1"}));
}

TEST_P(cli_pub, tells_what_happens_only_when_asked) {
    EXPECT_EQ(run(pub({"-t", "a", "-n"})).err, "");
    const outcome told = run(pub({"-t", "a", "-n", "-d"}));
    EXPECT_EQ(told.status, 0);
    EXPECT_EQ(told.out, "");
    EXPECT_NE(told.err.find("mqtt-as pub: Connected to broker."), std::string::npos) << told.err;
    const outcome quiet = run(mqtt_as(
        {"pub", "-h", "127.0.0.1", "-p", "1", "-t", "a", "-n", "--deadline", "0.3", "--quiet", "-V", GetParam()}));
    EXPECT_EQ(quiet.status, 3);
    EXPECT_EQ(quiet.err, "");
}

TEST_P(cli_pub, ends_in_good_order_when_interrupted) {
    for (const int number : {SIGINT, SIGTERM}) {
        const std::string topic = "gone" + std::to_string(number);
        const listener seen(all(topic), "%p");
        program lines(pub({"-t", topic, "-l", "-q", "1", "--will-topic", topic, "--will-payload", "bye"}));
        lines.write("here\n");
        EXPECT_TRUE(seen.gets({"here"}));
        lines.signal(number);
        EXPECT_EQ(lines.wait(), 128 + number);
        publish(to(broker, GetParam()) + words{"-t", topic, "-m", "end"});
        EXPECT_TRUE(seen.gets({"here", "end"})) << "a will came: " << testing::PrintToString(seen.lines());
    }
}

// Without them the next socket would get their numbers, and the messages.
TEST_P(cli_pub, does_without_standard_streams) {
    const listener seen(all(), "%p");
    const std::string line = "exec \"$0\" \"$@\" <&- >&- 2>&-";
    EXPECT_EQ(run(words{"/bin/sh", "-c", line} + pub({"-t", "a", "-m", "x", "-q", "1"})).status, 0);
    EXPECT_EQ(run(words{"/bin/sh", "-c", line} + pub({"-t", "a", "-l", "-q", "1"})).status, 0);
    EXPECT_TRUE(seen.gets({"x"}));
}

TEST(cli_pub_properties, arrive_as_mosquitto_pub_would_send_them) {
    broker_process broker;
    const words all = to(broker, "5") + words{"-q", "1", "-t", "#"};
    const listener seen(all, "%t|%C|%R|%D|%E|%F|%P");
    const words properties{"-D",
                           "publish",
                           "content-type",
                           "text/plain",
                           "-D",
                           "publish",
                           "response-topic",
                           "answer",
                           "-D",
                           "PUBLISH",
                           "correlation-data",
                           "-7",
                           "-D",
                           "publish",
                           "message-expiry-interval",
                           "600",
                           "-D",
                           "publish",
                           "payload-format-indicator",
                           "1",
                           "-D",
                           "publish",
                           "user-property",
                           "a",
                           "-1",
                           "-D",
                           "publish",
                           "user-property",
                           "b",
                           "two words"};
    const words socket{"--unix", broker.socket().string()};
    EXPECT_EQ(run(mqtt_as(words{"pub"} + socket + words{"-q", "1", "-t", "ours", "-m", "x"} + properties)).status, 0);
    publish(socket + words{"-q", "1", "-t", "theirs", "-m", "x"} + properties);
    const std::string values = "|text/plain|answer|-7|600|1|a:-1 b:two words";
    EXPECT_TRUE(seen.gets({"ours" + values, "theirs" + values})) << testing::PrintToString(seen.lines());
}

TEST(cli_pub_properties, of_connect_and_will_are_sent) {
    broker_process broker;
    const listener seen(to(broker, "5") + words{"-t", "gone"}, "%p|%C|%R|%D|%E|%F|%P");
    const words tail{"-D",
                     "connect",
                     "user-property",
                     "who",
                     "me",
                     "-D",
                     "connect",
                     "receive-maximum",
                     "5",
                     "-D",
                     "connect",
                     "maximum-packet-size",
                     "1000",
                     "-D",
                     "connect",
                     "request-problem-information",
                     "0",
                     "-D",
                     "connect",
                     "request-response-information",
                     "1",
                     "-D",
                     "connect",
                     "session-expiry-interval",
                     "0",
                     "-D",
                     "will",
                     "content-type",
                     "text/plain",
                     "-D",
                     "will",
                     "user-property",
                     "a",
                     "b",
                     "-D",
                     "will",
                     "will-delay-interval",
                     "0",
                     "-D",
                     "will",
                     "message-expiry-interval",
                     "600",
                     "-D",
                     "will",
                     "response-topic",
                     "answer",
                     "-D",
                     "will",
                     "correlation-data",
                     "7",
                     "-D",
                     "will",
                     "payload-format-indicator",
                     "1"};
    const words socket{"--unix", broker.socket().string()};
    program lines(mqtt_as(words{"pub", "-t", "a", "-l", "-q", "1", "--will-topic", "gone", "--will-payload", "bye"} +
                          socket + tail));
    const listener alive(to(broker, "5") + words{"-t", "a"}, "%p");
    lines.write("here\n");
    EXPECT_TRUE(alive.gets({"here"}));
    lines.signal(SIGKILL);
    EXPECT_TRUE(seen.gets({"bye|text/plain|answer|7|600|1|a:b"})) << testing::PrintToString(seen.lines());
}

}  // namespace
}  // namespace mqtt_as::test
