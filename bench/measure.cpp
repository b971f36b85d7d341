// Runs clients and reads what they used: instructions from callgrind, the rest from the clients themselves.
#include "bench/measure.hpp"

#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sched.h>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace bench {
namespace {

constexpr int runs = 5;
/// Enough for every list, table and buffer to have grown.
constexpr std::uint32_t warm_up = 20'000;
/// Instructions are those of the larger run less those of the smaller one: starting and warming up cancel.
constexpr std::uint32_t counted_under_callgrind[] = {10'000, 40'000};

/// A core that is woken from another one costs more than all that is measured.
void stay_on_one_core() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    int last = CPU_SETSIZE - 1;
    while (last > 0 && !CPU_ISSET(last, &allowed)) --last;
    CPU_ZERO(&allowed);
    CPU_SET(last, &allowed);
    ::sched_setaffinity(0, sizeof allowed, &allowed);
}

std::string own_path() {
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    if (size <= 0) throw std::runtime_error("cannot find this program's own path");
    return {path.data(), static_cast<std::size_t>(size)};
}

std::string output_of(const std::string& command) {
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run: " + command);
    std::string output;
    std::array<char, 4096> part{};
    while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), got);
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command + '\n' + output);
    return output;
}

std::string command_of(const char* role, const load& l) {
    const auto place =
        std::find_if(std::begin(rows), std::end(rows), [&](const row& r) { return r.name == l.what.name; });
    std::ostringstream command;
    command << '\'' << own_path() << "' " << role << ' ' << place - std::begin(rows) << ' ' << static_cast<int>(l.in)
            << ' ' << l.port << ' ' << l.warm_up << ' ' << l.count;
    return command.str();
}

/// The figures that a client prints.
std::map<std::string, double> run(const char* role, const load& l) {
    std::istringstream said(output_of(command_of(role, l)));
    std::map<std::string, double> figures;
    std::string name;
    for (double value = 0; said >> name >> value;) figures[name] = value;
    if (figures.empty()) throw std::runtime_error("no figures from: " + command_of(role, l));
    return figures;
}

double cost_of(const char* role, const load& l) {
    auto figures = run(role, l);
    return l.what.way == direction::echo ? figures["p50_ns"] : figures["cpu_ns"] / l.count;
}

double instructions(const load& l) {
    const std::string output =
        output_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null " + command_of("callbacks", l) + " 2>&1");
    constexpr std::string_view label = "Collected : ";
    const std::size_t at = output.find(label);
    if (at == std::string::npos) throw std::runtime_error("callgrind has counted nothing:\n" + output);
    return std::stod(output.substr(at + label.size()));
}

double median(std::array<double, runs> values) {
    std::sort(values.begin(), values.end());
    return values[runs / 2];
}

}  // namespace

sink_process::sink_process() {
    stay_on_one_core();
    const int listener = listen_on_loopback(port_);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot start the sink");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) std::_Exit(1);
        serve(listener);
    }
    ::close(listener);
}

sink_process::~sink_process() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
}

measurement measure(const row& what, version in, std::uint16_t port,
                    const std::function<void(std::string_view)>& tell) {
    const std::string name = std::string(what.name) + ", " + std::string(name_of(in));
    measurement m{.name = name, .row = std::string(what.name)};

    load l{.what = what, .in = in, .port = port, .warm_up = warm_up, .count = counted_under_callgrind[0]};
    const bool is_gated = what.name == "P0 64 B W1000" || what.name == "P1 64 B W100" || what.name == "S0 64 B" ||
                          what.name == "S1 64 B W20";
    tell(name + ": instructions");
    if (is_gated) {
        const double few = instructions(l);
        l.count = counted_under_callgrind[1];
        m.instructions = (instructions(l) - few) / (counted_under_callgrind[1] - counted_under_callgrind[0]);
    }
    tell(name + ": time and allocations");
    l.count = what.count;
    l.warm_up = what.count / 5;
    std::array<double, runs> ours{};
    std::array<double, runs> limits{};
    std::array<double, runs> floors{};
    for (std::size_t i = 0; i < runs; ++i) {
        limits[i] = cost_of("limit", l);
        floors[i] = cost_of("floor", l);
        auto figures = run("callbacks", l);
        ours[i] = what.way == direction::echo ? figures["p50_ns"] : figures["cpu_ns"] / l.count;
        m.allocations = std::max(m.allocations, figures["allocations"] / l.count);
    }
    m.cpu_ns = median(ours);
    m.limit_ns = median(limits);
    m.floor_ns = median(floors);
    return m;
}

}  // namespace bench
