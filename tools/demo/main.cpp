// mqtt-as-demo: a publisher and a subscriber through a minute of outages, on a real Mosquitto. `./run demo` runs it.
#include "tools/demo/script.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mqtt_as;

constexpr const char* usage = R"(usage: mqtt-as-demo [--break drop-one]

A publisher and a subscriber (qos 1, 200 numbered messages a second) on a private Mosquitto, through a proxy that kills
the broker, resets and closes connections, and lets them go silent. Takes less than a minute. The exit status is 0 if
not one message was lost, 1 if one was, 2 for wrong usage.

    --break drop-one   swallows one message behind its acknowledgement, to show that a loss would be seen
    -h, --help         this text
)";

std::atomic<bool> stop = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // it is set by a signal handler

void stop_on_ctrl_c() {
    struct sigaction action{};
    action.sa_handler = [](int) { stop = true; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends at once
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

int run(bool drop_one) {
    if (!test::broker_process::is_installed()) {
        std::fputs("mqtt-as-demo: Mosquitto is not installed; on Debian: apt-get install mosquitto\n", stderr);
        return 1;
    }
    stop_on_ctrl_c();
    test::broker_process broker;
    test::fault_proxy proxy(broker.socket());
    if (drop_one) proxy.add({.client = "publisher", .what = test::action::swallow, .skip = 500});
    demo::traffic clients(proxy.port());
    demo::screen screen;
    demo::script script(broker, proxy, clients, screen, stop);
    try {
        script.play();
    } catch (const demo::interrupted&) {
        std::printf("\ninterrupted; what was on its way has not been waited for\n");
        return 128 + SIGINT;
    }
    std::printf("\n%s\n", script.verdict().c_str());
    return script.is_all_well() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const bool drop_one = arguments == std::vector<std::string_view>{"--break", "drop-one"};
    if (arguments.size() == 1 && (arguments[0] == "-h" || arguments[0] == "--help")) {
        std::fputs(usage, stdout);
        return 0;
    }
    if (!arguments.empty() && !drop_one) {
        std::fprintf(stderr, "mqtt-as-demo: cannot make sense of '%s'\n\n%s",
                     argv[argc > 2 && arguments[0] == "--break" ? 2 : 1], usage);
        return 2;
    }
    try {
        return run(drop_one);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "mqtt-as-demo: %s\n", error.what());
        return 1;
    }
}
