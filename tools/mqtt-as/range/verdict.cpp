// Comparing, and saying what was compared.
#include "tools/mqtt-as/range/verdict.hpp"

#include "tools/terminal/ink.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mqtt_as::cli::range {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

}  // namespace

bool verdict::is_go() const {
    return std::all_of(criteria.begin(), criteria.end(), [](const criterion& each) { return each.is_met; });
}

std::string verdict::text() const {
    if (is_go()) return "GO";
    std::string all;
    for (const criterion& each : criteria) {
        if (each.is_met) continue;
        all += (all.empty() ? "" : "; ") + each.name + " " + each.measured + ", demanded: " + each.demanded;
    }
    return "NO-GO: " + all;
}

verdict judge(const survey& of, const demands& wanted) {
    using terminal::grouped;
    const message_book& book = of.book();
    const span p99 = of.round_trips().percentile(0.99);
    const double down_percent = of.down_share() * 100;
    const auto at_most = [](const std::string& text) { return "at most " + text; };
    return {{
        {"messages back", grouped(book.returned()), "at least " + grouped(wanted.returned_min),
         book.returned() >= wanted.returned_min},
        {"lost", grouped(book.lost()), wanted.lost_max == 0 ? "none" : at_most(grouped(wanted.lost_max)),
         book.lost() <= wanted.lost_max},
        {"refused", grouped(book.refused()), "none", book.refused() == 0},
        {"round trip p99", of.round_trips().count() == 0 ? "unknown" : text_of(p99), at_most(text_of(wanted.p99_max)),
         of.round_trips().count() > 0 && p99 <= wanted.p99_max},
        {"time without a connection", percent_text(of.down_share()),
         at_most(formatted("%g %%", wanted.down_percent_max)), down_percent <= wanted.down_percent_max},
        {"longest outage", of.outage_count() == 0 ? "none" : text_of(of.longest_outage()),
         at_most(text_of(wanted.outage_max)), of.longest_outage() <= wanted.outage_max},
    }};
}

std::string text_of(span time) {
    const double ms = static_cast<double>(time.count()) / 1000;
    if (ms < 10) return formatted("%.2f ms", ms);
    if (ms < 100) return formatted("%.1f ms", ms);
    if (ms < 1000) return formatted("%.0f ms", ms);
    return text_of(std::chrono::duration_cast<milliseconds>(time));
}

std::string text_of(milliseconds time) {
    const double s = static_cast<double>(time.count()) / 1000;
    if (s < 1) return formatted("%.0f ms", s * 1000);
    if (s < 10) return formatted("%.2f s", s);
    if (s < 120) return formatted("%.1f s", s);
    return long_text_of(time);
}

std::string long_text_of(milliseconds time) {
    const auto s = static_cast<long long>(time.count() / 1000);
    if (s < 60) return formatted("%.1f s", static_cast<double>(time.count()) / 1000);
    if (s < 3600) return formatted("%lld min %lld s", s / 60, s % 60);
    if (s < 86'400) return formatted("%lld h %lld min", s / 3600, s / 60 % 60);
    return formatted("%lld d %lld h", s / 86'400, s / 3600 % 24);
}

std::string percent_text(double share) {
    const double percent = share * 100;
    return percent == 0 ? "0 %" : formatted(percent < 1 ? "%.2f %%" : "%.1f %%", percent);
}

}  // namespace mqtt_as::cli::range
