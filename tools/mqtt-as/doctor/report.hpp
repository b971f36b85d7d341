// What the doctor says, for people and for programs.
#pragma once

#include "tools/mqtt-as/doctor/finding.hpp"
#include "tools/terminal/ink.hpp"

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace mqtt_as::cli::doctor {

std::vector<terminal::line> lines_of(const finding&, const terminal::glyphs&);
/// The last line: "tcp: connection refused", or that all is well.
terminal::line verdict_of(const diagnosis&);

/// {"subject": ..., "stages": [{"stage": "link", "outcome": "works", "ms": 0.2, "says": ..., ...}], "works": false,
/// "failed": "tcp", "reason": "connection refused", "exit_status": 12}
boost::json::object json_of(const diagnosis&, const std::string& subject);

}  // namespace mqtt_as::cli::doctor
