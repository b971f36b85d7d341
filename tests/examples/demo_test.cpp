// Each demo does its thing: what it prints, what the broker gets from it, and how it ends.
#include "tests/cli/program.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 40s;  // on a busy machine; the demos wait for 5 s between two messages

/// A broker, reached through a proxy, and the demo with the local settings that lead there.
class demo : public testing::Test {
protected:
    explicit demo(const std::string& settings = {}, content what = content::mqtt)
        : broker("log_type all\n" + settings), proxy(broker.socket(), what) {}

    static std::string path_of(const std::string& name) { return MQTT_AS_BIN "/example_" + name; }
    words place() const { return {"MQTT_AS_HOST=127.0.0.1", "MQTT_AS_PORT=" + std::to_string(proxy.port())}; }
    words at() const { return to(broker, "311"); }

    broker_process broker;
    fault_proxy proxy;
};

bool says(const program& p, const std::string& text) {
    return eventually(patience, [&] { return p.out().find(text) != std::string::npos; });
}
#define EXPECT_SAYS(program, text)                                                                                     \
    EXPECT_TRUE(says(program, text)) << "wanted: " << (text) << '\n' << (program).out() << (program).err()
#define ASSERT_SAYS(program, text)                                                                                     \
    ASSERT_TRUE(says(program, text)) << "wanted: " << (text) << '\n' << (program).out() << (program).err()

/// Waits for a line that matches; the first one.
std::string line_like(const listener& seen, const std::string& pattern) {
    const std::regex wanted(pattern);
    std::string found;
    eventually(patience, [&] {
        for (const std::string& line : seen.lines())
            if (found.empty() && std::regex_match(line, wanted)) found = line;
        return !found.empty();
    });
    EXPECT_NE(found, "") << "nothing like " << pattern;
    return found;
}

void expect_ends_by(program& p, int signal) {
    p.signal(signal);
    EXPECT_EQ(p.wait(), 128 + signal) << p.err();
}

TEST_F(demo, clean_publishes_receives_and_tells_an_outage) {
    const listener seen(at() + words{"-t", "result"}, "%p");
    program clean({path_of("clean")}, place());
    ASSERT_SAYS(clean, "Wifi is  up\n");
    EXPECT_SAYS(clean, "wifi led on\n");
    EXPECT_SAYS(clean, "Connected to broker.\n");
    ASSERT_TRUE(eventually(patience, [&] { return proxy.passed(toward::client, packet_type::suback) == 1; }));
    publish(at() + words{"-t", "foo_topic", "-m", "gordon bennett", "-q", "1"});
    EXPECT_SAYS(clean, "Topic: \"foo_topic\" Message: \"gordon bennett\" Retained: False\n");
    EXPECT_SAYS(clean, "blue led off\nblue led on\n");
    EXPECT_EQ(line_like(seen, "\\d+ \\d+"), "0 0");
    proxy.reset();
    EXPECT_SAYS(clean, "Wifi is  down\n");
    EXPECT_SAYS(clean, "Reconnect OK!\n");
    line_like(seen, "1 \\d+");
    expect_ends_by(clean, SIGINT);
}

TEST_F(demo, clean_says_why_there_is_no_connection) {
    program clean({path_of("clean")}, {"MQTT_AS_HOST=127.0.0.1", "MQTT_AS_PORT=1"});
    EXPECT_EQ(clean.wait(), 1);
    EXPECT_NE(clean.out().find("Connection failed.\n"), std::string::npos) << clean.out();
    EXPECT_NE(clean.err().find("Connection refused"), std::string::npos) << clean.err();
}

TEST_F(demo, unclean_gets_what_was_published_while_it_was_away) {
    const listener seen(at() + words{"-t", "result"}, "%p");
    program unclean({path_of("unclean")}, place());
    ASSERT_TRUE(eventually(patience, [&] { return proxy.passed(toward::client, packet_type::suback) == 1; }));
    EXPECT_SAYS(unclean, "WiFi is up.\n");
    proxy.refuse();
    proxy.reset();
    ASSERT_SAYS(unclean, "WiFi is down.\n");
    publish(at() + words{"-t", "foo_topic", "-m", "for later", "-q", "1"});
    proxy.accept();
    EXPECT_SAYS(unclean, "Topic: \"foo_topic\" Message: \"for later\" Retained: False\n");
    EXPECT_EQ(proxy.passed(toward::broker, packet_type::subscribe), 1u) << "the broker has kept it";
    line_like(seen, "Goodbye cruel world!");  // the broker has seen it vanish
    line_like(seen, "\\d+ repubs: 0 outages: 1");
    expect_ends_by(unclean, SIGTERM);
}

TEST_F(demo, range_counts_outages_by_the_event_interface) {
    const listener seen(at() + words{"-t", "shed"}, "%p");
    program range({path_of("range")}, place());
    ASSERT_SAYS(range, "We are connected to broker.\n");
    ASSERT_TRUE(eventually(patience, [&] { return proxy.passed(toward::client, packet_type::suback) == 1; }));
    publish(at() + words{"-t", "foo_topic", "-m", "x", "-q", "1"});
    EXPECT_SAYS(range, "Topic: \"foo_topic\" Message: \"x\" Retained: False\n");
    EXPECT_SAYS(range, "blue led on\n");
    EXPECT_SAYS(range, "blue led off\n");
    proxy.reset();
    EXPECT_SAYS(range, "WiFi or broker is down.\n");
    line_like(seen, "\\d+ repubs: 0 outages: 1");
    expect_ends_by(range, SIGINT);
}

