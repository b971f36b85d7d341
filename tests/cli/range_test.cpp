// mqtt-as range against a real Mosquitto through the fault proxy: what is reported is what was done.
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <boost/json/parse.hpp>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using testing::AnyOf;
using testing::HasSubstr;

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t number(const object& in, const char* key) { return in.at(key).to_number<std::int64_t>(); }

class cli_range : public testing::TestWithParam<std::string> {
protected:
    // Runs at 20 messages a second; a loaded machine is no reason to say no.
    words range(const words& more) const {
        return mqtt_as(words{"range", "-h", "127.0.0.1", "-p", std::to_string(proxy.port()), "-V", GetParam(), "-i",
                             "walker", "--interval", "0.05", "--max-p99", "30", "--max-down", "90", "--json", json,
                             "--html", html} +
                       more);
    }
    object report() const { return boost::json::parse(content_of(json)).as_object(); }
    // Python's parser of XML objects to the page if a tag is open or an attribute is not well-formed.
    outcome parse_page() const {
        return run(
            mosquitto("python3", {"-c", "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])", html}));
    }
    // Every message is in exactly one place, and so in the timeline.
    void expect_consistent(const object& all) const {
        const object& messages = all.at("messages").as_object();
        EXPECT_EQ(number(messages, "sent"), number(messages, "back") + number(messages, "lost") +
                                                number(messages, "refused") + number(messages, "on_the_way"));
        EXPECT_LE(number(all.at("round_trip_ms").as_object(), "count") + number(messages, "held_up"),
                  number(messages, "back"));
        std::int64_t sent = 0;
        std::int64_t back = 0;
        std::int64_t down = 0;
        const object& line = all.at("timeline").as_object();
        for (const auto& each : line.at("cells").as_array()) {
            sent += number(each.as_object(), "sent");
            back += number(each.as_object(), "back");
            down += number(each.as_object(), "down_ms");
            EXPECT_LE(number(each.as_object(), "down_ms"), number(line, "cell_ms"));
        }
        EXPECT_EQ(sent, number(messages, "sent"));
        EXPECT_EQ(back, number(messages, "back"));
        EXPECT_EQ(down, number(all, "down_ms"));
        EXPECT_EQ(number(all, "outage_count"), static_cast<std::int64_t>(all.at("outages").as_array().size()));
    }

    broker_process broker{"log_type all"};
    fault_proxy proxy{broker.socket()};
    temp_folder folder;
    const std::string json = folder.path() / "report.json";
    const std::string html = folder.path() / "report.html";
};
INSTANTIATE_TEST_SUITE_P(version, cli_range, testing::Values("311", "5"), version_name);

TEST_P(cli_range, a_good_link_is_a_go_with_all_reports) {
    const outcome result = run(range({"--duration", "3"}));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_EQ(split_lines(result.out).back(), "GO");
    const object all = report();
    expect_consistent(all);
    EXPECT_TRUE(all.at("go").as_bool());
    EXPECT_EQ(number(all, "outage_count"), 0);
    const object& messages = all.at("messages").as_object();
    EXPECT_GE(number(messages, "back"), 20);
    EXPECT_EQ(number(messages, "lost"), 0);
    EXPECT_EQ(number(messages, "on_the_way"), 0);
    EXPECT_EQ(number(messages, "duplicates"), 0);
    EXPECT_EQ(parse_page().status, 0) << parse_page().err;
    EXPECT_THAT(content_of(html), HasSubstr("<span class=\"verdict go\">GO</span>"));
    EXPECT_THAT(content_of(html), testing::Not(HasSubstr("href")));
    EXPECT_THAT(content_of(html), testing::Not(HasSubstr("src=")));
}

TEST_P(cli_range, an_outage_is_counted_and_nothing_is_lost) {
    program walk(range({"--duration", "30"}));
    const auto publishes = [&] { return proxy.passed(toward::client, packet_type::publish, "walker"); };
    ASSERT_TRUE(eventually(20s, [&] { return publishes() > 20; })) << walk.err();
    proxy.refuse();
    proxy.reset();
    ASSERT_TRUE(eventually(20s, [&] { return walk.err().find("trying again") != std::string::npos; }));
    const std::size_t before = publishes();
    proxy.accept();
    ASSERT_TRUE(eventually(20s, [&] { return publishes() > before + 20; })) << walk.err();
    walk.signal(SIGINT);  // the end of a walk, and no failure
    EXPECT_EQ(walk.wait(), 0) << walk.out() << walk.err();
    const object all = report();
    expect_consistent(all);
    EXPECT_EQ(number(all, "outage_count"), 1);
    EXPECT_EQ(number(all.at("messages").as_object(), "lost"), 0);
    const object& outage = all.at("outages").as_array().at(0).as_object();
    EXPECT_THAT(std::string(outage.at("why").as_string()),
                AnyOf(HasSubstr("The connection was closed"), HasSubstr("Connection reset by peer")));
    EXPECT_LE(number(outage, "began_ms"), number(outage, "connected_ms"));
    EXPECT_LE(number(outage, "connected_ms"), number(outage, "recovered_ms"));
    EXPECT_EQ(number(all, "longest_outage_ms"), number(outage, "recovered_ms") - number(outage, "began_ms"));
    EXPECT_EQ(parse_page().status, 0) << parse_page().err;
}

