// mqtt-as doctor: says stage by stage what works on the way to a broker, and what to do about what does not.
#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/doctor/examination.hpp"
#include "tools/mqtt-as/doctor/report.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/subcommands.hpp"
#include "tools/mqtt-as/words.hpp"
#include "tools/terminal/display.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace mqtt_as::cli {

namespace {

constexpr auto doctor_examples = R"(Examples:
  mqtt-as doctor broker.local
  mqtt-as doctor broker.local --cafile ca.pem -u me -P secret
  mqtt-as doctor -L mqtts://me@broker.example --json | jq .reason

The stages: link (an interface and a route), name, tcp, tls, mqtt (CONNACK and the broker's limits), round-trip (a
message to our own topic), session (does the broker keep it), wan (the world beyond). What fails ends those that need
it. The last line names the first stage that failed, and so does the exit status: 0 all is well, 1 wrong usage, 10 link,
11 name, 12 tcp, 13 tls, 14 mqtt, 15 round-trip, 16 session, 17 wan; 128 + n ended by signal n.
With -i, the broker ends a connection and a session of this client identifier: use one that nothing else uses.)";

struct doctor_options {
    connection_options connection;
    std::optional<std::string> topic;
    std::optional<std::chrono::milliseconds> limit;
    std::vector<std::string> skipped;
    std::optional<std::string> dns_server;
    std::uint16_t dns_port = 53;
    bool json = false;

    void add_to(command_line& line);
    doctor::orders resolve() const;
};

void doctor_options::add_to(command_line& line) {
    line.section("Examination");
    connection.add_host_to(line);
    line.text("-t,--topic", topic, "TOPIC", "Of the round trip [mqtt_as/doctor/ID]");
    line.seconds("--timeout", limit, "Limit of each stage [5]");
    line.texts("--skip", skipped, "STAGE", "Leave a stage out; may be repeated");
    line.text("--dns", dns_server, "ADDRESS", "Server to be asked beyond the broker [8.8.8.8]");
    line.number<std::uint16_t>("--dns-port", dns_port, 1, 65'535, "Its port [53]");
    line.flag("--json", json, "Print one JSON object instead");
    connection.add_broker_to(line);
    connection.add_identity_to(line);
    connection.add_debug_to(line);
}

doctor::orders doctor_options::resolve() const {
    doctor::orders orders{.to = connection.resolve("mqtt-as doctor", "connect"), .topic = topic};
    if (!orders.topic) orders.topic = orders.to.topic;
    if (orders.topic && !is_topic_name(*orders.topic)) {
        throw usage_error("-t takes a topic without + and #, not '" + *orders.topic + "'");
    }
    if (limit) orders.limit = *limit;
    if (dns_server) {
        boost::system::error_code not_numeric;
        boost::asio::ip::make_address(*dns_server, not_numeric);
        if (not_numeric) throw usage_error("--dns takes a numeric address, not '" + *dns_server + "'");
        orders.dns_server = *dns_server;
    }
    orders.dns_port = dns_port;
    for (const std::string& name : skipped) {
        bool is_known = false;
        std::string all;
        for (const doctor::step each : doctor::all_steps) {
            all.append(all.empty() ? "" : ", ").append(name_of(each));
            if (name_of(each) != name) continue;
            orders.skipped.insert(each);
            is_known = true;
        }
        if (!is_known) throw usage_error("--skip takes " + all + ", not '" + name + "'");
    }
    return orders;
}

}  // namespace

int doctor_command(std::vector<std::string> arguments) {
    doctor_options options;
    command_line line("mqtt-as doctor", "Finds out why there is no connection to a broker, or how good it is.",
                      doctor_examples);
    options.add_to(line);
    if (!line.parse(std::move(arguments))) return success;

    boost::asio::io_context context(1);
    terminal::display display;
    const auto on_finding = [&](const doctor::finding& found) {
        if (options.json) return;
        for (const terminal::line& each : lines_of(found, display.signs())) display.print(each);
    };
    std::optional<doctor::examination> examination;
    try {
        examination.emplace(context.get_executor(), options.resolve(), on_finding);
    } catch (const std::invalid_argument& wrong) {
        throw usage_error(wrong.what());
    }
    if (!options.json)
        display.print({{"mqtt-as doctor: " + subject_of(examination->config()), terminal::tone::strong}});

    if (examination->traces()) MQTTClient::DEBUG = debug_level::packets;

    int signal = 0;
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code error, int number) {
        if (error) return;
        signal = number;
        context.stop();
    });
    std::exception_ptr failed;
    boost::asio::co_spawn(context, examination->run(), [&](std::exception_ptr thrown) {
        failed = thrown;
        context.stop();
    });
    context.run();
    if (failed) std::rethrow_exception(failed);
    if (signal != 0) return 128 + signal;
    const doctor::diagnosis& result = examination->result();
    if (options.json) {
        std::cout << boost::json::serialize(json_of(result, subject_of(examination->config()))) << '\n';
    } else {
        display.print(verdict_of(result));
    }
    return result.exit_status();
}

}  // namespace mqtt_as::cli
