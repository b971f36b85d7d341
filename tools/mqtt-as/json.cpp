// Escaping, and a parser that copies what it accepts.
#include "tools/mqtt-as/json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace mqtt_as::cli {

namespace {

// The bytes of the UTF-8 character at the front of `text`; 0 when there is none (Unicode, table 3-7).
std::size_t utf8_size(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80; };
    const unsigned first = at(0);
    const unsigned second = at(1);
    if (first < 0x80) return 1;
    if (!continues(1)) return 0;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (!continues(2)) return 0;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (!continues(3) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class compactor {
public:
    explicit compactor(std::string_view text) : rest_(text) { out_.reserve(text.size()); }

    std::optional<std::string> run() {
        constexpr int deepest = 500;
        if (!value(deepest)) return std::nullopt;
        skip_space();
        if (!rest_.empty()) return std::nullopt;
        return std::move(out_);
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
    bool sees(char c) const { return !rest_.empty() && rest_.front() == c; }
    void copy(std::size_t size) {
        out_ += rest_.substr(0, size);
        rest_.remove_prefix(size);
    }
    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        copy(word.size());
        return true;
    }
    bool digits() {
        std::size_t count = 0;
        while (count < rest_.size() && is_digit(rest_[count])) ++count;
        copy(count);
        return count > 0;
    }

    bool value(int depth) {
        skip_space();
        if (rest_.empty() || depth == 0) return false;
        switch (rest_.front()) {
        case '{': return object(depth);
        case '[': return array(depth);
        case '"': return string();
        case 't': return take("true");
        case 'f': return take("false");
        case 'n': return take("null");
        default: return number();
        }
    }

    bool object(int depth) {
        copy(1);
        skip_space();
        if (take("}")) return true;
        do {
            skip_space();
            if (!string()) return false;
            skip_space();
            if (!take(":") || !value(depth - 1)) return false;
            skip_space();
        } while (take(","));
        return take("}");
    }

    bool array(int depth) {
        copy(1);
        skip_space();
        if (take("]")) return true;
        do {
            if (!value(depth - 1)) return false;
            skip_space();
        } while (take(","));
        return take("]");
    }

    bool string() {
        if (!take("\"")) return false;
        while (!rest_.empty() && !sees('"')) {
            if (static_cast<unsigned char>(rest_.front()) < 0x20) return false;
            const std::size_t size = sees('\\') ? escape_size() : utf8_size(rest_);
            if (size == 0) return false;
            copy(size);
        }
        return take("\"");
    }

    std::size_t escape_size() const {
        if (rest_.size() < 2) return 0;
        if (rest_[1] != 'u') return std::string_view("\"\\/bfnrt").find(rest_[1]) == std::string_view::npos ? 0 : 2;
        if (rest_.size() < 6) return 0;
        for (std::size_t i = 2; i < 6; ++i) {
            if (!is_hex_digit(rest_[i])) return 0;
        }
        return 6;
    }

    bool number() {
        take("-");
        if (!take("0") && !digits()) return false;
        if (take(".") && !digits()) return false;
        if (take("e") || take("E")) {
            if (!take("+")) take("-");
            return digits();
        }
        return true;
    }

    std::string_view rest_;
    std::string out_;
};

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
    to += '"';
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t size = utf8_size(text);
        if (size == 0) {
            to += "\uFFFD";
        } else if (size > 1) {
            to += text.substr(0, size);
        } else if (c == '"' || c == '\\') {
            to += {'\\', c};
        } else if (c == '\n') {
            to += "\\n";
        } else if (c == '\r') {
            to += "\\r";
        } else if (c == '\t') {
            to += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            std::array<char, 8> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
            to += escaped.data();
        } else {
            to += c;
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    to += '"';
}

std::optional<std::string> compact_json(std::string_view text) { return compactor(text).run(); }

}  // namespace mqtt_as::cli
