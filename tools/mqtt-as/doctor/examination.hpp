// The stages in their order. Each ends within its limit, and the first one that fails ends those that need it.
//
// Theory of operation. The doctor's own probes (lookup, reach, certificate) say which name, address and certificate it
// is about; whether a connection is good is said by the library, which is what the user's program will run. So TLS and
// MQTT are one attempt of a client, and its words are the diagnosis. Nothing of what is connected here has a client
// identifier that anybody else uses, unless the user gives one, and the session that is tried is ended again.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/connection_options.hpp"
#include "tools/mqtt-as/doctor/certificate.hpp"
#include "tools/mqtt-as/doctor/finding.hpp"
#include "tools/mqtt-as/doctor/lookup.hpp"
#include "tools/mqtt-as/visitor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mqtt_as::cli::doctor {

struct orders {
    connection to;
    std::optional<std::string> topic{};      ///< of the round trip
    std::chrono::milliseconds limit{5'000};  ///< of each stage
    std::set<step> skipped{};
    std::string dns_server = "8.8.8.8";  ///< beyond the broker
    std::uint16_t dns_port = 53;
};

class examination {
public:
    /// `on_finding` is told of each stage as soon as it is decided.
    examination(boost::asio::any_io_executor executor, orders, std::function<void(const finding&)> on_finding);

    /// All stages.
    task<> run();
    const diagnosis& result() const { return result_; }
    bool traces() const { return orders_.to.traces; }
    const mqtt_as::config& config() const { return orders_.to.config; }

private:
    task<finding> examine(step at);
    task<finding> link();
    task<finding> name();
    task<finding> tcp();
    task<finding> tls();
    task<finding> mqtt();
    task<finding> round_trip();
    task<finding> session();
    task<finding> wan();

    task<bool> look_up(clock::time_point deadline);
    void begin_to_connect();
    task<> connect();
    task<> tell_limits(finding& to);
    task<std::optional<visitor::attempt>> visit(const mqtt_as::config& config, clock::time_point deadline);
    task<bool> speaks_tls();
    mqtt_as::config guest() const;
    bool is_numeric() const;
    std::string place() const;
    /// For a part of a stage that gets less time than what is left.
    clock::time_point at_most(std::chrono::milliseconds from_now) const;

    boost::asio::any_io_executor executor_;
    orders orders_;
    std::function<void(const finding&)> on_finding_;
    diagnosis result_;
    clock::time_point end_;  ///< of the stage at work

    // What the stages have learned for those that follow.
    std::optional<lookup> lookup_;
    addresses addresses_;
    std::optional<endpoint> reached_;
    greeting greeting_;
    struct arrival {
        std::string text;
        clock::time_point when;
    };
    std::vector<arrival> received_;
    std::optional<visitor> patient_;
    std::optional<visitor::attempt> connection_;
};

}  // namespace mqtt_as::cli::doctor
