// The report as one page: no script, nothing from elsewhere, for phones and for the dark.
//
// The plots stretch with the page (preserveAspectRatio="none"), so what must not stretch, the words, stands beside them
// in HTML, placed by percentages.
#include "tools/mqtt-as/range/report.hpp"
#include "tools/mqtt-as/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::cli::range {

namespace {

using terminal::grouped;

constexpr auto style = R"css(
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #ffffff; --ink: #1a2230; --faint: #66738a; --rule: #e1e5ec;
  --good: #14804a; --bad: #c7302b; --busy: #b7791f; --line: #2563c9; --band: #2563c92e; --signal: #7c4dbd; }
@media (prefers-color-scheme: dark) { :root { --paper: #10141b; --card: #191f2a; --ink: #e6eaf2; --faint: #93a0b5;
  --rule: #2a3342; --good: #4cc38a; --bad: #ff6b66; --busy: #e0a84c; --line: #6ea8ff; --band: #6ea8ff38; --signal: #b694f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
header { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; margin-bottom: 1.1rem; }
h1 { font-size: 1.35rem; margin: 0; line-height: 1.25; }
header p { flex-basis: 100%; margin: 0; color: var(--faint); overflow-wrap: anywhere; }
.verdict { font-weight: 700; letter-spacing: .04em; padding: .15rem .8rem; border-radius: 2rem; color: var(--card); }
.go { background: var(--good); } .no-go { background: var(--bad); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: .7rem; padding: 1rem; margin-top: .9rem; }
h2 { font-size: .95rem; margin: 0 0 .7rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .9rem; }
.cards section { margin: 0; }
.cards b { display: block; font-size: 1.55rem; line-height: 1.2; font-weight: 650; }
.cards span, .key, caption, th, small { color: var(--faint); }
.plot { position: relative; margin-left: 3.6rem; }
.plot svg { display: block; width: 100%; }
.plot .y { position: absolute; right: 100%; margin-right: .5rem; transform: translateY(-50%); white-space: nowrap;
  font-size: .78rem; color: var(--faint); }
.x { display: flex; justify-content: space-between; margin: .25rem 0 0 3.6rem; font-size: .78rem; color: var(--faint); }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .7rem 0 0; font-size: .82rem; }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .4rem;
  vertical-align: -.08rem; }
.grid { stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
.band { fill: var(--band); } .mean { fill: none; stroke: var(--line); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
.up { fill: var(--good); } .down { fill: var(--bad); } .silent { fill: var(--busy); }
.veil { fill: var(--bad); opacity: .16; }
.signal { fill: none; stroke: var(--signal); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--rule); vertical-align: top; }
tr:first-child > * { border-top: 0; } th { font-weight: 400; } td:last-child { overflow-wrap: anywhere; }
.criteria td:first-child { width: 1.8rem; } th { width: 45%; }
.criteria td:nth-child(3) { white-space: nowrap; }
.outages th { width: auto; } .why td { border-top: 0; padding-top: 0; color: var(--faint); }
.met { color: var(--good); font-weight: 700; } .unmet { color: var(--bad); font-weight: 700; }
small { display: block; margin-top: 1.2rem; overflow-wrap: anywhere; }
)css";

std::string escaped(std::string_view text) {
    std::string result;
    for (const char each : text) {
        switch (each) {
        case '&': result += "&amp;"; break;
        case '<': result += "&lt;"; break;
        case '>': result += "&gt;"; break;
        case '"': result += "&quot;"; break;
        default: result += static_cast<unsigned char>(each) < 0x20 ? ' ' : each;  // XML has no others
        }
    }
    return result;
}

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

std::string tag(const std::string& name, const std::string& attributes, const std::string& content) {
    return "<" + name + (attributes.empty() ? "" : " " + attributes) + ">" + content + "</" + name + ">";
}

// ---- plots ------------------------------------------------------------------------------------

constexpr double plot_width = 1000;

// Where cell n begins. All cells are there, also the one that is not over.
class columns {
public:
    explicit columns(const timeline& of) : cells_(of.cells()) {}
    double left(std::size_t n) const {
        return plot_width * static_cast<double>(n) / static_cast<double>(cells_.size());
    }
    double right(std::size_t n) const { return left(n + 1); }
    std::size_t count() const { return cells_.size(); }
    const cell& operator[](std::size_t n) const { return cells_[n]; }

private:
    const std::vector<cell>& cells_;
};

// A scale on which each decade of milliseconds is as high as the next.
class decades {
public:
    decades(span least, span most)
        : low_(static_cast<int>(std::floor(log_of(least)))),
          high_(std::max(low_ + 1, static_cast<int>(std::ceil(log_of(most))))) {}

