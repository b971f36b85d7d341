// UTF-8 strings (section 1.5.3 in 3.1.1, 1.5.4 in 5), topic names and topic filters (4.7, 4.8.2).
#include "mqtt_as/topic.hpp"

#include "src/wire/plain_text.hpp"

#include <cstddef>
#include <cstdint>

namespace mqtt_as {
namespace {

constexpr std::size_t string_bytes_max = 65'535;
constexpr std::string_view share_prefix = "$share/";

constexpr bool is_wildcard(char c) { return c == '+' || c == '#'; }

/// Steps over one character of two to four bytes; nullptr when it is ill-formed: a stray or missing
/// continuation, an overlong form, a surrogate, or above U+10FFFF [MQTT-1.5.3-1].
const char* skip_character(const char* at, const char* end) {
    const auto lead = static_cast<std::uint8_t>(*at++);
    // C0 and C1 could begin nothing but overlong forms.
    const int more = lead < 0xC2 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF8 ? 3 : 0;
    if (more == 0 || end - at < more) return nullptr;
    std::uint32_t character = lead & (0x3Fu >> more);
    for (const char* const next = at + more; at != next; ++at) {
        const auto byte = static_cast<std::uint8_t>(*at);
        if ((byte & 0xC0) != 0x80) return nullptr;
        character = character << 6 | (byte & 0x3Fu);
    }
    const std::uint32_t least = 1u << (5 * more + 1);  // 0x800, 0x1'0000
    const bool is_surrogate = character - 0xD800 < 0x800;
    return character < least || character > 0x10'FFFF || is_surrogate ? nullptr : at;
}

/// Well-formed, no U+0000, and no wildcard when `is_name`: one character after the other.
/// Not inlined, so that the short way saves no registers.
[[gnu::noinline]] bool is_string_slowly(std::string_view text, bool is_name) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char c = *at;
        if (static_cast<std::uint8_t>(c) >= 0x80) {
            at = skip_character(at, end);
            if (at == nullptr) return false;
        } else {
            if (c == 0 || (is_name && is_wildcard(c))) return false;
            ++at;
        }
    }
    return true;
}

bool is_string(std::string_view text, bool is_name) {
    if (text.size() > string_bytes_max) return false;
    return wire::is_plain(text) || is_string_slowly(text, is_name);
}

/// FILTER of `$share/NAME/FILTER`, other filters whole; empty when NAME is not well-formed or FILTER is missing.
std::string_view without_share(std::string_view filter) {
    if (!is_shared_filter(filter)) return filter;
    filter.remove_prefix(share_prefix.size());
    for (std::size_t i = 0; i < filter.size(); ++i) {
        if (is_wildcard(filter[i])) break;  // [MQTT-4.8.2-2]
        if (filter[i] != '/') continue;
        if (i == 0) break;  // [MQTT-4.8.2-1]
        filter.remove_prefix(i + 1);
        return filter;
    }
    return {};
}

}  // namespace

bool is_utf8_string(std::string_view text) noexcept { return is_string(text, false); }

bool is_topic_name(std::string_view name) noexcept { return !name.empty() && is_string(name, true); }

bool is_topic_filter(std::string_view filter) noexcept {
    const std::string_view levels = without_share(filter);
    char before = '/';
    for (const char c : levels) {
        // A wildcard fills its level, and `#` is the last one [MQTT-4.7.1-2, -3].
        const bool is_good = before == '#' ? false : is_wildcard(c) ? before == '/' : before != '+' || c == '/';
        if (!is_good) return false;
        before = c;
    }
    return !levels.empty() && is_utf8_string(filter);
}

bool is_shared_filter(std::string_view filter) noexcept {
    return filter.size() >= share_prefix.size() &&
           std::memcmp(filter.data(), share_prefix.data(), share_prefix.size()) == 0;
}

bool topic_matches(std::string_view filter, std::string_view name) noexcept {
    filter = without_share(filter);
    if (filter.empty() || name.empty()) return false;
    if (name[0] == '$' && is_wildcard(filter[0])) return false;  // [MQTT-4.7.2-1]
    std::size_t f = 0;
    std::size_t n = 0;
    for (; f < filter.size(); ++f) {
        if (filter[f] == '#') return true;
        if (filter[f] == '+') {
            while (n < name.size() && name[n] != '/') ++n;
        } else if (n < name.size() && filter[f] == name[n]) {
            ++n;
        } else {
            // "a/#" matches "a", too: the name has ended where the filter goes on with "/#".
            return n == name.size() && f + 2 == filter.size() && filter[f] == '/' && filter[f + 1] == '#';
        }
    }
    return n == name.size();
}

}  // namespace mqtt_as
