// What is seen while one walks around: a picture of this moment, or one line of it.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "tools/mqtt-as/range/report.hpp"
#include "tools/mqtt-as/range/survey.hpp"
#include "tools/mqtt-as/range/verdict.hpp"
#include "tools/terminal/ink.hpp"

#include <string>
#include <vector>

namespace mqtt_as::cli::range {

struct scene {
    const subject& what;
    const survey& of;
    const verdict& so_far;
    const explanation& client;
    std::string now{};  ///< what one can do, or is waited for
};

std::vector<terminal::line> draw(const scene&, const terminal::glyphs&);
std::string one_line(const scene&);

}  // namespace mqtt_as::cli::range
