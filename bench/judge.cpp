// Holds measurements against the gates.
#include "bench/judge.hpp"

#include <iomanip>
#include <istream>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

constexpr double tolerance = 1.03;
constexpr double stray_allocations = 0.001;

struct verdict {
    bool instructions;
    bool allocations;
};

verdict judge_row(const measurement& m, const gate& g) {
    return {.instructions = m.instructions <= g.instructions * tolerance,
            .allocations = m.allocations <= g.allocations + stray_allocations};
}

std::string rounded(double value, int decimals) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(decimals) << value;
    return out.str();
}

/// The last two columns are for information.
void print_line(std::ostream& out, std::span<const std::string, 9> cells) {
    constexpr int widths[] = {27, 12, 6, 11, 4, 3, 6, 8, 8};
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i != 0) out << " | ";
        out << (i == 0 ? std::left : std::right) << std::setw(widths[i]) << cells[i];
    }
    out << '\n';
}

}  // namespace

gates read_gates(std::istream& in) {
    gates all;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        const std::size_t tab = line.find('\t');
        std::istringstream figures(tab == std::string::npos ? std::string() : line.substr(tab));
        gate g;
        if (!(figures >> g.instructions >> g.allocations) || !(figures >> std::ws).eof())
            throw std::runtime_error("not `row, instructions, allocations` between tabs: " + line);
        all[line.substr(0, tab)] = g;
    }
    return all;
}

int judge(std::ostream& out, std::span<const measurement> measured, const gates& all) {
    const std::string heads[] = {"row", "instructions", "gate", "allocations", "gate", "met", "CPU ns", "limit ns", "Asio ns"};
    print_line(out, heads);
    int met = 0;
    int missed = 0;
    for (const measurement& m : measured) {
        const auto found = all.find(m.row);
        const bool has_gate = found != all.end();
        const gate g = has_gate ? found->second : gate{};
        const verdict v = has_gate ? judge_row(m, g) : verdict{false, false};
        for (const bool is_met : {v.instructions, v.allocations})
            if (has_gate) ++(is_met ? met : missed);
        const std::string cells[] = {m.name,
                                     rounded(m.instructions, 0),
                                     has_gate ? rounded(g.instructions, 0) : "none",
                                     rounded(m.allocations, 3),
                                     has_gate ? rounded(g.allocations, 0) : "none",
                                     v.instructions && v.allocations ? "yes" : "NO",
                                     rounded(m.cpu_ns, 0),
                                     rounded(m.limit_ns, 0),
                                     rounded(m.floor_ns, 0)};
        print_line(out, cells);
    }
    out << met << " gates met, " << missed << " missed\n";
    return missed == 0 ? 0 : 1;
}

void write_json(std::ostream& out, std::span<const measurement> measured, const gates& all) {
    out << "[\n";
    for (std::size_t i = 0; i < measured.size(); ++i) {
        const measurement& m = measured[i];
        out << R"(  {"row": ")" << m.name << R"(", "instructions": )" << rounded(m.instructions, 1)
            << R"(, "allocations": )" << rounded(m.allocations, 4) << R"(, "cpu_ns": )" << rounded(m.cpu_ns, 1)
            << R"(, "limit_cpu_ns": )" << rounded(m.limit_ns, 1);
        if (const auto g = all.find(m.row); g != all.end()) {
            out << R"(, "gate_instructions": )" << g->second.instructions << R"(, "gate_allocations": )"
                << g->second.allocations;
        }
        out << (i + 1 < measured.size() ? "},\n" : "}\n");
    }
    out << "]\n";
}

}  // namespace bench
