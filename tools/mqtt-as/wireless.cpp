// Reads /proc/net/wireless.
#include "tools/mqtt-as/wireless.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace mqtt_as::cli {

std::optional<int> signal_of(std::string_view interface) {
    std::ifstream table("/proc/net/wireless");
    return signal_in(std::string(std::istreambuf_iterator<char>(table), {}), interface);
}

// Two lines of headings, then: " wlan0: 0000   54.  -56.  -256        0 ...": status, quality, level, noise.
std::optional<int> signal_in(std::string_view table, std::string_view interface) {
    std::istringstream lines{std::string(table)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string name;
        std::string status;
        double quality = 0;
        double level = 0;
        fields >> name >> status >> quality >> level;
        if (!fields || name != std::string(interface) + ":") continue;
        // Some drivers count from 0 to 255 instead.
        const auto dbm = static_cast<int>(level > 63 ? level - 256 : level);
        if (dbm < 0) return dbm;
    }
    return std::nullopt;
}

}  // namespace mqtt_as::cli
