// Misuse ends with status 1 and one line that says what was wrong; --help and --version end with 0.
#include "tests/cli/program.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

struct misuse {
    words arguments;
    std::string says;
};

TEST(cli_usage, misuse_is_told_in_one_line_with_what_is_right) {
    const words pub{"pub", "-t", "a", "-m", "x"};
    const words sub{"sub", "-t", "a"};
    const std::vector<misuse> all{
        {{}, "mqtt-as: say what to do"},
        {{"publish"}, "there is no 'publish'; there are pub, sub, doctor, range and chaos"},
        {{"pub"}, "mqtt-as pub: say what to publish: -m TEXT, -f FILE, -l, -s or -n"},
        {{"pub", "-m", "x"}, "say where to publish: -t TOPIC"},
        {{"pub", "-t", "a", "-m"}, "--message needs a value; see mqtt-as pub --help"},
        {pub + words{"-n"}, "exclude each other: say one of them"},
        {pub + words{"-m", "y"}, "-m is given 2 times: say it once"},
        {{"pub", "-t", "a", "-f", "x", "--file", "y", "-f", "z"}, "-f is given 3 times: say it once"},
        {pub + words{"-q", "3"}, "-q takes a number from 0 to 2, not '3'"},
        {pub + words{"-q", "one"}, "-q takes a number from 0 to 2, not 'one'"},
        {pub + words{"-p", "0"}, "-p takes a number from 1 to 65535"},
        {pub + words{"-p", "65536"}, "-p takes a number from 1 to 65535"},
        {pub + words{"-k", "-1"}, "-k takes a number from 0 to 65535"},
        {pub + words{"--ciphers", "x"}, "there is no option --ciphers; see mqtt-as pub --help"},
        {pub + words{"--cert", "x"}, "--cert needs TLS: add --cafile FILE or --tls-use-os-certs"},
        {pub + words{"--insecure"}, "--insecure needs TLS"},
        {pub + words{"--tls-alpn", "mqtt"}, "--tls-alpn needs TLS"},
        {pub + words{"--cafile", "x", "--cert", "y"}, "--cert and --key belong together"},
        {pub + words{"--cafile", "x", "--keypass", "y"}, "--keypass needs --key"},
        {pub + words{"--cafile", "x", "--tls-version", "1.2"}, "--tls-version takes tlsv1.2 or tlsv1.3, not '1.2'"},
        {pub + words{"--cafile", "x", "--tls-use-os-certs"}, "exclude each other"},
        {pub + words{"--tls-use-os-certs", "--tls-alpn", ""}, "config.ssl_params.alpn has a protocol of 0 bytes"},
        {pub + words{"--cafile", "x", "--unix", "/x"}, "--unix has no name to compare the certificate with"},
        {pub + words{"--cafile", "x", "-L", "mqtt://h"}, "-L says mqtt://, in the clear: TLS is mqtts://"},
        {pub + words{"--cafile", "/no/such/ca"}, "cannot read /no/such/ca (--cafile or MQTT_AS_CAFILE): No such file"},
        {pub + words{"--cafile", "/"}, "cannot read / (--cafile or MQTT_AS_CAFILE): Is a directory"},
        {pub + words{"--cafile", "/dev/null/ca"}, "cannot read /dev/null/ca (--cafile or MQTT_AS_CAFILE): Not a dir"},
        {pub + words{"--cafile", ""}, "--cafile takes a path, not ''"},
        {pub + words{"--capath", ""}, "--capath takes a path, not ''"},
        {pub + words{"--tls-use-os-certs", "--cert", "", "--key", "x"}, "--cert takes a path, not ''"},
        {sub + words{"--tls-use-os-certs", "--cert", "x", "--key", ""}, "--key takes a path, not ''"},
        {{"doctor", "--cafile", ""}, "--cafile takes a path, not ''"},
        {pub + words{"--capath", "/no/such/folder"}, "cannot read /no/such/folder (--capath): No such file"},
        {pub + words{"--tls-use-os-certs", "--cert", "/no/c", "--key", "/dev/null"}, "cannot read /no/c (--cert): No"},
        {sub + words{"--tls-use-os-certs", "--cert", "/dev/null", "--key", "/no/k"}, "cannot read /no/k (--key): No"},
        {{"range", "--cafile", "/no/such/ca"}, "cannot read /no/such/ca (--cafile or MQTT_AS_CAFILE): No such file"},
        {pub + words{"--psk", "ff"}, "--psk needs --psk-identity"},
        {pub + words{"--psk-identity", "me"}, "--psk-identity needs --psk"},
        {pub + words{"--psk", "0xff", "--psk-identity", "me"}, "config.ssl_params.psk is not a key"},
        {pub + words{"--psk", "ff", "--psk-identity", "me", "--cafile", "x"}, "instead of certificates"},
        {pub + words{"more"}, "every value needs an option before it: more"},
        {pub + words{"-t", "a/#"}, "'a/#' is not a topic to publish to"},
        {pub + words{"-t", ""}, "'' is not a topic to publish to"},
        {pub + words{"-h", ""}, "-h takes a name or an address"},
        {pub + words{"-h", "mqtt://host"}, "the URL mqtt://host goes into -L"},
        {pub + words{"-h", "host:1883"}, "without a scheme, brackets or a port"},
        {{"pub", "-h"}, "--host needs a value"},
        {pub + words{"-V", "31"}, "-V takes 311 or 5"},
        {pub + words{"-V", "311", "-D", "publish", "content-type", "x"}, "-D needs MQTT 5"},
        {pub + words{"-D", "publish", "no-such", "x"}, "publish has no 'no-such' here; it has: user-property"},
        {pub + words{"-D", "subscribe", "user-property", "a", "b"}, "there are of: connect publish will"},
        {pub + words{"-D", "publish", "user-property", "a"}, "takes a name and a value"},
        {pub + words{"-D", "publish", "payload-format-indicator", "2"}, "takes a number from 0 to 1, not '2'"},
        {pub + words{"-D", "publish", "response-topic", "a/+"}, "'a/+' is not a topic"},
        {pub + words{"-D", "will", "content-type", "x"}, "-D will needs --will-topic"},
        {pub + words{"-x", "5"}, "-x needs MQTT 5: add -V 5"},
        {pub + words{"-V", "5", "-x", "5"}, "add -i ID"},
        {pub + words{"-V", "5", "-i", "me", "-x", "soon"}, "-x takes a number from 0 to 4294967295, not 'soon'"},
        {pub + words{"-c"}, "add -i ID"},
        {pub + words{"-i", "a", "-I", "b"}, "-i and -I exclude each other"},
        {pub + words{"-P", "secret"}, "-P needs a user (-u)"},
        {pub + words{"--will-qos", "1"}, "--will-qos needs --will-topic"},
        {pub + words{"--will-retain"}, "--will-retain needs --will-topic"},
        {pub + words{"--will-payload", "x"}, "--will-payload needs --will-topic"},
        {pub + words{"--will-topic", "a/#"}, "--will-topic takes a topic without + and #"},
        {pub + words{"--unix", "/x", "-h", "y"}, "say once where the broker is"},
        {pub + words{"-L", "mqtt://h/t", "-p", "1"}, "say once where the broker is"},
        {pub + words{"-L", "mqtt://h/t"}, "the topic is given twice"},
        {pub + words{"-L", "http://h"},
         "it begins neither with mqtt:// nor with mqtts://; it takes mqtt[s]://[USER[:PASSWORD]@]HOST"},
        {pub + words{"-L", "mqtt://h:port"}, "the port of -L takes a number"},
        {pub + words{"-L", "mqtt://::1"}, "an IPv6 address stands in brackets"},
        {pub + words{"--deadline", "soon"}, "--deadline takes seconds, for example 2.5, not 'soon'"},
        {pub + words{"--repeat", "0"}, "--repeat takes a number from 1"},
        {pub + words{"--repeat-delay", "1"}, "--repeat-delay needs --repeat"},
        {{"pub", "-t", "a", "-l", "--repeat", "2"}, "not with -l"},
        {{"pub", "-t", "a", "-f", "/no/such/file"}, "cannot read /no/such/file: No such file"},
        {{"pub", "-t", "a", "-f", "/"}, "cannot read /: Is a directory"},
        {{"sub"}, "mqtt-as sub: say what to subscribe to: -t FILTER"},
        {{"sub", "-t", "a/#/b"}, "-t 'a/#/b' is not a topic filter"},
        {sub + words{"-T", "a+"}, "-T 'a+' is not a topic filter"},
        {sub + words{"-U", ""}, "-U '' is not a topic filter"},
        {sub + words{"-C", "0"}, "-C takes a number from 1"},
        {sub + words{"-W", "x"}, "-W takes seconds"},
        {sub + words{"-F", "%k"}, "-F has no %k; it has %t topic"},
        {sub + words{"-F", "\\q"}, "-F has no \\q; it has"},
        {sub + words{"-F", "50%"}, "-F ends in '%': to print one, double it"},
        {sub + words{"-F", "%10"}, "-F ends in the middle"},
        {sub + words{"-R", "--retained-only"}, "exclude each other"},
        {{"doctor", "--skip", "dns"}, "--skip takes link, name, tcp, tls, mqtt, round-trip, session, wan, not 'dns'"},
        {{"doctor", "host", "-h", "other"}, "the host is given twice: 'host' and -h other"},
        {{"doctor", "host", "another"}, "every value needs an option before it: another"},
        {{"doctor", "-t", "a/#"}, "-t takes a topic without + and #, not 'a/#'"},
        {{"doctor", "--timeout", "0"}, "--timeout takes seconds"},
        {{"range", "-q", "3"}, "-q takes a number from 0 to 2"},
        {{"range", "-t", "a/+"}, "-t takes a topic without + and #, not 'a/+'"},
        {{"range", "--duration", "long"}, "--duration takes seconds, for example 2.5, not 'long'"},
        {{"range", "--max-down", "101"}, "--max-down takes a percentage, for example 2.5, not '101'"},
        {{"range", "host", "-h", "other"}, "the host is given twice: 'host' and -h other"},
        {{"doctor", "--dns", "dns.google"}, "--dns takes a numeric address, not 'dns.google'"},
        {{"doctor", "-c", "-i", "me"}, "there is no option -c; see mqtt-as doctor --help"},
        {sub + words{"--retain-as-published"}, "--retain-as-published needs MQTT 5: add -V 5"},
    };
    for (const misuse& m : all) {
        const outcome result = run(mqtt_as(m.arguments));
        std::string asked = "mqtt-as";
        for (const std::string& word : m.arguments) asked += " " + word;
        EXPECT_EQ(result.status, 1) << asked;
        EXPECT_EQ(result.out, "") << asked;
        EXPECT_NE(result.err.find(m.says), std::string::npos) << asked << "\n" << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << asked << "\n" << result.err;
    }
}

