// -F prints what mosquitto_sub prints; where that one's output is broken, what its manual says.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"

#include <gtest/gtest.h>
#include <regex>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

// Both programs see the same messages.
class cli_format : public testing::Test {
protected:
    words sub(const std::string& format) const {
        return to(broker, "5") + words{"-t", "#", "-q", "1", "-C", "3", "-F", format};
    }
    void publish_three() const {
        ASSERT_TRUE(
            eventually(10s, [&] { return broker.log().find("Sending SUBACK to theirs") != std::string::npos; }));
        ASSERT_TRUE(eventually(10s, [&] { return broker.log().find("Sending SUBACK to ours") != std::string::npos; }));
        const words pub = to(broker, "5");
        publish(pub + words{"-t",
                            "top/ic",
                            "-q",
                            "1",
                            "-m",
                            "hello",
                            "-D",
                            "publish",
                            "user-property",
                            "a",
                            "b",
                            "-D",
                            "publish",
                            "user-property",
                            "c",
                            "d",
                            "-D",
                            "publish",
                            "content-type",
                            "text/plain",
                            "-D",
                            "publish",
                            "response-topic",
                            "answer",
                            "-D",
                            "publish",
                            "correlation-data",
                            "cor",
                            "-D",
                            "publish",
                            "message-expiry-interval",
                            "60",
                            "-D",
                            "publish",
                            "payload-format-indicator",
                            "1"});
        publish(pub + words{"-t", "e", "-n"});
        publish(pub + words{"-t", "js", "-r", "-m", "{\"a\": [1,2],\n \"b\": true}"});
    }
    // What both print.
    void compare(const std::string& format) const {
        program theirs(mosquitto("mosquitto_sub", sub(format) + words{"-i", "theirs"}));
        program ours(mqtt_as(words{"sub"} + sub(format) + words{"-i", "ours"}));
        publish_three();
        EXPECT_EQ(theirs.wait(), 0);
        EXPECT_EQ(ours.wait(), 0);
        EXPECT_EQ(ours.out(), theirs.out());
    }
    std::string ours_alone(const std::string& format) const {
        program theirs(mosquitto("mosquitto_sub", sub("%t") + words{"-i", "theirs"}));
        program ours(mqtt_as(words{"sub"} + sub(format) + words{"-i", "ours"}));
        publish_three();
        EXPECT_EQ(ours.wait(), 0);
        return ours.out();
    }

    broker_process broker{"log_type all"};
};

TEST_F(cli_format, parameters_are_those_of_mosquitto_sub) { compare("[%t|%p|%x|%X|%l|%q|%r|%C|%D|%E|%F|%P|%R|%S|%A]"); }

TEST_F(cli_format, widths_and_flags_are_those_of_mosquitto_sub) {
    compare("[%10t|%-10t|%3.3t|%05l|%-5l|%.4C|%16C|%09E]");
}

TEST_F(cli_format, text_escapes_and_doubles_are_those_of_mosquitto_sub) {
    compare(R"(100%% \\ a@@b \t|\n|\r|\a|\v|\e[0m|\0| %t)");
}

TEST_F(cli_format, dates_are_those_of_mosquitto_sub) { compare("@Y-@m-@d @@"); }

TEST_F(cli_format, times_are_told_in_each_form) {
    const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \d{10}\.\d{9} \d{9} \d\d:\d\d\n)");
    const std::string out = ours_alone("%I %U @N @H:@M");
    for (const std::string& line : split_lines(out)) EXPECT_TRUE(std::regex_match(line + "\n", form)) << line;
    EXPECT_EQ(split_lines(out).size(), 3U);
}

