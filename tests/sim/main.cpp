// mqtt-as-sim: the whole client, weeks of faults, from one seed each. mqtt-as-sim-board: the same with boards' engine.
#include "tests/sim/runner.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

namespace {

using namespace mqtt_as::sim;

constexpr const char* usage =
    "usage: mqtt-as-sim [OPTION...]\n"
    "  --seeds N      runs N seeds [200], each twice, and those of seeds.txt\n"
    "  --seed N       runs this seed only\n"
    "  --minutes N    runs fresh seeds for so long\n"
    "  --seconds N    the same, in seconds\n"
    "  --first N      the first seed of --seeds [1], or of the fresh ones [by chance]\n"
    "  --weeks N      runs one client in each version for N weeks, of the seed given by --seed [1]\n"
    "  --exhaustive   runs all small cases: two operations, one outage, every order and byte boundary\n"
    "  --stride N     of the byte boundaries every N-th only, in turn\n"
    "  --keep         writes seeds that fail into seeds.txt\n"
    "  --fail-fast    ends with the first seed that fails\n"
    "  --verbose      tells the story line by line\n"
    "  --hash         prints one hash per seed: equal for equal seeds, whatever the compiler\n"
    "  --break KIND   makes the world lie, to show that the oracle objects; one of:\n   ";

int explain() {
    std::fputs(usage, stderr);
    for (const sabotage_name& s : sabotages) std::fprintf(stderr, " %s", s.name);
    std::fputs("\n", stderr);
    return 1;
}

std::optional<std::uint64_t> number(const char* text) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    const auto [at, error] = std::from_chars(text, end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
}

std::optional<sabotage> sabotage_called(std::string_view name) {
    for (const sabotage_name& s : sabotages)
        if (name == s.name) return s.what;
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    engine_is_for_boards = MQTT_AS_SIM_BOARD != 0;
    plan what;
    std::optional<std::uint64_t> minutes;
    const struct {
        std::string_view name;
        std::optional<std::uint64_t>& value;
    } numbers[] = {{"--seed", what.only},    {"--seeds", what.seeds}, {"--seconds", what.seconds},
                   {"--minutes", minutes},   {"--weeks", what.weeks}, {"--first", what.first},
                   {"--stride", what.stride}};
    const struct {
        std::string_view name;
        bool& value;
    } flags[] = {{"--verbose", what.is_verbose},
                 {"--hash", what.prints_hashes},
                 {"--exhaustive", what.is_exhaustive},
                 {"--fail-fast", what.stops_at_failure},
                 {"--keep", what.keeps_failures}};
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const auto* flag = std::find_if(std::begin(flags), std::end(flags), [&](auto& f) { return f.name == option; });
        if (flag != std::end(flags)) {
            flag->value = true;
            continue;
        }
        const char* value = ++i < argc ? argv[i] : "";
        const auto* with =
            std::find_if(std::begin(numbers), std::end(numbers), [&](auto& n) { return n.name == option; });
        if (with != std::end(numbers) && number(value))
            with->value = *number(value);
        else if (option == "--break" && sabotage_called(value))
            what.lie = *sabotage_called(value);
        else
            return explain();
    }
    if (minutes) what.seconds = *minutes * 60;
    return run(what) ? 0 : 1;
}
