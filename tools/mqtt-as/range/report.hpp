// What a field test leaves: text, JSON, and a page to look at.
#pragma once

#include "tools/mqtt-as/range/survey.hpp"
#include "tools/mqtt-as/range/verdict.hpp"
#include "tools/terminal/ink.hpp"

#include <boost/json/object.hpp>
#include <ctime>
#include <string>
#include <vector>

namespace mqtt_as::cli::range {

/// What was tested.
struct subject {
    std::string broker;  ///< "broker.local port 1883, MQTT 3.1.1"
    std::string client_id;
    std::string topic;
    int qos = 1;
    milliseconds interval{500};
    std::time_t began = 0;
};

std::vector<terminal::line> text_report(const subject&, const survey&, const verdict&, const terminal::glyphs&);
boost::json::object json_report(const subject&, const survey&, const verdict&);
/// One page without anything outside of it; well-formed as XML, too.
std::string html_report(const subject&, const survey&, const verdict&);

}  // namespace mqtt_as::cli::range
