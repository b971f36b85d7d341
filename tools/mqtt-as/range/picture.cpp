// Draws the scene in 80 columns.
#include "tools/mqtt-as/range/picture.hpp"

#include "tools/terminal/client_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace mqtt_as::cli::range {

using namespace terminal;

namespace {

constexpr std::size_t name_width = 14;
constexpr std::size_t column_width = 21;
constexpr std::size_t outages_shown_max = 3;

struct figure {
    std::string name;
    std::string value;
    tone colour = tone::strong;
};

line row(const std::string& name, const std::array<figure, 3>& figures) {
    line result{{"  " + padded(name, name_width)}};
    for (const figure& each : figures) {
        const std::size_t used = each.name.size() + 1 + each.value.size();
        result.push_back({each.name + (each.name.empty() ? "" : " "), tone::faint});
        result.push_back({each.value, each.colour});
        result.push_back({std::string(used < column_width ? column_width - used : 2, ' ')});
    }
    return result;
}

// From "too quick to see" to a second and more, each step about three times the one before.
std::size_t level_of(span time) {
    constexpr std::array steps_ms = {1, 3, 10, 30, 100, 300, 1000};
    const auto at = std::upper_bound(steps_ms.begin(), steps_ms.end(), time.count() / 1000);
    return 1 + static_cast<std::size_t>(at - steps_ms.begin());
}

stroke connection_stroke(const cell& second, const glyphs& with) {
    if (second.down.count() == 0) return {with.up, tone::good};
    return second.down < milliseconds(900) ? stroke{with.partly_up, tone::busy} : stroke{with.down, tone::bad};
}

stroke round_trip_stroke(const cell& second, const glyphs& with) {
    if (second.is_silent()) return {with.levels[0], second.sent > 0 ? tone::bad : tone::faint};
    const std::size_t level = level_of(second.slowest);
    return {with.levels[level], level >= 6 ? tone::bad : tone::busy};
}

// -90 dBm is hardly a connection, -40 dBm is next to the access point.
stroke signal_stroke(const cell& second, const glyphs& with) {
    if (!second.weakest) return {" "};
    const int level = std::clamp((*second.weakest + 90) * 8 / 50, 1, 8);
    return {with.levels[static_cast<std::size_t>(level)], level <= 2 ? tone::bad : tone::good};
}

template <class StrokeOf>
line strip(const std::string& name, const std::deque<cell>& seconds, const glyphs& with, StrokeOf stroke_of) {
    line result{{"  " + padded(name, name_width)}, {std::string(60 - std::min<std::size_t>(60, seconds.size()), ' ')}};
    for (const cell& each : seconds) result.push_back(stroke_of(each, with));
    return result;
}

line outage_line(const outage& each, milliseconds now, const glyphs& with) {
    const bool is_over = each.recovered.has_value();
    return {{"  " + padded("", name_width)},
            {is_over ? with.good : with.bad, is_over ? tone::good : tone::bad},
            {" " + text_of(each.lasted(now)), is_over ? tone::normal : tone::bad},
            {", " + long_text_of(now - each.began) + " ago: ", tone::faint},
            {each.why, tone::faint}};
}

std::string path_text(const explanation& e, const survey& of) {
    std::string text = e.link;
    if (of.signal()) {
        text += (text.empty() ? "signal " : ", signal ") + std::to_string(of.signal()->last) + " dBm (" +
                std::to_string(of.signal()->weakest) + " to " + std::to_string(of.signal()->strongest) + ")";
    }
    return text + (text.empty() || e.address.empty() ? "" : "; ") + e.address;
}

tone tone_of(std::uint64_t trouble) { return trouble == 0 ? tone::strong : tone::bad; }

}  // namespace

