// mqtt-as-bench: what a message costs, measured beside the limits and the peers, and held against the gates.
#include "bench/judge.hpp"
#include "bench/measure.hpp"
#include "bench/process.hpp"
#include "bench/report.hpp"
#include "bench/roles.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using bench::extent;

constexpr std::string_view usage =
    "usage: mqtt-as-bench [--quick | --steady] [--json FILE] [--gates FILE]\n\n"
    "What a message costs through MQTTClient, against a sink of our own, beside raw sockets, Asio and the peers that "
    "are\n"
    "installed, held against the gates. Without an option: everything, in about ten minutes.\n\n"
    "  --quick       instructions, allocations and the time of each row in three rounds, in under two minutes\n"
    "  --steady      instructions and allocations only, which do not depend on what else the machine does\n"
    "  --json FILE   all figures, the gates and the machine, for programs\n"
    "  --gates FILE  instead of bench/gates.tsv\n\n"
    "P: publish, S: receive; then the qos, the payload, and the window of outstanding operations. CPU time is that of\n"
    "the client's process, which shares one core with the sink.\n\n"
    "A part of a measurement, for a profiler: mqtt-as-bench sink; mqtt-as-bench ROLE LOAD...\n";

struct options {
    extent how_much = extent::full;
    std::string json;
    std::string gates = "bench/gates.tsv";
};

class misuse : public std::runtime_error {
    using runtime_error::runtime_error;
};

options parse(std::span<char*> arguments) {
    options o;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--quick" || name == "--steady") {
            o.how_much = name == "--quick" ? extent::quick : extent::steady;
        } else if (name == "--json" || name == "--gates") {
            if (++i == arguments.size()) throw misuse(std::string(name) + " needs a file");
            (name == "--json" ? o.json : o.gates) = arguments[i];
        } else {
            throw misuse("unknown argument '" + std::string(name) + "'");
        }
    }
    return o;
}

/// A process that was started for a measurement; no value when `role` is none.
std::optional<int> play(std::string_view role, std::span<char*> arguments) {
    const auto number = [&](std::size_t i) {
        if (i >= arguments.size()) throw misuse(std::string(role) + " needs more arguments");
        return static_cast<std::uint32_t>(std::strtoul(arguments[i], nullptr, 10));
    };
    const auto load = [&] {
        number(bench::load_arguments - 1);
        ::alarm(300);  // a client whose sink is gone would wait for it for ever
        return bench::load_of(arguments.first(bench::load_arguments));
    };
    const auto more = [&] { return number(bench::load_arguments); };
    const auto more_or = [&](std::uint32_t none) { return arguments.size() > bench::load_arguments ? more() : none; };
    if (role == "sink") {
        const bench::sink_process sink;
        std::cout << sink.port() << '\n' << std::flush;
        ::pause();
        return 0;
    }
    if (role == "limit") return bench::run_limit(load());
    if (role == "floor") return bench::run_floor(load(), more_or(1));
    if (role == "callbacks") return bench::run_callbacks(load(), more_or(0));
    if (role == "coroutines") return bench::run_coroutines(load());
    if (role == "many") return bench::run_many(load(), more());
    if (role == "many-limit") return bench::run_many_limit(load(), more());
    if (role == "threads") return bench::run_threads(load(), more());
    if (role == "large") return bench::run_large(load());
    if (role == "recovery") return bench::run_recovery(number(0), number(1));
    return std::nullopt;
}

/// One line that is written over, or one after the other where there is no terminal.
class progress {
public:
    ~progress() {
        if (is_terminal_) std::cerr << "\r\x1b[K" << std::flush;
    }
    progress() = default;
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    void tell(std::string_view what) const {
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun_);
        std::cerr << (is_terminal_ ? "\r\x1b[K" : "") << "bench: " << elapsed.count() << " s: " << what
                  << (is_terminal_ ? "" : "\n") << std::flush;
    }

private:
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    bool is_terminal_ = ::isatty(2) == 1;
};

bench::figures measure(extent how_much) {
    const progress line;
    const auto tell = [&](std::string_view what) { line.tell(what); };
    bench::figures found;
    bench::measure_rows(found, how_much, tell);
    if (how_much != extent::full) return found;
    bench::measure_scaling(found, tell);
    bench::measure_mosquitto(found, tell);
    bench::measure_recovery(found, tell);
    bench::measure_growth(found, tell);
    bench::measure_profile(found, tell);
    bench::measure_programs(found, tell);
    return found;
}

int run(const options& o) {
    std::ifstream file(o.gates);
    if (!file) throw std::runtime_error("cannot read the gates in " + o.gates);
    const bench::gates gates = bench::read_gates(file);
    std::ofstream json;
    if (!o.json.empty()) {
        json.open(o.json);
        if (!json) throw std::runtime_error("cannot write " + o.json);
    }
    const bench::figures found = measure(o.how_much);
    const auto verdicts = bench::judge(found, gates, o.how_much);
    if (json.is_open()) bench::write_json(json, found, verdicts);
    bench::print_figures(std::cout, found);
    return bench::pronounce(std::cout, verdicts);
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    try {
        if (!arguments.empty()) {
            const std::string_view first = arguments[0];
            if (first == "--help" || first == "-h") {
                std::cout << usage;
                return 0;
            }
            if (const auto status = play(first, arguments.subspan(1))) return *status;
        }
        return run(parse(arguments));
    } catch (const misuse& e) {
        std::cerr << "bench: " << e.what() << "\n\n" << usage;
    } catch (const std::exception& e) {
        std::cerr << "bench: " << e.what() << '\n';
    }
    return 2;
}
