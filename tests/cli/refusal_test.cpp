// What the broker refuses ends with status 2, and with 4 where it accepted some.
#include "tests/asio/scripted_server.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

// A broker that knows `me` with the password `p@ss:word/`, who may use `mine/#` alone.
class cli_refusal : public testing::TestWithParam<std::string> {
protected:
    static std::string settings(const temp_folder& folder) {
        const std::string passwords = folder.path() / "passwords";
        const std::string rights = folder.path() / "rights";
        const outcome made = run(mosquitto("mosquitto_passwd", {"-c", "-b", passwords, "me", "p@ss:word/"}));
        EXPECT_EQ(made.status, 0) << made.err;
        std::ofstream(rights) << "user me\ntopic readwrite mine/#\n";
        return "allow_anonymous false\npassword_file " + passwords + "\nacl_file " + rights + "\nlog_type all";
    }
    words socket() const { return to(broker, GetParam()); }
    words me() const { return socket() + words{"-u", "me", "-P", "p@ss:word/"}; }
    words me_at(const fault_proxy& proxy) const {
        return {"-V", GetParam(), "-h", "127.0.0.1", "-p", std::to_string(proxy.port()),
                "-u", "me",       "-P", "p@ss:word/"};
    }

    temp_folder folder;
    broker_process broker{settings(folder)};
};

INSTANTIATE_TEST_SUITE_P(version, cli_refusal, testing::Values("311", "5"), version_name);

TEST_P(cli_refusal, credentials_are_accepted_from_options_url_and_variables) {
    const fault_proxy proxy(broker.socket());
    const std::string at = "127.0.0.1:" + std::to_string(proxy.port()) + "/mine/a";
    EXPECT_EQ(run(mqtt_as(words{"pub", "-t", "mine/a", "-n"} + me())).status, 0);
    EXPECT_EQ(run(mqtt_as({"pub", "-V", GetParam(), "-L", "mqtt://me:p%40ss%3aword%2f@" + at, "-n"})).status, 0);
    EXPECT_EQ(run(mqtt_as(words{"pub", "-t", "mine/a", "-n"} + socket()), {},
                  {"MQTT_AS_USER=me", "MQTT_AS_PASSWORD=p@ss:word/"})
                  .status,
              0);
}

TEST_P(cli_refusal, of_credentials_ends_at_once_and_says_so) {
    for (const words& command : {words{"pub", "-t", "mine/a", "-m", "x"}, words{"sub", "-t", "mine/a"}}) {
        const outcome wrong = run(mqtt_as(command + socket() + words{"-u", "me", "-P", "wrong"}));
        EXPECT_EQ(wrong.status, 2);
        EXPECT_NE(wrong.err.find("refused by the server: "), std::string::npos) << wrong.err;
        EXPECT_EQ(run(mqtt_as(command + socket())).status, 2) << "nobody";
    }
}

// A password that is changed while we run, and changed back: what ran before goes on.
TEST_P(cli_refusal, of_a_reconnection_is_waited_out_unless_told_otherwise) {
    fault_proxy proxy(broker.socket());
    const auto set_password = [&](const std::string& password) {
        const outcome made = run(mosquitto("mosquitto_passwd", {"-b", folder.path() / "passwords", "me", password}));
        ASSERT_EQ(made.status, 0) << made.err;
        broker.terminate();
        broker.start();
    };
    program stays(mqtt_as(words{"sub", "-t", "mine/#", "-C", "1"} + me_at(proxy)));
    program leaves(mqtt_as(words{"sub", "-t", "mine/#", "--give-up"} + me_at(proxy)));
    ASSERT_TRUE(eventually(10s, [&] { return proxy.passed(toward::client, packet_type::suback) == 2; }));
    set_password("another");
    EXPECT_EQ(leaves.wait(), 2) << leaves.err();
    ASSERT_TRUE(eventually(20s, [&] { return stays.err().find("refused by the server: ") != std::string::npos; }));
    set_password("p@ss:word/");
    // The next attempt comes at the back-off's cap: within 30 s.
    ASSERT_TRUE(eventually(60s, [&] { return proxy.passed(toward::client, packet_type::suback) >= 3; })) << stays.err();
    publish(me() + words{"-t", "mine/a", "-m", "back"});
    EXPECT_EQ(stays.wait(), 0) << stays.err();
    EXPECT_EQ(stays.out(), "back\n");
}

