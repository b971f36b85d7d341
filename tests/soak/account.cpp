// Double entry: what publishers say against what the subscriber says.
#include "tests/soak/account.hpp"

#include <algorithm>
#include <charconv>

namespace mqtt_as::soak {

using namespace std::chrono_literals;

namespace {

constexpr moment unsaved = 2s;  // the broker saves at once, but machines are busy
constexpr moment reunion = 5s;  // until publishers and subscriber are back and have got what waited for them

}  // namespace

bool account::enter(std::string_view line) {
    // KIND TIME PAYLOAD, where PAYLOAD is PUBLISHER.LIFE/QOS/NUMBER.
    if (line.size() < 3 || line[1] != ' ') return false;
    const std::size_t space = line.find(' ', 2);
    if (space == std::string_view::npos) return false;
    moment::rep number = 0;
    const auto [end, error] = std::from_chars(line.data() + 2, line.data() + space, number);
    if (error != std::errc() || end != line.data() + space) return false;
    const moment when(number);
    const std::string_view payload = line.substr(space + 1);
    const auto known = messages_.find(payload);

    switch (line[0]) {
    case 'p': {  // published
        const std::size_t slash = payload.find('/');
        if (known != messages_.end() || slash == std::string_view::npos || slash + 1 >= payload.size()) return false;
        const char qos = payload[slash + 1];
        if (qos < '0' || qos > '2') return false;
        messages_[std::string(payload)] = {.qos = qos - '0', .accepted = when};
        return true;
    }
    case 'a':  // acknowledged
        if (known == messages_.end()) return false;
        known->second.is_acknowledged = true;
        known->second.acknowledged = when;
        return true;
    case 'f':  // failed
        ++failed_;
        return known != messages_.end();
    case 'd':  // delivered
        if (known == messages_.end())
            ++unknown_;
        else
            ++known->second.deliveries;
        return true;
    default: return false;
    }
}

bool account::is_at_mercy(const message& m) const {
    return std::ranges::any_of(absences_, [&m](const absence& a) {
        if (m.acknowledged < a.killed - unsaved) return false;
        return m.qos == 2 ? m.accepted <= a.back + reunion : m.acknowledged <= a.killed;
    });
}

verdict account::judge() const {
    verdict v;
    v.unknown = unknown_;
    v.failed = failed_;
    for (const auto& [payload, m] : messages_) {
        if (!m.is_acknowledged && m.deliveries == 0) continue;
        ++v.published;
        if (m.deliveries > 0) ++v.delivered;
        if (m.deliveries > 1) ++v.twice[m.qos];
        const bool is_missing = m.is_acknowledged && m.deliveries == 0;
        if (m.is_acknowledged && is_at_mercy(m)) {
            ++v.at_mercy;
            if (is_missing) ++v.forgotten;
        } else if (is_missing) {
            if (v.lost++ == 0) v.first_lost = payload;
        }
    }
    return v;
}

}  // namespace mqtt_as::soak
