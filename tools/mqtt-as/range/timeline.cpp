// Cells, and making two into one.
#include "tools/mqtt-as/range/timeline.hpp"

#include <algorithm>

namespace mqtt_as::cli::range {

void cell::add(span round_trip) {
    quickest = timed == 0 ? round_trip : std::min(quickest, round_trip);
    slowest = std::max(slowest, round_trip);
    sum += round_trip;
    ++timed;
}

void cell::merge(const cell& next) {
    sent += next.sent;
    returned += next.returned;
    if (next.timed > 0) {
        quickest = timed == 0 ? next.quickest : std::min(quickest, next.quickest);
        slowest = std::max(slowest, next.slowest);
        sum += next.sum;
        timed += next.timed;
    }
    down += next.down;
    if (next.weakest) weakest = weakest ? std::min(*weakest, *next.weakest) : *next.weakest;
}

cell& timeline::at(milliseconds when) {
    while (when / width_ >= static_cast<std::int64_t>(cells_max_)) {
        for (std::size_t n = 0; n < cells_.size(); n += 2) {
            cell both = cells_[n];
            if (n + 1 < cells_.size()) both.merge(cells_[n + 1]);
            cells_[n / 2] = both;
        }
        cells_.resize((cells_.size() + 1) / 2);
        width_ *= 2;
    }
    const auto index = static_cast<std::size_t>(when / width_);
    if (index >= cells_.size()) cells_.resize(index + 1);
    return cells_[index];
}

void timeline::add_sent(milliseconds when) { ++at(when).sent; }
void timeline::add_returned(milliseconds when) { ++at(when).returned; }

void timeline::add_round_trip(milliseconds when, span time) { at(when).add(time); }

void timeline::add_down(milliseconds from, milliseconds to) {
    if (from < to) at(to - milliseconds(1));  // first makes them as long as they will be
    while (from < to) {
        const milliseconds end = std::min(to, (from / width_ + 1) * width_);
        at(from).down += end - from;
        from = end;
    }
}

void timeline::add_signal(milliseconds when, int dbm) {
    cell one;
    one.weakest = dbm;
    at(when).merge(one);
}

}  // namespace mqtt_as::cli::range