TEST_F(demo, range_ex_adds_signal_memory_and_discards) {
    const listener seen(at() + words{"-t", "shed"}, "%p");
    program range({path_of("range_ex")}, place());
    line_like(seen, "0 repubs: 0 outages: 0 rssi: -199dB free: [1-9]\\d*bytes discards: 0");
    expect_ends_by(range, SIGINT);
}

TEST_F(demo, main_waits_for_its_broker_and_ends_as_its_unit_wants) {
    // What systemd would make of the unit: the program, its environment, the status that means success.
    std::map<std::string, std::string> unit;
    std::ifstream file(MQTT_AS_EXAMPLES "/mqtt_as.service");
    for (std::string line; std::getline(file, line);) {
        const auto equal = line.find('=');
        if (line[0] != '#' && equal != line.npos) unit[line.substr(0, equal)] = line.substr(equal + 1);
    }
    EXPECT_EQ(unit["ExecStart"], "/usr/local/bin/example_main");
    EXPECT_EQ(unit["Environment"].substr(0, 13), "MQTT_AS_HOST=");
    if (const auto analyze = find_program("systemd-analyze")) {
        const temp_folder folder;
        const std::string here = folder.path() / "mqtt_as.service";
        std::ifstream from(MQTT_AS_EXAMPLES "/mqtt_as.service");
        std::ostringstream text;
        text << from.rdbuf();
        std::ofstream(here) << std::regex_replace(text.str(), std::regex("/usr/local/bin/example_main"),
                                                  path_of("main"));
        const outcome verified = run({*analyze, "verify", "--man=no", here});
        EXPECT_EQ(verified.status, 0) << verified.err;
    }

    const listener seen(at() + words{"-t", "shed"}, "%p");
    proxy.refuse();
    program main({path_of("main")}, place());
    ASSERT_SAYS(main, "Attempt failed: TCP: Connection refused");
    proxy.accept();
    ASSERT_SAYS(main, "connected\n");
    EXPECT_EQ(line_like(seen, ".*"), "0");
    main.signal(SIGTERM);
    EXPECT_EQ(std::to_string(main.wait()), unit["SuccessExitStatus"]) << main.err();
    publish(at() + words{"-t", "shed", "-m", "last", "-q", "1"});
    line_like(seen, "last");
    for (const std::string& line : seen.lines()) EXPECT_NE(line, "Goodbye cruel world!");
}

TEST_F(demo, lptest_min_receives_what_was_published_while_it_slept) {
    const listener seen(at() + words{"-t", "shed"}, "%p");
    program lptest({path_of("lptest_min"), "3", "1"}, place());
    ASSERT_SAYS(lptest, "sleep\n");
    line_like(seen, "light .*");
    ASSERT_TRUE(eventually(patience, [&] { return proxy.open_connections() == 0; })) << "it is asleep";
    publish(at() + words{"-t", "foo_topic", "-m", "good morning", "-q", "1"});
    EXPECT_SAYS(lptest, "Topic: \"foo_topic\" Message: \"good morning\" Retained: False\n");
    EXPECT_SAYS(lptest, "blue led on\n");
    // A failure is waited out, for another time.
    proxy.refuse();
    proxy.reset();
    EXPECT_SAYS(lptest, "sleep before the next try\n");
    lptest.signal(SIGKILL);
}

TEST_F(demo, mqtt_as_timeout_gives_up_what_is_too_old) {
    const listener seen(at() + words{"-t", "result"}, "%p");
    program timeout({path_of("mqtt_as_timeout")}, place());
    ASSERT_SAYS(timeout, "published 0\n");
    proxy.refuse();
    proxy.reset();
    EXPECT_TRUE(eventually(patience, [&] {
        return std::regex_search(timeout.out(), std::regex("gave up \\d+: it was never sent\n"));
    })) << timeout.out();
    const std::string before = timeout.out();
    proxy.accept();
    EXPECT_TRUE(eventually(patience, [&] {
        const std::string now = timeout.out();
        return now.find("published", before.size()) != now.npos;
    })) << timeout.out();
    expect_ends_by(timeout, SIGINT);
}

