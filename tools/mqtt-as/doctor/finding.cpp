// Names and numbers of the stages.
#include "tools/mqtt-as/doctor/finding.hpp"

#include "tools/mqtt-as/exit_status.hpp"

#include <algorithm>
#include <cstdio>

namespace mqtt_as::cli::doctor {

std::string_view name_of(step at) {
    switch (at) {
    case step::link: return "link";
    case step::name: return "name";
    case step::tcp: return "tcp";
    case step::tls: return "tls";
    case step::mqtt: return "mqtt";
    case step::round_trip: return "round-trip";
    case step::session: return "session";
    case step::wan: return "wan";
    }
    return "?";
}

const finding* diagnosis::failure() const {
    const auto failed =
        std::find_if(findings.begin(), findings.end(), [](const finding& f) { return f.how == outcome::fails; });
    return failed == findings.end() ? nullptr : &*failed;
}

int diagnosis::exit_status() const {
    const finding* const failed = failure();
    return failed != nullptr ? status_of(failed->at) : success;
}

std::string diagnosis::last_line() const {
    const finding* const failed = failure();
    return failed != nullptr ? std::string(name_of(failed->at)) + ": " + failed->says : "all is well";
}

std::string text_of(span time) {
    const double ms = static_cast<double>(time.count()) / 1000;
    std::array<char, 32> text{};
    if (ms < 10) {
        std::snprintf(text.data(), text.size(), "%.1f ms", ms);
    } else if (ms < 1000) {
        std::snprintf(text.data(), text.size(), "%.0f ms", ms);
    } else {
        std::snprintf(text.data(), text.size(), "%.1f s", ms / 1000);
    }
    return text.data();
}

}  // namespace mqtt_as::cli::doctor
