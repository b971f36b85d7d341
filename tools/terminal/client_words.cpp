// From `explain()` to a few words.
#include "tools/terminal/client_words.hpp"

#include <algorithm>
#include <chrono>

namespace mqtt_as::terminal {

namespace {

std::string seconds(duration time) { return seconds_text(std::chrono::milliseconds(time.count())); }

}  // namespace

bool is_online(const explanation& e) { return e.now_in == status::phase::online; }

std::string state_text(const explanation& e) {
    if (is_online(e)) return "online " + seconds(e.now - e.since);
    return "down   " + seconds(e.now - e.outage_since.value_or(e.since));
}

std::string why_text(const explanation& e) {
    if (is_online(e)) return {};
    return e.last_error ? describe(*e.last_error, e.error_text) : "not connected yet";
}

std::string next_text(const explanation& e) {
    switch (e.now_in) {
    case status::phase::waiting:
        return "attempt " + std::to_string(e.attempt + 1) + " in " +
               seconds(e.next_attempt ? std::max(duration(0), *e.next_attempt - e.now) : duration(0));
    case status::phase::opening:
    case status::phase::handshake: return "attempt " + std::to_string(e.attempt) + " under way";
    default: return {};
    }
}

}  // namespace mqtt_as::terminal