    /// How far from the top.
    double share(span time) const { return 1 - std::clamp((log_of(time) - low_) / (high_ - low_), 0.0, 1.0); }
    /// From the lowest.
    std::vector<span> lines() const {
        std::vector<span> all;
        for (int each = low_; each <= high_; ++each) all.emplace_back(std::llround(std::pow(10, each) * 1000));
        return all;
    }

private:
    static double log_of(span time) {
        constexpr double least_ms = 0.01;
        return std::log10(std::max(least_ms, static_cast<double>(time.count()) / 1000));
    }

    int low_;
    int high_;
};

std::string decade_text(span time) {
    if (time.count() >= 1'000'000) return std::to_string(time.count() / 1'000'000) + " s";
    if (time.count() >= 1'000) return std::to_string(time.count() / 1'000) + " ms";
    return number(static_cast<double>(time.count()) / 1000) + " ms";
}

std::string rectangle(const std::string& kind, double left, double right, double height) {
    return "<rect class=\"" + kind + "\" x=\"" + number(left) + "\" y=\"0\" width=\"" + number(right - left) +
           "\" height=\"" + number(height) + "\"/>";
}

std::string svg(double height, const std::string& css_height, const std::string& label, const std::string& content) {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(plot_width) + " " + number(height) +
           "\" preserveAspectRatio=\"none\" style=\"height:" + css_height + "\" role=\"img\" aria-label=\"" +
           escaped(label) + "\">" + content + "</svg>";
}

// Stretches of cells with a value, each as its first and last index.
template <class HasValue>
std::vector<std::pair<std::size_t, std::size_t>> stretches(const columns& at, HasValue has_value) {
    std::vector<std::pair<std::size_t, std::size_t>> all;
    for (std::size_t n = 0; n < at.count(); ++n) {
        if (!has_value(at[n])) continue;
        if (!all.empty() && all.back().second + 1 == n) {
            all.back().second = n;
        } else {
            all.emplace_back(n, n);
        }
    }
    return all;
}

struct interval {
    double left;
    double right;
};

// When there was no connection. A cell knows how long, not when: it lies beside that of its neighbours.
std::vector<interval> down_intervals(const columns& at, milliseconds width) {
    constexpr double visible = 2;  // an outage of a second in a cell of an hour is what one looks for
    std::vector<interval> all;
    for (std::size_t n = 0; n < at.count(); ++n) {
        if (at[n].down.count() == 0) continue;
        const double share = static_cast<double>(at[n].down.count()) / static_cast<double>(width.count());
        const double size = std::max(visible, (at.right(n) - at.left(n)) * std::min(1.0, share));
        const bool began_before = n > 0 && at[n - 1].down.count() > 0;
        const bool goes_on = n + 1 < at.count() && at[n + 1].down.count() > 0;
        interval one{at.left(n), std::min(plot_width, at.left(n) + size)};
        if (goes_on && !began_before) one = {std::max(0.0, at.right(n) - size), at.right(n)};
        if (!all.empty() && one.left <= all.back().right) {
            all.back().right = one.right;
        } else {
            all.push_back(one);
        }
    }
    return all;
}

// A line of steps through `height_of` each cell, from left to right; `backwards` for the lower edge of an area.
template <class HeightOf>
std::string steps(const columns& at, std::size_t first, std::size_t last, HeightOf height_of, bool backwards = false) {
    std::string points;
    for (std::size_t n = 0; n <= last - first; ++n) {
        const std::size_t each = backwards ? last - n : first + n;
        const std::string y = number(height_of(at[each]));
        const double from = backwards ? at.right(each) : at.left(each);
        const double to = backwards ? at.left(each) : at.right(each);
        points += number(from) + "," + y + " " + number(to) + "," + y + " ";
    }
    return points;
}

std::string latency_plot(const survey& of) {
    constexpr double height = 240;
    const columns at(of.past());
    const decades scale(of.round_trips().least(), of.round_trips().most());
    std::string content;
    std::string labels;
    for (const span each : scale.lines()) {
        const double share = scale.share(each);
        const std::string y = number(share * height);
        content += "<line class=\"grid\" x1=\"0\" x2=\"1000\" y1=\"" + y + "\" y2=\"" + y + "\"/>";
        labels += tag("span", "class=\"y\" style=\"top:" + number(share * 100) + "%\"", decade_text(each));
    }
    for (const interval& each : down_intervals(at, of.past().width())) {
        content += rectangle("veil", each.left, each.right, height);
    }
    for (const auto& [first, last] : stretches(at, [](const cell& c) { return !c.is_silent(); })) {
        const auto high = [&](const cell& c) { return scale.share(c.slowest) * height; };
        const auto low = [&](const cell& c) { return scale.share(c.quickest) * height; };
        const auto mean = [&](const cell& c) { return scale.share(c.mean()) * height; };
        content += "<polygon class=\"band\" points=\"" + steps(at, first, last, high) +
                   steps(at, first, last, low, true) + "\"/><polyline class=\"mean\" points=\"" +
                   steps(at, first, last, mean) + "\"/>";
    }
    return tag("div", "class=\"plot\"", svg(height, "15rem", "round trip over time", content) + labels);
}

std::string connection_strip(const survey& of) {
    constexpr double height = 10;
    const columns at(of.past());
    std::string content = rectangle("up", 0, plot_width, height);
    for (const auto& [first, last] :
         stretches(at, [](const cell& c) { return c.sent > 0 && c.returned == 0 && c.down.count() == 0; })) {
        content += rectangle("silent", at.left(first), at.right(last), height);
    }
    for (const interval& each : down_intervals(at, of.past().width())) {
        content += rectangle("down", each.left, each.right, height);
    }
    return tag("div", "class=\"plot\" style=\"margin-top:.6rem\"",
               svg(height, ".9rem", "connection over time", content));
}

std::string signal_plot(const survey& of) {
    if (!of.signal()) return {};
    constexpr double height = 100;
    const columns at(of.past());
    const double low = std::floor((of.signal()->weakest - 1) / 10.0) * 10;
    const double high = std::ceil((of.signal()->strongest + 1) / 10.0) * 10;
    const auto share = [&](double dbm) { return (high - dbm) / (high - low); };
    std::string content;
    std::string labels;
    for (const double each : {low, high}) {
        const std::string y = number(share(each) * height);
        content += "<line class=\"grid\" x1=\"0\" x2=\"1000\" y1=\"" + y + "\" y2=\"" + y + "\"/>";
        labels += tag("span", "class=\"y\" style=\"top:" + number(share(each) * 100) + "%\"",
                      std::to_string(static_cast<int>(each)) + " dBm");
    }
    for (const auto& [first, last] : stretches(at, [](const cell& c) { return c.weakest.has_value(); })) {
        const auto y = [&](const cell& c) { return share(*c.weakest) * height; };
        content += "<polyline class=\"signal\" points=\"" + steps(at, first, last, y) + "\"/>";
    }
    return tag("section", "",
               tag("h2", "", "Signal") +
                   tag("div", "class=\"plot\"", svg(height, "6rem", "signal over time", content) + labels));
}

std::string time_axis(const survey& of) {
    const auto end = of.past().width() * static_cast<std::int64_t>(of.past().cells().size());
    std::string marks;
    for (int n = 0; n <= 4; ++n) marks += tag("span", "", n == 0 ? "0" : long_text_of(end * n / 4));
    return tag("div", "class=\"x\"", marks);
}

std::string key() {
    const auto entry = [](const char* colour, const char* words) {
        return "<span><i style=\"background:var(--" + std::string(colour) + ")\"></i>" + words + "</span>";
    };
    return tag("p", "class=\"key\"",
               entry("line", "mean round trip") + entry("band", "quickest to slowest") + entry("good", "connected") +
                   entry("busy", "nothing came back") + entry("bad", "no connection"));
}

// ---- words ------------------------------------------------------------------------------------

std::string card(const std::string& name, const std::string& value, const std::string& note) {
    return tag("section", "",
               tag("span", "", escaped(name)) + tag("b", "", escaped(value)) + tag("span", "", escaped(note)));
}

std::string cards(const survey& of) {
    const message_book& book = of.book();
    const bool is_timed = of.round_trips().count() > 0;
    const auto time = [&](double share) { return is_timed ? text_of(of.round_trips().percentile(share)) : "unknown"; };
    return tag("div", "class=\"cards\"",
               card("Round trip", time(0.5), "median") + card("Round trip", time(0.99), "p99") +
                   card("Lost", grouped(book.lost()), "of " + grouped(book.sent()) + " messages") +
                   card("Outages", grouped(of.outage_count()),
                        of.outage_count() == 0 ? "the connection held" : "longest " + text_of(of.longest_outage())) +
                   card("No connection", percent_text(of.down_share()), long_text_of(of.down_time())));
}

std::string table_row(const std::vector<std::string>& cells) {
    std::string all;
    for (const std::string& each : cells) all += tag("td", "", each);
    return tag("tr", "", all);
}

std::string criteria_table(const verdict& judged) {
    std::string rows;
    for (const criterion& each : judged.criteria) {
        rows += table_row({tag("span", each.is_met ? "class=\"met\"" : "class=\"unmet\"", each.is_met ? "✓" : "✗"),
                           escaped(each.name), escaped(each.measured), escaped(each.demanded)});
    }
    return tag("section", "class=\"criteria\"",
               tag("h2", "", "Criteria: measured and demanded") + tag("table", "", rows));
}

std::string outage_table(const survey& of) {
    if (of.outages().empty()) return {};
    std::string rows =
        tag("tr", "", "<th>after</th><th>noticed in</th><th>connected after</th><th>messages after</th>");
    for (const outage& each : of.outages()) {
        const auto after = [&](const std::optional<milliseconds>& when) {
            return when ? text_of(*when - each.began) : std::string("not yet");
        };
        rows += table_row(
            {long_text_of(each.began), text_of(each.noticed_after), after(each.connected), after(each.recovered)});
        rows += tag("tr", "class=\"why\"", tag("td", "colspan=\"4\"", escaped(each.why)));
    }
    const bool some_are_missing = of.outage_count() > of.outages().size();
    return tag("section", "class=\"outages\"",
               tag("h2", "", some_are_missing ? "The last outages" : "Outages") + tag("table", "", rows));
}

std::string figures_table(const survey& of) {
    const message_book& book = of.book();
    std::string rows;
    const auto add = [&](const std::string& name, const std::string& value) {
        rows += tag("tr", "", tag("th", "", name) + tag("td", "", escaped(value)));
    };
    add("Sent, acknowledged, back",
        grouped(book.sent()) + ", " + grouped(book.acknowledged()) + ", " + grouped(book.returned()));
    add("On their way at the end", grouped(book.on_the_way()));
    add("Refused", grouped(book.refused()) + (of.refusal().empty() ? "" : ": " + of.refusal()));
    add("Duplicates, discards", grouped(book.duplicates()) + ", " + grouped(of.counts().discards));
    add("Repeated while connected, after reconnections",
        grouped(of.counts().republications) + ", " + grouped(of.counts().resent));
    add("Held up by outages, and no round trips", grouped(book.held_up()));
    if (of.round_trips().count() > 0) {
        add("Round trip: least, p90, most", text_of(of.round_trips().least()) + ", " +
                                                text_of(of.round_trips().percentile(0.9)) + ", " +
                                                text_of(of.round_trips().most()));
    }
    return tag("section", "", tag("h2", "", "Figures") + tag("table", "", rows));
}

}  // namespace

