// Keeping the figures.
#include "tools/mqtt-as/range/survey.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::cli::range {

survey::survey(moment now, message_book::patience patience) : begin_(now), book_(patience) {}

cell& survey::second_of(milliseconds when) {
    constexpr std::size_t minute = 60;
    const std::int64_t second = when.count() / 1000;
    if (second - last_second_ > std::int64_t{minute}) last_second_ = second - std::int64_t{minute};
    for (; last_second_ < second; ++last_second_) last_minute_.emplace_back();
    while (last_minute_.size() > minute) last_minute_.pop_front();
    return last_minute_.back();
}

void survey::up(moment now) {
    look(now);
    is_up_ = was_up_ = true;
    book_.come_up(now);
    if (!outages_.empty() && !outages_.back().connected) outages_.back().connected = since_begin(now);
}

void survey::down(moment now, std::string why) {
    if (!is_up_) return;
    look(now);
    is_up_ = false;
    const milliseconds began = since_begin(now);
    if (!outages_.empty() && !outages_.back().recovered) outages_.back().recovered = began;  // nothing came in between
    outage one{.began = began, .why = std::move(why)};
    if (const auto sent = book_.oldest()) one.noticed_after = began - since_begin(*sent);
    outages_.push_back(std::move(one));
    ++outage_count_;
    if (outages_.size() > outages_kept_max) outages_.pop_front();
    book_.go_down();
}

std::uint64_t survey::send(moment now) {
    timeline_.add_sent(since_begin(now));
    ++second_of(since_begin(now)).sent;
    return book_.send(now);
}

void survey::refuse(std::uint64_t number, std::string why) {
    book_.refuse(number);
    if (refusal_.empty()) refusal_ = std::move(why);
}

message_book::homecoming survey::come_back(std::uint64_t number, moment now) {
    const auto result = book_.come_back(number, now);
    const bool is_first = result.what == message_book::arrival::first || result.what == message_book::arrival::late;
    if (!is_first || has_ended_) return result;
    const milliseconds when = since_begin(now);
    timeline_.add_returned(when);
    ++second_of(when).returned;
    if (!outages_.empty() && outages_.back().connected && !outages_.back().recovered) {
        outages_.back().recovered = when;
        longest_over_ = std::max(longest_over_, outages_.back().lasted(when));
    }
    if (result.what == message_book::arrival::first && !result.was_held_up) {
        round_trips_.add(result.round_trip);
        last_round_trip_ = result.round_trip;
        timeline_.add_round_trip(when, result.round_trip);
        second_of(when).add(result.round_trip);
    }
    return result;
}

void survey::hear_signal(moment now, int dbm) {
    if (!signal_) signal_ = {.last = dbm, .weakest = dbm, .strongest = dbm};
    signal_->last = dbm;
    signal_->weakest = std::min(signal_->weakest, dbm);
    signal_->strongest = std::max(signal_->strongest, dbm);
    timeline_.add_signal(since_begin(now), dbm);
    second_of(since_begin(now)).weakest = dbm;
}

void survey::look(moment now) {
    if (has_ended_) return;
    const milliseconds until = since_begin(now);
    if (!is_up_ && until > last_look_) {
        timeline_.add_down(last_look_, until);
        second_of(until).down += until - last_look_;
        down_time_ += until - last_look_;
    }
    last_look_ = std::max(last_look_, until);
    second_of(until);
    book_.judge(now);
}

void survey::end(moment now) {
    look(now);
    has_ended_ = true;
}

double survey::down_share() const {
    if (last_look_.count() == 0) return 0;
    return static_cast<double>(down_time_.count()) / static_cast<double>(last_look_.count());
}

milliseconds survey::longest_outage() const {
    if (outages_.empty() || outages_.back().recovered) return longest_over_;
    return std::max(longest_over_, outages_.back().lasted(last_look_));
}

}  // namespace mqtt_as::cli::range
