// mqtt-as doctor: whatever is wrong, the stage that fails is named in the last line and by the exit status, in time.
#include "tests/asio/dns_server.hpp"
#include "tests/asio/scripted_server.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/names.hpp"
#include "tests/support/net_namespace.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <exception>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

enum status { all_is_well = 0, link = 10, name, tcp, tls, mqtt, round_trip, session, wan };

// All but one of these tests have no world beyond the broker.
outcome ask_doctor(const words& arguments, const words& environment = {}) {
    return run(mqtt_as(words{"doctor", "--skip", "wan"} + arguments), {}, environment);
}

words at(std::uint16_t port) { return {"127.0.0.1", "-p", std::to_string(port)}; }

std::string last_line(const outcome& of) {
    const auto lines = split_lines(of.out);
    return lines.empty() ? "" : lines.back();
}

#define EXPECT_DIAGNOSIS(result, expected_status, line)                                                                \
    EXPECT_EQ((result).status, expected_status) << (result).out << (result).err;                                       \
    EXPECT_THAT(last_line(result), line) << (result).out

class cli_doctor : public testing::TestWithParam<std::string> {
protected:
    words version() const { return {"-V", GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(version, cli_doctor, testing::Values("311", "5"), version_name);

TEST_P(cli_doctor, a_good_broker_is_well_and_tells_its_limits) {
    const broker_process broker("max_packet_size 4096");
    const fault_proxy proxy(broker.socket());
    const outcome result = ask_doctor(at(proxy.port()) + version());
    EXPECT_DIAGNOSIS(result, all_is_well, "all is well");
    EXPECT_THAT(result.out, HasSubstr("loopback: the broker is on this machine"));
    EXPECT_THAT(result.out, HasSubstr("127.0.0.1 port " + std::to_string(proxy.port()) + " accepts connections"));
    EXPECT_THAT(result.out, HasSubstr("packets of at most 4096 bytes"));
    EXPECT_THAT(result.out, HasSubstr("comes back"));
    EXPECT_THAT(result.out, HasSubstr("kept while we were away"));
    EXPECT_EQ(result.err, "");
}

TEST_P(cli_doctor, it_leaves_no_session_behind) {
    broker_process broker("log_type all");
    const outcome result = ask_doctor(words{"--unix", broker.socket(), "-i", "guest"} + version());
    EXPECT_DIAGNOSIS(result, all_is_well, "all is well");
    // Whoever comes next under these names finds nothing.
    for (const std::string id : {"guest", "guest-s"}) {
        const outcome next = run(mqtt_as(words{"sub", "-t", "x", "-E", "-c", "-i", id, "--unix", broker.socket()}));
        EXPECT_EQ(next.status, 0) << next.err;
    }
    const std::string log = broker.log();
    const std::string last = log.substr(log.rfind("guest-s"));
    EXPECT_THAT(log, HasSubstr("Sending CONNACK to guest-s (1, 0)"));  // the session was present once...
    EXPECT_THAT(log.substr(log.rfind("New client connected from")), HasSubstr("Sending CONNACK to guest-s (0, 0)"));
}

TEST_P(cli_doctor, json_is_one_valid_object_with_the_facts) {
    const broker_process broker("max_packet_size 4096");
    const fault_proxy proxy(broker.socket());
    const outcome result = ask_doctor(at(proxy.port()) + version() + words{"--json"});
    EXPECT_EQ(result.status, all_is_well);
    const auto all = boost::json::parse(result.out).as_object();
    EXPECT_TRUE(all.at("works").as_bool());
    EXPECT_EQ(all.at("exit_status").as_int64(), 0);
    EXPECT_EQ(all.at("stages").as_array().size(), 8U);
    const auto& accepted = all.at("stages").as_array().at(4).as_object();
    EXPECT_EQ(accepted.at("stage").as_string(), "mqtt");
    EXPECT_EQ(accepted.at("outcome").as_string(), "works");
    EXPECT_GE(accepted.at("ms").as_double(), 0.0);
    EXPECT_EQ(accepted.at("limits").as_object().at("maximum_packet_size").as_int64(), 4096);
    EXPECT_EQ(all.at("stages").as_array().at(5).as_object().at("round_trips_ms").as_array().size(), 5U);
}

TEST(cli_doctor_name, of_nobody) {
    const outcome result = ask_doctor({"no-such-host.invalid"});
    // Machines without a network say that the resolver does not answer, and some that there is no link.
    if (result.status == link) GTEST_SKIP() << "no interface has an address here: " << result.out;
    EXPECT_DIAGNOSIS(result, name, testing::StartsWith("name: 'no-such-host.invalid': "));
    EXPECT_THAT(result.out, HasSubstr("▸ "));
}

TEST(cli_doctor_name, localhost_has_addresses) {
    MQTT_AS_NEEDS_LOCALHOST();
    const broker_process broker;
    const fault_proxy proxy(broker.socket());
    const outcome result = ask_doctor({"localhost", "-p", std::to_string(proxy.port())});
    EXPECT_DIAGNOSIS(result, all_is_well, "all is well");
    EXPECT_THAT(result.out, HasSubstr("localhost is "));
}

TEST(cli_doctor_tcp, refused) {
    const outcome result = ask_doctor({"127.0.0.1", "-p", "1"});
    EXPECT_DIAGNOSIS(result, tcp, "tcp: connection refused (port 1)");
    EXPECT_THAT(result.out, HasSubstr("Does the broker run?"));
    const outcome as_json = ask_doctor({"127.0.0.1", "-p", "1", "--json"});
    EXPECT_EQ(as_json.status, tcp);
    const auto all = boost::json::parse(as_json.out).as_object();
    EXPECT_EQ(all.at("failed").as_string(), "tcp");
    EXPECT_EQ(all.at("reason").as_string(), "connection refused (port 1)");
    EXPECT_EQ(all.at("stages").as_array().at(4).as_object().at("outcome").as_string(), "not tried");
}

TEST(cli_doctor_tcp, stages_before_it_may_be_skipped) {
    const words where{"127.0.0.1", "-p", "1", "--skip", "link", "--skip", "name"};
    EXPECT_DIAGNOSIS(ask_doctor(where), tcp, "tcp: connection refused (port 1)");
}

TEST(cli_doctor_tcp, no_such_socket) {
    const outcome result = ask_doctor({"--unix", "/no/such/socket"});
    EXPECT_DIAGNOSIS(result, tcp, "tcp: no such file or directory (/no/such/socket)");
}

// ---- TLS --------------------------------------------------------------------------------------

class cli_doctor_tls : public testing::Test {
protected:
    static std::string settings(const certificate_files& own) {
        return "certfile " + own.certificate.string() + "\nkeyfile " + own.key.string() + "\n";
    }
    // A broker with these settings, behind TCP, and what the doctor says about it.
    outcome examine(const std::string& settings, const words& arguments) {
        const broker_process broker(settings);
        const fault_proxy proxy(broker.socket(), content::anything);
        return ask_doctor(at(proxy.port()) + arguments);
    }

    temp_folder folder;
    authority ca{folder.path(), "Test CA"};
    words trusting{"--cafile", ca.pem()};
};

TEST_F(cli_doctor_tls, a_good_certificate_is_described) {
    const outcome result = examine(settings(ca.issue({.valid_until = 90 * 86'400s})), trusting);
    EXPECT_DIAGNOSIS(result, all_is_well, "all is well");
    EXPECT_THAT(result.out, HasSubstr("TLSv1.3"));
    EXPECT_THAT(result.out, HasSubstr("certificate of CN=localhost, for localhost, 127.0.0.1"));
    EXPECT_THAT(result.out, HasSubstr("issued by CN=Test CA, valid until "));
    EXPECT_THAT(result.out, Not(HasSubstr("it expires in")));
    const outcome as_json = examine(settings(ca.issue({.valid_until = 90 * 86'400s})), trusting + words{"--json"});
    const auto all = boost::json::parse(as_json.out).as_object();
    const auto& stage = all.at("stages").as_array().at(3).as_object();
    EXPECT_EQ(stage.at("certificates").as_array().at(0).as_object().at("issuer").as_string(), "CN=Test CA");
    EXPECT_GE(stage.at("days_left").as_int64(), 89);
}

TEST_F(cli_doctor_tls, one_that_expires_soon_is_told) {
    const outcome result = examine(settings(ca.issue({.valid_until = 3 * 86'400s + 60s})), trusting);
    EXPECT_DIAGNOSIS(result, all_is_well, "all is well");
    EXPECT_THAT(result.out, HasSubstr("it expires in 3 days"));
}

TEST_F(cli_doctor_tls, expired) {
    const outcome result = examine(settings(ca.issue({.valid_until = -60s})), trusting);
    EXPECT_DIAGNOSIS(result, tls, testing::StartsWith("tls: the server's certificate expired on 20"));
    EXPECT_THAT(result.out, HasSubstr("Renew the certificate"));
    EXPECT_THAT(result.out, HasSubstr("issued by CN=Test CA"));
}

TEST_F(cli_doctor_tls, of_a_foreign_ca) {
    authority other(folder.path(), "Other CA");
    const outcome result = examine(settings(other.issue()), trusting);
    EXPECT_DIAGNOSIS(result, tls, HasSubstr("was issued by 'CN=Other CA', which is not in ca_file"));
    EXPECT_THAT(result.out, HasSubstr("Get the certificate of 'CN=Other CA'"));
}

TEST_F(cli_doctor_tls, for_another_name) {
    const outcome result = examine(settings(ca.issue({.names = {"elsewhere"}, .addresses = {}})), trusting);
    EXPECT_DIAGNOSIS(result, tls, "tls: the server's certificate is for 'elsewhere', not for '127.0.0.1'");
    EXPECT_THAT(result.out, HasSubstr("Use a name of the certificate for -h"));
}

TEST_F(cli_doctor_tls, that_asks_for_ours) {
    const std::string demands = settings(ca.issue()) + "require_certificate true\ncafile " + ca.pem().string() + "\n";
    const outcome result = examine(demands, trusting);
    EXPECT_DIAGNOSIS(result, tls, HasSubstr("it asks for a client certificate"));
    EXPECT_THAT(result.out, HasSubstr("--cert FILE --key FILE"));
    const certificate_files own = ca.issue({.common_name = "me"});
    EXPECT_EQ(examine(demands, trusting + words{"--cert", own.certificate, "--key", own.key}).status, all_is_well);
}

TEST_F(cli_doctor_tls, our_own_files_are_wrong) {
    const std::string good = settings(ca.issue());
    const std::string garbage = folder.path() / "garbage";
    std::ofstream(garbage) << "this is no certificate\n";
    const certificate_files own = ca.issue({.common_name = "me"});
    const certificate_files other = ca.issue({.common_name = "other"});
    struct wrong {
        words arguments;
        std::string says;
    };
    for (const wrong& each :
         {wrong{{"--cafile", "/no/such/ca"}, "ca_file '/no/such/ca': No such file or directory"},
          wrong{{"--cafile", garbage}, "ca_file '" + garbage + "'"},
          wrong{trusting + words{"--cert", garbage, "--key", own.key}, "cert_file '" + garbage},
          wrong{trusting + words{"--cert", own.certificate, "--key", garbage}, "key_file '" + garbage},
          wrong{trusting + words{"--cert", own.certificate, "--key", other.key}, "key"}}) {
        const outcome result = examine(good, each.arguments);
        EXPECT_DIAGNOSIS(result, tls, HasSubstr(each.says));
        EXPECT_THAT(result.out, HasSubstr("▸ Mend --"));
    }
}

TEST_F(cli_doctor_tls, spoken_to_a_plain_broker) {
    const outcome result = examine("", trusting);
    EXPECT_EQ(result.status, tls) << result.out;
    EXPECT_THAT(result.out, HasSubstr("▸ "));
}

TEST_F(cli_doctor_tls, spoken_by_a_broker_that_is_greeted_in_the_clear) {
    const outcome result = examine(settings(ca.issue()), {});
    EXPECT_DIAGNOSIS(result, mqtt, HasSubstr("it speaks TLS at this port"));
    EXPECT_THAT(result.out, HasSubstr("--cafile FILE"));
}

// ---- MQTT -------------------------------------------------------------------------------------

TEST_P(cli_doctor, wrong_passwords_are_told_apart_from_missing_ones) {
    const broker_process broker("allow_anonymous false");
    const words where = words{"--unix", broker.socket()} + version();
    const outcome missing = ask_doctor(where);
    EXPECT_DIAGNOSIS(missing, mqtt, HasSubstr("mqtt: refused by the server: "));
    EXPECT_THAT(missing.out, HasSubstr("add -u USER -P PASSWORD"));
    const outcome wrong = ask_doctor(where + words{"-u", "me", "-P", "guess"});
    EXPECT_DIAGNOSIS(wrong, mqtt, HasSubstr("mqtt: refused by the server: "));
    EXPECT_THAT(wrong.out, HasSubstr("Check -u and -P"));
}

TEST_P(cli_doctor, a_mute_server_ends_in_time) {
    const front_test::scripted_server mute({front_test::mute_server});
    const words where = at(mute.port()) + version() + words{"--timeout", "0.5"};
    EXPECT_DIAGNOSIS(ask_doctor(where), mqtt, "mqtt: no answer to CONNECT within 500 ms");
    EXPECT_DIAGNOSIS(ask_doctor(where + words{"--tls-use-os-certs"}), tls,
                     "tls: the handshake had no answer within 500 ms");
}

// A stage consists of several attempts, of which a server that listens and is silent takes all time that it gets.
TEST_P(cli_doctor, a_mute_server_takes_no_stage_longer_than_the_limit) {
    const front_test::scripted_server mute({front_test::mute_server});
    const words where = words{"doctor"} + at(mute.port()) + version() + words{"--timeout", "3"};
    const auto begin = std::chrono::steady_clock::now();
    program in_the_clear(mqtt_as(where));
    program over_tls(mqtt_as(where + words{"--tls-use-os-certs"}));
    EXPECT_EQ(in_the_clear.wait(), mqtt) << in_the_clear.out();
    EXPECT_EQ(over_tls.wait(), tls) << over_tls.out();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

// The first connection only finds that the port is open.
TEST(cli_doctor_mqtt, a_server_that_falls_silent_later_is_not_said_to_refuse_mqtt_5) {
    const front_test::scripted_server tired(
        {front_test::mute_server, front_test::good_broker, front_test::mute_server});
    const outcome result = ask_doctor(at(tired.port()) + words{"--skip", "round-trip", "--timeout", "1"});
    EXPECT_THAT(result.out, HasSubstr("and in MQTT 5 it did not answer in time"));
    // A quarter of the time is kept for the end of the session.
    EXPECT_DIAGNOSIS(result, session, "session: the broker did not let us come and go within 750 ms");
}

TEST_P(cli_doctor, something_else_than_a_broker) {
    const front_test::scripted_server http({front_test::http_server});
    const outcome result = ask_doctor(at(http.port()) + version());
    EXPECT_EQ(result.status, mqtt) << result.out;
    EXPECT_THAT(result.out, HasSubstr("does not speak MQTT"));
}

TEST_P(cli_doctor, a_server_that_hangs_up) {
    const front_test::scripted_server rude({[](front_test::peer& p) { p.read(); }});
    const outcome result = ask_doctor(at(rude.port()) + version());
    EXPECT_DIAGNOSIS(result, mqtt, "mqtt: the broker closed the connection instead of answering CONNECT");
}

// ---- beyond the connection --------------------------------------------------------------------

TEST_P(cli_doctor, a_topic_that_is_not_allowed_fails_the_round_trip) {
    const temp_folder folder;
    const std::string rules = folder.path() / "acl";
    std::ofstream(rules) << "topic readwrite allowed/#\n";
    const broker_process broker("acl_file " + rules + "\n");
    const words where = words{"--unix", broker.socket(), "--timeout", "2"} + version();
    const outcome denied = ask_doctor(where);
    EXPECT_EQ(denied.status, round_trip) << denied.out;
    EXPECT_THAT(denied.out, HasSubstr("-t TOPIC"));
    EXPECT_DIAGNOSIS(ask_doctor(where + words{"-t", "allowed/here"}), all_is_well, "all is well");
}

TEST_P(cli_doctor, messages_that_do_not_come_back_are_told) {
    const broker_process broker;
    fault_proxy proxy(broker.socket());
    proxy.add({.to = toward::client, .type = packet_type::publish, .what = action::drop, .times = 1000});
    const outcome result = ask_doctor(at(proxy.port()) + version() + words{"--timeout", "1"});
    EXPECT_DIAGNOSIS(result, round_trip, HasSubstr("acknowledged a message to 'mqtt_as/doctor/"));
    EXPECT_DIAGNOSIS(result, round_trip, HasSubstr("and did not deliver it to us"));
}

TEST(cli_doctor_session, that_is_forgotten_is_told) {
    const front_test::scripted_server forgetful({front_test::good_broker});  // session present: never
    const words where = at(forgetful.port()) + words{"--skip", "round-trip"};
    const outcome result = ask_doctor(where);
    EXPECT_DIAGNOSIS(result, session, "session: the broker forgot our session between two connections");
    EXPECT_THAT(result.out, HasSubstr("allow persistent sessions"));
    EXPECT_EQ(ask_doctor(where + words{"--skip", "session"}).status, all_is_well);
}

TEST_P(cli_doctor, the_world_beyond_the_broker_is_asked_through_the_library) {
    const broker_process broker;
    const auto where = [&](const front_test::dns_server& dns) {
        return mqtt_as(words{"doctor", "--unix", broker.socket(), "--timeout", "1", "--dns", "127.0.0.1", "--dns-port",
                             std::to_string(dns.port())} +
                       version());
    };
    using namespace front_test::dns_bytes;
    const front_test::dns_server proper(
        [](int, const std::string& query) { return std::vector{answer(query, good, {a(google)})}; });
    const outcome well = run(where(proper));
    EXPECT_DIAGNOSIS(well, all_is_well, "all is well");
    EXPECT_THAT(well.out, HasSubstr("the DNS server 127.0.0.1 answers properly"));
    const front_test::dns_server silent([](int, const std::string&) { return std::vector<std::string>(); });
    const outcome alone = run(where(silent));
    EXPECT_DIAGNOSIS(alone, wan, HasSubstr("wan: the DNS server 127.0.0.1: "));
    EXPECT_THAT(alone.out, HasSubstr("--skip wan"));
}

// ---- without a network ------------------------------------------------------------------------

// Runs `test` where there is no network but what it makes itself: a namespace is left with its thread.
void in_namespace(const std::function<void()>& test) {
    std::thread([&] {
        try {
            const net_namespace alone;
            test();
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
    }).join();
}

// An interface `lan` whose far end is `far`; it has a carrier once that is up.
constexpr auto make_lan = "ip link add lan type veth peer name far && ip address add 192.0.2.2/24 dev lan && "
                          "ip link set lan up";

TEST(cli_doctor_link, absent_or_without_a_route_or_a_carrier) {
    NEEDS_NET_NAMESPACES();
    in_namespace([] {
        EXPECT_DIAGNOSIS(ask_doctor({"192.0.2.1"}), link, "link: no route to 192.0.2.1");
        const outcome named = ask_doctor({"broker.example"});
        EXPECT_DIAGNOSIS(named, link, "link: no interface is up and has an address");
        EXPECT_THAT(named.out, HasSubstr("Plug in the cable"));
        shell(make_lan);
        EXPECT_DIAGNOSIS(ask_doctor({"192.0.2.1"}), link, "link: lan has no carrier");
        // There is an interface, and nobody at the address.
        shell("ip link set far up");
        EXPECT_DIAGNOSIS(ask_doctor({"192.0.2.1", "--timeout", "1"}), tcp,
                         testing::StartsWith("tcp: no answer within "));
    });
}

TEST(cli_doctor_name, whose_resolver_is_silent_ends_in_time) {
    NEEDS_NET_NAMESPACES();
    in_namespace([] {
        shell(std::string(make_lan) + " && ip link set far up");
        // In a mount namespace /etc/resolv.conf can name a server that nobody is.
        const temp_folder folder;
        const std::string list = folder.path() / "resolv.conf";
        std::ofstream(list) << "nameserver 192.0.2.53\noptions timeout:30 attempts:1\n";
        const outcome result = run(mosquitto("unshare", {"--mount", "sh", "-c"}) +
                                   words{"mount --bind " + list + " /etc/resolv.conf && exec \"$0\" \"$@\""} +
                                   mqtt_as({"doctor", "broker.example", "--timeout", "1"}));
        EXPECT_DIAGNOSIS(result, name, "name: the resolver gave no answer within 1.0 s");
        EXPECT_THAT(result.out, HasSubstr("/etc/resolv.conf"));
    });
}

}  // namespace
}  // namespace mqtt_as::test
