// Where the instructions of a message go: the functions of the client's process, by callgrind.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

#include <cstdio>
#include <sstream>

namespace bench {
namespace {

constexpr std::size_t functions_max = 12;

/// `file:namespace::function(arguments) [object]` without what only a linker wants to know.
std::string short_name(std::string name) {
    const auto cut = [&](std::string_view from) {
        if (const std::size_t at = name.find(from); at != std::string::npos) name.erase(at);
    };
    if (const std::size_t file = name.find(':'); file != std::string::npos) name.erase(0, file + 1);
    cut(" [");
    for (const std::string_view noise : {"(anonymous namespace)::", "mqtt_as::", "detail::"}) {
        for (std::size_t at = name.find(noise); at != std::string::npos; at = name.find(noise))
            name.erase(at, noise.size());
    }
    cut("(");
    cut("<");
    cut("@@");
    return name;
}

}  // namespace

void measure_profile(figures& found, const tell_step& tell) {
    stay_on_one_core();
    const sink_process sink;
    for (const std::string_view name : {"P0 64 B W1000", "P1 64 B W100", "S0 64 B", "S1 64 B W20"}) {
        tell(std::string(name) + ": profile");
        const row& r =
            *std::find_if(std::begin(rows), std::end(rows), [&](const row& one) { return one.name == name; });
        const load l{.what = r.what, .port = sink.port(), .warm_up = 1'000, .count = 100'000};
        const std::string file = own_path() + ".callgrind";
        output_of("valgrind --tool=callgrind --callgrind-out-file='" + file + "' " + command_of("callbacks", l) +
                  " 2>&1");
        std::istringstream lines(output_of("callgrind_annotate --show-percs=no '" + file + "'"));
        std::remove(file.c_str());
        std::size_t functions = 0;
        bool is_in_list = false;
        for (std::string line; std::getline(lines, line) && functions < functions_max;) {
            is_in_list = is_in_list || line.find("file:function") != std::string::npos;
            std::istringstream words(line);
            std::string count;
            std::string function;
            if (!is_in_list || !(words >> count) || !std::getline(words >> std::ws, function)) continue;
            count.erase(std::remove(count.begin(), count.end(), ','), count.end());
            if (count.find_first_not_of("0123456789") != std::string::npos) continue;
            const double per_message = std::stod(count) / l.total();
            found.push_back(
                {"profile of " + std::string(name), short_name(function), std::string(ours_v311), per_message});
            ++functions;
        }
    }
}

}  // namespace bench