TEST(cli_usage, wrong_variables_are_told_by_name) {
    const outcome result = run(mqtt_as({"pub", "-t", "a", "-m", "x"}), {}, {"MQTT_AS_PORT=many"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "mqtt-as pub: the variable MQTT_AS_PORT takes a number from 1 to 65535, not 'many'\n");
}

TEST(cli_usage, help_fits_a_terminal_and_has_examples) {
    for (const words& asked : {words{"--help"}, words{"pub", "--help"}, words{"sub", "--help"},
                               words{"doctor", "--help"}, words{"range", "--help"}}) {
        const outcome result = run(mqtt_as(asked));
        EXPECT_EQ(result.status, 0);
        EXPECT_EQ(result.err, "");
        const std::vector<std::string> lines = split_lines(result.out);
        EXPECT_LE(lines.size(), 80U);
        for (const std::string& line : lines) EXPECT_LE(line.size(), 120U) << line;
    }
    EXPECT_NE(run(mqtt_as({"pub", "--help"})).out.find("Examples:\n  mqtt-as pub -t "), std::string::npos);
    EXPECT_NE(run(mqtt_as({"sub", "--help"})).out.find("Examples:\n  mqtt-as sub -t "), std::string::npos);
}

// What bash offers after these words.
std::string completed(const words& typed) {
    std::string script = "source " MQTT_AS_COMPLETION "; COMP_WORDS=(mqtt-as";
    for (const std::string& word : typed) script += " '" + word + "'";
    const std::string previous = typed.size() > 1 ? typed[typed.size() - 2] : "mqtt-as";
    script += "); COMP_CWORD=" + std::to_string(typed.size()) + "; _mqtt_as " MQTT_AS_PROGRAM " '" + typed.back() +
              "' '" + previous + "'; echo ${COMPREPLY[@]}";
    const outcome result = run({"/bin/bash", "-c", script});
    EXPECT_EQ(result.err, "");
    return result.out;
}

TEST(cli_usage, bash_completes_subcommands_and_the_options_that_help_has) {
    EXPECT_EQ(completed({"do"}), "doctor\n");
    EXPECT_EQ(completed({"doctor", "--ski"}), "--skip\n");
    EXPECT_EQ(completed({"doctor", "--skip", "t"}), "tcp tls\n");
    EXPECT_EQ(completed({"range", "--max-"}), "--max-lost --max-p99 --max-down --max-outage\n");
    EXPECT_EQ(completed({"pub", "--stdin-l"}), "--stdin-line\n");
    EXPECT_EQ(completed({"doctor", "--no-such"}), "\n");
}

TEST(cli_usage, version_is_three_numbers) {
    const outcome result = run(mqtt_as({"--version"}));
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "mqtt-as 0.1.0\n");
}

}  // namespace
}  // namespace mqtt_as::test
