// What all nodes of one place have in common: where the broker is, and how a demo shows what it does. Edit it, or say
// it by the environment: MQTT_AS_HOST=test.mosquitto.org example_clean
#pragma once

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

/// The value of a variable of the environment, or what is to be taken instead.
inline std::string environment(const char* name, std::string otherwise = {}) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

// ---- the LEDs, on the terminal ----------------------------------------------------------------------------------

/// On a terminal the LEDs have the last line, and what is said goes above it. Elsewhere each change is a line of its
/// own.
class board {
public:
    void say(std::string_view text) {
        std::cout << (has_leds_line_ ? "\r\033[K" : "") << text << '\n';
        if (has_leds_line_) draw();
        std::cout.flush();
    }
    void set(bool& led, std::string_view name, bool on) {
        if (std::exchange(led, on) == on) return;
        if (::isatty(STDOUT_FILENO) == 0) return say(std::string(name) + (on ? " on" : " off"));
        has_leds_line_ = true;
        std::cout << "\r\033[K";
        draw();
        std::cout.flush();
    }
    bool wifi = false;
    bool blue = false;

private:
    void draw() const { std::cout << (wifi ? "● wifi  " : "○ wifi  ") << (blue ? "● blue" : "○ blue"); }
    bool has_leds_line_ = false;
};
inline board the_board;

inline void say(std::string_view text) { the_board.say(text); }
/// Lit while the broker is connected.
inline void wifi_led(bool on) { the_board.set(the_board.wifi, "wifi led", on); }
/// A message has come, or the program is alive.
inline void blue_led(bool on) { the_board.set(the_board.blue, "blue led", on); }

/// The program is alive.
inline mqtt_as::task<> heartbeat() {
    for (bool on = true;; on = !on) {
        blue_led(on);
        co_await mqtt_as::sleep_for(std::chrono::milliseconds(500));
    }
}
/// Something has come.
inline mqtt_as::task<> pulse(std::chrono::milliseconds span) {
    blue_led(true);
    co_await mqtt_as::sleep_for(span);
    blue_led(false);
}

/// Runs `what` beside the rest of the program, to the end of one of them.
inline void spawn(mqtt_as::MQTTClient& client, mqtt_as::task<> what) {
    boost::asio::co_spawn(client.get_executor(), std::move(what), [](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            say(error.what());
        }
    });
}

// ---- the configuration that demos begin with --------------------------------------------------------------------

/// `node` names the program. The broker knows a session by it, so no two of the same name may run at a time.
inline mqtt_as::config local_config(std::string_view node) {
    mqtt_as::config config;
    config.server = environment("MQTT_AS_HOST", "192.168.0.10");  // change to suit, e.g. "test.mosquitto.org"
    config.port = static_cast<std::uint16_t>(std::stoi(environment("MQTT_AS_PORT", "0")));  // 0: the usual one

    // A Wi-Fi network to be joined; without it the system sees to the network.
    config.ssid = environment("MQTT_AS_SSID");        // "my_WiFi_SSID"
    config.wifi_pw = environment("MQTT_AS_WIFI_PW");  // "my_password"

    std::array<char, 64> host{};
    ::gethostname(host.data(), host.size() - 1);
    config.client_id = std::string(node) + "-" + host.data();

    config.dprint = [](std::string_view line) {
        if (mqtt_as::MQTTClient::DEBUG) say(line);
    };
    return config;
}

/// As the demos print what comes in.
inline void print_message(std::string_view topic, std::string_view message, bool retained) {
    say("Topic: \"" + std::string(topic) + "\" Message: \"" + std::string(message) +
        "\" Retained: " + (retained ? "True" : "False"));
}