std::vector<line> draw(const scene& s, const glyphs& with) {
    const survey& of = s.of;
    const message_book& book = of.book();
    const histogram& times = of.round_trips();
    const bool is_up = is_online(s.client);
    const bool is_timed = times.count() > 0;
    const auto percentile = [&](double share) { return is_timed ? text_of(times.percentile(share)) : "-"; };

    std::vector<line> picture;
    picture.push_back(
        {{"  mqtt-as range", tone::strong},
         {"  " + s.what.broker + "; qos " + std::to_string(s.what.qos) + " every " + text_of(s.what.interval),
          tone::faint}});
    picture.emplace_back();
    picture.push_back({{"  "},
                       {is_up ? with.good : with.bad, is_up ? tone::good : tone::bad},
                       {" " + state_text(s.client) + "  ", is_up ? tone::good : tone::bad},
                       {next_text(s.client), tone::busy}});
    picture.push_back(
        {{"    " + (is_up ? path_text(s.client, of) : why_text(s.client)), is_up ? tone::faint : tone::normal}});
    picture.emplace_back();
    picture.push_back(row("round trip", {figure{"now", of.last_round_trip() ? text_of(*of.last_round_trip()) : "-"},
                                         figure{"median", percentile(0.5)}, figure{"p99", percentile(0.99)}}));
    picture.push_back(row("messages", {figure{"sent", grouped(book.sent())}, figure{"back", grouped(book.returned())},
                                       figure{"lost", grouped(book.lost()), tone_of(book.lost())}}));
    picture.push_back(
        row("", {figure{"on their way", grouped(book.on_the_way()), book.on_the_way() > 20 ? tone::busy : tone::strong},
                 figure{"duplicates", grouped(book.duplicates())},
                 figure{"refused", grouped(book.refused()), tone_of(book.refused())}}));
    picture.push_back(row("", {figure{"republications", grouped(of.counts().republications)},
                               figure{"resent", grouped(of.counts().resent)},
                               figure{"discards", grouped(of.counts().discards), tone_of(of.counts().discards)}}));
    picture.push_back(row("outages", {figure{"", grouped(of.outage_count())},
                                      figure{"longest", of.outage_count() == 0 ? "-" : text_of(of.longest_outage())},
                                      figure{"down", percent_text(of.down_share())}}));
    picture.emplace_back();
    picture.push_back(strip("connection", of.last_minute(), with, connection_stroke));
    picture.push_back(strip("round trip", of.last_minute(), with, round_trip_stroke));
    if (of.signal()) picture.push_back(strip("signal", of.last_minute(), with, signal_stroke));
    picture.push_back({{padded("", name_width + 2) + padded("a minute ago", 57) + "now", tone::faint}});
    picture.emplace_back();
    const std::size_t shown = std::min(of.outages().size(), outages_shown_max);
    for (auto each = of.outages().end() - static_cast<std::ptrdiff_t>(shown); each != of.outages().end(); ++each) {
        picture.push_back(outage_line(*each, of.elapsed(), with));
    }
    if (shown > 0) picture.emplace_back();
    const bool is_go = s.so_far.is_go();
    picture.push_back({{"  " + padded(long_text_of(of.elapsed()), name_width), tone::strong},
                       {is_go ? "GO so far" : s.so_far.text(), is_go ? tone::good : tone::busy}});
    picture.push_back({{"  " + padded("", name_width) + s.now, tone::faint}});
    return picture;
}

std::string one_line(const scene& s) {
    const survey& of = s.of;
    const message_book& book = of.book();
    std::string text = state_text(s.client);
    if (!is_online(s.client)) text += " (" + why_text(s.client) + "; " + next_text(s.client) + ")";
    if (of.signal()) text += "; signal " + std::to_string(of.signal()->last) + " dBm";
    if (of.round_trips().count() > 0) {
        text += "; round trip median " + text_of(of.round_trips().percentile(0.5)) + ", p99 " +
                text_of(of.round_trips().percentile(0.99));
    }
    return text + "; sent " + std::to_string(book.sent()) + ", back " + std::to_string(book.returned()) +
           ", on their way " + std::to_string(book.on_the_way()) + ", lost " + std::to_string(book.lost()) +
           ", duplicates " + std::to_string(book.duplicates()) + "; outages " + std::to_string(of.outage_count()) +
           ", republications " + std::to_string(of.counts().republications) + ", discards " +
           std::to_string(of.counts().discards);
}

}  // namespace mqtt_as::cli::range
