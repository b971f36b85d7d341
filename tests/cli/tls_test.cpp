// pub and sub over TLS: the options of mosquitto_pub do what they do there, and what is wrong is told and ends with 2.
#include "tests/asio/scripted_server.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

// The broker speaks TLS on its Unix socket; on TCP it is reached through a proxy.
class cli_tls : public testing::TestWithParam<std::string> {
protected:
    static std::string settings(const certificate_files& own) {
        return "certfile " + own.certificate.string() + "\nkeyfile " + own.key.string() + "\n";
    }
    words at(const fault_proxy& proxy, const std::string& host = "127.0.0.1") const {
        return {"-V", GetParam(), "-h", host, "-p", std::to_string(proxy.port())};
    }

    temp_folder folder;
    authority ca{folder.path(), "Test CA"};
    words trusting{"--cafile", ca.pem()};
    const std::string hint =
        "; the port may expect TLS: add --cafile FILE or --tls-use-os-certs; mqtt-as doctor finds out";
};

INSTANTIATE_TEST_SUITE_P(version, cli_tls, testing::Values("311", "5"), version_name);

TEST_P(cli_tls, pub_and_sub_and_those_of_mosquitto_understand_each_other) {
    const broker_process broker(settings(ca.issue()));
    const fault_proxy proxy(broker.socket(), content::anything);
    const listener theirs(at(proxy) + trusting + words{"-t", "a"}, "%p");
    program ours(mqtt_as(words{"sub", "-t", "a", "-C", "2"} + at(proxy) + trusting));
    ASSERT_TRUE(eventually(10s, [&] { return broker.log().find("mqttas") != std::string::npos; }));
    ASSERT_EQ(run(mqtt_as(words{"pub", "-t", "a", "-m", "ours", "-q", "1"} + at(proxy) + trusting)).status, 0);
    publish(at(proxy) + trusting + words{"-t", "a", "-m", "theirs", "-q", "1"});
    EXPECT_TRUE(theirs.gets({"ours", "theirs"}));
    EXPECT_EQ(ours.wait(), 0);
    EXPECT_EQ(ours.out(), "ours\ntheirs\n");
}

TEST_P(cli_tls, every_option_is_taken_up) {
    const certificate_files own = ca.issue({.common_name = "me", .key_password = "secret"});
    const broker_process broker(settings(ca.issue({.names = {"elsewhere"}, .addresses = {}})) +
                                "require_certificate true\ncafile " + ca.pem().string() + "\n");
    const fault_proxy proxy(broker.socket(), content::anything);
    const words with_key{"--cert", own.certificate, "--key", own.key, "--tls-version", "tlsv1.3", "--tls-alpn", "mqtt"};
    const words pub = mqtt_as(words{"pub", "-t", "a", "-n"} + at(proxy) + trusting + with_key + words{"--insecure"});
    EXPECT_EQ(run(pub + words{"--keypass", "secret"}).status, 0);
    EXPECT_EQ(run(pub, {}, {"MQTT_AS_KEYPASS=secret"}).status, 0);
    const outcome wrong = run(pub + words{"--keypass", "guess"});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(split_lines(wrong.err).at(0),
              "mqtt-as pub: TLS: key_file '" + own.key.string() +
                  "': key_password does not decrypt it (127.0.0.1:" + std::to_string(proxy.port()) + ")");
}

TEST_P(cli_tls, with_a_pre_shared_key) {
    const std::string keys = folder.path() / "psk";
    std::ofstream(keys) << "me:00ff\n";
    const broker_process broker("psk_hint x\npsk_file " + keys + "\n");
    const fault_proxy proxy(broker.socket(), content::anything);
    const words pub = mqtt_as(words{"pub", "-t", "a", "-n", "--psk-identity", "me"} + at(proxy));
    EXPECT_EQ(run(pub + words{"--psk", "00ff"}).status, 0);
    EXPECT_EQ(run(pub, {}, {"MQTT_AS_PSK=00ff"}).status, 0);
    EXPECT_EQ(run(pub + words{"--psk", "00fe"}).status, 2);
}

TEST_P(cli_tls, urls_and_variables_ask_for_it_too) {
    const broker_process broker(settings(ca.issue()));
    const fault_proxy proxy(broker.socket(), content::anything);
    const words pub{"pub", "-n", "-V", GetParam()};
    const std::string place = "127.0.0.1:" + std::to_string(proxy.port());
    const words trust{"MQTT_AS_CAFILE=" + ca.pem().string()};
    EXPECT_EQ(run(mqtt_as(pub + words{"-L", "mqtts://" + place + "/a"} + trusting)).status, 0);
    EXPECT_EQ(run(mqtt_as(pub + words{"-L", "mqtts://" + place + "/a"}), {}, trust).status, 0);
    EXPECT_EQ(run(mqtt_as(words{"pub", "-n", "-t", "a"} + at(proxy)), {}, trust).status, 0);
    const outcome untrusted = run(mqtt_as(words{"pub", "-n", "-t", "a", "--tls-use-os-certs"} + at(proxy)), {}, trust);
    EXPECT_EQ(untrusted.status, 2);
    EXPECT_EQ(
        split_lines(untrusted.err).at(0),
        "mqtt-as pub: TLS: the server's certificate was issued by 'CN=Test CA', which is not in the system's CAs (" +
            place + ")");
}

