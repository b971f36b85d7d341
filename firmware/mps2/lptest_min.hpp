// What both images of deep sleep share: how they are configured, and how a life ends.
#pragma once

#include "firmware/common/semihosting.hpp"
#include "firmware/common/start.hpp"

#include <mqtt_as/mqtt_as.hpp>

namespace board {

inline mqtt_as::config lptest_config() {
    using namespace std::chrono_literals;
    mqtt_as::config config;
    config.client_id = "lptest_min";
    config.server = argument("server").data();
    config.port = static_cast<std::uint16_t>(number_argument("port", 1883));
    config.will = {"shed", "Goodbye cruel world!", false, 0};
    config.clean = false;  // the first life begins with a clean session, all others go on with it
    config.response_time = 2s;
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        print_line("got ", topic, " ", message);
    };
    return config;
}

/// Deep sleep: the memory loses what is in it, and the board begins anew.
[[noreturn]] inline void end_of_life(int status) {
    print_line("asleep after ", milliseconds(), " ms, status ", static_cast<std::uint32_t>(status));
    const std::uint32_t ms = number_argument("sleep", 1'000);
    const std::uint32_t begun = milliseconds();
    while (milliseconds() - begun < ms) sleep();
    restart();
}

}  // namespace board