TEST_F(cli_format, json_is_complete) {
    const std::string out = ours_alone("%j");
    const std::regex tst(R"("tst":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}")");
    EXPECT_EQ(std::regex_replace(out, tst, "T"),
              R"({T,"topic":"top/ic","qos":1,"retain":0,"payloadlen":5,"properties":{)"
              R"("content-type":"text/plain",)"
              R"("response-topic":"answer","correlation-data":"cor","payload-format-indicator":1,)"
              R"("message-expiry-interval":60,"user-properties":{"a":"b","c":"d"}},"payload":"hello"})"
              "\n"
              R"({T,"topic":"e","qos":0,"retain":0,"payloadlen":0,"payload":null})"
              "\n"
              R"({T,"topic":"js","qos":0,"retain":0,"payloadlen":24,"payload":"{\"a\": [1,2],\n \"b\": true}"})"
              "\n");
}

// A JSON parser that is not ours reads what we print, for the nastiest bytes.
TEST(cli_json, is_read_by_another_parser) {
    const auto python = find_program("python3");
    if (!python) GTEST_SKIP() << "python3 is not installed";
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    bytes += "\xF0\x9F\x98\x80 \xED\xA0\x80 \xC0\x80 \xE2\x82";  // an emoji, and what is not UTF-8
    broker_process broker{"log_type all"};
    program ours(mqtt_as(words{"sub"} + to(broker, "311") + words{"-t", "#", "-F", "%j", "-C", "2"}));
    ASSERT_TRUE(eventually(10s, [&] { return broker.log().find("Sending SUBACK") != std::string::npos; }));
    publish(to(broker, "311") + words{"-t", "\xC3\xBC \"b\" \\", "-s"}, bytes);
    publish(to(broker, "311") + words{"-t", "plain", "-m", "text"});
    ASSERT_EQ(ours.wait(), 0);
    const outcome read = run({python->string(), "-c",
                              "import json, sys\n"
                              "a, b = [json.loads(line) for line in sys.stdin.buffer.read().splitlines()]\n"
                              "assert a['topic'] == '\\u00fc \"b\" \\\\', a\n"
                              "assert a['payload'].encode()[:128] == bytes(range(128)), a\n"
                              "assert '\\U0001f600' in a['payload'], a\n"
                              "assert b['payload'] == 'text' and b['payloadlen'] == 4, b\n"},
                             ours.out());
    EXPECT_EQ(read.status, 0) << read.err << ours.out();
}

TEST(cli_json, payloads_in_json_are_put_in_as_they_are) {
    broker_process broker{"log_type all"};
    program ours(mqtt_as(words{"sub"} + to(broker, "311") + words{"-t", "#", "-F", "%J", "-W", "3"}));
    ASSERT_TRUE(eventually(10s, [&] { return broker.log().find("Sending SUBACK") != std::string::npos; }));
    const std::vector<std::string> good{
        "{\"a\": 1.50,\n \"b\" : [1, -2e+7, \"x \\u00e9\\n\", null, true, false, {}, []]}", "0", "\"text\"", " [ ] "};
    const std::vector<std::string> bad{"text",  "{\"a\":}", "[1,]", "01", "1.",    "\"open",    "\"\\x\"",
                                       "{} {}", "[1 2]",    "nul",  "-",  "{1:2}", "\"tab\t\"", std::string(600, '[')};
    for (const std::string& payload : good) publish(to(broker, "311") + words{"-t", "good", "-m", payload});
    for (const std::string& payload : bad) publish(to(broker, "311") + words{"-t", "bad", "-m", payload});
    EXPECT_EQ(ours.wait(), 3);
    std::vector<std::string> payloads;
    for (const std::string& line : ours.out_lines()) payloads.push_back(line.substr(line.find("\"payload\":")));
    EXPECT_EQ(payloads,
              (std::vector<std::string>{R"("payload":{"a":1.50,"b":[1,-2e+7,"x \u00e9\n",null,true,false,{},[]]}})",
                                        R"("payload":0})", R"("payload":"text"})", R"("payload":[]})"}));
    const std::vector<std::string> errors = split_lines(ours.err());
    ASSERT_EQ(errors.size(), bad.size() + 1) << ours.err();
    EXPECT_EQ(errors.front(), "mqtt-as sub: the payload is not JSON, on bad");
}

}  // namespace
}  // namespace mqtt_as::test
