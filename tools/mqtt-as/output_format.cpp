// %t, @H, \n: formats of -F, parsed once and filled in for each message.
#include "tools/mqtt-as/output_format.hpp"

#include "tools/mqtt-as/command_line.hpp"
#include "tools/mqtt-as/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

namespace mqtt_as::cli {

namespace {

constexpr std::string_view parameters = "ACDEFIJPRSUXjlmpqrtx";
constexpr std::string_view padded_with_zeros = "AEFSXlmx";

std::string time_text(const char* format, std::timespec when) {
    std::tm local{};
    ::localtime_r(&when.tv_sec, &local);
    std::array<char, 256> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &local)};
}

std::string fraction(std::timespec when, int digits) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%09ld", when.tv_nsec);
    return {text.data(), static_cast<std::size_t>(digits)};
}

std::string hexadecimal(std::string_view bytes, bool upper) {
    const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string result;
    result.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        result += digits[byte >> 4U];
        result += digits[byte & 0xFU];
    }
    return result;
}

std::string number_text(std::optional<std::uint32_t> number) { return number ? std::to_string(*number) : ""; }

std::string user_properties_text(property_view properties) {
    std::string text;
    for (const property& p : properties) {
        if (p.id != property_id::user_property) continue;
        if (!text.empty()) text += ' ';
        text.append(p.name).append(":").append(p.data);
    }
    return text;
}

void append_json_member(std::string& to, std::string_view name, std::string_view value) {
    append_json_string(to, name);
    to += ':';
    append_json_string(to, value);
    to += ',';
}

void append_json_properties(std::string& to, property_view properties) {
    using id = property_id;
    if (properties.empty()) return;
    to += "\"properties\":{";
    std::string user;
    for (const property& p : properties) {
        switch (p.id) {
        case id::user_property: append_json_member(user, p.name, p.data); break;
        case id::content_type: append_json_member(to, "content-type", p.data); break;
        case id::response_topic: append_json_member(to, "response-topic", p.data); break;
        case id::correlation_data: append_json_member(to, "correlation-data", p.data); break;
        case id::payload_format_indicator:
            to += "\"payload-format-indicator\":" + std::to_string(p.number) + ',';
            break;
        case id::message_expiry_interval: to += "\"message-expiry-interval\":" + std::to_string(p.number) + ','; break;
        case id::subscription_identifier: to += "\"subscription-identifier\":" + std::to_string(p.number) + ','; break;
        default: break;
        }
    }
    if (!user.empty()) {
        user.back() = '}';
        to += "\"user-properties\":{" + user + ',';
    }
    to.back() = '}';
    to += ',';
}

std::optional<std::string> json_text(const queued_message& m, std::timespec when, bool payload_is_json) {
    std::optional<std::string> payload;
    if (m.text().empty()) {
        payload = "null";
    } else if (payload_is_json) {
        payload = compact_json(m.text());
    } else {
        append_json_string(payload.emplace(), m.text());
    }
    if (!payload) return std::nullopt;

    std::string text = "{";
    append_json_member(text, "tst", time_text("%Y-%m-%dT%H:%M:%S.", when) + fraction(when, 6) + time_text("%z", when));
    append_json_member(text, "topic", m.topic());
    text += "\"qos\":" + std::to_string(m.qos()) + ",\"retain\":" + (m.retained() ? '1' : '0') +
            ",\"payloadlen\":" + std::to_string(m.text().size()) + ',';
    append_json_properties(text, m.properties());
    return text + "\"payload\":" + *payload + '}';
}

// What stands for a parameter, before it is cut and padded; nothing when %J finds no JSON.
std::optional<std::string> parameter_text(char letter, const queued_message& m, std::timespec when) {
    const property_view properties = m.properties();
    const auto text_of = [&](property_id id) { return std::string(properties.text(id).value_or("")); };
    const auto number_of = [&](property_id id) { return number_text(properties.number(id)); };
    switch (letter) {
    case 'A': return number_of(property_id::topic_alias);
    case 'C': return text_of(property_id::content_type);
    case 'D': return text_of(property_id::correlation_data);
    case 'E': return number_of(property_id::message_expiry_interval);
    case 'F': return number_of(property_id::payload_format_indicator);
    case 'I': return time_text("%Y-%m-%dT%H:%M:%S%z", when);
    case 'J': return json_text(m, when, true);
    case 'P': return user_properties_text(properties);
    case 'R': return text_of(property_id::response_topic);
    case 'S': return number_of(property_id::subscription_identifier);
    case 'U': return std::to_string(when.tv_sec) + '.' + fraction(when, 9);
    case 'X': return hexadecimal(m.text(), true);
    case 'j': return json_text(m, when, false);
    case 'l': return std::to_string(m.text().size());
    case 'p': return std::string(m.text());
    case 'q': return std::to_string(m.qos());
    case 'r': return m.retained() ? "1" : "0";
    case 't': return std::string(m.topic());
    default: return hexadecimal(m.text(), false);
    }
}

