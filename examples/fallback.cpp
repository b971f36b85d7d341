// Falls back to a second network with a second broker when the first one cannot be had, and so on in turn.
//
//     example_fallback [SSID/PASSWORD@]SERVER...
#include <chrono>
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using mqtt_as::task;

struct place {
    std::string ssid;  // empty: the network is there
    std::string wifi_pw;
    std::string server;
};

place place_of(std::string_view text) {
    place p;
    if (const auto at = text.rfind('@'); at != text.npos) {
        const std::string_view network = text.substr(0, at);
        const auto slash = network.find('/');
        p.ssid = network.substr(0, slash);
        if (slash != network.npos) p.wifi_pw = network.substr(slash + 1);
        text.remove_prefix(at + 1);
    }
    p.server = text;
    return p;
}

/// The first attempt decides whether this is the place; from then on outages are healed here.
task<> work(mqtt_as::MQTTClient& client, bool& is_reached) {
    co_await client.connect({.quick = true});
    is_reached = true;
    std::cout << "connected to " << client.explain().server << '\n' << std::flush;
    for (int n = 0;; ++n) {
        co_await client.publish("result", std::to_string(n), {.qos = 1});
        co_await mqtt_as::sleep_for(5s);
    }
}

int main(int count, char** arguments) {
    std::vector<place> places;
    for (int i = 1; i < count; ++i) places.push_back(place_of(arguments[i]));
    if (places.empty()) {
        std::cerr << "usage: example_fallback [SSID/PASSWORD@]SERVER...\n";
        return 2;
    }
    for (;;) {
        for (const place& p : places) {
            mqtt_as::config config;
            config.server = p.server;
            config.ssid = p.ssid;
            config.wifi_pw = p.wifi_pw;
            bool is_reached = false;
            const auto here = [&is_reached](mqtt_as::MQTTClient& client) { return work(client, is_reached); };
            const int status = mqtt_as::run(config, here);  // says on standard error why it failed
            if (is_reached || status > 128) return status;
        }
        std::this_thread::sleep_for(1s);
    }
}
