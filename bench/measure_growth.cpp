// How the cost of a message grows with its size and with the window, and where gathering begins to pay.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

namespace bench {
namespace {

constexpr int rounds = 3;

struct contender {
    std::string who;
    std::string role;
    std::string more;
};

/// Median CPU time of a message, interleaved.
void compare(figures& found, const std::string& subject, load l, const std::vector<contender>& contenders) {
    std::vector<std::vector<double>> times(contenders.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            const auto said = run(command_of(contenders[i].role, l, contenders[i].more));
            times[i].push_back(said.at("cpu_ns") / l.count);
        }
    }
    for (std::size_t i = 0; i < contenders.size(); ++i)
        found.push_back({subject, std::string(cpu_ns), contenders[i].who, median(times[i])});
}

load load_for(const traffic& t, std::uint16_t port) {
    // About as many bytes whatever the size.
    const std::uint32_t count = whole_windows(std::max(100'000'000u / (t.payload_size + 400), 2'000u), t.window);
    return {.what = t, .port = port, .warm_up = whole_windows(count / 5, t.window), .count = count};
}

}  // namespace

void measure_growth(figures& found, const tell_step& tell) {
    stay_on_one_core();
    const sink_process sink;
    const std::vector<contender> beside_limits = {{std::string(limit), "limit", ""},
                                                  {std::string(floor_of_asio), "floor", ""},
                                                  {std::string(ours_v311), "callbacks", ""}};
    for (const std::uint32_t size : {16u, 64u, 256u, 1'024u, 4'096u, 16'384u, 65'536u}) {
        tell("payload of " + std::to_string(size) + " B");
        const traffic t{.way = direction::publish, .qos = 0, .payload_size = size, .window = 100};
        compare(found, "P0 W100, payload " + std::to_string(size) + " B", load_for(t, sink.port()), beside_limits);
    }
    for (const std::uint32_t window : {1u, 10u, 100u, 1'000u, 10'000u}) {
        tell("window of " + std::to_string(window));
        const traffic t{.way = direction::publish, .qos = 1, .payload_size = 64, .window = window};
        load l = load_for(t, sink.port());
        if (window == 1) l.count /= 10;
        compare(found, "P1 64 B, window " + std::to_string(window), l, beside_limits);
    }
    constexpr const char* always_gather = "64";
    constexpr const char* never_gather = "1000000000";
    for (const std::uint32_t size : {256u, 512u, 1'024u, 2'048u, 4'096u, 8'192u, 16'384u, 32'768u, 65'536u}) {
        tell("copying or gathering " + std::to_string(size) + " B");
        const traffic t{.way = direction::publish, .qos = 0, .payload_size = size, .window = 100};
        compare(found, "copy or gather " + std::to_string(size) + " B", load_for(t, sink.port()),
                {{"copied", "callbacks", never_gather}, {"gathered", "callbacks", always_gather}});
    }
}

}  // namespace bench
