// Which of a server's addresses accept connections, all of them tried at once.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/doctor/lookup.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <string>
#include <vector>

namespace mqtt_as::cli::doctor {

using endpoint = boost::asio::generic::stream_protocol::endpoint;

/// An address, how it is written, and what came of trying it.
struct attempt {
    endpoint where;
    std::string text;
    boost::system::error_code error{};  ///< try_again: no answer in time
    span took{};
};

/// Waits at most until `deadline`; when one has answered, only a second more for the others.
task<> try_all(std::vector<attempt>& attempts, clock::time_point deadline);

}  // namespace mqtt_as::cli::doctor