TEST_F(demo, store_then_acknowledge_has_stored_everything_once_however_it_is_killed) {
    const temp_folder folder;
    const std::string file = folder.path() / "journal";
    const auto lines = [&] {
        std::ifstream in(file);
        words all;
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    };
    const words argv{path_of("store_then_acknowledge"), file, "127.0.0.1", std::to_string(proxy.port())};
    // Killed with everything stored and nothing acknowledged: the broker hears of none.
    proxy.add({.to = toward::broker, .type = packet_type::puback, .what = action::drop, .times = 5});
    words wanted;
    {
        program killed(argv);
        ASSERT_SAYS(killed, "subscribed\n");
        for (int n = 0; n < 5; ++n) {
            publish(at() + words{"-t", "orders/1", "-m", "order " + std::to_string(n), "-q", "1"});
            wanted.push_back("orders/1 order " + std::to_string(n));
        }
        EXPECT_TRUE(eventually(patience, [&] { return lines() == wanted; })) << killed.err();
        killed.signal(SIGKILL);
        EXPECT_EQ(killed.wait(), 128 + SIGKILL);
    }
    std::ofstream(file, std::ios::app) << "orders/1 a line that was not finis";
    publish(at() + words{"-t", "orders/2", "-m", "meanwhile", "-q", "2"});
    wanted.push_back("orders/2 meanwhile");
    program again(argv);
    ASSERT_SAYS(again, "subscribed\n");
    EXPECT_TRUE(eventually(patience, [&] { return lines() == wanted; })) << again.err();
    EXPECT_TRUE(eventually(patience, [&] { return proxy.passed(toward::broker, packet_type::puback) >= 5; }));
    EXPECT_EQ(lines(), wanted);
}

TEST_F(demo, callbacks_do_without_coroutines) {
    const listener seen(at() + words{"-t", "result"}, "%p");
    program callbacks(mosquitto("stdbuf", {"-oL", path_of("callbacks"), "127.0.0.1", std::to_string(proxy.port())}),
                      {"ASAN_OPTIONS=verify_asan_link_order=0"});  // stdbuf preloads a library of its own
    ASSERT_SAYS(callbacks, "published: ");
    line_like(seen, "0");
    publish(at() + words{"-t", "foo_topic", "-m", "hello", "-q", "1"});
    EXPECT_SAYS(callbacks, "foo_topic hello\n");
}

TEST_F(demo, pubtest_publishes_what_the_demos_wait_for) {
    const listener seen(at() + words{"-t", "foo_topic", "-q", "1"}, "%q %p");
    program pubtest({MQTT_AS_EXAMPLES "/pubtest"}, place());
    EXPECT_EQ(line_like(seen, ".*"), "1 gordon bennett");
    EXPECT_TRUE(eventually(patience, [&] { return seen.lines().size() >= 2; }));
    EXPECT_EQ(seen.lines().at(1), "1 pete was here");
}

/// A broker that speaks TLS and, with `more`, asks who comes.
struct tls_place {
    explicit tls_place(const std::string& more = {})
        : broker("certfile " + own.certificate.string() + "\nkeyfile " + own.key.string() + "\ncafile " +
                 ca.pem().string() + "\n" + more) {}

    words place() const {
        return {"MQTT_AS_HOST=127.0.0.1", "MQTT_AS_PORT=" + std::to_string(proxy.port()),
                "MQTT_AS_CAFILE=" + ca.pem().string()};
    }

    temp_folder folder;
    authority ca{folder.path(), "Test CA"};
    certificate_files own = ca.issue();
    broker_process broker;
    fault_proxy proxy{broker.socket(), content::anything};
};

TEST(demo_tls, tls_hears_itself_through_a_verified_connection) {
    const tls_place there;
    program tls({MQTT_AS_BIN "/example_tls"}, there.place());
    EXPECT_SAYS(tls, "Secured by TLSv1.3");
    EXPECT_SAYS(tls, "publish 0\n");
    EXPECT_SAYS(tls, "Topic = result Count = 0 Retransmissions = 0 Retained = False\n");
    expect_ends_by(tls, SIGINT);
}

TEST(demo_tls, tls_trusts_no_broker_of_an_unknown_authority) {
    const tls_place there;
    const tls_place elsewhere;
    program tls({MQTT_AS_BIN "/example_tls"}, words{"MQTT_AS_CAFILE=" + elsewhere.ca.pem().string()} + there.place());
    EXPECT_EQ(tls.wait(), 1);
    EXPECT_NE(tls.err().find("TLS: "), std::string::npos) << tls.err();
}

TEST(demo_tls, tls8266_shows_a_certificate_in_der) {
    tls_place there("require_certificate true\n");
    const certificate_files mine = there.ca.issue({.common_name = "tls8266", .der = true});
    const words with_files{"MQTT_AS_CERT=" + mine.certificate.string(), "MQTT_AS_KEY=" + mine.key.string()};
    program tls({MQTT_AS_BIN "/example_tls8266"}, there.place() + with_files);
    ASSERT_SAYS(tls, "Wifi is  up\n");
    EXPECT_SAYS(tls, "Topic: \"result\" Message: \"0 0\" Retained: False\n");
    expect_ends_by(tls, SIGINT);

    program nobody({MQTT_AS_BIN "/example_tls8266"},
                   there.place() + words{"MQTT_AS_CERT=/nowhere.der", "MQTT_AS_KEY=" + mine.key.string()});
    EXPECT_EQ(nobody.wait(), 1);
    EXPECT_NE(nobody.err().find("'/nowhere.der'"), std::string::npos) << nobody.err();
}

}  // namespace
}  // namespace mqtt_as::test
