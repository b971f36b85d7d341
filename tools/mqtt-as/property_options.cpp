// Each property of each command is one row: its name, and where its value goes.
#include "tools/mqtt-as/property_options.hpp"

#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/command_line.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <string_view>

namespace mqtt_as::cli {

namespace {

// A property that takes one value, and what it does with it. The function is given the option's words for its errors.
struct row {
    std::string_view identifier;
    std::function<void(const std::string& value, const std::string& words)> set;
};

[[noreturn]] void wrong(const std::string& words, const std::string& why) {
    throw usage_error("-D " + words + ": " + why);
}

template <class Number>
auto number(Number& target, std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<Number>::max()) {
    return [&target, least, most](const std::string& value, const std::string& words) {
        target = static_cast<Number>(number_in(value, least, most, "-D " + words));
    };
}

template <class Number>
auto number(std::optional<Number>& target, std::uint64_t least = 0,
            std::uint64_t most = std::numeric_limits<Number>::max()) {
    return [&target, least, most](const std::string& value, const std::string& words) {
        target = static_cast<Number>(number_in(value, least, most, "-D " + words));
    };
}

auto text(std::optional<std::string>& target) {
    return [&target](const std::string& value, const std::string& words) {
        if (!is_utf8_string(value)) wrong(words, "the value is not UTF-8");
        target = value;
    };
}

auto topic(std::optional<std::string>& target) {
    return [&target](const std::string& value, const std::string& words) {
        if (!is_topic_name(value)) wrong(words, "'" + value + "' is not a topic: it is empty, or holds + or #");
        target = value;
    };
}

std::vector<row> rows_of_message(message_properties& m) {
    return {
        {"message-expiry-interval", number(m.message_expiry_interval)},
        {"content-type", text(m.content_type)},
        {"response-topic", topic(m.response_topic)},
        {"correlation-data", [&m](const std::string& value, const std::string&) { m.correlation_data = value; }},
        {"payload-format-indicator", number(m.payload_is_utf8, 0, 1)},
    };
}

// What a command can have.
struct command {
    std::string_view name;
    user_properties& user;
    std::vector<row> rows;
};

std::vector<command> all_commands(property_options& o) {
    std::vector<row> will = rows_of_message(o.will);
    will.push_back({"will-delay-interval", number(o.will.will_delay_interval)});
    return {
        {"connect",
         o.connect.user,
         {{"session-expiry-interval", number(o.connect.session_expiry_interval)},
          {"receive-maximum", number(o.connect.receive_maximum, 1)},
          {"maximum-packet-size", number(o.connect.maximum_packet_size, 16)},
          {"request-problem-information", number(o.connect.request_problem_information, 0, 1)},
          {"request-response-information", number(o.connect.request_response_information, 0, 1)}}},
        {"publish", o.publish.user, rows_of_message(o.publish)},
        {"subscribe", o.subscribe.user, {{"subscription-identifier", number(o.subscribe.identifier, 1, 268'435'455)}}},
        {"unsubscribe", o.unsubscribe, {}},
        {"will", o.will.user, std::move(will)},
    };
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool is_among(const std::string& name, const std::string& names) {
    return (" " + names + " ").find(" " + name + " ") != std::string::npos;
}

}  // namespace

property_options parse_properties(const std::vector<std::string>& words, const std::string& commands) {
    property_options result;
    std::vector<command> known = all_commands(result);
    for (std::size_t i = 0; i < words.size();) {
        if (words[i].empty()) {
            ++i;
            continue;
        }
        const std::string name = lower(words[i++]);
        const auto which = std::find_if(known.begin(), known.end(), [&](const command& c) { return c.name == name; });
        if (which == known.end() || !is_among(name, commands)) {
            throw usage_error("-D: there are no properties of '" + name + "' here; there are of: " + commands);
        }
        const std::string identifier = i < words.size() ? words[i++] : "";
        const std::string both = name + " " + identifier;
        const std::size_t left = words.size() - i;
        if (identifier == "user-property") {
            // A missing word and an empty one look the same here.
            if (left < 2 || words[i + 1].empty()) wrong(both, "takes a name and a value, which is not empty");
            if (!is_utf8_string(words[i]) || !is_utf8_string(words[i + 1])) wrong(both, "it is not UTF-8");
            which->user.emplace_back(words[i], words[i + 1]);
            i += 2;
        } else {
            const auto found = std::find_if(which->rows.begin(), which->rows.end(),
                                            [&](const row& r) { return r.identifier == identifier; });
            if (found == which->rows.end()) {
                std::string names = "user-property";
                for (const row& r : which->rows) names += " " + std::string(r.identifier);
                throw usage_error("-D: " + name + " has no '" + identifier + "' here; it has: " + names);
            }
            if (left < 1) wrong(both, "takes a value");
            found->set(words[i++], both);
        }
        result.has_will = result.has_will || name == "will";
    }
    return result;
}

std::vector<user_property> views_of(const user_properties& user) {
    std::vector<user_property> views;
    for (const auto& [name, value] : user) views.push_back({name, value});
    return views;
}

}  // namespace mqtt_as::cli
