// Lays the figures out, and describes the machine that they come from.
#include "bench/report.hpp"

#include "bench/rows.hpp"

#include <algorithm>
#include <boost/version.hpp>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <sys/utsname.h>
#include <thread>

namespace bench {
namespace {

std::string rounded(std::optional<double> value, int decimals) {
    if (!value) return "-";
    std::ostringstream out;
    out << std::fixed << std::setprecision(decimals) << *value;
    return out.str();
}

/// Few digits for large figures, more for small ones.
std::string readable(std::optional<double> value) {
    return rounded(value, !value || *value >= 100 ? 0 : *value >= 10 ? 1 : *value == 0 ? 0 : 3);
}

std::string ratio(std::optional<double> ours, std::optional<double> other) {
    return ours && other && *other != 0 ? rounded(*ours / *other, 2) : "-";
}

constexpr int first_width = 15;
constexpr int width = 9;

void print_line(std::ostream& out, const std::vector<std::string>& cells) {
    out << std::left << std::setw(first_width) << cells.front() << std::right;
    for (std::size_t i = 1; i < cells.size(); ++i) out << " | " << std::setw(width) << cells[i];
    out << '\n';
}

bool is_row(const std::string& subject) {
    return std::any_of(std::begin(rows), std::end(rows), [&](const row& r) { return r.name == subject; });
}

/// The quickest peer, and its name.
std::pair<std::optional<double>, std::string> best_peer(const figures& all, std::string_view subject,
                                                        std::string_view quantity) {
    std::pair<std::optional<double>, std::string> best{std::nullopt, "-"};
    for (const std::string_view peer : peers) {
        const auto value = find(all, subject, quantity, peer);
        if (value && (!best.first || *value < *best.first)) best = {value, std::string(peer)};
    }
    return best;
}

void print_rows(std::ostream& out, const figures& all) {
    print_line(out, {"ns, CPU", "limit", "Asio", "3.1.1", "5", "/ limit", "/ Asio", "co_await", "peer", "/ peer",
                     "1000 / s", "allocs", "syscalls", "instr 3", "instr 5"});
    for (const row& r : rows) {
        const auto time_of = [&](std::string_view who) {
            return find(all, r.name, r.what.way == direction::echo ? p50_ns : cpu_ns, who);
        };
        const auto ours = time_of(ours_v311);
        const auto peer = best_peer(all, r.name, r.what.way == direction::echo ? p50_ns : cpu_ns);
        auto throughput = find(all, r.name, per_s, ours_v311);
        if (throughput) *throughput /= 1'000;
        print_line(
            out,
            {std::string(r.name), readable(time_of(limit)), readable(time_of(floor_of_asio)), readable(ours),
             readable(time_of(ours_v5)), ratio(ours, time_of(limit)), ratio(ours, time_of(floor_of_asio)),
             readable(time_of(coroutines)), readable(peer.first), ratio(ours, peer.first), rounded(throughput, 0),
             readable(find(all, r.name, allocations, ours_v311)), readable(find(all, r.name, system_calls, ours_v311)),
             readable(find(all, r.name, instructions, ours_v311)), readable(find(all, r.name, instructions, ours_v5))});
    }
    out << "round trip: p50 instead of CPU time; peer: the best of libmosquitto, Paho C, Paho C++\n";
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    return out + '"';
}

std::string line_of(const char* file, std::string_view name) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(name)) continue;
        const std::size_t at = line.find_first_not_of(" \t", line.find(':') + 1);
        return at == std::string::npos ? std::string() : line.substr(at);
    }
    return {};
}

void write_machine(std::ostream& out) {
    utsname system{};
    ::uname(&system);
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    out << "  \"machine\": {\n    \"taken\": \"" << std::put_time(&utc, "%FT%TZ")
        << "\",\n    \"processor\": " << quoted(line_of("/proc/cpuinfo", "model name"))
        << ",\n    \"processors\": " << std::thread::hardware_concurrency()
        << ",\n    \"memory\": " << quoted(line_of("/proc/meminfo", "MemTotal"))
        << ",\n    \"system\": " << quoted(std::string(system.sysname) + ' ' + system.release)
        << ",\n    \"compiler\": " << quoted("g++ " __VERSION__) << ",\n    \"boost\": " << quoted(BOOST_LIB_VERSION)
        << "\n  }";
}

}  // namespace

void print_figures(std::ostream& out, const figures& all) {
    print_rows(out, all);
    out << '\n';
    for (const figure& f : all) {
        if (is_row(f.subject) && f.quantity != "ns more by co_await") continue;
        out << std::left << std::setw(44) << f.subject << " | " << std::setw(20) << f.quantity << " | " << std::setw(14)
            << f.who << " | " << std::right << std::setw(10) << readable(f.value) << '\n';
    }
    out << '\n';
}

void write_json(std::ostream& out, const figures& all, const std::vector<verdict>& verdicts) {
    out << "{\n";
    write_machine(out);
    out << ",\n  \"figures\": [\n" << std::setprecision(6);
    for (std::size_t i = 0; i < all.size(); ++i) {
        out << "    {\"subject\": " << quoted(all[i].subject) << ", \"quantity\": " << quoted(all[i].quantity)
            << ", \"who\": " << quoted(all[i].who) << ", \"value\": " << all[i].value
            << (i + 1 < all.size() ? "},\n" : "}\n");
    }
    out << "  ],\n  \"gates\": [\n";
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const verdict& v = verdicts[i];
        out << "    {\"subject\": " << quoted(v.held.subject) << ", \"quantity\": " << quoted(v.held.quantity)
            << ", \"at_most\": " << v.held.at_most << ", \"measured\": ";
        v.worst ? out << *v.worst : out << "null";
        out << ", \"met\": " << (v.is_met ? "true" : "false") << (i + 1 < verdicts.size() ? "},\n" : "}\n");
    }
    out << "  ]\n}\n";
}

}  // namespace bench
