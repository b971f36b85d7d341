// The rows of the table: instructions from callgrind, system calls from strace, the rest from the clients themselves.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

/// Counted are the messages of the larger run less those of the smaller one: starting and warming up cancel.
constexpr std::uint32_t warm_up = 20'000;
constexpr std::uint32_t small_run = 10'000;
constexpr std::uint32_t large_run = 40'000;

struct client {
    std::string_view who;
    std::string command;
    version in;
    std::uint32_t share;  // of a row's messages: peers are slower
};

std::vector<client> clients_of(extent e) {
    const std::string own = '\'' + own_path() + "' ";
    std::vector<client> all = {{ours_v311, own + "callbacks", version::v3_1_1, 1},
                               {ours_v5, own + "callbacks", version::v5, 1}};
    if (e == extent::steady) return all;
    all.insert(all.begin(),
               {{limit, own + "limit", version::v3_1_1, 1}, {floor_of_asio, own + "floor", version::v3_1_1, 1}});
    if (e == extent::quick) return all;
    all.push_back({coroutines, own + "coroutines", version::v3_1_1, 1});
    constexpr std::pair<std::string_view, std::string_view> programs[] = {
        {mosquitto, "mosquitto"}, {paho_c, "paho-c"}, {paho_cpp, "paho-cpp"}};
    for (const auto& [who, name] : programs) {
        const auto path = std::filesystem::path(own_path()).parent_path() / ("mqtt-as-bench-peer-" + std::string(name));
        if (std::filesystem::exists(path)) all.push_back({who, '\'' + path.string() + '\'', version::v3_1_1, 20});
    }
    return all;
}

/// Those whose instructions and system calls have gates.
bool is_counted(const row& r) {
    return r.name == "P0 64 B W1000" || r.name == "P1 64 B W100" || r.name == "S0 64 B" || r.name == "S1 64 B W20";
}

double callgrind(const std::string& command) {
    const std::string output =
        output_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null " + command + " 2>&1");
    constexpr std::string_view label = "Collected : ";
    const std::size_t at = output.find(label);
    if (at == std::string::npos) throw std::runtime_error("callgrind has counted nothing:\n" + output);
    return std::stod(output.substr(at + label.size()));
}

double strace(const std::string& command) {
    // The last line of its summary: 100.00    0.004404           1      2968        53 total
    std::istringstream output(output_of("strace -f -c -o '|cat >&2' " + command + " 2>&1 >/dev/null"));
    double calls = 0;
    for (std::string line; std::getline(output, line);) {
        std::istringstream words(line);
        std::string percent;
        std::string seconds;
        std::string each;
        if (line.ends_with("total")) words >> percent >> seconds >> each >> calls;
    }
    if (calls == 0) throw std::runtime_error("strace has counted nothing: " + command);
    return calls;
}

template <class Count>
double per_message(const client& c, const row& r, std::uint16_t port, Count count) {
    const std::uint32_t share = c.share == 1 ? 1 : 40;
    load l{.what = r.what, .in = c.in, .port = port, .warm_up = warm_up / share, .count = small_run / share};
    const double few = count(c.command + ' ' + arguments_of(l));
    l.count = large_run / share;
    return (count(c.command + ' ' + arguments_of(l)) - few) * share / (large_run - small_run);
}

struct samples {
    std::vector<double> time_ns;
    std::vector<double> wall_ns;
    double allocations = 0;  // the most
};

void one_run(samples& s, const client& c, const row& r, std::uint16_t port) {
    load l{.what = r.what, .in = c.in, .port = port};
    l.count = whole_windows(r.count / c.share, r.what.window);
    l.warm_up = whole_windows(l.count / 5, r.what.window);
    auto said = run(c.command + ' ' + arguments_of(l));
    s.time_ns.push_back(r.what.way == direction::echo ? said["p50_ns"] : said["cpu_ns"] / l.count);
    s.wall_ns.push_back(said["wall_ns"] / l.count);
    s.allocations = std::max(s.allocations, said["allocations"] / l.count);
}

}  // namespace

void measure_rows(figures& found, extent e, const tell_step& tell) {
    stay_on_one_core();
    const sink_process sink;
    const std::vector<client> clients = clients_of(e);

    for (const row& r : rows) {
        if (!is_counted(r)) continue;
        for (const client& c : clients) {
            const bool is_ours = c.who == ours_v311 || c.who == ours_v5;
            if (!is_ours && e != extent::full) continue;
            tell(std::string(r.name) + ", " + std::string(c.who) + ": instructions");
            const std::string name(r.name);
            if (c.who == coroutines && r.what.way != direction::publish) continue;
            found.push_back(
                {name, std::string(instructions), std::string(c.who), per_message(c, r, sink.port(), callgrind)});
            if (e == extent::full)
                found.push_back(
                    {name, std::string(system_calls), std::string(c.who), per_message(c, r, sink.port(), strace)});
        }
    }

    const int rounds = e == extent::steady ? 1 : e == extent::quick ? 3 : 5;
    std::map<std::pair<std::string_view, std::string_view>, samples> all;
    for (int round = 1; round <= rounds; ++round) {
        for (const row& r : rows) {
            tell("round " + std::to_string(round) + ": " + std::string(r.name));
            for (const client& c : clients) {
                if (c.who == coroutines && r.what.way != direction::publish) continue;
                one_run(all[{r.name, c.who}], c, r, sink.port());
            }
        }
    }

    for (const auto& [key, s] : all) {
        const std::string name(key.first);
        const std::string who(key.second);
        const bool is_ours = who == ours_v311 || who == ours_v5;
        const bool is_echo = name.starts_with("round trip");
        found.push_back({name, std::string(allocations), who, s.allocations});
        if (e == extent::steady) continue;
        const double time = median(s.time_ns);
        found.push_back({name, std::string(is_echo ? p50_ns : cpu_ns), who, time});
        found.push_back({name, std::string(per_s), who, 1e9 / median(s.wall_ns)});
        if (is_ours) {
            const double floor = median(all.at({key.first, floor_of_asio}).time_ns);
            found.push_back({name, std::string(over_floor), who, time / floor});
        }
    }
}

}  // namespace bench
