// Draws the scene in at most 80 columns.
#include "tools/demo/picture.hpp"

#include "tools/terminal/client_words.hpp"

#include <algorithm>

namespace mqtt_as::demo {

namespace {

using namespace terminal;

constexpr std::size_t seconds_shown = 60;

std::string history_text(const explanation& e) {
    return e.address + "; " + std::to_string(e.count.outages) + (e.count.outages == 1 ? " outage" : " outages") +
           " so far";
}

void draw_station(std::vector<line>& picture, const char* name, const explanation& e, const glyphs& with) {
    const bool up = is_online(e);
    const tone colour = up ? tone::good : tone::bad;
    picture.push_back({{"  " + padded(name, 13)},
                       {up ? with.good : with.bad, colour},
                       {" " + padded(state_text(e), 17), colour},
                       {next_text(e), tone::busy}});
    picture.push_back({{std::string(17, ' ') + (up ? history_text(e) : why_text(e)), up ? tone::faint : tone::normal}});
}

// How full a second was, on a scale on which the steady rate is half of the height and a burst the whole of it.
std::size_t level(std::size_t delivered) {
    constexpr std::size_t steady = 200;
    if (delivered == 0) return 0;
    if (delivered <= steady) return 1 + delivered * 3 / steady;
    return std::min<std::size_t>(5 + (delivered - steady) / (2 * steady), 8);
}

stroke state_stroke(const second& each, std::size_t who, const glyphs& with) {
    if (!each.was_down[who]) return {with.up, tone::good};
    return each.was_up[who] ? stroke{with.partly_up, tone::busy} : stroke{with.down, tone::bad};
}

void draw_past(std::vector<line>& picture, const std::vector<second>& past, const glyphs& with) {
    for (std::size_t who = 0; who < station_names.size(); ++who) {
        line row{{"  " + padded(station_names[who], 13)}};
        for (const second& each : past) row.push_back(state_stroke(each, who, with));
        picture.push_back(row);
    }
    line row{{"  " + padded("delivered/s", 13)}};
    for (const second& each : past) {
        row.push_back({with.levels[level(each.delivered)], each.delivered == 0 ? tone::bad : tone::busy});
    }
    picture.push_back(row);
    std::string scale = std::string(15, ' ');
    for (std::size_t at = 0; at < seconds_shown; at += 10) scale += padded(std::to_string(at) + " s", 10);
    picture.push_back({{scale, tone::faint}});
}

stroke detected_text(const outage& each, const glyphs& with) {
    if (each.detected) return {right(std::to_string(each.detected->count()) + " ms", 14)};
    if (each.now == outage::state::failed) return {right("never", 14), tone::bad};
    if (each.now == outage::state::unnoticed) return {right(seconds_text(each.lasting), 14), tone::busy};
    return {std::string(14 - 1, ' ') + with.to_come, tone::faint};
}

stroke recovered_text(const outage& each, const glyphs& with) {
    if (each.recovered) return {right(std::to_string(each.recovered->count()) + " ms", 15), tone::good};
    if (each.now == outage::state::failed) return {right("never", 15), tone::bad};
    return {std::string(15 - 1, ' ') + with.to_come, tone::faint};
}

line outage_line(const outage& each, const glyphs& with) {
    const bool runs = each.now == outage::state::unnoticed || each.now == outage::state::noticed;
    const tone colour = each.now == outage::state::coming ? tone::faint : runs ? tone::strong : tone::normal;
    stroke mark{" "};
    if (runs) mark = {with.now, tone::busy};
    if (each.now == outage::state::over) mark = {with.good, tone::good};
    if (each.now == outage::state::failed) mark = {with.bad, tone::bad};
    return {{"  "},
            mark,
            {" " + padded(each.kind, 31) + padded(each.who, 12), colour},
            detected_text(each, with),
            {"  "},
            recovered_text(each, with)};
}

}  // namespace

std::vector<line> draw_outages(const std::vector<outage>& outages, const glyphs& with) {
    std::vector<line> table{
        {{"    " + padded("outage", 31) + padded("who", 12) + "detected after  recovered after", tone::faint}}};
    for (const outage& each : outages) table.push_back(outage_line(each, with));
    return table;
}

std::vector<line> draw(const scene& what, const glyphs& with) {
    std::vector<line> picture;
    picture.push_back(
        {{"  mqtt_as", tone::strong}, {"  two clients, qos 1, 200 messages a second, a bad network", tone::faint}});
    picture.emplace_back();
    for (std::size_t who = 0; who < what.stations.size(); ++who) {
        draw_station(picture, station_names[who], what.stations[who], with);
    }
    picture.emplace_back();
    const std::size_t waiting = what.published - what.acknowledged;
    picture.push_back({{"  published "},
                       {right(grouped(what.published), 11), tone::strong},
                       {"     acknowledged "},
                       {right(grouped(what.acknowledged), 8), tone::strong},
                       {"     waiting    "},
                       {right(grouped(waiting), 8), waiting > 100 ? tone::busy : tone::strong}});
    picture.push_back({{"  delivered "},
                       {right(grouped(what.delivered), 11), tone::strong},
                       {"                  "},
                       {"        "},
                       {"     duplicates "},
                       {right(grouped(what.duplicates), 8), tone::strong}});
    picture.emplace_back();
    draw_past(picture, what.past, with);
    picture.emplace_back();
    for (line& each : draw_outages(what.outages, with)) picture.push_back(std::move(each));
    picture.emplace_back();
    picture.push_back({{"  " + what.now, tone::busy}});
    return picture;
}

std::string one_line(const scene& what) {
    std::string text;
    for (std::size_t who = 0; who < what.stations.size(); ++who) {
        const explanation& e = what.stations[who];
        text += std::string(station_names[who]) + (is_online(e) ? " online " : " down ") +
                seconds_text(e.now - (is_online(e) ? e.since : e.outage_since.value_or(e.since)));
        if (!is_online(e)) text += " (" + why_text(e) + "; " + next_text(e) + ")";
        text += "; ";
    }
    return text + "published " + std::to_string(what.published) + ", acknowledged " +
           std::to_string(what.acknowledged) + ", waiting " + std::to_string(what.published - what.acknowledged) +
           ", delivered " + std::to_string(what.delivered) + ", duplicates " + std::to_string(what.duplicates);
}

}  // namespace mqtt_as::demo
