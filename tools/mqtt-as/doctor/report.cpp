// Two columns of words; or an object.
#include "tools/mqtt-as/doctor/report.hpp"

#include <boost/json/array.hpp>

namespace mqtt_as::cli::doctor {

using namespace terminal;

namespace {

constexpr std::size_t name_width = 12;

struct mark {
    std::string sign;
    tone colour;
};

mark mark_of(outcome how, const glyphs& with) {
    switch (how) {
    case outcome::works: return {with.good, tone::good};
    case outcome::fails: return {with.bad, tone::bad};
    case outcome::not_needed:
    case outcome::not_tried: break;
    }
    return {with.to_come, tone::faint};
}

const char* word_for(outcome how) {
    switch (how) {
    case outcome::works: return "works";
    case outcome::fails: return "fails";
    case outcome::not_needed: return "not needed";
    case outcome::not_tried: return "not tried";
    }
    return "?";
}

}  // namespace

std::vector<line> lines_of(const finding& f, const glyphs& with) {
    const mark sign = mark_of(f.how, with);
    const bool is_faint = sign.colour == tone::faint;
    const std::string says = f.how == outcome::not_tried ? "not tried" : f.says;
    std::vector<line> lines{
        {{"  "},
         {sign.sign, sign.colour},
         {" " + padded(std::string(name_of(f.at)), name_width), is_faint ? tone::faint : tone::strong},
         {says, is_faint                  ? tone::faint
                : f.how == outcome::fails ? tone::bad
                                          : tone::normal},
         {f.took ? "  " + text_of(*f.took) : "", tone::faint}}};
    const std::string margin(name_width + 4, ' ');
    for (const std::string& each : f.notes) lines.push_back({{margin + each, tone::faint}});
    for (const std::string& each : f.advice)
        lines.push_back({{margin + with.now + " ", tone::busy}, {each, tone::busy}});
    return lines;
}

line verdict_of(const diagnosis& d) { return {{d.last_line(), d.failure() != nullptr ? tone::bad : tone::good}}; }

boost::json::object json_of(const diagnosis& d, const std::string& subject) {
    boost::json::array stages;
    for (const finding& f : d.findings) {
        boost::json::object stage{{"stage", name_of(f.at)}, {"outcome", word_for(f.how)}};
        if (f.took) stage["ms"] = static_cast<double>(f.took->count()) / 1000;
        stage["says"] = f.says;
        stage["notes"] = boost::json::array(f.notes.begin(), f.notes.end());
        stage["advice"] = boost::json::array(f.advice.begin(), f.advice.end());
        for (const auto& [key, value] : f.facts) stage[key] = value;
        stages.push_back(std::move(stage));
    }
    const finding* const failed = d.failure();
    boost::json::object all{{"subject", subject}, {"works", failed == nullptr}};
    if (failed != nullptr) {
        all["failed"] = name_of(failed->at);
        all["reason"] = failed->says;
    }
    all["exit_status"] = d.exit_status();
    all["stages"] = std::move(stages);
    return all;
}

}  // namespace mqtt_as::cli::doctor