TEST_P(cli_range, a_message_that_is_swallowed_behind_its_acknowledgement_is_a_no_go) {
    proxy.add({.client = "walker", .what = action::swallow, .skip = 10});
    const outcome result = run(range({"--duration", "3"}));
    EXPECT_EQ(result.status, 5) << result.out << result.err;
    EXPECT_EQ(split_lines(result.out).back(), "NO-GO: lost 1, demanded: none");
    const object all = report();
    expect_consistent(all);
    EXPECT_EQ(number(all.at("messages").as_object(), "lost"), 1);
    EXPECT_FALSE(all.at("go").as_bool());
    EXPECT_THAT(content_of(html), HasSubstr("<span class=\"verdict no-go\">NO-GO</span>"));
    EXPECT_EQ(run(range({"--duration", "2", "--max-lost", "1"})).status, 0);
}

TEST_P(cli_range, the_last_message_swallowed_is_noticed_too) {
    // Nothing would overtake it, if the test did not see to that.
    const auto id = proxy.add({.client = "walker", .what = action::swallow, .skip = 40});
    program walk(range({}));
    ASSERT_TRUE(eventually(30s, [&] { return proxy.applied(id) == 1; }));
    walk.signal(SIGINT);
    EXPECT_EQ(walk.wait(), 5) << walk.out() << walk.err();
    EXPECT_EQ(number(report().at("messages").as_object(), "lost"), 1);
}

TEST_P(cli_range, a_duplicate_is_counted_and_harmless) {
    proxy.add(
        {.client = "walker", .to = toward::client, .type = packet_type::publish, .what = action::duplicate, .skip = 5});
    const outcome result = run(range({"--duration", "3"}));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_EQ(number(report().at("messages").as_object(), "duplicates"), 1);
}

TEST_P(cli_range, messages_that_are_on_their_way_are_not_lost) {
    // Acknowledged, and then there is no connection any more to bring them back.
    proxy.add({.client = "walker",
               .to = toward::client,
               .type = packet_type::publish,
               .what = action::drop,
               .skip = 30,
               .times = 1000});
    program walk(range({}));
    ASSERT_TRUE(eventually(30s, [&] { return proxy.passed(toward::client, packet_type::puback, "walker") > 35; }));
    proxy.refuse();
    proxy.reset();
    ASSERT_TRUE(eventually(20s, [&] { return walk.err().find("trying again") != std::string::npos; }));
    walk.signal(SIGINT);
    walk.wait();
    const object all = report();
    expect_consistent(all);
    EXPECT_EQ(number(all.at("messages").as_object(), "lost"), 0);
    EXPECT_GT(number(all.at("messages").as_object(), "on_the_way"), 0);
}

TEST_P(cli_range, no_broker_is_a_no_go) {
    proxy.refuse();
    const outcome result = run(range({"--duration", "1"}));
    EXPECT_EQ(result.status, 5) << result.out << result.err;
    EXPECT_THAT(split_lines(result.out).back(), HasSubstr("messages back 0"));
    EXPECT_THAT(result.err, HasSubstr("onnection refused"));
    EXPECT_EQ(number(report(), "down_ms"), number(report(), "elapsed_ms"));
    EXPECT_EQ(parse_page().status, 0) << parse_page().err;
}

TEST_P(cli_range, it_leaves_no_session_behind) {
    EXPECT_EQ(run(range({"--duration", "2"})).status, 0);
    const outcome next = run(mqtt_as({"sub", "-t", "x", "-E", "-c", "-i", "walker", "--unix", broker.socket()}));
    EXPECT_EQ(next.status, 0);
    const std::string log = broker.log();
    EXPECT_THAT(log.substr(log.rfind("New client connected from")), HasSubstr("Sending CONNACK to walker (0, 0)"));
}

TEST_P(cli_range, json_alone_goes_to_standard_output) {
    const outcome result = run(range({"--duration", "2", "--json", "-"}));
    EXPECT_EQ(result.status, 0) << result.err;
    expect_consistent(boost::json::parse(result.out).as_object());
}

TEST(cli_range_refusal, by_the_broker_is_told) {
    const broker_process broker("allow_anonymous false");
    const outcome result = run(mqtt_as({"range", "--unix", broker.socket(), "--duration", "60"}));
    EXPECT_EQ(result.status, 2) << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr("refused by the server"));
}

TEST(cli_range_files, that_cannot_be_written_are_told_before_the_walk) {
    const outcome result = run(mqtt_as({"range", "--html", "/no/such/folder/report.html"}));
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "mqtt-as range: cannot write /no/such/folder/report.html: No such file or directory\n");
}

}  // namespace
}  // namespace mqtt_as::test
