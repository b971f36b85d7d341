// Names, times and chance.
#include "tools/mqtt-as/words.hpp"

#include <array>
#include <random>
#include <string_view>

namespace mqtt_as::cli {

std::uint16_t port_of(const config& of) {
    constexpr std::uint16_t plain = 1883;
    constexpr std::uint16_t secured = 8883;
    if (of.port != 0) return of.port;
    return of.ssl ? secured : plain;
}

std::string subject_of(const config& of) {
    return (of.unix_socket.empty() ? of.server + " port " + std::to_string(port_of(of)) : of.unix_socket) + ", MQTT " +
           (of.version == protocol_version::v5 ? "5" : "3.1.1") + (of.ssl ? " over TLS" : "");
}

std::string random_letters(std::size_t count) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device chance;
    std::string text;
    while (text.size() < count) text += letters[chance() % letters.size()];
    return text;
}

std::string utc_text(std::time_t time) {
    std::tm t{};
    ::gmtime_r(&time, &t);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &t);
    return text.data();
}

}  // namespace mqtt_as::cli
