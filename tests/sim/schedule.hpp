// Virtual time: what happens next, in order of time and, at one moment, in order of arrangement.
#pragma once

#include "mqtt_as/types.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace mqtt_as::sim {

/// Milliseconds since the world began; never wraps. The engine sees `schedule::engine_time`, which does.
using moment = std::uint64_t;
constexpr moment one_second = 1'000;

class schedule {
public:
    explicit schedule(std::uint32_t engine_start) : engine_start_(engine_start) {}

    moment now() const { return now_; }
    time_point engine_time() const { return time_point(engine_start_ + static_cast<std::uint32_t>(now_)); }
    /// The world's moment for an engine's moment not more than 24 days away.
    moment moment_of(time_point t) const {
        return static_cast<moment>(static_cast<std::int64_t>(now_) + (t - engine_time()).count());
    }

    void at(moment when, std::function<void()> what) {
        heap_.push_back({std::max(when, now_), ++arranged_, std::move(what)});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    void after(std::uint64_t ms, std::function<void()> what) { at(now_ + ms, std::move(what)); }

    bool empty() const { return heap_.empty(); }
    moment next_time() const { return heap_.front().when; }

    /// Runs the next thing due up to `until`; false, with the time set to `until`, when there is none.
    bool step(moment until) {
        if (heap_.empty() || heap_.front().when > until) {
            now_ = std::max(now_, until);
            return false;
        }
        std::pop_heap(heap_.begin(), heap_.end(), later);
        entry due = std::move(heap_.back());
        heap_.pop_back();
        now_ = due.when;
        due.what();
        return true;
    }

private:
    struct entry {
        moment when;
        std::uint64_t order;
        std::function<void()> what;
    };
    static bool later(const entry& a, const entry& b) { return a.when != b.when ? a.when > b.when : a.order > b.order; }

    std::uint32_t engine_start_;
    moment now_ = 0;
    std::uint64_t arranged_ = 0;
    std::vector<entry> heap_;
};

}  // namespace mqtt_as::sim
