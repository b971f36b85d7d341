// Numbers come and go.
#include "tools/mqtt-as/range/message_book.hpp"

#include <algorithm>

namespace mqtt_as::cli::range {

std::uint64_t message_book::send(moment now) {
    on_the_way_.push_back({.number = next_, .sent = now});
    return next_++;
}

std::deque<message_book::message>::iterator message_book::find(std::uint64_t number) {
    const auto at = std::lower_bound(on_the_way_.begin(), on_the_way_.end(), number,
                                     [](const message& m, std::uint64_t n) { return m.number < n; });
    return at != on_the_way_.end() && at->number == number ? at : on_the_way_.end();
}

void message_book::acknowledge(std::uint64_t number, moment now) {
    ++acknowledged_;
    if (const auto at = find(number); at != on_the_way_.end()) at->acknowledged = now;  // else it is back already
}

void message_book::refuse(std::uint64_t number) {
    const auto at = find(number);
    if (at == on_the_way_.end()) return;
    on_the_way_.erase(at);
    ++refused_;
}

message_book::homecoming message_book::come_back(std::uint64_t number, moment now) {
    if (number >= next_) return {.what = arrival::unknown};
    const auto at = find(number);
    if (at == on_the_way_.end()) {
        if (lost_numbers_.erase(number) == 0) {
            ++duplicates_;
            return {.what = arrival::duplicate};
        }
        --lost_;
        ++late_;
        ++returned_;
        return {.what = arrival::late};
    }
    const homecoming result{.what = arrival::first,
                            .round_trip = std::chrono::duration_cast<span>(now - at->sent),
                            .was_held_up = at->was_held_up};
    for (auto earlier = on_the_way_.begin(); earlier != at; ++earlier) {
        if (!earlier->overtaken) earlier->overtaken = now;
    }
    on_the_way_.erase(at);
    ++returned_;
    if (result.was_held_up) ++held_up_;
    return result;
}

void message_book::go_down() {
    up_since_.reset();
    for (message& each : on_the_way_) each.was_held_up = true;
}

void message_book::come_up(moment now) { up_since_ = now; }

void message_book::judge(moment now) {
    if (!up_since_) return;
    std::erase_if(on_the_way_, [&](const message& each) {
        if (!each.acknowledged) return false;
        const moment since = std::max(*up_since_, *each.acknowledged);
        const bool is_overtaken = each.overtaken && now - std::max(since, *each.overtaken) >= patience_.overtaken;
        const bool is_forgotten = now - since >= patience_.silent;
        if (!is_overtaken && !is_forgotten) return false;
        ++lost_;
        lost_numbers_.insert(each.number);
        if (lost_numbers_.size() > lost_kept_max) lost_numbers_.erase(lost_numbers_.begin());
        return true;
    });
}

std::size_t message_book::awaited() const {
    return static_cast<std::size_t>(std::count_if(on_the_way_.begin(), on_the_way_.end(),
                                                  [](const message& each) { return each.acknowledged.has_value(); }));
}

std::optional<moment> message_book::oldest() const {
    if (on_the_way_.empty()) return std::nullopt;
    return on_the_way_.front().sent;
}

}  // namespace mqtt_as::cli::range
