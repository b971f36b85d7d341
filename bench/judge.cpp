// Compares, and says so.
#include "bench/judge.hpp"

#include <algorithm>
#include <iomanip>
#include <istream>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

double allowed(const gate& g) {
    constexpr double tolerance = 1.03;
    constexpr double stray_allocations = 0.001;
    if (g.quantity == instructions || g.quantity == system_calls) return g.at_most * tolerance;
    return g.quantity == allocations ? g.at_most + stray_allocations : g.at_most;
}

bool is_expected(const gate& g, extent e) {
    if (e == extent::full || g.quantity == instructions || g.quantity == allocations) return true;
    return e == extent::quick && g.quantity == over_floor;
}

/// Coroutines have gates of their own for time, and may not allocate either.
bool is_ours(const figure& f) {
    return f.who == ours_v311 || f.who == ours_v5 || (f.who == coroutines && f.quantity == allocations);
}

bool read_value(const std::string& text, double& value) {
    std::istringstream in(text);
    if (!(in >> value)) return false;
    char slash = 0;
    double divisor = 1;
    if (in >> slash && (slash != '/' || !(in >> divisor) || divisor == 0)) return false;
    value /= divisor;
    return (in >> std::ws).eof();
}

}  // namespace

gates read_gates(std::istream& in) {
    gates all;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream cells(line);
        gate g;
        std::string value;
        if (!std::getline(cells, g.subject, '\t') || !std::getline(cells, g.quantity, '\t') ||
            !std::getline(cells, value) || !read_value(value, g.at_most))
            throw std::runtime_error("not `subject, quantity, gate` between tabs: " + line);
        all.push_back(std::move(g));
    }
    return all;
}

std::vector<verdict> judge(const figures& found, const gates& all, extent e) {
    std::vector<verdict> verdicts;
    for (const gate& g : all) {
        if (!is_expected(g, e)) continue;
        verdict v{.held = g, .worst = std::nullopt, .is_met = false};
        for (const figure& f : found) {
            if (is_ours(f) && f.subject == g.subject && f.quantity == g.quantity)
                v.worst = std::max(v.worst.value_or(f.value), f.value);
        }
        v.is_met = v.worst && *v.worst <= allowed(g);
        verdicts.push_back(std::move(v));
    }
    return verdicts;
}

int pronounce(std::ostream& out, const std::vector<verdict>& verdicts) {
    const auto line = [&](std::string_view subject, std::string_view quantity, const std::string& measured,
                          const std::string& at_most, std::string_view met) {
        out << std::left << std::setw(44) << subject << " | " << std::setw(20) << quantity << " | " << std::right
            << std::setw(12) << measured << " | " << std::setw(8) << at_most << " | " << met << '\n';
    };
    const auto rounded = [](double value) {
        std::ostringstream text;
        text << std::setprecision(4) << value;
        return text.str();
    };
    line("gate", "of", "measured", "at most", "met");
    for (const verdict& v : verdicts) {
        line(v.held.subject, v.held.quantity, v.worst ? rounded(*v.worst) : "not measured", rounded(v.held.at_most),
             v.is_met ? "yes" : "NO");
    }
    const auto met = std::count_if(verdicts.begin(), verdicts.end(), [](const verdict& v) { return v.is_met; });
    const auto missed = static_cast<std::ptrdiff_t>(verdicts.size()) - met;
    out << met << " gates met, " << missed << " missed\n";
    return missed == 0 ? 0 : 1;
}

}  // namespace bench
