// Strings of MQTT: well-formed UTF-8, topic filters, and which topic matches which filter (section 4.7).
#include "tests/sim/packet.hpp"

namespace mqtt_as::sim {
namespace {

constexpr std::size_t invalid = 4;

/// How many bytes follow the first byte of a UTF-8 character.
std::size_t bytes_after(std::uint8_t lead) {
    if (lead < 0x80) return 0;
    if (lead >= 0xC2 && lead <= 0xDF) return 1;
    if (lead >= 0xE0 && lead <= 0xEF) return 2;
    if (lead >= 0xF0 && lead <= 0xF4) return 3;
    return invalid;
}

}  // namespace

bool is_well_formed_utf8(std::string_view s) noexcept {
    for (std::size_t i = 0; i < s.size();) {
        const auto lead = static_cast<std::uint8_t>(s[i]);
        if (lead == 0) return false;
        const std::size_t more = bytes_after(lead);
        if (more == invalid || s.size() - i <= more) return false;
        std::uint32_t code = more == 0 ? lead : lead & (0x3Fu >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<std::uint8_t>(s[i + k]);
            if ((next & 0xC0) != 0x80) return false;
            code = code << 6 | (next & 0x3F);
        }
        if (more == 2 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return false;
        if (more == 3 && (code < 0x10000 || code > 0x10FFFF)) return false;
        i += more + 1;
    }
    return true;
}

bool is_filter(std::string_view filter) noexcept {
    if (filter.empty()) return false;
    for (std::size_t i = 0; i < filter.size(); ++i) {
        if (filter[i] != '+' && filter[i] != '#') continue;
        if (i > 0 && filter[i - 1] != '/') return false;
        if (filter[i] == '#' ? i + 1 != filter.size() : i + 1 < filter.size() && filter[i + 1] != '/') return false;
    }
    return true;
}

namespace {
constexpr std::string_view share_prefix = "$share/";
}

bool is_shared(std::string_view filter) noexcept { return filter.starts_with(share_prefix); }

std::string_view without_share(std::string_view shared_filter) noexcept {
    shared_filter.remove_prefix(share_prefix.size());
    const auto end_of_name = shared_filter.find('/');
    if (end_of_name == 0 || end_of_name == shared_filter.npos || shared_filter.find_first_of("+#") < end_of_name)
        return {};
    return shared_filter.substr(end_of_name + 1);
}

bool filter_matches(std::string_view filter, std::string_view topic) noexcept {
    if (filter.empty() && topic.empty()) return true;
    if (filter == "#" || filter == "/#") return filter == "#" || topic.empty() || topic.front() == '/';
    const std::string_view level = filter.substr(0, filter.find('/'));
    const std::string_view name = topic.substr(0, topic.find('/'));
    if (level != "+" && level != name) return false;
    const bool filter_ends = level.size() == filter.size();
    const bool topic_ends = name.size() == topic.size();
    if (topic_ends) return filter_ends || filter.substr(level.size()) == "/#";
    return !filter_ends && filter_matches(filter.substr(level.size() + 1), topic.substr(name.size() + 1));
}

}  // namespace mqtt_as::sim