std::size_t take_number(std::string_view& rest) {
    std::size_t value = 0;
    const char* const end = std::from_chars(rest.data(), rest.data() + rest.size(), value).ptr;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    constexpr std::size_t most = 10'000;  // as wide as mosquitto_sub goes
    return std::min(value, most);
}

char escaped(char letter) {
    constexpr std::string_view letters = "\\0aenrtv";
    constexpr std::string_view meanings("\\\0\a\033\n\r\t\v", 8);
    const auto index = letters.find(letter);
    if (index == letters.npos) {
        throw usage_error(std::string("-F has no \\") + letter + "; it has \\\\ \\0 \\a \\e \\n \\r \\t \\v");
    }
    return meanings[index];
}

}  // namespace

output_format output_format::parse(std::string_view rest) {
    output_format result(kind::pieces);
    std::string text;
    const auto add = [&](piece p) {
        if (!text.empty()) result.pieces_.push_back({.text = std::exchange(text, {})});
        result.pieces_.push_back(std::move(p));
    };
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c != '%' && c != '@' && c != '\\') {
            text += c;
            continue;
        }
        if (rest.empty()) throw usage_error(std::string("-F ends in '") + c + "': to print one, double it");
        if (rest.front() == c) {
            text += c;
            rest.remove_prefix(1);
        } else if (c == '%') {
            add(parse_parameter(rest));
        } else {
            const char letter = rest.front();
            rest.remove_prefix(1);
            if (c == '\\') {
                text += escaped(letter);
            } else {
                add({.what = piece::type::time, .letter = letter});
            }
        }
    }
    if (!text.empty()) result.pieces_.push_back({.text = std::move(text)});
    return result;
}

output_format::piece output_format::parse_parameter(std::string_view& rest) {
    piece p{.what = piece::type::parameter};
    for (; !rest.empty() && (rest.front() == '0' || rest.front() == '-'); rest.remove_prefix(1)) {
        (rest.front() == '0' ? p.zeros : p.left) = true;
    }
    p.width = take_number(rest);
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        p.longest = take_number(rest);
    }
    if (rest.empty()) throw usage_error("-F ends in the middle of a % sequence: a letter is missing");
    p.letter = rest.front();
    rest.remove_prefix(1);
    if (parameters.find(p.letter) == parameters.npos) {
        throw usage_error(
            std::string("-F has no %") + p.letter +
            "; it has %t topic, %p payload, %x hexadecimal, %l length, %q qos, %r retained, %j JSON, %I and "
            "%U time and more: see mosquitto_sub(1)");
    }
    return p;
}

bool output_format::append(std::string& to, const piece& p, const queued_message& from, std::timespec when) {
    if (p.what == piece::type::text) {
        to += p.text;
        return true;
    }
    if (p.what == piece::type::time) {
        to += p.letter == 'N' ? fraction(when, 9) : time_text((std::string("%") + p.letter).c_str(), when);
        return true;
    }
    const std::optional<std::string> value = parameter_text(p.letter, from, when);
    if (!value) return false;
    const std::string_view text = std::string_view(*value).substr(0, p.longest);
    const std::size_t padding = p.width > text.size() ? p.width - text.size() : 0;
    const bool zeros = p.zeros && padded_with_zeros.find(p.letter) != padded_with_zeros.npos;
    if (!p.left) to.append(padding, zeros ? '0' : ' ');
    to += text;
    if (p.left) to.append(padding, ' ');
    return true;
}

bool output_format::append(std::string& to, const queued_message& from, std::timespec when, bool end_of_line) const {
    const std::size_t begin = to.size();
    if (kind_ == kind::pieces) {
        for (const piece& p : pieces_) {
            if (append(to, p, from, when)) continue;
            to.resize(begin);
            return false;
        }
    } else if (kind_ == kind::verbose) {
        to.append(from.topic()).append(" ").append(from.text().empty() ? "(null)" : from.text());
    } else if (from.text().empty()) {
        return true;  // mosquitto_sub prints nothing at all for an empty message
    } else {
        to += from.text();
    }
    if (end_of_line) to += '\n';
    return true;
}

}  // namespace mqtt_as::cli