TEST_P(cli_tls, what_is_wrong_is_told_once_and_ends_with_2) {
    const broker_process broker(settings(ca.issue({.valid_until = -60s})));
    const fault_proxy proxy(broker.socket(), content::anything);
    for (const words& command : {words{"pub", "-t", "a", "-m", "x"}, words{"sub", "-t", "a"}}) {
        const outcome expired = run(mqtt_as(command + at(proxy) + trusting));
        EXPECT_EQ(expired.status, 2);
        EXPECT_EQ(expired.err.find("mqtt-as " + command[0] + ": TLS: the server's certificate expired on 20"), 0u)
            << expired.err;
        const std::string garbage = folder.path() / "garbage";
        std::ofstream(garbage) << "no certificate\n";
        const outcome untrusting = run(mqtt_as(command + at(proxy) + words{"--cafile", garbage}));
        EXPECT_EQ(untrusting.status, 2);
        EXPECT_NE(untrusting.err.find("TLS: ca_file '" + garbage + "'"), std::string::npos) << untrusting.err;
    }
}

// At the handshake, much later, it would be an outage.
TEST(cli_tls_files, that_cannot_be_read_end_it_before_anything_is_tried) {
    const front_test::scripted_server server({front_test::good_broker});
    const words where{"-h", "127.0.0.1", "-p", std::to_string(server.port()), "--cafile", "/no/such/ca"};
    for (const words& command : {words{"pub", "-t", "a", "-m", "x"}, words{"sub", "-t", "a"}, words{"range"}}) {
        const outcome result = run(mqtt_as(command + where));
        EXPECT_EQ(result.status, 1);
        EXPECT_EQ(result.err,
                  "mqtt-as " + command[0] +
                      ": cannot read /no/such/ca (--cafile or MQTT_AS_CAFILE): No such file or directory\n");
    }
    EXPECT_EQ(server.connections(), 0);
}

TEST_P(cli_tls, left_away_at_a_port_that_wants_it_is_told_with_what_to_add) {
    const broker_process broker(settings(ca.issue()));
    const fault_proxy proxy(broker.socket(), content::anything);
    for (const words& command : {words{"pub", "-t", "a", "-m", "x"}, words{"sub", "-t", "a"}}) {
        const outcome clear = run(mqtt_as(command + at(proxy) + words{"--deadline", "1"}));
        EXPECT_EQ(clear.status, 3);
        const std::string line = split_lines(clear.err).at(0);
        EXPECT_EQ(line.find("mqtt-as " + command[0] + ": MQTT: "), 0u) << line;
        EXPECT_TRUE(line.ends_with(":" + std::to_string(proxy.port()) + ")" + hint + "; trying again")) << line;
    }
}

// Half a CONNACK in the clear: whatever is wrong there, it is not that.
TEST_P(cli_tls, is_not_suggested_when_the_server_has_said_anything) {
    const front_test::scripted_server faltering({[](front_test::peer& p) {
        p.expect(front_test::CONNECT);
        p.send("\x20");
    }});
    const outcome result = run(mqtt_as(words{"pub", "-t", "a", "-m", "x", "-V", GetParam(), "-h", "127.0.0.1", "-p",
                                             std::to_string(faltering.port()), "--deadline", "1"}));
    EXPECT_NE(result.err.find("closed by the server"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("TLS"), std::string::npos) << result.err;
}

// The same end of an attempt means something else where another attempt has succeeded.
TEST_P(cli_tls, is_not_suggested_at_a_port_that_does_not_want_it) {
    const broker_process clear_broker("");
    fault_proxy proxy(clear_broker.socket());
    program ours(mqtt_as(words{"sub", "-t", "a"} + at(proxy)));
    ASSERT_TRUE(eventually(10s, [&] { return proxy.passed(toward::client, packet_type::suback) == 1; }));
    const auto refusal = proxy.add({.to = toward::broker, .type = packet_type::connect, .what = action::cut_reset});
    proxy.reset();
    ASSERT_TRUE(eventually(20s, [&] { return ours.err().find("connected after") != std::string::npos; })) << ours.err();
    EXPECT_EQ(proxy.applied(refusal), 1u);
    EXPECT_EQ(ours.err().find("TLS"), std::string::npos) << ours.err();
}

}  // namespace
}  // namespace mqtt_as::test
