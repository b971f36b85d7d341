// Takes the parts of a URL off one by one.
#include "tools/mqtt-as/url.hpp"

#include "tools/mqtt-as/command_line.hpp"

#include <charconv>

namespace mqtt_as::cli {

namespace {

// The text itself may hold a password and is not repeated.
[[noreturn]] void wrong(const std::string& why) {
    throw usage_error("-L: " + why + "; it takes mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC");
}

std::string decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            result += static_cast<char>(byte);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

url parse_url(std::string_view text) {
    constexpr std::string_view plain = "mqtt://", secured = "mqtts://";
    url result;
    result.secured = text.starts_with(secured);
    if (!result.secured && !text.starts_with(plain)) wrong("it begins neither with mqtt:// nor with mqtts://");
    std::string_view rest = text.substr(result.secured ? secured.size() : plain.size());

    // The topic may hold '@' and ':', so it goes first.
    if (const auto slash = rest.find('/'); slash != rest.npos) {
        if (slash + 1 < rest.size()) result.topic = rest.substr(slash + 1);
        rest = rest.substr(0, slash);
    }
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        const std::string_view who = rest.substr(0, at);
        const auto colon = who.find(':');
        result.user = decode(who.substr(0, colon));
        if (colon != who.npos) result.password = decode(who.substr(colon + 1));
        rest = rest.substr(at + 1);
    }
    std::optional<std::string_view> port;
    if (rest.starts_with('[')) {  // [::1]:1883
        const auto end = rest.find(']');
        if (end == rest.npos) wrong("']' is missing after the address");
        result.host = rest.substr(1, end - 1);
        rest = rest.substr(end + 1);
        if (rest.starts_with(':')) port = rest.substr(1);
        if (!rest.empty() && !port) wrong("after ']' a ':' and the port may follow");
    } else {
        const auto colon = rest.rfind(':');
        result.host = rest.substr(0, colon);
        if (colon != rest.npos) port = rest.substr(colon + 1);
        if (result.host.find(':') != std::string::npos) wrong("an IPv6 address stands in brackets, as [::1]");
    }
    if (result.host.empty()) wrong("the host is missing");
    if (port) result.port = static_cast<std::uint16_t>(number_in(*port, 1, 65'535, "the port of -L"));
    return result;
}

}  // namespace mqtt_as::cli
