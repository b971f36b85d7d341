// mqtt-as-bench: what a message costs, measured beside the limit of raw sockets and held against the gates.
#include "bench/judge.hpp"
#include "bench/measure.hpp"
#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::string_view usage =
    "usage: mqtt-as-bench [--quick] [--json FILE] [--gates FILE]\n\n"
    "Instructions (callgrind) and heap allocations per message through MQTTClient, against a sink of our own, in both\n"
    "versions of MQTT, held against the gates; beside them, for information, CPU time and that of a raw socket.\n"
    "P: publish, S: receive; then the qos, the payload, and the window of outstanding operations.\n";

struct options {
    bool quick = false;
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
        if (name == "--quick") {
            o.quick = true;
        } else if (name == "--json" || name == "--gates") {
            if (++i == arguments.size()) throw misuse(std::string(name) + " needs a file");
            (name == "--json" ? o.json : o.gates) = arguments[i];
        } else {
            throw misuse("unknown argument '" + std::string(name) + "'");
        }
    }
    return o;
}

/// A process that `measure` has started: ROLE ROW VERSION PORT WARM_UP COUNT.
int play(std::string_view role, std::span<char*> arguments) {
    const auto number = [&](std::size_t i) {
        return static_cast<std::uint32_t>(std::strtoul(arguments[i], nullptr, 10));
    };
    const bench::load l{.what = bench::rows[number(0)],
                        .in = static_cast<bench::version>(number(1)),
                        .port = static_cast<std::uint16_t>(number(2)),
                        .warm_up = number(3),
                        .count = number(4)};
    if (role == "callbacks") return bench::run_callbacks(l);
    return role == "floor" ? bench::run_floor(l) : bench::run_limit(l);
}

/// One line that is written over, or one after the other where there is no terminal.
class progress {
public:
    explicit progress(std::size_t steps) : steps_(steps), is_terminal_(::isatty(2) == 1) {}
    ~progress() {
        if (is_terminal_) std::cerr << "\r\x1b[K" << std::flush;
    }
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    void tell(std::string_view what) {
        std::cerr << (is_terminal_ ? "\r\x1b[K" : "") << "bench: " << ++step_ << '/' << steps_ << ' ' << what
                  << (is_terminal_ ? "" : "\n") << std::flush;
    }

private:
    std::size_t steps_;
    std::size_t step_ = 0;
    bool is_terminal_;
};

std::vector<bench::measurement> measure_all() {
    const bench::sink_process sink;
    progress line(std::size(bench::rows) * std::size(bench::versions) * 2);
    std::vector<bench::measurement> all;
    for (const bench::row& r : bench::rows) {
        for (const bench::version v : bench::versions)
            all.push_back(bench::measure(r, v, sink.port(), [&](std::string_view what) { line.tell(what); }));
    }
    return all;
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
    if (!o.quick) std::cerr << "bench: there is one mode so far, which is --quick\n";

    const std::vector<bench::measurement> all = measure_all();
    if (json.is_open()) bench::write_json(json, all, gates);
    return bench::judge(std::cout, all, gates);
}

/// For a profiler: prints its port, and serves.
[[noreturn]] void be_sink() {
    std::uint16_t port = 0;
    const int listener = bench::listen_on_loopback(port);
    std::cout << port << std::endl;
    bench::serve(listener);
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    try {
        if (arguments.size() == 1 && std::string_view(arguments[0]) == "sink") be_sink();
        if (arguments.size() == 6) {
            const std::string_view role = arguments[0];
            if (role == "callbacks" || role == "limit" || role == "floor") return play(role, arguments.subspan(1));
        }
        if (!arguments.empty() &&
            (std::string_view(arguments[0]) == "--help" || std::string_view(arguments[0]) == "-h")) {
            std::cout << usage;
            return 0;
        }
        return run(parse(arguments));
    } catch (const misuse& e) {
        std::cerr << "bench: " << e.what() << "\n\n" << usage;
    } catch (const std::exception& e) {
        std::cerr << "bench: " << e.what() << '\n';
    }
    return 2;
}
