// How a message is printed: its payload, `topic payload` (-v), or a format (-F), as mosquitto_sub prints them.
#pragma once

#include "mqtt_as/asio/message.hpp"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::cli {

class output_format {
public:
    static output_format payload() { return output_format(kind::payload); }
    static output_format verbose() { return output_format(kind::verbose); }
    /// Throws usage_error when `text` has a sequence that means nothing.
    static output_format parse(std::string_view text);

    /// Appends the message, received at `when`, and what `-N` leaves out: the end of the line. False, with nothing
    /// appended, when %J needs a payload in JSON and it is not.
    bool append(std::string& to, const queued_message& from, std::timespec when, bool end_of_line) const;

private:
    enum class kind : std::uint8_t { payload, verbose, pieces };

    // One part of a format: text as it is, a character of strftime, or a parameter of the message.
    struct piece {
        enum class type : std::uint8_t { text, time, parameter } what = type::text;
        char letter = 0;
        bool left = false;
        bool zeros = false;
        std::size_t width = 0;
        std::size_t longest = std::string::npos;
        std::string text{};
    };

    explicit output_format(kind what) : kind_(what) {}
    static piece parse_parameter(std::string_view& rest);
    static bool append(std::string& to, const piece&, const queued_message&, std::timespec when);

    kind kind_;
    std::vector<piece> pieces_;
};

}  // namespace mqtt_as::cli
