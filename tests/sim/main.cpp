// mqtt-as-sim: the whole client, weeks of faults, from one seed each.
#include "tests/sim/runner.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

namespace {

using namespace mqtt_as::sim;

constexpr const char* usage =
    "usage: mqtt-as-sim [--seed N] [--seeds N] [--verbose] [--hash] [--board] [--break KIND]\n"
    "  --seed N      runs this seed only (twice)\n"
    "  --seeds N     runs the seeds 1 to N [200] and those of seeds.txt\n"
    "  --verbose     tells the story line by line\n"
    "  --hash        prints one hash per seed: equal for equal seeds, whatever the compiler\n"
    "  --board       with a board's limits, for mqtt-as-sim-board\n"
    "  --break KIND  makes the world lie, to show that the oracle objects; one of:\n   ";

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
    plan what;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (option == "--verbose") {
            what.is_verbose = true;
        } else if (option == "--hash") {
            what.prints_hashes = true;
        } else if (option == "--board") {
            what.on_board = true;
        } else if ((option == "--seed" || option == "--seeds") && value != nullptr && number(value)) {
            (option == "--seed" ? what.only : what.seeds) = *number(value);
            ++i;
        } else if (option == "--break" && value != nullptr && sabotage_called(value)) {
            what.lie = *sabotage_called(value);
            ++i;
        } else {
            return explain();
        }
    }
    return run(what) ? 0 : 1;
}
