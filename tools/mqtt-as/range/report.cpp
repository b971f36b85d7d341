// The report as text and as JSON.
#include "tools/mqtt-as/range/report.hpp"

#include "tools/mqtt-as/words.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

namespace mqtt_as::cli::range {

using namespace terminal;

namespace {

constexpr std::size_t label_width = 28;
constexpr std::size_t outages_told_max = 10;

double ms_of(span time) { return static_cast<double>(time.count()) / 1000; }

line row(const std::string& name, const std::string& text) {
    return {{"  " + padded(name, label_width), tone::faint}, {text}};
}

std::string signal_text(const signal_range& of) {
    return std::to_string(of.weakest) + " to " + std::to_string(of.strongest) + " dBm";
}

}  // namespace

std::vector<line> text_report(const subject& what, const survey& of, const verdict& judged, const glyphs& with) {
    const message_book& book = of.book();
    const histogram& times = of.round_trips();
    std::vector<line> all;
    all.push_back(
        {{"  " + utc_text(what.began) + ", " + long_text_of(of.elapsed()) + ": " + what.broker, tone::strong}});
    all.emplace_back();
    all.push_back(row("messages", "sent " + grouped(book.sent()) + ", back " + grouped(book.returned()) + ", lost " +
                                      grouped(book.lost()) + ", on their way " + grouped(book.on_the_way()) +
                                      ", refused " + grouped(book.refused())));
    all.push_back(row("", "duplicates " + grouped(book.duplicates()) + ", republications " +
                              grouped(of.counts().republications) + ", resent " + grouped(of.counts().resent) +
                              ", discards " + grouped(of.counts().discards)));
    if (!of.refusal().empty()) all.push_back(row("refused because", of.refusal()));
    if (times.count() > 0) {
        all.push_back(row("round trip", "median " + text_of(times.percentile(0.5)) + ", p90 " +
                                            text_of(times.percentile(0.9)) + ", p99 " +
                                            text_of(times.percentile(0.99)) + ", worst " + text_of(times.most())));
    }
    if (book.held_up() > 0)
        all.push_back(row("held up by outages", grouped(book.held_up()) + ", and not counted above"));
    if (of.signal()) all.push_back(row("signal", signal_text(*of.signal())));
    all.push_back(row("outages", grouped(of.outage_count()) + ", without a connection " + long_text_of(of.down_time()) +
                                     " (" + percent_text(of.down_share()) + ")"));
    const auto& outages = of.outages();
    const std::size_t told = std::min(outages.size(), outages_told_max);
    for (auto each = outages.end() - static_cast<std::ptrdiff_t>(told); each != outages.end(); ++each) {
        all.push_back(row("  after " + long_text_of(each->began),
                          (each->recovered ? "back after " + text_of(each->lasted(of.elapsed()))
                                           : "not over after " + text_of(each->lasted(of.elapsed()))) +
                              ": " + each->why));
    }
    all.emplace_back();
    for (const criterion& each : judged.criteria) {
        all.push_back({{"  "},
                       {each.is_met ? with.good : with.bad, each.is_met ? tone::good : tone::bad},
                       {" " + padded(each.name, label_width - 2), tone::faint},
                       {padded(each.measured, 14), each.is_met ? tone::normal : tone::bad},
                       {each.demanded, tone::faint}});
    }
    all.emplace_back();
    all.push_back({{judged.text(), judged.is_go() ? tone::good : tone::bad}});
    return all;
}

boost::json::object json_report(const subject& what, const survey& of, const verdict& judged) {
    const message_book& book = of.book();
    const histogram& times = of.round_trips();
    boost::json::array criteria;
    for (const criterion& each : judged.criteria) {
        criteria.push_back(
            {{"name", each.name}, {"measured", each.measured}, {"demanded", each.demanded}, {"met", each.is_met}});
    }
    boost::json::array outages;
    for (const outage& each : of.outages()) {
        boost::json::object one{{"began_ms", each.began.count()}, {"noticed_after_ms", each.noticed_after.count()}};
        if (each.connected) one["connected_ms"] = each.connected->count();
        if (each.recovered) one["recovered_ms"] = each.recovered->count();
        one["lasted_ms"] = each.lasted(of.elapsed()).count();
        one["why"] = each.why;
        outages.push_back(std::move(one));
    }
    boost::json::array cells;
    for (const cell& each : of.past().cells()) {
        boost::json::object one{{"sent", each.sent}, {"back", each.returned}, {"down_ms", each.down.count()}};
        if (!each.is_silent()) {
            one["least_ms"] = ms_of(each.quickest);
            one["mean_ms"] = ms_of(each.mean());
            one["most_ms"] = ms_of(each.slowest);
        }
        if (each.weakest) one["rssi"] = *each.weakest;
        cells.push_back(std::move(one));
    }
    boost::json::object all{
        {"broker", what.broker},
        {"client_id", what.client_id},
        {"topic", what.topic},
        {"qos", what.qos},
        {"interval_ms", what.interval.count()},
        {"began", utc_text(what.began)},
        {"elapsed_ms", of.elapsed().count()},
        {"go", judged.is_go()},
        {"verdict", judged.text()},
        {"criteria", std::move(criteria)},
        {"messages",
         {{"sent", book.sent()},
          {"acknowledged", book.acknowledged()},
          {"back", book.returned()},
          {"lost", book.lost()},
          {"late", book.late()},
          {"refused", book.refused()},
          {"on_the_way", book.on_the_way()},
          {"duplicates", book.duplicates()},
          {"held_up", book.held_up()},
          {"republications", of.counts().republications},
          {"resent", of.counts().resent},
          {"discards", of.counts().discards}}},
        {"round_trip_ms",
         {{"count", times.count()},
          {"least", ms_of(times.least())},
          {"p50", ms_of(times.percentile(0.5))},
          {"p90", ms_of(times.percentile(0.9))},
          {"p99", ms_of(times.percentile(0.99))},
          {"most", ms_of(times.most())}}},
        {"down_ms", of.down_time().count()},
        {"outage_count", of.outage_count()},
        {"longest_outage_ms", of.longest_outage().count()},
        {"outages", std::move(outages)},
        {"timeline", {{"cell_ms", of.past().width().count()}, {"cells", std::move(cells)}}},
    };
    if (!of.refusal().empty()) all["refusal"] = of.refusal();
    if (of.signal()) all["rssi"] = {{"weakest", of.signal()->weakest}, {"strongest", of.signal()->strongest}};
    return all;
}

}  // namespace mqtt_as::cli::range
