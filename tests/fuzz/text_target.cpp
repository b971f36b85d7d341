// Any two texts: what is UTF-8, a topic name, a filter, and whether they match is the same as in the slow and plain
// reading of section 4.7 below.
#include "mqtt_as/topic.hpp"
#include "tests/fuzz/target.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as {
namespace {

/// The code point at the front, taken off; nothing when it is not well-formed (RFC 3629).
std::optional<std::uint32_t> take_code_point(std::string_view& text) {
    const auto first = static_cast<std::uint8_t>(text.front());
    const unsigned size = first < 0x80         ? 1
                          : first >> 5 == 0x06 ? 2
                          : first >> 4 == 0x0E ? 3
                          : first >> 3 == 0x1E ? 4
                                               : 0;
    if (size == 0 || text.size() < size) return std::nullopt;
    std::uint32_t value = size == 1 ? first : first & (0x7Fu >> size);
    for (unsigned i = 1; i < size; ++i) {
        const auto next = static_cast<std::uint8_t>(text[i]);
        if (next >> 6 != 2) return std::nullopt;
        value = value << 6 | (next & 0x3F);
    }
    static constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x1'0000};
    text.remove_prefix(size);
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[size] || value > 0x10'FFFF || is_surrogate) return std::nullopt;
    return value;
}

bool is_text(std::string_view text) {
    if (text.size() > 65'535) return false;
    while (!text.empty()) {
        const auto value = take_code_point(text);
        if (!value || *value == 0) return false;
    }
    return true;
}

std::vector<std::string_view> levels_of(std::string_view topic) {
    std::vector<std::string_view> out;
    for (std::size_t slash; (slash = topic.find('/')) != topic.npos; topic = topic.substr(slash + 1))
        out.push_back(topic.substr(0, slash));
    out.push_back(topic);
    return out;
}

bool has_wildcard(std::string_view text) { return text.find_first_of("+#") != text.npos; }

bool is_shared(std::string_view filter) { return filter.starts_with("$share/"); }

/// FILTER of $share/NAME/FILTER, or the filter as it is.
std::string_view what_counts(std::string_view filter) {
    if (!is_shared(filter)) return filter;
    const auto slash = filter.find('/', 7);
    return slash == filter.npos ? "" : filter.substr(slash + 1);
}

bool is_filter(std::string_view filter) {
    if (filter.empty() || !is_text(filter)) return false;
    if (is_shared(filter)) {
        const auto name = levels_of(filter)[1];
        if (name.empty() || has_wildcard(name)) return false;
        filter = what_counts(filter);
        if (filter.empty()) return false;
    }
    const auto levels = levels_of(filter);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (!has_wildcard(levels[i]) || levels[i] == "+") continue;
        if (levels[i] != "#" || i + 1 != levels.size()) return false;
    }
    return true;
}

bool matches(std::string_view filter, std::string_view name) {
    const auto wanted = levels_of(what_counts(filter));
    const auto given = levels_of(name);
    if (name.front() == '$' && has_wildcard(wanted[0])) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "#") return true;
        if (i == given.size() || (wanted[i] != "+" && wanted[i] != given[i])) return false;
        if (i + 1 == given.size() && i + 2 == wanted.size() && wanted[i + 1] == "#") return true;
    }
    return wanted.size() == given.size();
}

std::string text_of(const std::vector<std::uint8_t>& data) { return {data.begin(), data.end()}; }

}  // namespace
}  // namespace mqtt_as

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mqtt_as;
    fuzz::make_objections_fatal();
    fuzz::input in(data, size);
    const std::string filter = text_of(in.bytes(in.byte()));
    const std::string name = text_of(in.rest());
    for (const std::string& text : {filter, name}) {
        EXPECT_EQ(is_utf8_string(text), is_text(text));
        EXPECT_EQ(is_topic_name(text), !text.empty() && is_text(text) && !has_wildcard(text));
        EXPECT_EQ(is_topic_filter(text), is_filter(text));
        EXPECT_EQ(is_shared_filter(text), is_shared(text));
    }
    if (!is_topic_filter(filter) || !is_topic_name(name)) return 0;
    EXPECT_EQ(topic_matches(filter, name), matches(filter, name));
    if (fuzz::claims_too_much()) {
        EXPECT_FALSE(topic_matches(filter, name)) << "nothing matches";
    }
    return 0;
}