// Mosquitto's own lists of rights refuse no subscription, so the proxy does.
TEST_P(cli_refusal, of_a_subscription_ends_when_no_other_is_granted) {
    fault_proxy proxy(broker.socket());
    proxy.add({.to = toward::client, .type = packet_type::suback, .what = action::refuse});
    const outcome result = run(mqtt_as(words{"sub", "-t", "mine/#"} + me_at(proxy)));
    EXPECT_EQ(result.status, 2);
    EXPECT_NE(result.err.find("mqtt-as sub: 'mine/#': refused by the broker: "), std::string::npos) << result.err;
}

TEST_P(cli_refusal, of_one_subscription_of_two_is_partial) {
    fault_proxy proxy(broker.socket());
    const auto refusal = proxy.add({.to = toward::client, .type = packet_type::suback, .what = action::refuse});
    program ours(mqtt_as(words{"sub", "-t", "mine/refused", "-t", "mine/granted", "-C", "1"} + me_at(proxy)));
    ASSERT_TRUE(eventually(
        10s, [&] { return proxy.applied(refusal) == 1 && proxy.passed(toward::client, packet_type::suback) >= 1; }));
    publish(me() + words{"-t", "mine/granted", "-m", "x"});
    EXPECT_EQ(ours.wait(), 4);
    EXPECT_EQ(ours.out(), "x\n");
    EXPECT_NE(ours.err().find("mqtt-as sub: 'mine/refused': refused by the broker: "), std::string::npos) << ours.err();
}

TEST(cli_refusal_v5, of_a_message_is_told_with_its_reason) {
    temp_folder folder;
    const std::string rights = folder.path() / "rights";
    std::ofstream(rights) << "topic readwrite mine/#\n";
    // Mosquitto 2.0.11 ends the connection behind a refusing PUBACK when max_queued_messages is 0, as it is by default
    // here.
    broker_process broker("max_queued_messages 1000\nacl_file " + rights);
    const words pub = words{"pub"} + to(broker, "5") + words{"-q", "1"};
    const outcome refused = run(mqtt_as(pub + words{"-t", "yours/a", "-m", "x"}));
    EXPECT_EQ(refused.status, 2);
    EXPECT_EQ(refused.err, "mqtt-as pub: 1 of 1 message was not acknowledged: refused by the broker: Not authorized\n");
    const outcome lines = run(mqtt_as(pub + words{"-t", "yours/a", "-l"}), "a\nb\n");
    EXPECT_EQ(lines.status, 2);
    EXPECT_EQ(lines.err, "mqtt-as pub: 2 of 2 messages were not acknowledged: refused by the broker: Not authorized\n");
}

// In MQTT 3.1.1 a broker can only hang up on it.
TEST(cli_refusal_in_3_1_1, of_a_message_that_is_too_large_is_suspected) {
    const broker_process broker("max_packet_size 100");
    program ours(mqtt_as(words{"pub", "-t", "a", "-q", "1", "-m", std::string(200, 'x')} + to(broker, "311")));
    EXPECT_TRUE(eventually(30s, [&] {
        return ours.err().find("\nmqtt-as pub: 3 connections in a row were soon ended by the server: does another "
                               "client use this client identifier, or does it not take one of our messages") !=
               std::string::npos;
    })) << ours.err();
}

// ---- no broker --------------------------------------------------------------------------------

words pub_at(const front_test::scripted_server& server) {
    return mqtt_as(
        {"pub", "-t", "a", "-m", "x", "-h", "127.0.0.1", "-p", std::to_string(server.port()), "--deadline", "1"});
}

TEST(cli_no_broker, but_something_else_is_told) {
    const front_test::scripted_server http({front_test::http_server});
    const outcome result = run(pub_at(http));
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.err.find("; does it speak MQTT at this port? (127.0.0.1:"), std::string::npos) << result.err;
}

TEST(cli_no_broker, but_silence_is_told_when_the_time_is_over) {
    const front_test::scripted_server mute({front_test::mute_server});
    const outcome result = run(pub_at(mute));
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.err.find("waiting for the server's answer to CONNECT (127.0.0.1:"), std::string::npos)
        << result.err;
}

}  // namespace
}  // namespace mqtt_as::test