std::string html_report(const subject& what, const survey& of, const verdict& judged) {
    const std::string title = "Range test of " + escaped(what.broker);
    std::string plots;
    if (!of.past().cells().empty() && of.round_trips().count() > 0) {
        plots = tag("section", "",
                    tag("h2", "", "Round trip and connection") + latency_plot(of) + connection_strip(of) +
                        time_axis(of) + key()) +
                signal_plot(of);
    }
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>" +
           tag("title", "", title) + tag("style", "", style) + "</head>\n<body><main>\n" +
           tag("header", "",
               tag("h1", "", title) +
                   tag("span", judged.is_go() ? "class=\"verdict go\"" : "class=\"verdict no-go\"",
                       judged.is_go() ? "GO" : "NO-GO") +
                   tag("p", "",
                       utc_text(what.began) + ", for " + long_text_of(of.elapsed()) + "; a message with qos " +
                           std::to_string(what.qos) + " every " + text_of(what.interval))) +
           "\n" + cards(of) + "\n" + plots + "\n" + criteria_table(judged) + "\n" + outage_table(of) + "\n" +
           figures_table(of) + "\n" +
           tag("small", "", "mqtt-as range; client " + escaped(what.client_id) + ", topic " + escaped(what.topic)) +
           "\n</main></body></html>\n";
}

}  // namespace mqtt_as::cli::range
